"""The real clock: wall time at start, monotonic from then on."""

from __future__ import annotations

import asyncio
import time

from ivr_engine.core.ids import Instant


class SystemClock:
    """See ports.clock.Clock."""

    def __init__(self) -> None:
        self._anchor_ms = time.time() * 1000 - time.monotonic() * 1000

    def now(self) -> Instant:
        """This instant."""
        return Instant(int(self._anchor_ms + time.monotonic() * 1000))

    async def sleep_until(self, instant: Instant) -> None:
        """Return at `instant`; at once when it is past."""
        await asyncio.sleep(max(0.0, (instant - self.now()) / 1000))

"""The engine's clock."""

from __future__ import annotations

from typing import Protocol

from ivr_engine.core.ids import Instant


class Clock(Protocol):
    """Monotonic while the process lives; anchored to the wall at start (see core.ids)."""

    def now(self) -> Instant:
        """This instant."""
        ...

    async def sleep_until(self, instant: Instant) -> None:
        """Return at `instant` or soon after; at once when it is past."""
        ...

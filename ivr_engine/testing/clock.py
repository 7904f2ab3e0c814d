"""A clock that stands still until it is moved."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count

from ivr_engine.core.ids import Instant, Millis, later

START = Instant(1_772_416_800_000)  # 2026-03-02T02:00:00Z, a Monday, 10:00 in Beijing


class ManualClock:
    """Implements `ports.clock.Clock`. Whoever sleeps wakes when `advance` or `jump` passes their instant."""

    def __init__(self, now: Instant = START) -> None:
        self._now = now
        self._order = count()
        self._alarms: list[tuple[Instant, int, asyncio.Event]] = []

    def now(self) -> Instant:
        """This instant."""
        return self._now

    async def sleep_until(self, instant: Instant) -> None:
        """Return when the clock has been moved to `instant`; at once when it is past."""
        if instant <= self._now:
            return
        rung = asyncio.Event()
        alarm = (instant, next(self._order), rung)
        heapq.heappush(self._alarms, alarm)
        try:
            await rung.wait()
        finally:
            self._forget(alarm)

    def advance(self, span: Millis) -> None:
        """Move on by `span`, waking everybody on the way in the order of their instants."""
        self._move(later(self._now, span))

    def jump(self) -> Instant | None:
        """Move to the next alarm and wake whoever set it; None when nobody sleeps."""
        if not self._alarms:
            return None
        self._move(self._alarms[0][0])
        return self._now

    def _move(self, to: Instant) -> None:
        self._now = to
        while self._alarms and self._alarms[0][0] <= to:
            heapq.heappop(self._alarms)[2].set()

    def _forget(self, alarm: tuple[Instant, int, asyncio.Event]) -> None:
        if alarm in self._alarms:  # the sleeper was cancelled
            self._alarms.remove(alarm)
            heapq.heapify(self._alarms)

"""Leaving service without dropping anybody: no new calls, and the end when the last one is over or the limit has passed."""

from __future__ import annotations

from collections.abc import Callable

from ivr_engine.core.ids import Instant, Millis, between, later
from ivr_engine.ports.clock import Clock
from ivr_engine.ports.log import Log
from ivr_engine.services.admission import Admission

LOOK_EVERY = Millis(250)


class Drain:
    """Begun and called off by command. `serving`: how many calls are on the line now."""

    def __init__(self, *, admission: Admission, serving: Callable[[], int], clock: Clock, log: Log) -> None:
        self._admission = admission
        self._serving = serving
        self._clock = clock
        self._log = log
        self._until: Instant | None = None

    def begin(self, limit: Millis) -> None:
        """Let nobody in from now on; said again it moves the limit."""
        self._until = later(self._clock.now(), limit)
        self._admission.draining = True
        self._log.info("drain_began", calls=self._serving(), limit_s=limit // 1000)

    def call_off(self) -> None:
        """Let callers in again; harmless when none was begun."""
        if self._until is not None:
            self._log.info("drain_called_off", calls=self._serving())
        self._until = None
        self._admission.draining = False

    def status(self) -> dict[str, object]:
        """Whether callers are let in, how many there are, and how long they may take yet."""
        left = None if self._until is None else between(self._clock.now(), self._until) // 1000
        return {"draining": self._until is not None, "calls": self._serving(), "left_s": left}

    async def over(self) -> None:
        """Return when a drain is over."""
        while True:
            await self._clock.sleep_until(later(self._clock.now(), LOOK_EVERY))
            if self._until is not None and (not self._serving() or self._clock.now() >= self._until):
                self._log.info("drain_over", calls=self._serving())
                return

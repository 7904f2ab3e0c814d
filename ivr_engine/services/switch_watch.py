"""What follows from the switch coming and going: calls that ended while nobody listened are closed, each with one record."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ivr_engine.core.events import SwitchLost, SwitchReached
from ivr_engine.core.ids import CallId, Instant, Millis, later
from ivr_engine.core.outcomes import Disposition, EndedBy
from ivr_engine.ports.clock import Clock
from ivr_engine.ports.inbound import LiveLine
from ivr_engine.ports.log import Log
from ivr_engine.services.call_runner import CallRunner
from ivr_engine.services.reconciliation import Reconciler
from ivr_engine.services.recorder import Recorder
from ivr_engine.services.unserved import Unserved

# A call whose line broke asks again every half second; one that has not, with the switch away too, went down with it.
GIVE_UP_AFTER = Millis(4_000)
LOOK_EVERY = Millis(1_000)


class SwitchWatch:
    """Implements ports.inbound.SwitchListener. `keep_watch` must run for the calls of a dead switch to be closed."""

    def __init__(
        self,
        *,
        recorder: Recorder,
        calls: CallRunner,
        unserved: Unserved,
        reconciler: Reconciler,
        clock: Clock,
        log: Log,
    ) -> None:
        self._recorder = recorder
        self._calls = calls
        self._unserved = unserved
        self.reconciler = reconciler
        self._clock = clock
        self._log = log
        self._lost_for = ""
        self._lost = asyncio.Event()
        self._lost_at = Instant(0)
        self.up = False

    def switch_lost(self, reason: str) -> None:
        """The stream broke; calls go on being served. Said again for each vain attempt: only what is new is told."""
        if self.up or reason != self._lost_for:
            self._log.warning("switch_lost", reason=reason)
            self._recorder.record(SwitchLost(reason=reason))
        if self.up:
            self._lost_at = self._clock.now()
        self.up = False
        self._lost_for = reason
        self._lost.set()

    def switch_reached(self, live: frozenset[CallId]) -> None:
        """Close what is open here, served by nobody, and no longer alive there."""
        self.up = True
        self._lost.clear()
        self.reconciler.read_notes()
        gone = sorted(self._recorder.open_calls() - live - self._calls.served)
        for call in gone:
            if call in self._unserved.broken and not self._unserved.noted_over(call):
                self._lost_with_switch(call)
            else:
                self._unserved.close_missing(call)
        for call in live:
            self._unserved.forget(call)  # from here on the stream tells of its end
        self._recorder.record(SwitchReached(live_calls=len(live), closed_calls=len(gone)))
        self._log.info("switch_reached", live_calls=len(live), closed_calls=len(gone))

    def lines_seen(self, lines: Sequence[LiveLine]) -> None:
        """Make up for what was missed."""
        self.reconciler.compare(lines)

    async def keep_watch(self) -> None:
        """While the switch is away, close the calls that went down with it. Runs until cancelled."""
        while True:
            await self._lost.wait()
            await self._clock.sleep_until(later(self._clock.now(), LOOK_EVERY))
            if not self.up:
                self.reconciler.read_notes()
                self._give_up(self._clock.now())

    def _give_up(self, now: Instant) -> None:
        for call in sorted(self._unserved.broken):
            if later(self._gone_since(call), GIVE_UP_AFTER) > now:
                continue
            if self._unserved.noted_over(call):  # the switch lived when the call ended
                self._unserved.close_missing(call)
            else:
                self._lost_with_switch(call)

    def _gone_since(self, call: CallId) -> Instant:
        """From when on neither its line nor the stream was there: a line alone may break, and the talk go on."""
        return max(self._unserved.broken[call], self._lost_at)

    def _lost_with_switch(self, call: CallId) -> None:
        """The record ends when both had broken, not when that was understood."""
        self._log.error("call_lost_with_switch", call=call)
        since = self._gone_since(call)
        self._unserved.close_as(call, Disposition.LOST_PBX_CRASH, ended_by=EndedBy.SWITCH, at=since)

"""What follows from the switch coming and going: calls that ended while nobody listened are closed, each with one record."""

from __future__ import annotations

from collections.abc import Callable

from ivr_engine.core.events import CallEnded, SwitchLost, SwitchReached
from ivr_engine.core.ids import CallId
from ivr_engine.core.outcomes import Disposition, EndedBy
from ivr_engine.ports.log import Log
from ivr_engine.services.recorder import Recorder


class SwitchWatch:
    """Implements ports.inbound.SwitchListener."""

    def __init__(self, *, recorder: Recorder, served: Callable[[], frozenset[CallId]], log: Log) -> None:
        self._recorder = recorder
        self._served = served
        self._log = log
        self.up = False

    def switch_lost(self, reason: str) -> None:
        """The stream broke; calls go on being served."""
        self.up = False
        self._log.warning("switch_lost", reason=reason)
        self._recorder.record(SwitchLost(reason=reason))

    def switch_reached(self, live: frozenset[CallId]) -> None:
        """Close what is open here, served by nobody, and no longer alive there."""
        self.up = True
        gone = sorted(self._recorder.open_calls() - live - self._served())
        for call in gone:
            self._recorder.record(CallEnded(call=call, ended_by=EndedBy.UNKNOWN, forced=Disposition.UNKNOWN_RECONCILED))
        self._recorder.record(SwitchReached(live_calls=len(live), closed_calls=len(gone)))
        self._log.info("switch_reached", live_calls=len(live), closed_calls=len(gone))

"""Records from a stream of events: of one call, and of all calls in progress."""

from __future__ import annotations

from collections.abc import Iterable

from ivr_engine.cdr.assembler import Assembler
from ivr_engine.cdr.record import CallRecord
from ivr_engine.core.events import CallArrived, CallbackPlaced, CallRefused, CallResumed, Recorded, call_of
from ivr_engine.core.ids import CallId

_OPENING = frozenset({CallArrived, CallbackPlaced, CallRefused, CallResumed})


def assemble(events: Iterable[Recorded]) -> CallRecord | None:
    """The record of the call that the first event is about, from its events in the journal's order; None without any."""
    assembler: Assembler | None = None
    for recorded in events:
        call = call_of(recorded.event)
        if assembler is None and call is not None:
            assembler = Assembler(call, recorded.at)
        if assembler is not None:
            assembler.apply(recorded)
    return assembler.record() if assembler else None


class OpenCalls:
    """The calls in progress, each with its record in the making."""

    def __init__(self) -> None:
        self._calls: dict[CallId, Assembler] = {}
        self._sequence = 0

    def apply(self, recorded: Recorded) -> CallRecord | None:
        """Fold one event of the journal; gives the record when it ends its call. Repetitions change nothing.

        Only an arrival, a call we make, a refusal or a take-over begins a record: what comes after the end (wrap-up, a late
        report of the switch) does not begin a second one.
        """
        if recorded.sequence <= self._sequence:
            return None
        self._sequence = recorded.sequence
        kind = type(recorded.event)
        call = call_of(recorded.event) if kind in Assembler.FOLDED else None
        if call is None:
            return None
        assembler = self._calls.get(call)
        if assembler is None:
            if kind not in _OPENING:
                return None
            assembler = self._calls[call] = Assembler(call, recorded.at)
        assembler.apply(recorded)
        return self._calls.pop(call).record() if assembler.ended else None

    def __contains__(self, call: CallId) -> bool:
        return call in self._calls

    def open(self) -> tuple[CallId, ...]:
        """The calls without an end, oldest first."""
        return tuple(self._calls)

    def peek(self, call: CallId) -> CallRecord | None:
        """The record of a call in progress as it would be if the call ended now."""
        assembler = self._calls.get(call)
        return assembler.record() if assembler else None

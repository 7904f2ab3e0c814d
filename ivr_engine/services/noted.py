"""Records of the calls that ended while no engine was there, from what the switch wrote down; each dated as it happened."""

from __future__ import annotations

from collections.abc import Callable

from ivr_engine.cdr.record import LegKind
from ivr_engine.core.events import (
    CallArrived,
    CallEnded,
    CallLeftQueue,
    CallReconciled,
    ConversationBegan,
    ConversationEnded,
)
from ivr_engine.core.ids import AgentId, CallId, Instant, Millis, QueueName, between
from ivr_engine.core.outcomes import EndedBy, QueueOutcome
from ivr_engine.ports.log import Log
from ivr_engine.ports.records import CallRecords
from ivr_engine.ports.switch_notes import NotedCall, SwitchNotes
from ivr_engine.services.recorder import Recorder

FALLBACK = QueueName("fallback")
"""The switch's own queue, under which its conversations stand in the records."""

NOTED_TO = Millis(1_000)
"""The switch notes whole seconds."""


class NotedCalls:
    """Makes the records. Asking again for what has its record makes nothing."""

    def __init__(
        self,
        *,
        notes: SwitchNotes,
        recorder: Recorder,
        records: CallRecords,
        agent_of: Callable[[str], AgentId | None],
        log: Log,
    ) -> None:
        self._notes = notes
        self._recorder = recorder
        self._records = records
        self._agent_of = agent_of
        self._log = log
        self._done: set[str] = set()

    def close_ended(self, *, at_start: bool = False) -> None:
        """Every call that the switch says is over and that never reached us; at a start, before anything else, ours too."""
        for noted in self._notes.calls().values():
            if noted.ended is None or noted.call in self._done:
                continue
            if not self._recorder.is_open(noted.call) or (at_start and not self._outlived(noted.call, noted.ended)):
                self._done.add(noted.call)
                self._close(noted, noted.ended)

    def _has_record(self, call: CallId) -> bool:
        """The disk may take a record only later, but the recorder knows of it."""
        return self._recorder.has_ended(call) or self._records.get(call) is not None

    def _outlived(self, call: CallId, ended: Instant) -> bool:
        """Whether an engine heard of the call after that: what ended was something else, such as a talk at the fallback."""
        record = self._recorder.peek(call)
        return record is not None and between(ended, record.ended) > NOTED_TO

    def ended(self, call: CallId) -> Instant | None:
        """When the switch says that the call ended."""
        noted = self._notes.calls().get(call)
        return noted.ended if noted is not None else None

    def takes_up(self, call: CallId) -> bool:
        """Whether a call that is not known here, and goes on, has a record from now on."""
        noted = self._notes.calls().get(call)
        if noted is not None:
            self._arrive(noted)
        return self._recorder.is_open(call)

    def _arrive(self, noted: NotedCall) -> None:
        """A call that came while no engine was there begins its record when the switch began to hold it."""
        if not self._recorder.is_open(noted.call) and not self._has_record(noted.call):
            at = noted.held or noted.answered or noted.ended
            self._recorder.record(CallArrived(call=noted.call, number=noted.number, caller=noted.caller), at=at)

    def _close(self, noted: NotedCall, ended: Instant) -> None:
        self._arrive(noted)
        call = noted.call
        if not self._recorder.is_open(call):
            return
        self._log.info("call_closed_from_notes", call=call, answered=noted.answered is not None)
        self._recorder.record(CallReconciled(call=call, found="gone"), at=ended)
        ended_by = EndedBy.AGENT if noted.ended_by_agent else EndedBy.CALLER
        if noted.answered is not None:
            self._talked(noted, noted.answered, ended, ended_by)
        self._leave(call=noted, ended=ended)
        self._recorder.record(CallEnded(call=call, ended_by=ended_by), at=ended)

    def _talked(self, noted: NotedCall, answered: Instant, ended: Instant, ended_by: EndedBy) -> None:
        agent = self._agent_of(noted.phone)
        if agent is None:
            return
        self._leave(call=noted, ended=answered, outcome=QueueOutcome.ANSWERED)
        self._recorder.record(ConversationBegan(call=noted.call, agent=agent, queue=FALLBACK), at=answered)
        talked = between(answered, ended)
        self._recorder.record(
            ConversationEnded(call=noted.call, agent=agent, queue=FALLBACK, ended_by=ended_by, talked=talked), at=ended
        )

    def _leave(self, *, call: NotedCall, ended: Instant, outcome: QueueOutcome = QueueOutcome.ABANDONED) -> None:
        """End the visit to a queue in which the call still was; the conversation that outlived its engine, too."""
        record = self._recorder.peek(call.call)
        leg = record.legs[-1] if record is not None else None
        if leg is None or leg.queue is None or leg.outcome:
            return
        if leg.kind is LegKind.WAITING:
            waited = between(leg.began, ended)
            self._recorder.record(CallLeftQueue(call=call.call, queue=leg.queue, outcome=outcome, waited=waited), at=ended)
        elif leg.kind is LegKind.AGENT and leg.agent is not None:
            over = ConversationEnded(
                call=call.call, agent=leg.agent, queue=leg.queue, ended_by=EndedBy.CALLER, talked=between(leg.began, ended)
            )
            self._recorder.record(over, at=ended)

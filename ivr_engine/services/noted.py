"""Records of the calls whose end no engine heard, from what the switch wrote down; each dated as it happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ivr_engine.cdr.record import LegKind
from ivr_engine.core.events import (
    CallArrived,
    CallEnded,
    CallLeftQueue,
    CallReconciled,
    ConversationBegan,
    ConversationEnded,
)
from ivr_engine.core.ids import AgentId, CallId, Instant, QueueName, between
from ivr_engine.core.outcomes import EndedBy, QueueOutcome
from ivr_engine.ports.log import Log
from ivr_engine.ports.records import CallRecords
from ivr_engine.ports.switch_notes import NotedCall, SwitchNotes
from ivr_engine.services.recorder import Recorder

FALLBACK = QueueName("fallback")
"""The switch's own queue, under which its conversations stand in the records."""


class NotedCalls:
    """Makes the records. What has its record, or gets it from an engine, is passed over."""

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

    def close_before_start(self) -> None:
        """Every call that is over, also those that an earlier engine left open; before anything is done with these."""
        self._close_all(self._over())

    def close_unheard(self) -> None:
        """Every call that is over and of which this engine never heard; the ends of its own are confirmed by the switch."""
        self._close_all([each for each in self._over() if not self._recorder.is_open(each.call)])

    def _over(self) -> list[NotedCall]:
        """Calls whose end is new, and that are open here or have no record."""
        ended = [each for each in self._notes.news() if each.ended is not None]
        new = [each for each in ended if not self._recorder.has_ended(each.call)]  # the disk may take its record only later
        unknown = [each.call for each in new if not self._recorder.is_open(each.call)]
        recorded = self._records.recorded(unknown) if unknown else ()
        return [each for each in new if each.call not in recorded]

    def _close_all(self, calls: Sequence[NotedCall]) -> None:
        for noted in calls:
            if noted.ended is not None:
                self._close(noted, noted.ended)

    def of(self, call: CallId) -> NotedCall | None:
        """What the switch wrote down about the call."""
        return self._notes.of(call)

    def takes_up(self, call: CallId) -> bool:
        """Whether a call that is not known here, and goes on, has a record from now on."""
        noted = self._notes.of(call)
        if noted is not None and not self._recorder.has_ended(call) and not self._records.recorded((call,)):
            self._arrive(noted)
        return self._recorder.is_open(call)

    def _arrive(self, noted: NotedCall) -> None:
        """A call that came while no engine was there begins its record when the switch took it."""
        at = noted.began or noted.held
        if not self._recorder.is_open(noted.call) and at is not None:
            self._recorder.record(CallArrived(call=noted.call, number=noted.number, caller=noted.caller), at=at)

    def _close(self, noted: NotedCall, ended: Instant) -> None:
        self._arrive(noted)
        call = noted.call
        if not self._recorder.is_open(call):
            return
        self._log.info("call_closed_from_notes", call=call, answered=noted.answered is not None)
        self._recorder.record(CallReconciled(call=call, found="gone"), at=ended)
        if noted.answered is not None:
            self._talked(noted, noted.answered, min(noted.parted or ended, ended))
        self._leave(call=noted, ended=ended)
        self._recorder.record(CallEnded(call=call, ended_by=noted.ended_by), at=ended)

    def _talked(self, noted: NotedCall, answered: Instant, parted: Instant) -> None:
        agent = self._agent_of(noted.phone)
        if agent is None:
            return
        self._leave(call=noted, ended=answered, outcome=QueueOutcome.ANSWERED)
        self._recorder.record(ConversationBegan(call=noted.call, agent=agent, queue=FALLBACK), at=answered)
        over = ConversationEnded(
            call=noted.call,
            agent=agent,
            queue=FALLBACK,
            ended_by=EndedBy.AGENT if noted.parted_by_agent else EndedBy.CALLER,
            talked=between(answered, parted),
        )
        self._recorder.record(over, at=parted)

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

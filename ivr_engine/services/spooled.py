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
from ivr_engine.core.ids import AgentId, CallId, Instant, QueueName, between
from ivr_engine.core.outcomes import EndedBy, QueueOutcome
from ivr_engine.ports.log import Log
from ivr_engine.ports.records import CallRecords
from ivr_engine.ports.spool import Spool, SpooledCall
from ivr_engine.services.recorder import Recorder

FALLBACK = QueueName("fallback")
"""The switch's own queue, under which its conversations stand in the records."""


class Spooled:
    """Makes the records. Asking again for what has its record makes nothing."""

    def __init__(
        self,
        *,
        spool: Spool,
        recorder: Recorder,
        records: CallRecords,
        agent_of: Callable[[str], AgentId | None],
        log: Log,
    ) -> None:
        self._spool = spool
        self._recorder = recorder
        self._records = records
        self._agent_of = agent_of
        self._log = log
        self._done: set[str] = set()

    def close_ended(self, *, at_start: bool = False) -> None:
        """Every call that the switch says is over and that never reached us; at a start, before anything else, ours too."""
        for spooled in self._spool.calls().values():
            if spooled.ended is None or spooled.call in self._done:
                continue
            if at_start or not self._recorder.is_open(spooled.call):
                self._done.add(spooled.call)
                self._close(spooled, spooled.ended)

    def ended(self, call: CallId) -> Instant | None:
        """When the switch says that the call ended."""
        spooled = self._spool.calls().get(call)
        return spooled.ended if spooled is not None else None

    def takes_up(self, call: CallId) -> bool:
        """Whether a call that is not known here, and goes on, has a record from now on."""
        spooled = self._spool.calls().get(call)
        if spooled is not None:
            self._arrive(spooled)
        return self._recorder.is_open(call)

    def _arrive(self, spooled: SpooledCall) -> None:
        """A call that came while no engine was there begins its record when the switch began to hold it."""
        if not self._recorder.is_open(spooled.call) and self._records.get(spooled.call) is None:
            at = spooled.held or spooled.answered or spooled.ended
            self._recorder.record(CallArrived(call=spooled.call, number=spooled.number, caller=spooled.caller), at=at)

    def _close(self, spooled: SpooledCall, ended: Instant) -> None:
        self._arrive(spooled)
        call = spooled.call
        if not self._recorder.is_open(call):
            return
        self._log.info("call_closed_from_spool", call=call, answered=spooled.answered is not None)
        self._recorder.record(CallReconciled(call=call, found="gone"), at=ended)
        ended_by = EndedBy.AGENT if spooled.ended_by_agent else EndedBy.CALLER
        if spooled.answered is not None:
            self._talked(spooled, spooled.answered, ended, ended_by)
        self._leave(call=spooled, ended=ended)
        self._recorder.record(CallEnded(call=call, ended_by=ended_by), at=ended)

    def _talked(self, spooled: SpooledCall, answered: Instant, ended: Instant, ended_by: EndedBy) -> None:
        agent = self._agent_of(spooled.phone)
        if agent is None:
            return
        self._leave(call=spooled, ended=answered, outcome=QueueOutcome.ANSWERED)
        self._recorder.record(ConversationBegan(call=spooled.call, agent=agent, queue=FALLBACK), at=answered)
        talked = between(answered, ended)
        self._recorder.record(
            ConversationEnded(call=spooled.call, agent=agent, queue=FALLBACK, ended_by=ended_by, talked=talked), at=ended
        )

    def _leave(self, *, call: SpooledCall, ended: Instant, outcome: QueueOutcome = QueueOutcome.ABANDONED) -> None:
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

"""Records of the calls whose end no engine heard, from what the switch wrote down; each dated as it happened.

Only the store knows which of them have one, and a database may hang: while calls are served it is asked in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

from ivr_engine.acd.standing import StandingOffer
from ivr_engine.cdr.record import LegKind
from ivr_engine.core.events import (
    CallArrived,
    CallEnded,
    CallLeftQueue,
    CallReconciled,
    ConversationBegan,
    ConversationEnded,
    OfferEnded,
)
from ivr_engine.core.ids import AgentId, CallId, Instant, QueueName, between
from ivr_engine.core.outcomes import EndedBy, OfferOutcome, QueueOutcome
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
        self._unsure: dict[CallId, NotedCall] = {}
        self._asked = asyncio.Event()

    def close_before_start(self, offers: Mapping[CallId, StandingOffer]) -> None:
        """Every call that is over, also those that an earlier engine left open, with the offers that stood for them then.

        It comes before anything is done with these.
        """
        ended = [each for each in self._notes.news() if each.ended is not None]
        unheard = self._unheard(ended)
        recorded = self._records.recorded(unheard) if unheard else frozenset()
        self._notes.forget(recorded)
        for noted in ended:
            if self._recorder.is_open(noted.call) or noted.call in unheard.keys() - recorded:
                self._close(noted, offer=offers.get(noted.call))

    def read(self) -> None:
        """Take in what is new. `look_up` closes the calls that are over and of which this engine never heard.

        The ends of its own are confirmed by the switch.
        """
        self._ask(self._unheard([each for each in self._notes.news() if each.ended is not None]))

    def takes_up(self, call: CallId) -> bool:
        """Whether a call that goes on has a record in the making. If not, `look_up` begins one, unless the call had one."""
        noted = self._notes.of(call)
        if noted is not None:
            self._ask(self._unheard([noted]))
        return self._recorder.is_open(call)

    def _unheard(self, noted: Iterable[NotedCall]) -> dict[CallId, NotedCall]:
        """Those not known here. What ended here lately, or at another engine, is forgotten: no note makes its record."""
        unknown = [each for each in noted if not self._recorder.is_open(each.call)]
        theirs = {each.call for each in unknown if each.elsewhere or self._recorder.has_ended(each.call)}
        self._notes.forget(theirs)
        return {each.call: each for each in unknown if each.call not in theirs}

    def _ask(self, unheard: Mapping[CallId, NotedCall]) -> None:
        self._unsure.update(unheard)
        if unheard:
            self._asked.set()

    async def look_up(self) -> bool:
        """Wait for calls of which the store has to say whether they have a record, and make those that are missing.

        True: one of them goes on.

        Raises:
            StoreError: it does not say. It is asked about the same calls the next time.
        """
        await self._asked.wait()
        asked = tuple(self._unsure)
        recorded = await asyncio.to_thread(self._records.recorded, asked)
        self._notes.forget(recorded)
        missing = self._unheard([self._unsure[call] for call in asked if call not in recorded])  # some came here meanwhile
        for call in asked:
            del self._unsure[call]
        if not self._unsure:
            self._asked.clear()
        for noted in missing.values():
            self._close(noted)
        return any(self._recorder.is_open(call) for call in missing)

    def of(self, call: CallId) -> NotedCall | None:
        """What the switch wrote down about the call."""
        return self._notes.of(call)

    def _arrive(self, noted: NotedCall) -> None:
        """A call that came while no engine was there begins its record when the switch took it."""
        at = noted.began or noted.held
        if not self._recorder.is_open(noted.call) and at is not None:
            self._recorder.record(CallArrived(call=noted.call, number=noted.number, caller=noted.caller), at=at)

    def _close(self, noted: NotedCall, *, offer: StandingOffer | None = None) -> None:
        """Make the record; of a call that goes on, its beginning."""
        self._arrive(noted)
        call, ended = noted.call, noted.ended
        if ended is None or not self._recorder.is_open(call):
            return
        self._log.info("call_closed_from_notes", call=call, answered=noted.answered is not None)
        self._recorder.record(CallReconciled(call=call, found="gone"), at=ended)
        if offer is not None:
            self._settle(noted, offer, ended)
        if noted.answered is not None and self._agent_of(noted.phone) is not None:
            self._leave(call=noted, ended=noted.answered, outcome=QueueOutcome.ANSWERED)
        self.tell_of_talk(call)
        self._leave(call=noted, ended=ended)
        self._recorder.record(CallEnded(call=call, ended_by=noted.ended_by), at=ended)

    def _settle(self, noted: NotedCall, offer: StandingOffer, ended: Instant) -> None:
        """How the offer ended that stood when the engine was lost. When two were joined meanwhile was not written down."""
        call, agent, record = noted.call, offer.agent, self._recorder.peek(noted.call)
        answered = self.answered_by(call) == agent
        outcome = OfferOutcome.ANSWERED if answered else OfferOutcome.CALLER_GONE
        self._recorder.record(OfferEnded(call=call, agent=agent, offer=offer.offer, outcome=outcome), at=ended)
        if answered and record is not None and record.queue is not None:
            self._leave(call=noted, ended=ended, outcome=QueueOutcome.ANSWERED)
            self._recorder.record(ConversationBegan(call=call, agent=agent, queue=record.queue), at=ended)

    def answered_by(self, call: CallId) -> AgentId | None:
        """Whose telephone was the last that an engine rang for the call, if it answered; known once the call is over."""
        noted = self._notes.of(call)
        return self._agent_of(noted.joined) if noted is not None and noted.joined else None

    def tell_of_talk(self, call: CallId) -> None:
        """Record a talk at the fallback that is over, unless it was followed from the list of live lines."""
        noted, record = self._notes.of(call), self._recorder.peek(call)
        if noted is None or record is None or noted.answered is None or noted.ended is None:
            return
        agent = self._agent_of(noted.phone)
        followed = any(leg.kind is LegKind.AGENT and leg.ended > noted.answered for leg in record.legs)
        if agent is not None and not followed:
            self._talked(noted, agent, noted.answered, min(noted.parted or noted.ended, noted.ended))

    def _talked(self, noted: NotedCall, agent: AgentId, answered: Instant, parted: Instant) -> None:
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

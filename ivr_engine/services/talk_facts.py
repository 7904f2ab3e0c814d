"""What becomes known of one conversation: to the centre, which keeps the agents' state, and to the journal."""

from __future__ import annotations

from dataclasses import dataclass

from ivr_engine.acd.stimuli import Consult, ConsultAnswered, ConsultOver, ConversationOver, HandedOver, Transfer
from ivr_engine.core.events import (
    CallTransferred,
    ColleagueAsked,
    ColleagueReached,
    ColleagueReleased,
    ConferenceBegan,
    HoldBegan,
    HoldEnded,
    OutsideParted,
)
from ivr_engine.core.ids import AgentId, CallId, FlowName, Instant, Millis, QueueName, between
from ivr_engine.core.outcomes import ConsultOutcome, EndedBy, OfferOutcome, TransferGoal
from ivr_engine.ports.clock import Clock
from ivr_engine.services.centre_runner import CentreRunner
from ivr_engine.services.recorder import Recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who talks with the caller, or is asked: an agent at `phone`, or a `number` outside by the name it has in the files."""

    agent: AgentId | None = None
    phone: str = ""
    outside: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every conversation needs."""

    centre: CentreRunner
    recorder: Recorder
    clock: Clock


class TalkFacts:
    """Of the conversation of `call` with its present holder: how long they talked and the caller heard music."""

    def __init__(self, *, call: CallId, around: Surroundings) -> None:
        self._call = call
        self._centre = around.centre
        self._record = around.recorder.record
        self._clock = around.clock
        self._began = self._clock.now()
        self._held = Millis(0)
        self._held_since: Instant | None = None

    @property
    def talked(self) -> Millis:
        """How long the two have heard each other by now."""
        since = self._held_since
        held = self._held + (0 if since is None else between(since, self._clock.now()))
        return Millis(max(0, between(self._began, self._clock.now()) - held))

    def music(self, holder: Party, *, on: bool) -> None:
        """The caller hears music, or no longer. Said again it changes nothing; the record keeps it for agents only."""
        if holder.agent is None:
            return
        if on and self._held_since is None:
            self._held_since = self._clock.now()
            self._record(HoldBegan(call=self._call, agent=holder.agent))
        elif not on and self._held_since is not None:
            held = between(self._held_since, self._clock.now())
            self._held_since, self._held = None, Millis(self._held + held)
            self._record(HoldEnded(call=self._call, agent=holder.agent, held=held))

    def less_music(self, lasted: Millis) -> Millis:
        """Of the switch's measure what was talk."""
        return Millis(max(0, lasted - self._held))

    def transferred(self, agent: AgentId, *, colleague: AgentId | None = None, queue: QueueName | None = None) -> None:
        """The centre has the caller again, for a colleague or a queue. Raises CommandRefused."""
        self._centre.handle(Transfer(agent=agent, talked=self.talked, colleague=colleague, queue=queue))

    def asked(self, agent: AgentId, asked: Party) -> None:
        """Somebody is to be asked. Raises CommandRefused."""
        if asked.agent is not None:
            self._centre.handle(Consult(agent=agent, colleague=asked.agent))
        else:
            self._record(ColleagueAsked(call=self._call, agent=agent, outside=asked.outside))

    def reached(self, agent: AgentId, asked: Party) -> None:
        """Whoever is asked picked up."""
        if asked.agent is not None:
            self._centre.handle(ConsultAnswered(call=self._call))
        else:
            self._record(ColleagueReached(call=self._call, agent=agent, outside=asked.outside))

    def conferred(self, agent: AgentId, asked: Party) -> None:
        """All three hear each other."""
        self._record(ConferenceBegan(call=self._call, agent=agent, colleague=asked.agent, outside=asked.outside))

    def released(self, agent: AgentId, asked: Party, outcome: ConsultOutcome, *, rang: OfferOutcome | None = None) -> None:
        """Whoever was asked has no more part in it."""
        if asked.agent is not None:
            self._centre.handle(ConsultOver(call=self._call, outcome=outcome, rang=rang))
        else:
            self._record(ColleagueReleased(call=self._call, agent=agent, outcome=outcome, outside=asked.outside))

    def handed_over(self, holder: Party, agent: AgentId, asked: Party) -> None:
        """Whoever was asked has the caller from now on."""
        self.music(holder, on=False)
        if asked.agent is None:
            self.released(agent, asked, ConsultOutcome.TRANSFERRED)
            self.parted_outside(agent, asked, consulted=True)
        else:
            self._transferred(agent, TransferGoal.AGENT, asked.agent, consulted=True)
            self._centre.handle(HandedOver(call=self._call, talked=self.talked))
        self._began, self._held = self._clock.now(), Millis(0)

    def parted_outside(self, agent: AgentId, outside: Party, *, consulted: bool) -> None:
        """The centre has no more to do with the call; the record follows it to the number."""
        self._centre.handle(ConversationOver(call=self._call, ended_by=EndedBy.TRANSFER, talked=self.talked))
        self._transferred(agent, TransferGoal.OUTSIDE, outside.outside, consulted=consulted)

    def passed_into(self, agent: AgentId, flow: FlowName) -> None:
        """The agent is out of it, and the caller's own flow goes on elsewhere."""
        self._centre.handle(ConversationOver(call=self._call, ended_by=EndedBy.TRANSFER, talked=self.talked))
        self._transferred(agent, TransferGoal.FLOW, flow, consulted=False)

    def ended(self, holder: Party, ended_by: EndedBy) -> None:
        """Nobody has the caller any more."""
        if holder.agent is not None:
            self._centre.handle(ConversationOver(call=self._call, ended_by=ended_by, talked=self.talked))
        else:
            self.outside_over(holder, OfferOutcome.ANSWERED, self.talked)

    def outside_over(self, outside: Party, outcome: OfferOutcome, talked: Millis) -> None:
        """Connecting the caller with a number is over."""
        self._record(OutsideParted(call=self._call, to=outside.outside, outcome=outcome, talked=talked))

    def _transferred(self, agent: AgentId, goal: TransferGoal, to: str, *, consulted: bool) -> None:
        self._record(CallTransferred(call=self._call, agent=agent, goal=goal, to=to, consulted=consulted))

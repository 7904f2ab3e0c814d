"""A small centre in which every rule is in use, and the ledger that watches it."""

from __future__ import annotations

import json
from collections.abc import Callable

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.effects import Decision
from ivr_engine.acd.offers import GRACE
from ivr_engine.acd.queues import STRICTLY, QueuePolicy, RelaxStep
from ivr_engine.acd.rules import CentreRules
from ivr_engine.acd.stimuli import (
    CallEntered,
    CallerLeft,
    ConsultAnswered,
    ConsultOver,
    HandedOver,
    HoursChanged,
    JoinedElsewhere,
    LineLost,
    OfferAnswered,
    OfferFailed,
    OfferPickedUp,
    OfferRinging,
    Stimulus,
    TimePassed,
)
from ivr_engine.acd.transitions import CallPhase
from ivr_engine.core.events import SkillNeed
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, Millis, OfferId, QueueName, SkillName
from ivr_engine.core.outcomes import ConsultOutcome, OfferOutcome, QueueOutcome
from ivr_engine.errors import CommandRefused
from tests.acd.ledger import Ledger

CARDS, LOANS, SHORT = QueueName("cards"), QueueName("loans"), QueueName("short")
CARD, LOAN, RARE = SkillName("card"), SkillName("loan"), SkillName("rare")
ZH, EN = Language("zh"), Language("en")
QUEUES = (
    QueuePolicy(
        name=CARDS,
        ring=Millis(15_000),
        wrap_up=Millis(10_000),
        wrap_up_most=Millis(25_000),
        announce_position=Millis(30_000),
        announce_wait=Millis(20_000),
        comfort_every=Millis(7_000),
        comfort=("patience", "soon"),
        relax=(
            RelaxStep(after=Millis(3_000), lower={CARD: 2}),
            RelaxStep(after=Millis(9_000), drop=("en", LOAN, RARE), also=(LOANS,)),
        ),
        rate=4,
        share=60,
    ),
    QueuePolicy(
        name=LOANS,
        ring=Millis(10_000),
        wrap_up=Millis(0),
        max_wait=Millis(20_000),
        leave_closed=True,
        strategy="most_idle",
        overflow={QueueOutcome.TIMEOUT: SHORT},
        share=30,
    ),
    QueuePolicy(
        name=SHORT,
        max_length=2,
        staffed_only=True,
        leave_unstaffed=True,
        strategy="fewest_calls",
        priority_worth=STRICTLY,
        overflow={QueueOutcome.FULL: CARDS},
        relax=(RelaxStep(after=Millis(5_000), also=(CARDS,)),),
        share=10,
    ),
)
AGENTS = (
    AgentProfile(agent=AgentId("anna"), queues=(CARDS, LOANS), skills={CARD: 9, LOAN: 2}, rank=1),
    AgentProfile(agent=AgentId("bert"), queues=(CARDS, SHORT), skills={CARD: 3}, languages=(ZH,), rank=2),
    AgentProfile(agent=AgentId("carl"), queues=(SHORT, LOANS, CARDS), languages=(EN, ZH), skills={RARE: 5}, rank=3),
    AgentProfile(agent=AgentId("dora"), queues=(CARDS, LOANS), skills={CARD: 9, LOAN: 2, RARE: 5}, rank=4),
    AgentProfile(agent=AgentId("emma"), queues=(CARDS, LOANS), skills={CARD: 9, LOAN: 2}, rank=5),
)
NAMES = tuple(profile.agent for profile in AGENTS)
RULES = CentreRules(reserve={RARE: 1})
CARD_3, CARD_4 = SkillNeed(skill=CARD, level=3), SkillNeed(skill=CARD, level=4)
NEEDS: tuple[tuple[SkillNeed, ...], ...] = (
    (),
    (CARD_3,),
    (CARD_4, SkillNeed(skill=LOAN, level=1)),
    (SkillNeed(skill=RARE, level=1),),
)
FAILURES = tuple(outcome for outcome in OfferOutcome if outcome is not OfferOutcome.ANSWERED)
WORDS_OF_A_COLLEAGUE: tuple[Callable[[CallId], Stimulus], ...] = (
    lambda call: ConsultAnswered(call=call),
    lambda call: ConsultAnswered(call=call),
    lambda call: HandedOver(call=call, talked=Millis(1_000)),
    lambda call: ConsultOver(call=call, outcome=ConsultOutcome.RETURNED),
    lambda call: ConsultOver(call=call, outcome=ConsultOutcome.NOT_REACHED, rang=OfferOutcome.NO_ANSWER),
)
FREEING = (OfferOutcome.FAILED, OfferOutcome.CONGESTED)  # the endings that leave agent and caller both free


class World:
    """The centre, what was sent to it and what it decided. Every decision is held against the ledger's laws."""

    def __init__(
        self,
        *,
        queues: tuple[QueuePolicy, ...] = QUEUES,
        rules: CentreRules = RULES,
        agents: tuple[AgentProfile, ...] = AGENTS,
    ) -> None:
        self.queues, self.rules, self.agents = queues, rules, agents
        self.centre = self.new_centre()
        self.ledger = Ledger(
            profiles={profile.agent: profile for profile in agents},
            policies={queue.name: queue for queue in queues},
            rules=rules,
        )
        self.now = Instant(1_000)
        self.history: list[tuple[Stimulus, Instant]] = []
        self.decisions: list[Decision] = []
        self.calls = 0

    def new_centre(self) -> Centre:
        """The same centre, just opened."""
        return Centre(queues=self.queues, agents=self.agents, rules=self.rules)

    def restored(self) -> Centre:
        """Another centre that goes on from this one's snapshot."""
        other = self.new_centre()
        other.restore(json.loads(json.dumps(self.centre.snapshot())))
        return other

    def send(self, stimulus: Stimulus) -> Decision | None:
        """Let it happen; None: it was refused."""
        try:
            decision = self.centre.handle(stimulus, self.now)
        except CommandRefused:
            return None
        self._said(stimulus)
        self.ledger.post(decision, self.now)
        self.ledger.joined_elsewhere = None
        self.history.append((stimulus, self.now))
        self.decisions.append(decision)
        return decision

    def _said(self, stimulus: Stimulus) -> None:
        self.ledger.now = self.now
        if isinstance(stimulus, HoursChanged):
            self.ledger.closed = frozenset(stimulus.closed)
        if isinstance(stimulus, LineLost) and stimulus.call in self.waiting_by_the_ledger():
            self.ledger.away.add(stimulus.call)
        if isinstance(stimulus, CallEntered):
            self.ledger.away.discard(stimulus.call)
        if isinstance(stimulus, JoinedElsewhere):
            self.ledger.joined_elsewhere = stimulus.call, stimulus.agent
        if isinstance(stimulus, OfferRinging | OfferPickedUp) and stimulus.offer in self.ledger.offers:
            policy = self.ledger.policies[self.ledger.offers[stimulus.offer].queue]
            rings = isinstance(stimulus, OfferRinging)
            self.ledger.goes_on(stimulus.offer, policy.ring + GRACE if rings else policy.join)

    def waiting_by_the_ledger(self) -> set[CallId]:
        """Those in line for whom no telephone rings, whose lines are there."""
        rung = {offer.call for offer in self.ledger.offers.values()} | set(self.ledger.unsettled)
        return set(self.ledger.in_line) - rung - self.ledger.away

    def line_is_back(self, call: CallId) -> None:
        """The line of a caller who was away enters the queue again; what it says anew counts for nothing."""
        self.send(CallEntered(call=call, queue=LOANS, needs=(), priority=99, language=ZH))

    def enters(self, **facts: object) -> CallId:
        """A new caller, or a new piece of the work of that queue."""
        self.calls += 1
        call = CallId(f"c{self.calls}")
        kind = next(queue.kind for queue in self.queues if queue.name == facts["queue"])
        self.send(CallEntered(call=call, kind=kind, **facts))  # type: ignore[arg-type] # the fields of CallEntered
        return call

    def settles(self, call: CallId, outcome: OfferOutcome | None) -> None:
        """The switch says what became of an offer that lapsed; None: the two talk."""
        agent, offer = self.ledger.unsettled[call]
        if outcome is None:
            busy = not self.ledger.has_room(agent, self.ledger.kinds[call])
            self.send(OfferAnswered(offer=offer))
            assert (self.ledger.talking.get(call) == agent) is not busy
            return
        if outcome is not OfferOutcome.CALLER_GONE:
            self.ledger.settle(offer)
        self.send(OfferFailed(offer=offer, outcome=outcome))

    def enters_again(self, call: CallId) -> None:
        """The caller's line comes back while a telephone rings."""
        self.ledger.entering_again = call
        self.send(CallEntered(call=call, queue=LOANS, needs=(), priority=99, language=ZH))
        self.ledger.entering_again = None

    def waiting(self) -> list[CallId]:
        """Those for whom no telephone rings."""
        return [status.call for status in self.centre.calls() if status.phase is CallPhase.WAITING]

    def settled(self) -> list[OfferId]:
        """Offers of which nothing more can come."""
        open_still = {offer for _, offer in self.ledger.unsettled.values()}
        return sorted(self.ledger.ended_offers - open_still)

    def time_is(self, now: Instant) -> None:
        """Time passes. Before the alarm nothing may come of it, and afterwards the next alarm lies ahead."""
        alarm = self.centre.next_alarm
        self.now = now
        self.ledger.late = alarm is not None and now > alarm
        decision = self.send(TimePassed())
        self.ledger.late = False
        assert decision is not None
        if alarm is None or now < alarm:
            assert not decision.events
            assert not decision.effects
        assert self.centre.next_alarm is None or self.centre.next_alarm > now

    def goes_by(self, span: int) -> None:
        """Time passes as it does with the engine: each alarm is handled when it is due."""
        until = Instant(self.now + span)
        while (alarm := self.centre.next_alarm) is not None and alarm <= until:
            self.time_is(max(self.now, alarm))
        self.time_is(until)

    def ends(self) -> None:
        """Everybody goes home."""
        for call in [status.call for status in self.centre.calls()]:
            self.send(CallerLeft(call=call))
        while self.centre.next_alarm is not None:
            self.time_is(max(self.now, self.centre.next_alarm))
        self.ledger.everything_ended()

    def happens_again(self) -> None:
        """The same stimuli at the same instants give the same decisions."""
        again = self.new_centre()
        assert [again.handle(stimulus, now) for stimulus, now in self.history] == self.decisions

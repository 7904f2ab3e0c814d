"""A day of anything at all: whatever happens, in whatever order, the laws of `ledger` hold."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.effects import Decision
from ivr_engine.acd.queues import QueuePolicy
from ivr_engine.acd.stimuli import (
    CallEntered,
    CallerLeft,
    ConversationOver,
    FlowedOut,
    LogIn,
    LogOut,
    OfferAnswered,
    OfferFailed,
    Pause,
    SetReady,
    Stimulus,
    TimePassed,
)
from ivr_engine.acd.transitions import CallPhase
from ivr_engine.core.events import SkillNeed
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, Millis, OfferId, QueueName, SkillName
from ivr_engine.core.outcomes import EndedBy, OfferOutcome, Presence
from ivr_engine.errors import CommandRefused
from tests.acd.ledger import Ledger

CARDS, LOANS, SHORT = QueueName("cards"), QueueName("loans"), QueueName("short")
CARD, LOAN = SkillName("card"), SkillName("loan")
ZH, EN = Language("zh"), Language("en")
QUEUES = (
    QueuePolicy(
        name=CARDS,
        ring=Millis(15_000),
        wrap_up=Millis(10_000),
        announce_position=Millis(30_000),
        announce_wait=Millis(20_000),
        comfort_every=Millis(7_000),
        comfort=("patience", "soon"),
    ),
    QueuePolicy(name=LOANS, ring=Millis(10_000), wrap_up=Millis(0), max_wait=Millis(20_000)),
    QueuePolicy(name=SHORT, max_length=2, staffed_only=True),
)
AGENTS = (
    AgentProfile(agent=AgentId("anna"), queues=(CARDS, LOANS), skills={CARD: 9, LOAN: 2}),
    AgentProfile(agent=AgentId("bert"), queues=(CARDS, SHORT), skills={CARD: 3}, languages=(ZH,)),
    AgentProfile(agent=AgentId("carl"), queues=(SHORT, LOANS, CARDS), languages=(EN, ZH)),
)
NEEDS = ((), (SkillNeed(skill=CARD, level=3),), (SkillNeed(skill=CARD, level=4), SkillNeed(skill=LOAN, level=1)))
FAILURES = tuple(outcome for outcome in OfferOutcome if outcome is not OfferOutcome.ANSWERED)
FAULTS_OFTEN = (OfferOutcome.FAILED,) * 4 + FAILURES  # the only ending that leaves agent and caller both free

agents = st.sampled_from([AgentId("anna"), AgentId("bert"), AgentId("carl")])


def new_centre() -> Centre:
    return Centre(queues=QUEUES, agents=AGENTS)


class Day(RuleBasedStateMachine):
    """Every stimulus goes to a centre that lives on and to one made anew from its snapshot."""

    def __init__(self) -> None:
        super().__init__()
        self.centre = new_centre()
        self.ledger = Ledger(
            profiles={profile.agent: profile for profile in AGENTS},
            max_wait={queue.name: queue.max_wait for queue in QUEUES if queue.max_wait is not None},
        )
        self.now = Instant(1_000)
        self.history: list[tuple[Stimulus, Instant]] = []
        self.decisions: list[Decision] = []
        self.calls = 0

    def send(self, stimulus: Stimulus) -> None:
        saved = json.dumps(self.centre.snapshot())
        other = new_centre()
        other.restore(json.loads(saved))
        try:
            decision = self.centre.handle(stimulus, self.now)
        except CommandRefused:
            assert json.dumps(self.centre.snapshot()) == saved
            return
        assert other.handle(stimulus, self.now) == decision
        assert other.snapshot() == self.centre.snapshot()
        self.history.append((stimulus, self.now))
        self.decisions.append(decision)
        self.ledger.post(decision, self.now)

    @initialize(at_work=st.sets(agents, min_size=2))
    def the_day_begins(self, at_work: set[AgentId]) -> None:
        for agent in sorted(at_work):
            self.send(LogIn(agent=agent))
            self.send(SetReady(agent=agent))

    @precondition(lambda self: any(status.presence is not Presence.READY for status in self.centre.agents()))
    @rule()
    def everybody_comes_back(self) -> None:
        for status in self.centre.agents():
            if status.presence is not Presence.READY:
                self.send(LogIn(agent=status.agent))
                self.send(SetReady(agent=status.agent))

    @rule(
        agent=agents,
        command=st.sampled_from(
            (
                lambda agent: Pause(agent=agent, reason="lunch"),
                lambda agent: Pause(agent=agent, reason="training"),
                lambda agent: SetReady(agent=agent),
                lambda agent: LogIn(agent=agent),
                lambda agent: LogOut(agent=agent),
            )
        ),
    )
    def an_agent_commands(self, agent: AgentId, command: Callable[[AgentId], Stimulus]) -> None:
        self.send(command(agent))

    @rule(
        queue=st.sampled_from((CARDS, CARDS, CARDS, LOANS, LOANS, SHORT, SHORT, QueueName("nowhere"))),
        needs=st.sampled_from(((), *NEEDS)),
        priority=st.sampled_from((0, 0, 50)),
        language=st.sampled_from((ZH, ZH, EN)),
    )
    def a_caller_comes(self, queue: QueueName, needs: tuple[SkillNeed, ...], priority: int, language: Language) -> None:
        self.calls += 1
        call = CallId(f"c{self.calls}")
        self.send(CallEntered(call=call, queue=queue, needs=needs, priority=priority, language=language))

    @precondition(lambda self: self.centre.calls())
    @rule(data=st.data())
    def a_caller_leaves(self, data: st.DataObject) -> None:
        self.send(CallerLeft(call=data.draw(st.sampled_from([status.call for status in self.centre.calls()]))))

    @precondition(lambda self: self.centre.calls())
    @rule(data=st.data())
    def a_caller_presses_a_key_that_leaves(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from([status.call for status in self.centre.calls()]))
        waits = call in self.waiting()
        before = self.centre.snapshot()
        self.send(FlowedOut(call=call))
        if not waits:
            self.nothing_came_of_it(before)

    @precondition(lambda self: self.ledger.offers)
    @rule(data=st.data())
    def an_agent_picks_up(self, data: st.DataObject) -> None:
        self.send(OfferAnswered(offer=data.draw(st.sampled_from(sorted(self.ledger.offers)))))

    @precondition(lambda self: self.ledger.offers)
    @rule(data=st.data(), outcome=st.sampled_from(FAULTS_OFTEN))
    def a_telephone_fails(self, data: st.DataObject, outcome: OfferOutcome) -> None:
        offer = data.draw(st.sampled_from(sorted(self.ledger.offers)))
        self.send(OfferFailed(offer=offer, outcome=outcome, cause="486"))

    @precondition(lambda self: self.ledger.talking)
    @rule(data=st.data(), by=st.sampled_from((EndedBy.AGENT, EndedBy.CALLER)))
    def a_conversation_ends(self, data: st.DataObject, by: EndedBy) -> None:
        call = data.draw(st.sampled_from(sorted(self.ledger.talking)))
        self.send(ConversationOver(call=call, ended_by=by, talked=Millis(1_000)))

    @precondition(lambda self: self.ledger.unsettled)
    @rule(data=st.data(), outcome=st.sampled_from((None, None, OfferOutcome.NO_ANSWER, OfferOutcome.CALLER_GONE)))
    def a_lapsed_offer_is_settled(self, data: st.DataObject, outcome: OfferOutcome | None) -> None:
        call = data.draw(st.sampled_from(sorted(self.ledger.unsettled)))
        agent, offer = self.ledger.unsettled[call]
        if outcome is None:
            busy = agent in self.ledger.holding or agent in self.ledger.wrapping
            self.send(OfferAnswered(offer=offer))
            assert (self.ledger.talking.get(call) == agent) is not busy
        else:
            if outcome is OfferOutcome.NO_ANSWER:
                self.ledger.settle(offer)
            self.send(OfferFailed(offer=offer, outcome=outcome))

    @precondition(lambda self: self.settled())
    @rule(data=st.data(), outcome=st.sampled_from((None, *FAILURES)))
    def late_word_about_an_offer_changes_nothing(self, data: st.DataObject, outcome: OfferOutcome | None) -> None:
        offer = data.draw(st.sampled_from(self.settled()))
        before = self.centre.snapshot()
        self.send(OfferAnswered(offer=offer) if outcome is None else OfferFailed(offer=offer, outcome=outcome))
        self.nothing_came_of_it(before)

    @precondition(lambda self: self.calls > len(self.centre.calls()))
    @rule(data=st.data(), left=st.booleans())
    def late_word_about_a_call_changes_nothing(self, data: st.DataObject, left: bool) -> None:
        here = {status.call for status in self.centre.calls()}
        gone = [call for call in (CallId(f"c{number + 1}") for number in range(self.calls)) if call not in here]
        call, before = data.draw(st.sampled_from(gone)), self.centre.snapshot()
        over = ConversationOver(call=call, ended_by=EndedBy.SWITCH, talked=Millis(0))
        self.send(CallerLeft(call=call) if left else over)
        self.nothing_came_of_it(before)

    @precondition(lambda self: self.waiting())
    @rule(data=st.data())
    def a_waiting_caller_who_enters_again_changes_nothing(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(self.waiting()))
        before = self.centre.snapshot()
        self.send(CallEntered(call=call, queue=LOANS, needs=(), priority=99, language=ZH))
        self.nothing_came_of_it(before)

    @precondition(lambda self: self.ledger.offers)
    @rule(data=st.data())
    def a_line_enters_again_while_a_telephone_rings(self, data: st.DataObject) -> None:
        call = self.ledger.offers[data.draw(st.sampled_from(sorted(self.ledger.offers)))].call
        self.ledger.entering_again = call
        self.send(CallEntered(call=call, queue=LOANS, needs=(), priority=99, language=ZH))
        self.ledger.entering_again = None

    def waiting(self) -> list[CallId]:
        return [status.call for status in self.centre.calls() if status.phase is CallPhase.WAITING]

    def settled(self) -> list[OfferId]:
        open_still = {offer for _, offer in self.ledger.unsettled.values()}
        return sorted(self.ledger.ended_offers - open_still)

    def nothing_came_of_it(self, before: dict[str, object]) -> None:
        assert self.decisions[-1].events == ()
        assert self.decisions[-1].effects == ()
        assert self.centre.snapshot() == before

    @rule(span=st.sampled_from((1, 900, 900, 4_999, 5_000, 17_000)))
    def time_goes_by(self, span: int) -> None:
        self.time_is(Instant(self.now + span))

    @precondition(lambda self: self.centre.next_alarm is not None)
    @rule(short=st.sampled_from((0, 1)))
    def the_alarm_rings(self, short: int) -> None:
        alarm = self.centre.next_alarm
        assert alarm is not None
        self.time_is(Instant(max(self.now, alarm - short)))

    def time_is(self, now: Instant) -> None:
        alarm = self.centre.next_alarm
        self.now = now
        self.send(TimePassed())
        if alarm is None or now < alarm:
            assert not self.decisions[-1].events
            assert not self.decisions[-1].effects
        assert self.centre.next_alarm is None or self.centre.next_alarm > now
        assert all(offer.deadline > now for offer in self.ledger.offers.values())

    def teardown(self) -> None:
        for call in [status.call for status in self.centre.calls()]:
            self.send(CallerLeft(call=call))
        while self.centre.next_alarm is not None:
            self.time_is(self.centre.next_alarm)
        self.ledger.everything_ended()
        again = new_centre()
        assert [again.handle(stimulus, now) for stimulus, now in self.history] == self.decisions


TestDay = Day.TestCase
TestDay.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)


@pytest.mark.parametrize("stimulus", [OfferAnswered(offer=OfferId("x")), CallerLeft(call=CallId("x")), TimePassed()])
def test_word_about_what_never_was_changes_nothing(stimulus: Stimulus) -> None:
    centre = new_centre()
    before = centre.snapshot()
    decision = centre.handle(stimulus, Instant(5))
    assert (decision.events, decision.effects, decision.next_alarm) == ((), (), None)
    assert centre.snapshot() == before

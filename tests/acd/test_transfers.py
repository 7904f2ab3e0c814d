"""Callers who are passed on and colleagues who are asked, in the core alone."""

from __future__ import annotations

import json

import pytest

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.effects import Decision, RingAgent
from ivr_engine.acd.queues import QueuePolicy
from ivr_engine.acd.stages import STAGES, Stage, StageStep
from ivr_engine.acd.stimuli import (
    CallEntered,
    CallerLeft,
    Consult,
    ConsultAnswered,
    ConsultOver,
    ConversationOver,
    HandedOver,
    LogIn,
    MoveCaller,
    OfferAnswered,
    OfferFailed,
    SetPriority,
    SetReady,
    SetSkill,
    Stimulus,
    Transfer,
)
from ivr_engine.core.events import CallQueued, ColleagueAsked, ColleagueReleased, ConversationBegan, ConversationEnded
from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, Millis, QueueName, SkillName
from ivr_engine.core.outcomes import Activity, ConsultOutcome, EndedBy, OfferOutcome
from ivr_engine.errors import CommandRefused

CARDS, LOANS, FULL, STAFFED = (QueueName(name) for name in ("cards", "loans", "full", "staffed"))
RARE = SkillName("rare")
ANN, BOB, CAT = AgentId("ann"), AgentId("bob"), AgentId("cat")
TALK = Millis(1_000)


class Floor:
    """A centre with its clock: ann talks with call c1, who came at 1000."""

    def __init__(self) -> None:
        self.centre = Centre(
            queues=[
                QueuePolicy(name=CARDS),
                QueuePolicy(name=LOANS, wrap_up=Millis(0)),
                QueuePolicy(name=FULL, max_length=0),
                QueuePolicy(name=STAFFED, staffed_only=True),
            ],
            agents=[
                AgentProfile(agent=ANN, queues=(CARDS,)),
                AgentProfile(agent=BOB, queues=(CARDS, LOANS)),
                AgentProfile(agent=CAT, queues=(LOANS, STAFFED)),
            ],
        )
        self.now = 1_000
        self.at_work(ANN)
        offer = self.ring(self.enter("c1", CARDS))
        self.does(OfferAnswered(offer=offer.offer))
        self.now = 60_000

    def does(self, stimulus: Stimulus) -> Decision:
        return self.centre.handle(stimulus, Instant(self.now))

    def at_work(self, agent: AgentId) -> Decision:
        self.does(LogIn(agent=agent))
        return self.does(SetReady(agent=agent))

    def works(self, agent: AgentId) -> AgentId:
        self.at_work(agent)
        return agent

    def enter(self, call: str, queue: QueueName) -> Decision:
        return self.does(CallEntered(call=CallId(call), queue=queue, needs=(), priority=0, language=Language("en")))

    def ring(self, decision: Decision) -> RingAgent:
        (effect,) = (each for each in decision.effects if isinstance(each, RingAgent))
        return effect

    def activity(self, agent: AgentId) -> Activity:
        return next(each.activity for each in self.centre.agents() if each.agent == agent)

    def refuses(self, command: Stimulus) -> str:
        before = json.dumps(self.centre.snapshot())
        with pytest.raises(CommandRefused) as refusal:
            self.does(command)
        assert json.dumps(self.centre.snapshot()) == before
        return str(refusal.value)


@pytest.fixture
def floor() -> Floor:
    return Floor()


def test_a_caller_passed_on_to_a_colleague_is_offered_to_no_one_else(floor: Floor) -> None:
    floor.at_work(BOB)
    floor.at_work(CAT)
    decision = floor.does(Transfer(agent=ANN, talked=TALK, colleague=CAT))
    assert floor.ring(decision).agent == CAT
    ended = next(each for each in decision.events if isinstance(each, ConversationEnded))
    assert (ended.agent, ended.ended_by, ended.talked) == (ANN, EndedBy.TRANSFER, TALK)
    assert floor.activity(ANN) is Activity.WRAP_UP


def test_a_colleague_who_does_not_take_the_call_sends_it_to_the_head_of_the_line(floor: Floor) -> None:
    floor.at_work(CAT)
    floor.enter("c2", CARDS)
    offer = floor.ring(floor.does(Transfer(agent=ANN, talked=TALK, colleague=CAT)))
    floor.does(OfferFailed(offer=offer.offer, outcome=OfferOutcome.DECLINED))
    line = [(each.call, each.position) for each in floor.centre.calls() if each.queue == CARDS]
    assert line == [("c1", 1), ("c2", 2)], "c1 came first"
    assert floor.ring(floor.at_work(BOB)).call == "c1"


def test_a_colleague_who_is_named_is_rung_even_where_nobody_else_could_ever_take_the_call() -> None:
    floor, rare = Floor(), SkillNeed(skill=RARE, level=5)
    floor.at_work(CAT)
    floor.does(SetSkill(agent=CAT, skill=RARE, level=5))
    entered = CallEntered(call=CallId("c2"), queue=STAFFED, needs=(rare,), priority=0, language=Language("en"))
    ring = floor.ring(floor.does(entered))
    floor.does(OfferAnswered(offer=ring.offer))
    floor.does(SetSkill(agent=CAT, skill=RARE, level=None))
    decision = floor.does(Transfer(agent=CAT, talked=TALK, colleague=floor.works(BOB)))
    assert floor.ring(decision).agent == BOB


def test_a_caller_passed_on_to_a_queue_keeps_the_arrival(floor: Floor) -> None:
    floor.enter("c2", LOANS)
    decision = floor.does(Transfer(agent=ANN, talked=TALK, queue=LOANS))
    queued = next(each for each in decision.events if isinstance(each, CallQueued))
    assert (queued.queue, queued.position) == (LOANS, 1)
    assert floor.ring(floor.at_work(CAT)).call == "c1"


def test_a_caller_whom_the_agent_lost_is_put_back_even_into_a_line_that_is_full(floor: Floor) -> None:
    offer = floor.ring(floor.does(Transfer(agent=ANN, talked=TALK, colleague=floor.works(BOB))))
    floor.does(OfferAnswered(offer=offer.offer))
    decision = floor.does(Transfer(agent=BOB, talked=TALK))
    assert [each.queue for each in decision.events if isinstance(each, CallQueued)] == [CARDS]


def test_who_passes_a_caller_on_does_not_get_them_straight_back() -> None:
    floor = Floor()
    floor.does(Transfer(agent=ANN, talked=TALK))
    decision = floor.does(SetReady(agent=ANN))  # ends the wrap-up
    assert not any(isinstance(each, RingAgent) for each in decision.effects)
    assert floor.ring(floor.at_work(BOB)).call == "c1"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (Transfer(agent=ANN, talked=TALK, colleague=CAT), "agent cat cannot take the call now: logged_out"),
        (Transfer(agent=ANN, talked=TALK, colleague=ANN), "the same agent"),
        (Transfer(agent=ANN, talked=TALK, colleague=AgentId("nobody")), "there is no agent nobody"),
        (Transfer(agent=ANN, talked=TALK, queue=QueueName("nowhere")), "known: cards, full, loans"),
        (Transfer(agent=ANN, talked=TALK, queue=FULL), "queue full is full"),
        (Transfer(agent=BOB, talked=TALK), "agent bob is not talking with a caller"),
        (Consult(agent=ANN, colleague=CAT), "cannot take the call now: logged_out"),
        (Consult(agent=BOB, colleague=CAT), "agent bob is not talking with a caller"),
        (MoveCaller(call=CallId("c1"), queue=LOANS), "does not wait now: talking"),
        (SetPriority(call=CallId("c9"), priority=1), "c9 is not in a queue"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(floor: Floor, command: Stimulus, says: str) -> None:
    assert says in floor.refuses(command)


def test_a_colleague_who_is_asked_is_reserved_and_offered_nothing(floor: Floor) -> None:
    floor.at_work(BOB)
    decision = floor.does(Consult(agent=ANN, colleague=BOB))
    assert [type(each) for each in decision.events] == [ColleagueAsked]
    assert floor.activity(BOB) is Activity.OFFERED
    waiting = floor.enter("c2", CARDS)
    assert not any(isinstance(each, RingAgent) for each in waiting.effects)
    assert "asks bob already" in floor.refuses(Consult(agent=ANN, colleague=CAT))
    floor.does(ConsultAnswered(call=CallId("c1")))
    assert "bob is not talking with a caller" in floor.refuses(Transfer(agent=BOB, talked=TALK))
    over = floor.does(ConsultOver(call=CallId("c1"), outcome=ConsultOutcome.RETURNED))
    assert floor.ring(over).call == "c2"


def test_the_caller_is_handed_over_to_whoever_was_asked(floor: Floor) -> None:
    floor.at_work(CAT)
    floor.does(Consult(agent=ANN, colleague=CAT))
    assert floor.does(HandedOver(call=CallId("c1"), talked=TALK)).events == (), "cat has not picked up"
    floor.does(ConsultAnswered(call=CallId("c1")))
    events = floor.does(HandedOver(call=CallId("c1"), talked=TALK)).events
    ended = next(each for each in events if isinstance(each, ConversationEnded))
    began = next(each for each in events if isinstance(each, ConversationBegan))
    assert (ended.agent, ended.ended_by, began.agent) == (ANN, EndedBy.TRANSFER, CAT)
    floor.does(ConversationOver(call=CallId("c1"), ended_by=EndedBy.CALLER, talked=TALK))
    assert floor.activity(CAT) is Activity.WRAP_UP


def test_a_colleague_who_does_not_answer_is_paused_as_after_an_offer(floor: Floor) -> None:
    floor.at_work(BOB)
    floor.does(Consult(agent=ANN, colleague=BOB))
    floor.does(ConsultOver(call=CallId("c1"), outcome=ConsultOutcome.NOT_REACHED, rang=OfferOutcome.NO_ANSWER))
    bob = next(each for each in floor.centre.agents() if each.agent == BOB)
    assert (bob.presence, bob.activity, bob.reason) == ("paused", "idle", "no_answer")
    assert floor.activity(ANN) is Activity.TALKING


def test_a_caller_who_leaves_releases_both(floor: Floor) -> None:
    floor.at_work(BOB)
    floor.does(Consult(agent=ANN, colleague=BOB))
    events = floor.does(CallerLeft(call=CallId("c1"))).events
    assert [each.outcome for each in events if isinstance(each, ColleagueReleased)] == [ConsultOutcome.ABANDONED]
    assert (floor.activity(ANN), floor.activity(BOB)) == (Activity.WRAP_UP, Activity.IDLE)


def test_a_centre_with_a_colleague_asked_goes_on_from_its_snapshot(floor: Floor) -> None:
    floor.at_work(BOB)
    floor.does(Consult(agent=ANN, colleague=BOB))
    other = Floor()
    other.centre.restore(json.loads(json.dumps(floor.centre.snapshot())))
    other.does(ConsultAnswered(call=CallId("c1")))
    other.does(HandedOver(call=CallId("c1"), talked=TALK))
    assert other.activity(BOB) is Activity.TALKING


def test_a_waiting_caller_is_put_before_those_who_came_earlier(floor: Floor) -> None:
    floor.enter("c2", LOANS)
    floor.enter("c3", LOANS)
    floor.does(SetPriority(call=CallId("c3"), priority=9))
    assert [each.call for each in floor.centre.calls() if each.queue == LOANS] == ["c3", "c2"]
    assert floor.ring(floor.at_work(CAT)).call == "c3"


def test_every_stage_can_end_and_what_is_over_stays_over() -> None:
    for stage in Stage:
        assert ((stage, StageStep.END) in STAGES) == (stage is not Stage.OVER)
    assert not any(stage is Stage.OVER for stage, _ in STAGES)

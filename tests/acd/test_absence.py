"""Callers whose lines are away: places, ages and relaxation are kept, and nobody is offered a line that is not there."""

from __future__ import annotations

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.queues import QueuePolicy, RelaxStep
from ivr_engine.acd.standing import StandingOffer, StandingVisit
from ivr_engine.acd.stimuli import (
    CallEntered,
    ConversationOver,
    JoinedElsewhere,
    LineLost,
    LogIn,
    OfferAnswered,
    SetReady,
    TimePassed,
)
from ivr_engine.core.events import CallLeftQueue, CallRelaxed, ConversationBegan, OfferEnded, OfferMade
from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, Millis, OfferId, QueueName, SkillName
from ivr_engine.core.outcomes import EndedBy, OfferOutcome

CARDS, CARD, ANN = QueueName("cards"), SkillName("card"), AgentId("ann")
STEP = RelaxStep(after=Millis(30_000), lower={CARD: 1})
START = Instant(1_000_000)


def centre(*, ready: bool = True) -> Centre:
    made = Centre(
        queues=[QueuePolicy(name=CARDS, relax=(STEP,), wrap_up=Millis(0), max_wait=Millis(600_000))],
        agents=[AgentProfile(agent=ANN, skills={CARD: 2}, queues=(CARDS,))],
    )
    if ready:
        for command in (LogIn(agent=ANN), SetReady(agent=ANN)):
            made.handle(command, START)
    return made


def enters(call: str, *, level: int = 1) -> CallEntered:
    needs = (SkillNeed(skill=CARD, level=level),)
    return CallEntered(call=CallId(call), queue=CARDS, needs=needs, priority=0, language=Language("en"))


def test_a_line_that_is_lost_is_offered_to_nobody_until_it_is_back_and_then_first() -> None:
    made = centre(ready=False)
    made.handle(enters("c1"), START)
    made.handle(enters("c2"), Instant(START + 1))
    made.handle(LineLost(call=CallId("c1")), Instant(START + 2))
    made.handle(LogIn(agent=ANN), Instant(START + 3))
    offered = made.handle(SetReady(agent=ANN), Instant(START + 4)).events
    assert [each.call for each in offered if isinstance(each, OfferMade)] == ["c2"]
    made.handle(enters("c1"), Instant(START + 5))
    assert [(each.call, each.position) for each in made.calls()] == [("c1", 1), ("c2", 2)]


def test_what_had_been_relaxed_is_relaxed_after_a_restart_and_not_recorded_again() -> None:
    made = centre()
    now = Instant(START + 40_000)
    made.take_up((), (), [StandingVisit(entered=enters("c1", level=5), since=START)], now=now)
    assert not [each for each in made.handle(TimePassed(), now).events if isinstance(each, CallRelaxed)]
    back = made.handle(enters("c1", level=5), now).events
    (offer,) = (each for each in back if isinstance(each, OfferMade))
    assert (offer.agent, offer.step, offer.waited) == ("ann", 1, 40_000)


def test_an_offer_that_stood_at_the_loss_reserves_its_agent_until_the_switch_tells() -> None:
    made = centre()
    offer = StandingOffer(offer=OfferId("old-1"), agent=ANN, since=START, deadline=Instant(START + 20_000))
    made.take_up((), (), [StandingVisit(entered=enters("c1"), since=START, offer=offer)], now=Instant(START + 5_000))
    assert made.handle(enters("c2"), Instant(START + 5_000)).effects == ()
    answered = made.handle(OfferAnswered(offer=OfferId("old-1")), Instant(START + 6_000)).events
    assert [each.outcome for each in answered if isinstance(each, OfferEnded)] == [OfferOutcome.ANSWERED]
    assert [each.call for each in answered if isinstance(each, ConversationBegan)] == ["c1"]


def test_who_was_joined_elsewhere_leaves_the_line_and_keeps_the_agent() -> None:
    made = centre()
    made.take_up((), (), [StandingVisit(entered=enters("c1"), since=START)], now=START)
    for call, left in (("c1", 1), ("unknown", 0)):
        events = made.handle(JoinedElsewhere(call=CallId(call), agent=ANN), Instant(START + 1)).events
        assert sum(isinstance(each, CallLeftQueue) for each in events) == left
        assert sum(isinstance(each, ConversationBegan) for each in events) == 1
        assert made.handle(enters(f"after {call}"), Instant(START + 2)).effects == ()
        over = ConversationOver(call=CallId(call), ended_by=EndedBy.CALLER, talked=Millis(1))
        next_one = made.handle(over, Instant(START + 3)).events
        (offer,) = (each for each in next_one if isinstance(each, OfferMade))
        made.handle(OfferAnswered(offer=offer.offer), Instant(START + 4))
        made.handle(ConversationOver(call=offer.call, ended_by=EndedBy.CALLER, talked=Millis(1)), Instant(START + 5))
    assert made.calls() == ()

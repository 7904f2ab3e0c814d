"""A step that a table does not have is refused, and nothing has moved."""

from __future__ import annotations

import itertools

import pytest

from ivr_engine.acd.agents import Agent, AgentProfile
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.queues import QueuePolicy, WaitingCall
from ivr_engine.acd.stimuli import CallEntered, LogIn, OfferFailed, SetReady
from ivr_engine.acd.transitions import (
    ACTIVITY,
    AFTERMATH,
    CALL,
    PRESENCE,
    ActivityStep,
    CallPhase,
    CallStep,
    IllegalTransition,
    PresenceStep,
)
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, OfferId, QueueName
from ivr_engine.core.outcomes import Activity, OfferOutcome, Presence

ANNA, CARDS = AgentId("anna"), QueueName("cards")


@pytest.mark.parametrize(("state", "step"), [*itertools.product(Presence, PresenceStep)])
def test_presence_moves_by_its_table_or_not_at_all(state: Presence, step: PresenceStep) -> None:
    agent = Agent(profile=AgentProfile(agent=ANNA), presence=state, reason="before")
    if (state, step) in PRESENCE:
        agent.change_presence(step, reason="after", now=Instant(7))
        assert (agent.presence, agent.reason, agent.presence_since) == (PRESENCE[state, step], "after", 7)
    else:
        with pytest.raises(IllegalTransition):
            agent.change_presence(step, reason="after", now=Instant(7))
        assert (agent.presence, agent.reason, agent.presence_since) == (state, "before", 0)


@pytest.mark.parametrize(("state", "step"), [*itertools.product(Activity, ActivityStep)])
def test_activity_moves_by_its_table_or_not_at_all(state: Activity, step: ActivityStep) -> None:
    agent = Agent(profile=AgentProfile(agent=ANNA), activity=state)
    if (state, step) in ACTIVITY:
        agent.change_activity(step, now=Instant(7), call=CallId("c1"))
        assert (agent.activity, agent.call, agent.activity_since) == (ACTIVITY[state, step], "c1", 7)
    else:
        with pytest.raises(IllegalTransition):
            agent.change_activity(step, now=Instant(7), call=CallId("c1"))
        assert (agent.activity, agent.call, agent.activity_since) == (state, None, 0)


@pytest.mark.parametrize(("state", "step"), [*itertools.product(CallPhase, CallStep)])
def test_a_call_moves_by_its_table_or_not_at_all(state: CallPhase, step: CallStep) -> None:
    call = WaitingCall(
        call=CallId("c1"),
        queue=CARDS,
        needs=(),
        priority=0,
        language=Language("zh"),
        arrived=Instant(0),
        sequence=1,
        phase=state,
    )
    if (state, step) in CALL:
        call.change_phase(step)
        assert call.phase is CALL[state, step]
    else:
        with pytest.raises(IllegalTransition):
            call.change_phase(step)
        assert call.phase is state


def test_every_ending_of_an_offer_but_an_answer_has_an_aftermath() -> None:
    assert set(AFTERMATH) == set(OfferOutcome) - {OfferOutcome.ANSWERED}


def test_an_offer_cannot_fail_as_answered() -> None:
    centre = Centre(queues=[QueuePolicy(name=CARDS)], agents=[AgentProfile(agent=ANNA, queues=(CARDS,))])
    centre.handle(LogIn(agent=ANNA), Instant(0))
    centre.handle(SetReady(agent=ANNA), Instant(0))
    centre.handle(CallEntered(call=CallId("c1"), queue=CARDS, needs=(), priority=0, language=Language("zh")), Instant(1))
    before = centre.snapshot()
    with pytest.raises(IllegalTransition):
        centre.handle(OfferFailed(offer=OfferId("offer-1"), outcome=OfferOutcome.ANSWERED), Instant(2))
    assert centre.snapshot() == before

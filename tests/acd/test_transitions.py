"""A step that a table does not have is refused, and nothing has moved."""

from __future__ import annotations

import itertools

import pytest

from ivr_engine.acd.agents import Agent, AgentProfile
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.lanes import Slot
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

ANNA, CARDS, CALL_1 = AgentId("anna"), QueueName("cards"), CallId("c1")


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
    agent = Agent(profile=AgentProfile(agent=ANNA))
    voice = agent.voice
    if state is not Activity.IDLE:
        voice.put(Slot(call=CALL_1, activity=state, since=Instant(0)))
        agent.in_hand = 1
    if (state, step) in ACTIVITY:
        agent.change_activity(voice, step, now=Instant(7), call=CALL_1)
        assert (voice.activity, voice.since) == (ACTIVITY[state, step], 7)
        assert agent.in_hand == len(voice.taken) == (voice.activity is not Activity.IDLE)
    else:
        with pytest.raises(IllegalTransition):
            agent.change_activity(voice, step, now=Instant(7), call=CALL_1)
        assert (voice.activity, voice.since, agent.in_hand) == (state, 0, state is not Activity.IDLE)


def test_there_is_never_a_second_call_in_hand() -> None:
    agent = Agent(profile=AgentProfile(agent=ANNA))
    agent.change_activity(agent.voice, ActivityStep.RESERVE, now=Instant(1), call=CALL_1)
    with pytest.raises(IllegalTransition):
        agent.change_activity(agent.voice, ActivityStep.RESERVE, now=Instant(2), call=CallId("c2"))
    assert list(agent.voice.taken) == [CALL_1]


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

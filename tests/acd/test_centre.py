"""What a centre refuses to be built from, what it shows, and how much it writes down."""

from __future__ import annotations

from typing import Any

import pytest

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.centre import HANDLERS, Centre
from ivr_engine.acd.effects import Decision, RingAgent
from ivr_engine.acd.matching import LISTED
from ivr_engine.acd.queues import QueuePolicy
from ivr_engine.acd.stimuli import CallEntered, ConversationOver, LogIn, OfferAnswered, SetReady, Stimulus, TimePassed
from ivr_engine.acd.transitions import CallPhase
from ivr_engine.core.events import OfferMade
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, Millis, OfferId, QueueName
from ivr_engine.core.outcomes import Activity, EndedBy, Presence
from ivr_engine.errors import DefinitionError, StoreError

CARDS = QueueName("cards")


def agent(number: int) -> AgentId:
    return AgentId(f"a{number:03}")


def centre_of(agents: int, *, wrap_up: Millis = Millis(10_000)) -> Centre:
    return Centre(
        queues=[QueuePolicy(name=CARDS, wrap_up=wrap_up)],
        agents=[AgentProfile(agent=agent(number), queues=(CARDS,)) for number in range(agents)],
    )


def enters(centre: Centre, call: str, now: int) -> Decision:
    stimulus = CallEntered(call=CallId(call), queue=CARDS, needs=(), priority=0, language=Language("zh"))
    return centre.handle(stimulus, Instant(now))


def starts(centre: Centre, number: int, now: int) -> None:
    centre.handle(LogIn(agent=agent(number)), Instant(now))
    centre.handle(SetReady(agent=agent(number)), Instant(now))


def test_every_stimulus_has_a_handler() -> None:
    assert set(HANDLERS) == set(Stimulus.__args__)


def test_every_problem_of_the_configuration_is_named_at_once() -> None:
    with pytest.raises(DefinitionError) as refused:
        Centre(
            queues=[QueuePolicy(name=CARDS, strategy="prettiest")],
            agents=[AgentProfile(agent=agent(1), queues=(QueueName("loans"),))],
        )
    assert refused.value.problems == (
        "queue cards: unknown strategy 'prettiest'; known: best_skill, fastest, fewest_calls, least_skilled, "
        "longest_idle, most_idle, round_robin, top_down",
        "agent a001: unknown queue 'loans'",
    )


def test_a_decision_lists_at_most_so_many_agents() -> None:
    centre = centre_of(3 * LISTED)
    for number in range(2 * LISTED):
        starts(centre, number, now=2 * LISTED - number)
    made = next(event for event in enters(centre, "c1", 1_000).events if isinstance(event, OfferMade))
    assert [each.agent for each in made.candidates] == [agent(2 * LISTED - 1 - place) for place in range(LISTED)]
    assert [each.agent for each in made.excluded] == [agent(2 * LISTED + place) for place in range(LISTED)]


def test_the_best_agent_is_found_behind_hundreds_who_are_not_there() -> None:
    centre = centre_of(5 * LISTED)
    starts(centre, 5 * LISTED - 1, now=0)
    (ring,) = enters(centre, "c1", 1).effects
    assert isinstance(ring, RingAgent)
    assert ring.agent == agent(5 * LISTED - 1)


def test_offers_are_named_after_the_start_of_the_engine() -> None:
    centre = Centre(
        queues=[QueuePolicy(name=CARDS)], agents=[AgentProfile(agent=agent(1), queues=(CARDS,))], offer_prefix="7"
    )
    starts(centre, 1, now=0)
    (ring,) = enters(centre, "c1", 1).effects
    assert isinstance(ring, RingAgent)
    assert ring.offer == "7-1"


def test_lists_show_what_everybody_is_doing() -> None:
    centre = centre_of(2, wrap_up=Millis(0))
    starts(centre, 0, now=5)
    enters(centre, "c1", 10)
    enters(centre, "c2", 11)
    centre.handle(OfferAnswered(offer=OfferId("offer-1")), Instant(12))
    enters(centre, "c3", 13)
    anna, bert = centre.agents()
    assert (anna.presence, anna.activity, anna.since, anna.call) == (Presence.READY, Activity.TALKING, 12, "c1")
    assert (bert.presence, bert.activity, bert.since, bert.call) == (Presence.LOGGED_OUT, Activity.IDLE, 0, None)
    assert [(call.call, call.phase, call.position, call.agent) for call in centre.calls()] == [
        ("c2", CallPhase.WAITING, 1, None),
        ("c3", CallPhase.WAITING, 2, None),
        ("c1", CallPhase.TALKING, None, "a000"),
    ]


@pytest.mark.parametrize(
    "saved",
    [{}, {"version": 2}, {"version": 1}, {"version": 1, "agents": {"a000": {}}, "calls": [], "timers": [], "entered": 0}],
)
def test_what_is_no_snapshot_is_refused_and_changes_nothing(saved: dict[str, Any]) -> None:
    centre = centre_of(1)
    before = centre.snapshot()
    with pytest.raises(StoreError):
        centre.restore(saved)
    assert centre.snapshot() == before


def test_a_snapshot_with_a_call_of_a_queue_that_is_gone_is_refused() -> None:
    centre = centre_of(1)
    enters(centre, "c1", 0)
    with pytest.raises(StoreError, match="call c1 is in queue cards"):
        Centre(queues=[], agents=[]).restore(centre.snapshot())


def test_a_snapshot_with_a_call_at_an_agent_who_is_gone_is_refused() -> None:
    centre = centre_of(1)
    starts(centre, 0, now=0)
    enters(centre, "c1", 0)
    with pytest.raises(StoreError, match="call c1 is with agent a000"):
        centre_of(0).restore(centre.snapshot())


def test_an_agent_who_is_gone_and_has_no_call_is_forgotten_with_the_wrap_up() -> None:
    centre = centre_of(1)
    starts(centre, 0, now=0)
    enters(centre, "c1", 0)
    centre.handle(OfferAnswered(offer=OfferId("offer-1")), Instant(1))
    centre.handle(ConversationOver(call=CallId("c1"), ended_by=EndedBy.AGENT, talked=Millis(1)), Instant(2))
    smaller = centre_of(0)
    smaller.restore(centre.snapshot())
    assert smaller.next_alarm is None
    assert smaller.handle(TimePassed(), Instant(60_000)).events == ()


def test_an_agent_who_is_new_since_the_snapshot_is_logged_out() -> None:
    centre = centre_of(2)
    centre.restore(centre_of(1).snapshot())
    assert [status.presence for status in centre.agents()] == [Presence.LOGGED_OUT, Presence.LOGGED_OUT]

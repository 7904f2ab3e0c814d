"""Several calls and several agents at once: who gets whom, and that nobody is given twice."""

from __future__ import annotations

from ivr_engine.acd import offers, relaxation
from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.queues import QueuePolicy, WaitingCall
from ivr_engine.acd.state import CentreState, Moment, new_state
from ivr_engine.acd.transitions import CallStep
from ivr_engine.core.events import NobodyOffered, OfferMade
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, QueueName
from ivr_engine.core.outcomes import Presence

CARDS, LOANS = QueueName("cards"), QueueName("loans")
ANNA, BERT, CARL = AgentId("anna"), AgentId("bert"), AgentId("carl")
NOW = Instant(100)


def state_with(*calls: tuple[str, QueueName, int]) -> CentreState:
    """Anna (both queues) has been free longer than bert (cards) and carl (loans); calls are (id, queue, priority)."""
    state = new_state(
        [QueuePolicy(name=CARDS), QueuePolicy(name=LOANS)],
        [
            AgentProfile(agent=ANNA, queues=(CARDS, LOANS)),
            AgentProfile(agent=BERT, queues=(CARDS,)),
            AgentProfile(agent=CARL, queues=(LOANS,)),
        ],
        "offer",
    )
    for place, agent in enumerate(state.agents.values()):
        agent.presence, agent.free_since = Presence.READY, Instant(place)
        state.staff.sync(agent)
    for number, (name, queue, priority) in enumerate(calls):
        call = WaitingCall(
            call=CallId(name),
            queue=queue,
            needs=(),
            priority=priority,
            language=Language("zh"),
            arrived=Instant(10),
            sequence=number,
        )
        state.calls[call.call] = call
        state.lines[queue].add(call)
        relaxation.take_up(state, call, NOW)
        state.waiting.add(call)
    return state


def after(state: CentreState, *, calls: list[str], agents: list[AgentId]) -> Moment:
    moment = Moment(state=state, now=NOW, fresh_calls=set(map(CallId, calls)))
    moment.fresh_lanes = {state.agents[agent].voice for agent in agents}
    offers.rematch(moment)
    return moment


def matched(state: CentreState, *, calls: list[str], agents: list[AgentId]) -> list[tuple[str, str | None]]:
    found = after(state, calls=calls, agents=agents).events
    offered = [(each.call, each.agent) for each in found if isinstance(each, OfferMade)]
    return [*offered, *((each.call, None) for each in found if isinstance(each, NobodyOffered))]


def test_two_callers_are_never_given_the_same_agent() -> None:
    state = state_with(("c1", CARDS, 0), ("c2", CARDS, 0), ("c3", CARDS, 0))
    assert matched(state, calls=["c1", "c2", "c3"], agents=[]) == [("c1", ANNA), ("c2", BERT), ("c3", None)]


def test_the_one_who_got_nobody_is_told_that_the_others_are_reserved() -> None:
    state = state_with(("c1", CARDS, 0), ("c2", CARDS, 0), ("c3", CARDS, 0))
    nobody = after(state, calls=["c1", "c2", "c3"], agents=[]).events[-1]
    assert isinstance(nobody, NobodyOffered)
    assert [(each.agent, each.reason) for each in nobody.excluded] == [(ANNA, "offered"), (BERT, "offered")]


def test_priority_comes_before_arrival_and_arrival_before_the_queue() -> None:
    state = state_with(("c1", CARDS, 0), ("l1", LOANS, 0), ("l2", LOANS, 5))
    assert matched(state, calls=["c1", "l1", "l2"], agents=[]) == [("l2", ANNA), ("c1", BERT), ("l1", CARL)]


def test_a_new_caller_is_matched_beside_an_agent_of_another_queue() -> None:
    state = state_with(("c1", CARDS, 0), ("l1", LOANS, 0))
    assert matched(state, calls=["c1"], agents=[CARL]) == [("c1", ANNA), ("l1", CARL)]


def test_an_agent_who_became_free_takes_one_call_only() -> None:
    state = state_with(("l1", LOANS, 0), ("l2", LOANS, 0))
    state.agents[ANNA].presence = Presence.PAUSED
    state.staff.sync(state.agents[ANNA])
    assert matched(state, calls=[], agents=[CARL]) == [("l1", CARL)]


def test_a_call_that_is_being_offered_is_passed_over() -> None:
    state = state_with(("c1", CARDS, 0), ("c2", CARDS, 0))
    Moment(state=state, now=NOW).change_phase(state.calls[CallId("c1")], CallStep.OFFER)
    assert matched(state, calls=[], agents=[ANNA]) == [("c2", ANNA)]


def test_nothing_new_is_nothing_to_do() -> None:
    assert matched(state_with(("c1", CARDS, 0)), calls=[], agents=[]) == []

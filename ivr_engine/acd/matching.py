"""Waiting calls x free agents -> the next assignment. Nothing is changed here; equal input gives equal output.

Only what changed is looked at: a call that has just begun to wait, an agent who has just become free. For everybody else
the answer is the same as before: nobody waits while an agent who may take the call is free.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from heapq import nsmallest
from itertools import islice
from typing import NamedTuple

from ivr_engine.acd.agents import Agent
from ivr_engine.acd.call_choice import CALL_RULES, Scene
from ivr_engine.acd.lanes import Lane
from ivr_engine.acd.queues import Place, WaitingCall
from ivr_engine.acd.ranking import OF_PROFILE, STRATEGIES
from ivr_engine.acd.staff import Pool, Turn
from ivr_engine.acd.state import CentreState
from ivr_engine.core.events.acd import Candidate, Exclusion, PassedOver
from ivr_engine.core.ids import AgentId, CallId, Instant, between

LISTED = 50
"""Most candidates (best first) and most exclusions (by agent id) that a decision records."""

LOOKED_AT = 4 * LISTED
"""So many agents of the call's queues are looked at, by id, to list those who are excluded."""

PASSED_OVER = 10
"""Most other calls that a decision records."""

ALONE = "waits_for:"

AT_ONCE = -(10**30)
"""The key of calls that come before all others: their caller waits for this agent alone."""


class Choice(NamedTuple):
    """A call that could be offered next, and what the call rule compared: the lowest is."""

    key: int
    place: Place
    call: WaitingCall


def why_not(state: CentreState, agent: Agent, call: WaitingCall) -> str | None:
    """Why the agent is not eligible for the call, as a reason code, or None. Lasting reasons come before passing ones."""
    lane = agent.lanes[call.kind]
    pool = state.staff.pool_of(lane)
    unfit = state.staff.fit(pool, call.demand).unfit
    if unfit is not None:
        return unfit
    busy = agent.busy_with(lane)
    if busy is not None:
        return busy
    if agent.agent in call.tried:
        return "tried_already"
    if call.alone:
        return None if agent.agent == call.wanted else f"{ALONE}{call.wanted}"
    kept = state.staff.kept_for(pool, call.demand)
    return None if kept is None else f"reserved:{kept}"


def assess(state: CentreState, call: WaitingCall, now: Instant, *, most: int = LISTED) -> tuple[Candidate, ...]:
    """Who could take the call now, best first, at most `most` of them.

    First whom the caller wanted, then by preferred skills, least in hand, the strategy's key, idle time.
    """
    strategy = state.queues[call.queue].strategy
    key_of = STRATEGIES[strategy]
    looked_at = most if strategy in OF_PROFILE else None
    ranked: list[tuple[bool, int, int, int, Instant, AgentId]] = []
    for pool in eligible_pools(state, call):
        preferred = state.staff.fit(pool, call.demand).preferred
        if most == 1 and looked_at is None and call.wanted is None:
            foremost = _foremost(state, pool, call, now)
            if foremost is not None:
                key, (in_hand, since, name) = foremost
                ranked.append((True, -preferred, in_hand, -key, since, name))
            continue
        for in_hand, since, name in islice(_untried(pool, call), looked_at):
            key = key_of(state.agents[name], call, now)
            ranked.append((name != call.wanted, -preferred, in_hand, -key, since, name))
    if most < len(ranked):
        ranked = nsmallest(most, ranked)
    elif len(ranked) > 1:
        ranked.sort()
    return tuple(
        Candidate(agent=name, key=-key, preferred=-preferred, idle=between(since, now), in_hand=in_hand)
        for _, preferred, in_hand, key, since, name in ranked
    )


def _foremost(state: CentreState, pool: Pool, call: WaitingCall, now: Instant) -> tuple[int, Turn] | None:
    """The one of a pool with least in hand and the highest key, if anybody there is free; of equal keys the first."""
    key_of, agents = STRATEGIES[state.queues[call.queue].strategy], state.agents
    best, foremost = -1, None
    for turn in _untried(pool, call):
        key = key_of(agents[turn[2]], call, now)
        if foremost is None or (key > best and turn[0] == foremost[0]):  # they come in the order of what they have in hand
            best, foremost = key, turn
    return None if foremost is None else (best, foremost)


def eligible_pools(state: CentreState, call: WaitingCall) -> Iterator[Pool]:
    """The pools of whose free agents one could take the call now, unless that one was tried already."""
    staff, demand = state.staff, call.demand
    for pool in staff.open_pools(demand):
        if not pool.reserved or call.alone or staff.kept_for(pool, demand) is None:
            yield pool


def _untried(pool: Pool, call: WaitingCall) -> Iterable[Turn]:
    if call.alone:
        return (turn for turn in pool.free if turn[2] == call.wanted and turn[2] not in call.tried)
    if call.tried:
        return (turn for turn in pool.free if turn[2] not in call.tried)
    if call.wanted is not None:
        return sorted(pool.free, key=lambda turn: (turn[2] != call.wanted, turn))  # the wanted one is looked at in any case
    return pool.free


def excluded(state: CentreState, call: WaitingCall, candidates: Collection[Candidate]) -> tuple[Exclusion, ...]:
    """Agents of the call's queues who are not among the candidates, each with the reason."""
    eligible = {each.agent for each in candidates}
    members = islice((agent for queue in call.demand.queues for agent in state.members[queue]), LOOKED_AT)
    others = {agent.agent: agent for agent in members if agent.agent not in eligible}
    return tuple(islice(_reasons(state, others, call), LISTED))


def _reasons(state: CentreState, others: Mapping[AgentId, Agent], call: WaitingCall) -> Iterator[Exclusion]:
    for name, agent in others.items():
        reason = why_not(state, agent, call)
        if reason is not None:
            yield _exclusion(name, reason)


@lru_cache(maxsize=2**16)
def _exclusion(agent: AgentId, reason: str) -> Exclusion:
    """One object for what is said of an agent time and again: lists of these are most of what a decision writes."""
    return Exclusion(agent=agent, reason=reason)


def next_for(state: CentreState, pool: Pool, fresh: Collection[Lane], now: Instant) -> list[Choice]:
    """The heads of the lines that somebody free of the pool could take now, best first.

    Whoever waits for an agent of the `fresh` lanes alone comes before everybody else, by place.
    """
    own = [choice for lane in fresh for choice in _waiting_for(state, pool, lane)]
    if own:
        return sorted(own, key=lambda choice: choice.place)
    rule, scene = CALL_RULES[state.rules.call_rule], scene_of(state, now)
    found: list[Choice] = []
    for demand, line in state.waiting.lines_of(pool.queues):
        if state.staff.fit(pool, demand).unfit is not None or (pool.reserved and state.staff.kept_for(pool, demand)):
            continue
        call = _first(state, pool, line)
        if call is not None:
            found.append(Choice(rule(call, pool.profile, scene), call.place, call))
    return sorted(found, key=_sooner) if len(found) > 1 else found


def _sooner(choice: Choice) -> tuple[int, Place]:
    return choice.key, choice.place


def scene_of(state: CentreState, now: Instant) -> Scene:
    """What a call rule looks at beside the call and the agent."""
    return Scene(state.queues, state.waiting.in_queue, state.waiting.in_all, now)


def _waiting_for(state: CentreState, pool: Pool, lane: Lane) -> Iterator[Choice]:
    agent = lane.agent
    line = state.waiting.for_one.get(agent)
    if line is None or not state.agents[agent].free_for(lane) or state.staff.pool_of(lane) is not pool:
        return
    for place in line:
        call = state.calls[place[-1]]
        if call.kind == lane.kind and agent not in call.tried:
            yield Choice(AT_ONCE, place, call)


def _first(state: CentreState, pool: Pool, line: Iterable[Place]) -> WaitingCall | None:
    for place in line:
        call = state.calls[place[-1]]
        if not call.tried or any(turn[2] not in call.tried for turn in pool.free):
            return call
    return None


def passed_over(choices: Iterable[Choice], chosen: CallId) -> tuple[PassedOver, ...]:
    """The calls with which the chosen one was compared."""
    others = (choice for choice in choices if choice.call.call != chosen)
    return tuple(
        PassedOver(call=choice.call.call, queue=choice.call.queue, key=choice.key) for choice in islice(others, PASSED_OVER)
    )

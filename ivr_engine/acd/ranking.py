"""Which of several eligible agents is offered the call: a strategy is one function that gives a key.

The highest key wins. Equal keys go to who has been idle longer, then to the agent whose id sorts first, so the choice is
reproducible.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ivr_engine.acd.agents import Agent
from ivr_engine.acd.queues import WaitingCall
from ivr_engine.core.ids import Instant, between

Strategy = Callable[[Agent, WaitingCall, Instant], int]

MEASURED = 20
"""So many conversations of an agent must have been measured before their mean counts for more than the configured one."""

_UNKNOWN = 10**9


def longest_idle(agent: Agent, _call: WaitingCall, now: Instant) -> int:
    """Milliseconds since the agent last became free."""
    return between(agent.free_since, now)


def most_idle(agent: Agent, _call: WaitingCall, now: Instant) -> int:
    """The share of the time at work since logging in that was idle, in millionths: who has had least to do."""
    # Spelled out: asked of every free agent for each call.
    idle, worked, booked = agent.available, agent.worked, agent.booked
    if now > booked:
        if agent.in_hand:
            worked += now - booked
        else:
            idle += now - booked
    return idle * 1_000_000 // (idle + worked) if worked else 1_000_000


def best_skill(agent: Agent, call: WaitingCall, _now: Instant) -> int:
    """The agent's levels in the skills that the caller came for, added up."""
    return sum(agent.profile.skills.get(need.skill, 0) for need in (*call.needs, *call.prefers))


def least_skilled(agent: Agent, _call: WaitingCall, _now: Instant) -> int:
    """Fewest skills first: keeps those who can do much for the callers who need it."""
    return -len(agent.profile.skills)


def round_robin(agent: Agent, _call: WaitingCall, _now: Instant) -> int:
    """Whose last offer is longest ago, whatever became of it."""
    return -agent.last_offer


def fewest_calls(agent: Agent, call: WaitingCall, _now: Instant) -> int:
    """Fewest pieces of such work since logging in."""
    return -agent.lanes[call.kind].calls


def top_down(agent: Agent, _call: WaitingCall, _now: Instant) -> int:
    """The order of the list: the first one who is free."""
    return -agent.profile.rank


def fastest(agent: Agent, call: WaitingCall, _now: Instant) -> int:
    """Shortest conversations on average: as measured once there are enough, until then as configured."""
    lane = agent.lanes[call.kind]
    if lane.talks >= MEASURED:
        return -(lane.talked // lane.talks)
    return -(agent.profile.talk if agent.profile.talk is not None else _UNKNOWN)


STRATEGIES: Mapping[str, Strategy] = MappingProxyType(
    {
        "longest_idle": longest_idle,
        "most_idle": most_idle,
        "best_skill": best_skill,
        "least_skilled": least_skilled,
        "round_robin": round_robin,
        "fewest_calls": fewest_calls,
        "top_down": top_down,
        "fastest": fastest,
    }
)

OF_PROFILE = frozenset({"longest_idle", "best_skill", "least_skilled"})
"""Strategies that put, of agents with equal profiles, the one first who has been idle longest; nobody else is looked at."""

"""Which of several eligible agents is offered the call: a strategy is one function that gives a key.

The highest key wins. Equal keys go to the agent whose id sorts first, so the choice is reproducible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from ivr_engine.acd.agents import Agent
from ivr_engine.acd.queues import WaitingCall
from ivr_engine.core.events.acd import Candidate
from ivr_engine.core.ids import Instant, between

Strategy = Callable[[Agent, WaitingCall, Instant], int]


def longest_idle(agent: Agent, _call: WaitingCall, now: Instant) -> int:
    """Milliseconds since the agent last became free."""
    return between(agent.free_since, now)


STRATEGIES: Mapping[str, Strategy] = MappingProxyType({"longest_idle": longest_idle})


def rank(
    strategy: Strategy, eligible: Iterable[Agent], call: WaitingCall, *, now: Instant, most: int
) -> tuple[Candidate, ...]:
    """The eligible agents with their keys, best first, at most `most` of them."""
    keyed = sorted((-strategy(agent, call, now), agent.agent) for agent in eligible)
    return tuple(Candidate(agent=agent, key=-negated) for negated, agent in keyed[:most])

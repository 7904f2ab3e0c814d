"""Waiting calls x free agents -> assignments. Nothing is changed here; equal input gives equal output.

Calls are served by priority, then original arrival, then sequence number, whatever queue they wait in, so queues that
share an agent are served in the order in which their callers came. Each takes the best agent by its queue's strategy.
Only what changed is looked at: a call that has just begun to wait, an agent who has just become free.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from heapq import merge

from ivr_engine.acd.agents import Agent
from ivr_engine.acd.queues import WaitingCall
from ivr_engine.acd.ranking import STRATEGIES, rank
from ivr_engine.acd.state import CentreState
from ivr_engine.acd.transitions import CallPhase
from ivr_engine.core.events.acd import Candidate, Exclusion
from ivr_engine.core.ids import AgentId, CallId, Instant

LISTED = 50
"""Most candidates (best first) and most exclusions (by agent id) that a decision records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """How the agents of a call's queue stand towards it: those eligible, best first, and the others with the reason."""

    call: WaitingCall
    rule: str
    candidates: tuple[Candidate, ...]
    excluded: tuple[Exclusion, ...]

    @property
    def chosen(self) -> AgentId | None:
        """The agent to offer the call to."""
        return self.candidates[0].agent if self.candidates else None


def why_not(agent: Agent, call: WaitingCall) -> str | None:
    """Why the agent is not eligible for the call, as a reason code, or None. Lasting reasons come before passing ones."""
    unfit = agent.profile.unfit_for(call.needs, call.language)
    if unfit is not None:
        return unfit
    if agent.agent in call.tried and agent.free:
        return "tried_already"
    return agent.busy_with()


def assess(state: CentreState, call: WaitingCall, now: Instant, taken: AbstractSet[AgentId] = frozenset()) -> Assessment:
    """Look at every agent of the call's queue. `taken`: agents reserved in this same decision."""
    rule = state.queues[call.queue].strategy
    eligible: list[Agent] = []
    excluded: list[Exclusion] = []
    for agent in state.members[call.queue]:
        if len(excluded) == LISTED and not agent.free:
            continue  # neither eligible nor listed: with hundreds of busy agents this is most of the work
        reason = "offered" if agent.agent in taken else why_not(agent, call)
        if reason is None:
            eligible.append(agent)
        elif len(excluded) < LISTED:
            excluded.append(Exclusion(agent=agent.agent, reason=reason))
    candidates = rank(STRATEGIES[rule], eligible, call, now=now, most=LISTED)
    return Assessment(call=call, rule=rule, candidates=candidates, excluded=tuple(excluded))


def match(state: CentreState, *, calls: Collection[CallId], agents: Collection[AgentId], now: Instant) -> list[Assessment]:
    """Assess what changed: `calls` have begun to wait, `agents` have become free.

    Each result with a chosen agent is an assignment; one without concerns a call of `calls` that nobody can take now.
    """
    results: list[Assessment] = []
    taken: set[AgentId] = set()
    fresh, unseen = set(agents), set(calls)
    for call in _in_order(state, unseen, fresh):
        if not fresh and not unseen:
            break
        if call.call not in unseen and not _anyone(state, fresh, call):
            continue
        unseen.discard(call.call)
        result = assess(state, call, now, taken)
        results.append(result)
        if result.chosen is not None:
            taken.add(result.chosen)
            fresh.discard(result.chosen)
    return results


def _in_order(state: CentreState, calls: Collection[CallId], agents: Collection[AgentId]) -> Iterator[WaitingCall]:
    if not agents:
        places = iter(sorted(state.calls[call].place for call in calls))
    else:
        queues = {queue for agent in agents for queue in state.agents[agent].profile.queues}
        queues |= {state.calls[call].queue for call in calls}
        places = merge(*(state.lines[queue] for queue in queues))
    found = (state.calls[place[-1]] for place in places)
    return (call for call in found if call.phase is CallPhase.WAITING)


def _anyone(state: CentreState, agents: Collection[AgentId], call: WaitingCall) -> bool:
    candidates = (state.agents[agent] for agent in agents)
    return any(call.queue in agent.profile.queues and why_not(agent, call) is None for agent in candidates)

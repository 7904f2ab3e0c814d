"""Where agents stood before the engine was started anew: presence as they chose it, and who is still talking."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ivr_engine.acd.agents import Agent
from ivr_engine.acd.queues import WaitingCall
from ivr_engine.acd.state import CentreState
from ivr_engine.acd.transitions import CallPhase
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, QueueName
from ivr_engine.core.outcomes import Activity, Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingPresence:
    """An agent's last choice and its instant."""

    agent: AgentId
    presence: Presence
    reason: str
    since: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingConversation:
    """A conversation that outlived the engine: the two were joined at `since`."""

    call: CallId
    agent: AgentId
    queue: QueueName
    since: Instant


def take_up(
    state: CentreState, presences: Iterable[StandingPresence], conversations: Iterable[StandingConversation]
) -> None:
    """Put a fresh state where things stood. Agents and queues that are no longer configured are left out."""
    for standing in presences:
        agent = state.agents.get(standing.agent)
        if agent is not None:
            agent.presence, agent.reason = standing.presence, standing.reason
            agent.presence_since = agent.free_since = agent.booked = standing.since
    for talk in conversations:
        talker = state.agents.get(talk.agent)
        if talker is not None and talker.activity is Activity.IDLE and talk.queue in state.queues:
            _talk(state, talker, talk)
    for agent in state.agents.values():
        state.staff.sync(agent)


def _talk(state: CentreState, agent: Agent, talk: StandingConversation) -> None:
    agent.activity, agent.activity_since, agent.call = Activity.TALKING, talk.since, talk.call
    state.calls[talk.call] = WaitingCall(
        call=talk.call,
        queue=talk.queue,
        needs=(),  # it waits for nobody any more
        priority=0,
        language=Language(""),
        arrived=talk.since,
        sequence=state.next_sequence(),
        phase=CallPhase.TALKING,
        agent=talk.agent,
        answered=talk.since,
    )

"""What can be seen of a centre: frozen pictures for lists and boards."""

from __future__ import annotations

from ivr_engine.acd.agents import Agent
from ivr_engine.acd.queues import WaitingCall
from ivr_engine.acd.state import CentreState
from ivr_engine.acd.transitions import CallPhase
from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import AgentId, CallId, Instant, OfferId, QueueName
from ivr_engine.core.outcomes import Activity, Presence


@frozen
class AgentStatus:
    """One agent. `since`: the last change of presence or activity. `call`: offered, talking or in wrap-up."""

    agent: AgentId
    presence: Presence
    activity: Activity
    reason: str
    since: Instant
    call: CallId | None
    queues: tuple[QueueName, ...]


@frozen
class CallStatus:
    """One call in a queue or talking. `position` counts from 1; None once answered. `agent`: offered or talking."""

    call: CallId
    queue: QueueName
    phase: CallPhase
    priority: int
    arrived: Instant
    position: int | None
    agent: AgentId | None
    offer: OfferId | None = None


def agent_statuses(state: CentreState) -> tuple[AgentStatus, ...]:
    """Every agent, by id."""
    return tuple(_agent_status(agent) for agent in state.agents.values())


def _agent_status(agent: Agent) -> AgentStatus:
    return AgentStatus(
        agent=agent.agent,
        presence=agent.presence,
        activity=agent.activity,
        reason=agent.reason,
        since=max(agent.presence_since, agent.activity_since),
        call=agent.call,
        queues=agent.profile.queues,
    )


def call_statuses(state: CentreState) -> tuple[CallStatus, ...]:
    """Every call the centre has, by queue: first those in line in their order, then those talking."""
    order = sorted(state.calls.values(), key=lambda call: (call.queue, call.phase is CallPhase.TALKING, call.place))
    return tuple(_call_status(state, call) for call in order)


def call_status(state: CentreState, call: CallId) -> CallStatus | None:
    """One call, if the centre has it."""
    found = state.calls.get(call)
    return None if found is None else _call_status(state, found)


def _call_status(state: CentreState, call: WaitingCall) -> CallStatus:
    in_line = call.phase is not CallPhase.TALKING
    return CallStatus(
        call=call.call,
        queue=call.queue,
        phase=call.phase,
        priority=call.priority,
        arrived=call.arrived,
        position=state.lines[call.queue].position(call) if in_line else None,
        agent=call.agent,
        offer=call.offer,
    )

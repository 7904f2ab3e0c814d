"""What can be seen of a centre: frozen pictures for lists and boards."""

from __future__ import annotations

from collections.abc import Iterator

from ivr_engine.acd.agents import Agent
from ivr_engine.acd.queues import WaitingCall
from ivr_engine.acd.state import CentreState
from ivr_engine.acd.transitions import CallPhase
from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import VOICE, AgentId, CallId, Instant, OfferId, QueueName, WorkKind
from ivr_engine.core.outcomes import Activity, Presence


@frozen
class InHand:
    """A piece of work of another kind than voice that an agent is offered, works on or wraps up, `since` an instant."""

    call: CallId
    kind: WorkKind
    activity: Activity
    since: Instant


@frozen
class AgentStatus:
    """One agent. `since`: the last change of presence or activity. `call`: offered, talking or in wrap-up.

    `activity` and `call` are of calls; `others`: what else is in hand.
    """

    agent: AgentId
    presence: Presence
    activity: Activity
    reason: str
    since: Instant
    call: CallId | None
    queues: tuple[QueueName, ...]
    others: tuple[InHand, ...] = ()


@frozen
class CallStatus:
    """One call, or piece of work of another `kind`, in a queue or talking.

    `position` counts from 1; None once answered. `agent`: offered or talking.
    """

    call: CallId
    queue: QueueName
    phase: CallPhase
    priority: int
    arrived: Instant
    position: int | None
    agent: AgentId | None
    offer: OfferId | None = None
    kind: WorkKind = VOICE


def agent_statuses(state: CentreState) -> tuple[AgentStatus, ...]:
    """Every agent, by id."""
    return tuple(_agent_status(agent) for agent in state.agents.values())


def _agent_status(agent: Agent) -> AgentStatus:
    voice = agent.voice
    return AgentStatus(
        agent=agent.agent,
        presence=agent.presence,
        activity=voice.activity,
        reason=agent.reason,
        since=max(agent.presence_since, voice.since),
        call=next(iter(voice.taken), None),
        queues=agent.profile.queues,
        others=tuple(_others(agent)) if len(agent.lanes) > 1 else (),
    )


def _others(agent: Agent) -> Iterator[InHand]:
    for lane in agent.lanes.values():
        if lane is not agent.voice:
            for slot in lane.taken.values():
                yield InHand(call=slot.call, kind=lane.kind, activity=slot.activity, since=slot.since)


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
        kind=call.kind,
    )

"""Where things stood before the engine was started anew: what agents chose, who is still talking, who waits for whom."""

from __future__ import annotations

from collections.abc import Iterable

from ivr_engine.acd import relaxation, visits
from ivr_engine.acd.agents import Agent
from ivr_engine.acd.lanes import Slot
from ivr_engine.acd.queues import WaitingCall
from ivr_engine.acd.state import CentreState, Moment
from ivr_engine.acd.stimuli import CallEntered
from ivr_engine.acd.timers import Timer, TimerKind
from ivr_engine.acd.transitions import ActivityStep, CallPhase, CallStep
from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, OfferId, QueueName, WorkKind
from ivr_engine.core.outcomes import Activity, Presence


@frozen
class StandingPresence:
    """An agent's last choice and its instant."""

    agent: AgentId
    presence: Presence
    reason: str
    since: Instant


@frozen
class StandingConversation:
    """A conversation that outlived the engine: the two were joined at `since`."""

    call: CallId
    agent: AgentId
    queue: QueueName
    since: Instant


@frozen
class StandingOffer:
    """An agent who was being rung: the offer, from when, and until when the switch may let the telephone ring."""

    offer: OfferId
    agent: AgentId
    since: Instant
    deadline: Instant


@frozen
class StandingVisit:
    """A caller in a queue since `since`, as the call entered it then, and the offer that was open."""

    entered: CallEntered
    since: Instant
    offer: StandingOffer | None = None


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
        policy = state.queues.get(talk.queue)
        if talker is not None and policy is not None and talker.lanes[policy.kind].has_room:
            _talk(state, talker, talk, policy.kind)
    for agent in state.agents.values():
        state.staff.sync(agent)


def _talk(state: CentreState, agent: Agent, talk: StandingConversation, kind: WorkKind) -> None:
    agent.lanes[kind].put(Slot(call=talk.call, activity=Activity.TALKING, since=talk.since))
    agent.in_hand += 1
    state.calls[talk.call] = WaitingCall(
        call=talk.call,
        queue=talk.queue,
        needs=(),  # it waits for nobody any more
        priority=0,
        language=Language(""),
        arrived=talk.since,
        sequence=state.next_sequence(),
        kind=kind,
        phase=CallPhase.TALKING,
        agent=talk.agent,
        answered=talk.since,
    )


def take_up_visits(state: CentreState, standing: Iterable[StandingVisit], now: Instant) -> None:
    """Put waiting callers back in line in the order in which they came, away until their lines are back.

    A queue that is no longer configured, or takes other work now, has no line to stand in: its caller enters anew. An agent
    who was being rung stays reserved until the offer's own deadline.
    """
    for visit in sorted(standing, key=lambda each: each.since):
        policy = state.queues.get(visit.entered.queue)
        if policy is None or policy.kind != visit.entered.kind or visit.entered.call in state.calls:
            continue
        moment = Moment(state=state, now=visit.since)
        call = visits.readmit(moment, visit.entered)
        agent = state.agents.get(visit.offer.agent) if visit.offer is not None else None
        if visit.offer is not None and agent is not None and agent.lanes[call.kind].has_room:
            _ring_on(moment, call, agent, visit.offer)
        else:
            moment.change_phase(call, CallStep.LINE_LOST)
        relaxation.take_up(state, call, max(now, visit.since))  # what was relaxed by now was recorded then


def _ring_on(moment: Moment, call: WaitingCall, agent: Agent, offer: StandingOffer) -> None:
    state = moment.state
    moment.change_phase(call, CallStep.OFFER)
    call.agent, call.offer = offer.agent, offer.offer
    agent.change_activity(agent.lanes[call.kind], ActivityStep.RESERVE, now=offer.since, call=call.call, offer=offer.offer)
    state.staff.sync(agent)
    state.offers[offer.offer] = call.call
    state.timers.arm(Timer(TimerKind.OFFER, offer.offer), offer.deadline)

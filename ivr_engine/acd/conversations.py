"""From the moment caller and agent are joined to the end of the agent's paper work."""

from __future__ import annotations

from ivr_engine.acd.agents import Agent
from ivr_engine.acd.lanes import Lane, Slot
from ivr_engine.acd.queues import QueuePolicy, WaitingCall
from ivr_engine.acd.state import Moment
from ivr_engine.acd.stimuli import ConversationOver
from ivr_engine.acd.timers import Timer, TimerKind
from ivr_engine.acd.transitions import ActivityStep, CallPhase, CallStep
from ivr_engine.core.events import ColleagueReleased, ConversationBegan, ConversationEnded, WrapUpBegan, WrapUpEnded
from ivr_engine.core.ids import VOICE, AgentId, Millis, OfferId, between, later
from ivr_engine.core.outcomes import ConsultOutcome, EndedBy, Presence


def reserve(moment: Moment, agent: Agent, call: WaitingCall, *, offer: OfferId | None = None) -> None:
    """The agent is kept for `call`. Who still wraps up that very piece of work, which came back, is done with that."""
    if call.kind != VOICE:
        for lane, slot in agent.wrap_ups():
            if slot.call == call.call:
                end_wrap_up(moment, agent, lane, slot)
    moment.change_activity(agent, ActivityStep.RESERVE, call, offer=offer)


def begin(moment: Moment, call: WaitingCall, agent: Agent) -> None:
    """Caller and agent are joined."""
    moment.change_phase(call, CallStep.ANSWER)
    call.answered, call.agent, call.offer = moment.now, agent.agent, None
    moment.change_activity(agent, ActivityStep.ANSWER, call)
    lane = agent.lanes[call.kind]
    lane.failed_calls.clear()
    lane.calls += 1
    moment.events.append(ConversationBegan(call=call.call, agent=agent.agent, queue=call.queue, kind=call.kind))


def conversation_over(moment: Moment, stimulus: ConversationOver) -> None:
    """The two are parted; word about a call that is not talking is late and changes nothing."""
    call = moment.state.calls.get(stimulus.call)
    if call is not None and call.phase is CallPhase.TALKING:
        part(moment, call, ended_by=stimulus.ended_by, talked=stimulus.talked)


def part(moment: Moment, call: WaitingCall, *, ended_by: EndedBy, talked: Millis) -> None:
    """End the conversation of `call`; a colleague who was asked is free at once, the agent after the paper work."""
    agent = moment.holder(call)
    let_second_go(moment, call, ConsultOutcome.ABANDONED)
    moment.change_phase(call, CallStep.LEAVE)
    del moment.state.calls[call.call]
    leave(moment, call, agent, ended_by=ended_by, talked=talked)


def let_second_go(moment: Moment, call: WaitingCall, outcome: ConsultOutcome) -> None:
    """The colleague who was asked, if there is one, has no more part in the call."""
    if call.second is not None:
        record_release(moment, call, call.second, outcome)
        colleague = moment.state.agents[call.second]
        moment.release(colleague, colleague.lanes[call.kind], call.call)
        call.second = None


def record_release(moment: Moment, call: WaitingCall, colleague: AgentId, outcome: ConsultOutcome) -> None:
    """Say how the asking of a colleague ended."""
    asked_by = moment.holder(call).agent
    moment.events.append(ColleagueReleased(call=call.call, agent=asked_by, colleague=colleague, outcome=outcome))


def leave(moment: Moment, call: WaitingCall, agent: Agent, *, ended_by: EndedBy, talked: Millis) -> None:
    """The agent no longer talks with the caller: into wrap-up, if the queue has one and the agent is at work."""
    lane = agent.lanes[call.kind]
    lane.talks += 1
    lane.talked += talked
    moment.events.append(
        ConversationEnded(
            call=call.call, agent=agent.agent, queue=call.queue, ended_by=ended_by, talked=talked, kind=call.kind
        )
    )
    policy = moment.state.queues[call.queue]
    if policy.wrap_up > 0 and agent.presence is not Presence.LOGGED_OUT:
        _begin_wrap_up(moment, agent, call, policy)
    else:
        moment.release(agent, lane, call.call)


def _begin_wrap_up(moment: Moment, agent: Agent, call: WaitingCall, policy: QueuePolicy) -> None:
    moment.change_activity(agent, ActivityStep.WRAP_UP, call)
    lane = agent.lanes[call.kind]
    slot = lane.taken[call.call]
    slot.wrap_up_most = policy.wrap_up_most or policy.wrap_up
    set_wrap_up_limit(moment, lane, slot, policy.wrap_up)
    moment.events.append(WrapUpBegan(agent=agent.agent, call=call.call, limit=policy.wrap_up, kind=call.kind))


def set_wrap_up_limit(moment: Moment, lane: Lane, slot: Slot, limit: Millis) -> None:
    """Let the wrap-up that has begun end `limit` after its beginning."""
    slot.wrap_up_ends = later(slot.since, limit)
    moment.state.timers.arm(_wrap_up_timer(lane, slot), slot.wrap_up_ends)


def _wrap_up_timer(lane: Lane, slot: Slot) -> Timer:
    return Timer(TimerKind.WRAP_UP, lane.agent, "" if lane.kind == VOICE else slot.call)


def wrap_up_over(moment: Moment, name: AgentId, call: str) -> None:
    """The limit passed: of the wrap-up after `call`, or after the one call of the agent when empty."""
    agent = moment.state.agents[name]
    for lane, slot in agent.wrap_ups():
        if slot.call == call or (not call and lane is agent.voice):
            end_wrap_up(moment, agent, lane, slot)


def end_wrap_up(moment: Moment, agent: Agent, lane: Lane, slot: Slot) -> None:
    """The limit passed, or the agent said ready or left."""
    moment.state.timers.disarm(_wrap_up_timer(lane, slot))
    took = between(slot.since, moment.now)
    moment.events.append(WrapUpEnded(agent=agent.agent, call=slot.call, took=took, kind=lane.kind))
    moment.release(agent, lane, slot.call)

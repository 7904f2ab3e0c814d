"""From the moment caller and agent are joined to the end of the agent's paper work."""

from __future__ import annotations

from ivr_engine.acd.agents import Agent
from ivr_engine.acd.queues import QueuePolicy, WaitingCall
from ivr_engine.acd.state import Moment
from ivr_engine.acd.stimuli import ConversationOver
from ivr_engine.acd.timers import Timer, TimerKind
from ivr_engine.acd.transitions import ActivityStep, CallPhase, CallStep
from ivr_engine.core.events import ColleagueReleased, ConversationBegan, ConversationEnded, WrapUpBegan, WrapUpEnded
from ivr_engine.core.ids import AgentId, Millis, between, later
from ivr_engine.core.outcomes import ConsultOutcome, EndedBy, Presence


def begin(moment: Moment, call: WaitingCall, agent: Agent) -> None:
    """Caller and agent are joined."""
    moment.change_phase(call, CallStep.ANSWER)
    call.answered, call.agent, call.offer = moment.now, agent.agent, None
    moment.change_activity(agent, ActivityStep.ANSWER, call=call.call)
    agent.failed_calls.clear()
    agent.calls += 1
    moment.events.append(ConversationBegan(call=call.call, agent=agent.agent, queue=call.queue))


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
        moment.release(moment.state.agents[call.second])
        call.second = None


def record_release(moment: Moment, call: WaitingCall, colleague: AgentId, outcome: ConsultOutcome) -> None:
    """Say how the asking of a colleague ended."""
    asked_by = moment.holder(call).agent
    moment.events.append(ColleagueReleased(call=call.call, agent=asked_by, colleague=colleague, outcome=outcome))


def leave(moment: Moment, call: WaitingCall, agent: Agent, *, ended_by: EndedBy, talked: Millis) -> None:
    """The agent no longer talks with the caller: into wrap-up, if the queue has one and the agent is at work."""
    agent.talks += 1
    agent.talked += talked
    moment.events.append(
        ConversationEnded(call=call.call, agent=agent.agent, queue=call.queue, ended_by=ended_by, talked=talked)
    )
    policy = moment.state.queues[call.queue]
    if policy.wrap_up > 0 and agent.presence is not Presence.LOGGED_OUT:
        _begin_wrap_up(moment, agent, call, policy)
    else:
        moment.release(agent)


def _begin_wrap_up(moment: Moment, agent: Agent, call: WaitingCall, policy: QueuePolicy) -> None:
    moment.change_activity(agent, ActivityStep.WRAP_UP, call=call.call)
    agent.wrap_up_most = policy.wrap_up_most or policy.wrap_up
    set_wrap_up_limit(moment, agent, policy.wrap_up)
    moment.events.append(WrapUpBegan(agent=agent.agent, call=call.call, limit=policy.wrap_up))


def set_wrap_up_limit(moment: Moment, agent: Agent, limit: Millis) -> None:
    """Let the wrap-up that has begun end `limit` after its beginning."""
    agent.wrap_up_ends = later(agent.activity_since, limit)
    moment.state.timers.arm(Timer(TimerKind.WRAP_UP, agent.agent), agent.wrap_up_ends)


def end_wrap_up(moment: Moment, agent: Agent) -> None:
    """The limit passed, or the agent said ready or left."""
    assert agent.call is not None  # noqa: S101 - the wrap-up belongs to a call; see Agent.call
    moment.state.timers.disarm(Timer(TimerKind.WRAP_UP, agent.agent))
    took = between(agent.activity_since, moment.now)
    moment.events.append(WrapUpEnded(agent=agent.agent, call=agent.call, took=took))
    moment.release(agent)

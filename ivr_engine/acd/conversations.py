"""From the moment caller and agent are joined to the end of the agent's paper work."""

from __future__ import annotations

from ivr_engine.acd.agents import Agent
from ivr_engine.acd.queues import WaitingCall
from ivr_engine.acd.state import Moment
from ivr_engine.acd.stimuli import ConversationOver
from ivr_engine.acd.timers import Timer, TimerKind
from ivr_engine.acd.transitions import ActivityStep, CallPhase, CallStep
from ivr_engine.core.events import ColleagueReleased, ConversationBegan, ConversationEnded, WrapUpBegan, WrapUpEnded
from ivr_engine.core.ids import AgentId, Millis, between, later
from ivr_engine.core.outcomes import ConsultOutcome, EndedBy, Presence


def begin(moment: Moment, call: WaitingCall, agent: Agent) -> None:
    """Caller and agent are joined."""
    call.change_phase(CallStep.ANSWER)
    call.answered, call.agent, call.offer = moment.now, agent.agent, None
    agent.change_activity(ActivityStep.ANSWER, now=moment.now, call=call.call)
    agent.failed_calls.clear()
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
    call.change_phase(CallStep.LEAVE)
    del moment.state.calls[call.call]
    leave(moment, call, agent, ended_by=ended_by, talked=talked)


def let_second_go(moment: Moment, call: WaitingCall, outcome: ConsultOutcome) -> None:
    """The colleague who was asked, if there is one, has no more part in the call."""
    if call.second is not None:
        record_release(moment, call, call.second, outcome)
        _release(moment, moment.state.agents[call.second])
        call.second = None


def record_release(moment: Moment, call: WaitingCall, colleague: AgentId, outcome: ConsultOutcome) -> None:
    """Say how the asking of a colleague ended."""
    asked_by = moment.holder(call).agent
    moment.events.append(ColleagueReleased(call=call.call, agent=asked_by, colleague=colleague, outcome=outcome))


def leave(moment: Moment, call: WaitingCall, agent: Agent, *, ended_by: EndedBy, talked: Millis) -> None:
    """The agent no longer talks with the caller: into wrap-up, if the queue has one and the agent is at work."""
    moment.events.append(
        ConversationEnded(call=call.call, agent=agent.agent, queue=call.queue, ended_by=ended_by, talked=talked)
    )
    limit = moment.state.queues[call.queue].wrap_up
    if limit > 0 and agent.presence is not Presence.LOGGED_OUT:
        _begin_wrap_up(moment, agent, call, limit)
    else:
        _release(moment, agent)


def _begin_wrap_up(moment: Moment, agent: Agent, call: WaitingCall, limit: Millis) -> None:
    agent.change_activity(ActivityStep.WRAP_UP, now=moment.now, call=call.call)
    moment.state.timers.arm(Timer(TimerKind.WRAP_UP, agent.agent), later(moment.now, limit))
    moment.events.append(WrapUpBegan(agent=agent.agent, call=call.call, limit=limit))


def end_wrap_up(moment: Moment, agent: Agent) -> None:
    """The limit passed, or the agent said ready or left."""
    assert agent.call is not None  # noqa: S101 - the wrap-up belongs to a call; see Agent.call
    moment.state.timers.disarm(Timer(TimerKind.WRAP_UP, agent.agent))
    took = between(agent.activity_since, moment.now)
    moment.events.append(WrapUpEnded(agent=agent.agent, call=agent.call, took=took))
    _release(moment, agent)


def _release(moment: Moment, agent: Agent) -> None:
    agent.change_activity(ActivityStep.RELEASE, now=moment.now, call=None)
    moment.became_free(agent)

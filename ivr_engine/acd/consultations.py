"""An agent who talks with a caller asks a colleague, who is reserved as for an offer and so never called twice."""

from __future__ import annotations

from ivr_engine.acd import conversations
from ivr_engine.acd.agents import Agent
from ivr_engine.acd.queues import WaitingCall
from ivr_engine.acd.state import Moment
from ivr_engine.acd.stimuli import Consult, ConsultAnswered, ConsultOver, HandedOver
from ivr_engine.acd.transitions import ActivityStep, CallPhase, PresenceStep, aftermath
from ivr_engine.core.events import ColleagueAsked, ColleagueReached, ConversationBegan
from ivr_engine.core.ids import AgentId, CallId
from ivr_engine.core.outcomes import Activity, ConsultOutcome, EndedBy, Presence
from ivr_engine.errors import CommandRefused


def talking_call(moment: Moment, agent: Agent) -> WaitingCall:
    """The call of an agent who talks with its caller, and is not merely asked about it.

    Raises:
        CommandRefused: there is none.
    """
    call = None if agent.call is None else moment.state.calls.get(agent.call)
    if agent.activity is not Activity.TALKING or call is None or call.agent != agent.agent:
        raise CommandRefused(f"agent {agent.agent} is not talking with a caller")
    return call


def free_colleague(moment: Moment, agent: Agent, named: AgentId) -> Agent:
    """The colleague, who must be free for a call now.

    Raises:
        CommandRefused: no such agent, the agent themselves, or not free; the text says why not.
    """
    colleague = moment.agent(named)
    busy = "the same agent" if colleague is agent else colleague.busy_with()
    if busy is not None:
        raise CommandRefused(f"agent {colleague.agent} cannot take the call now: {busy}")
    return colleague


def consult(moment: Moment, command: Consult) -> None:
    """Reserve the colleague; the telephone is rung by whoever commands."""
    agent = moment.agent(command.agent)
    call = talking_call(moment, agent)
    if call.second is not None:
        raise CommandRefused(f"agent {agent.agent} asks {call.second} already")
    colleague = free_colleague(moment, agent, command.colleague)
    moment.change_activity(colleague, ActivityStep.RESERVE, call=call.call)
    call.second = colleague.agent
    moment.events.append(ColleagueAsked(call=call.call, agent=agent.agent, colleague=colleague.agent))


def answered(moment: Moment, stimulus: ConsultAnswered) -> None:
    """The two agents talk. Late or repeated word changes nothing."""
    call, colleague = _asked(moment, stimulus.call)
    if call is None or colleague is None or colleague.activity is not Activity.OFFERED:
        return
    moment.change_activity(colleague, ActivityStep.ANSWER, call=call.call)
    moment.events.append(ColleagueReached(call=call.call, agent=moment.holder(call).agent, colleague=colleague.agent))


def over(moment: Moment, stimulus: ConsultOver) -> None:
    """The colleague is free again; who did not answer is treated as after any offer."""
    call, colleague = _asked(moment, stimulus.call)
    if call is None or colleague is None:
        return
    after = None if stimulus.rang is None else aftermath(stimulus.rang)
    if after is not None and after.pause is not None and colleague.presence is Presence.READY:
        moment.change_presence(colleague, PresenceStep.PAUSE, reason=after.pause, by="engine")
    conversations.let_second_go(moment, call, stimulus.outcome)


def handed_over(moment: Moment, stimulus: HandedOver) -> None:
    """The colleague who talks with the agent takes the caller over; the agent goes on to the paper work."""
    call, colleague = _asked(moment, stimulus.call)
    if call is None or colleague is None or colleague.activity is not Activity.TALKING:
        return
    agent = moment.holder(call)
    conversations.record_release(moment, call, colleague.agent, ConsultOutcome.TRANSFERRED)
    call.agent, call.second, call.answered = colleague.agent, None, moment.now
    conversations.leave(moment, call, agent, ended_by=EndedBy.TRANSFER, talked=stimulus.talked)
    colleague.calls += 1
    moment.events.append(ConversationBegan(call=call.call, agent=colleague.agent, queue=call.queue))


def _asked(moment: Moment, call: CallId) -> tuple[WaitingCall | None, Agent | None]:
    found = moment.state.calls.get(call)
    if found is None or found.phase is not CallPhase.TALKING or found.second is None:
        return None, None
    return found, moment.state.agents[found.second]

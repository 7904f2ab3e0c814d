"""An agent who talks with a caller asks a colleague, who is reserved as for an offer and so never called twice."""

from __future__ import annotations

from ivr_engine.acd import conversations
from ivr_engine.acd.agents import Agent
from ivr_engine.acd.queues import WaitingCall
from ivr_engine.acd.state import Moment
from ivr_engine.acd.stimuli import Consult, ConsultAnswered, ConsultOver, HandedOver
from ivr_engine.acd.transitions import ActivityStep, CallPhase, PresenceStep, aftermath
from ivr_engine.core.events import ColleagueAsked, ColleagueReached, ConversationBegan
from ivr_engine.core.ids import AgentId, CallId, WorkKind
from ivr_engine.core.outcomes import Activity, ConsultOutcome, EndedBy, Presence
from ivr_engine.errors import CommandRefused


def talking_call(moment: Moment, agent: Agent, named: CallId | None) -> WaitingCall:
    """What the agent talks about with its caller, and is not merely asked about: `named`, or their call.

    Raises:
        CommandRefused: there is none.
    """
    call = moment.state.calls.get(named or next(iter(agent.voice.taken), CallId("")))
    if call is None or call.phase is not CallPhase.TALKING or call.agent != agent.agent:
        raise CommandRefused(f"agent {agent.agent} is not talking with a caller")
    return call


def free_colleague(moment: Moment, agent: Agent, named: AgentId, kind: WorkKind) -> Agent:
    """The colleague, who must be free for such work now.

    Raises:
        CommandRefused: no such agent, the agent themselves, or not free; the text says why not.
    """
    colleague = moment.agent(named)
    busy = "the same agent" if colleague is agent else colleague.busy_with(colleague.lanes[kind])
    if busy is not None:
        raise CommandRefused(f"agent {colleague.agent} cannot take the call now: {busy}")
    return colleague


def consult(moment: Moment, command: Consult) -> None:
    """Reserve the colleague; the telephone is rung by whoever commands."""
    agent = moment.agent(command.agent)
    call = talking_call(moment, agent, command.call)
    if call.second is not None:
        raise CommandRefused(f"agent {agent.agent} asks {call.second} already")
    colleague = free_colleague(moment, agent, command.colleague, call.kind)
    conversations.reserve(moment, colleague, call)
    call.second = colleague.agent
    moment.events.append(ColleagueAsked(call=call.call, agent=agent.agent, colleague=colleague.agent))


def answered(moment: Moment, stimulus: ConsultAnswered) -> None:
    """The two agents talk. Late or repeated word changes nothing."""
    call, colleague = _asked(moment, stimulus.call)
    if call is None or colleague is None or _doing(colleague, call) is not Activity.OFFERED:
        return
    moment.change_activity(colleague, ActivityStep.ANSWER, call)
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
    if call is None or colleague is None or _doing(colleague, call) is not Activity.TALKING:
        return
    agent = moment.holder(call)
    conversations.record_release(moment, call, colleague.agent, ConsultOutcome.TRANSFERRED)
    call.agent, call.second, call.answered = colleague.agent, None, moment.now
    conversations.leave(moment, call, agent, ended_by=EndedBy.TRANSFER, talked=stimulus.talked)
    colleague.lanes[call.kind].calls += 1
    moment.events.append(ConversationBegan(call=call.call, agent=colleague.agent, queue=call.queue, kind=call.kind))


def _doing(colleague: Agent, call: WaitingCall) -> Activity:
    return colleague.lanes[call.kind].taken[call.call].activity


def _asked(moment: Moment, call: CallId) -> tuple[WaitingCall | None, Agent | None]:
    found = moment.state.calls.get(call)
    if found is None or found.phase is not CallPhase.TALKING or found.second is None:
        return None, None
    return found, moment.state.agents[found.second]

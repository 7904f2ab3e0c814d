"""Callers whose line is away: they keep place, age and priority, and are offered to nobody until it is back.

So it is when a line broke, and for everybody who waited when an engine was lost. What rang then goes on ringing at the
switch: such an offer stays until its deadline, or until the line comes back and says what became of it.
"""

from __future__ import annotations

from ivr_engine.acd import conversations, offers, visits
from ivr_engine.acd.queues import WaitingCall
from ivr_engine.acd.state import Moment
from ivr_engine.acd.stimuli import JoinedElsewhere, LineLost
from ivr_engine.acd.transitions import CallPhase, CallStep
from ivr_engine.core.ids import VOICE, CallId, Language, QueueName
from ivr_engine.core.outcomes import QueueOutcome


def line_lost(moment: Moment, stimulus: LineLost) -> None:
    """The call is offered to nobody any more. An offer that is not settled stays; a conversation goes on at the switch."""
    call = moment.call(stimulus.call)
    if call is not None and call.phase is CallPhase.WAITING:
        moment.change_phase(call, CallStep.LINE_LOST)


def line_back(moment: Moment, call: WaitingCall) -> None:
    """The line enters the queue again: the place is kept, and whatever rang for the call is over."""
    if call.phase is not CallPhase.AWAY:
        offers.line_is_back(moment, call)
        return
    moment.change_phase(call, CallStep.LINE_BACK)
    visits.wait_on(moment, call)


def joined_elsewhere(moment: Moment, stimulus: JoinedElsewhere) -> None:
    """The agent is with this caller: nobody else's, and offered nothing until it is over.

    An agent who is at something else by our account, or serves no queue, is left alone: the switch cannot be followed there.
    """
    agent = moment.state.agents.get(stimulus.agent)
    queues = moment.state.staff.pool_of(agent.voice).queues if agent is not None else ()
    if agent is None or agent.voice.taken or not queues:
        return
    call = moment.state.calls.get(stimulus.call)
    if call is None:
        call = _unknown(moment, stimulus.call, next(queue for queue in agent.profile.queues if queue in queues))
    elif call.kind == VOICE and call.phase in (CallPhase.WAITING, CallPhase.AWAY):
        visits.leave_line(moment, call, QueueOutcome.ANSWERED)
    else:
        return
    conversations.reserve(moment, agent, call)
    conversations.begin(moment, call, agent)


def _unknown(moment: Moment, call: CallId, queue: QueueName) -> WaitingCall:
    """A call that stood in no line of ours is kept under the first queue of its agent that takes calls."""
    found = moment.state.calls[call] = WaitingCall(
        call=call,
        queue=queue,
        needs=(),
        priority=0,
        language=Language(""),
        arrived=moment.now,
        sequence=moment.state.next_sequence(),
        phase=CallPhase.AWAY,
    )
    return found

"""A call's visit to a queue: entering, waiting with announcements, leaving exactly once."""

from __future__ import annotations

from ivr_engine.acd import announcements, relaxation, wishes
from ivr_engine.acd.effects import ReleaseCall
from ivr_engine.acd.queues import STRICTLY, WaitingCall
from ivr_engine.acd.state import Moment
from ivr_engine.acd.stimuli import CallEntered
from ivr_engine.acd.timers import Timer, TimerKind
from ivr_engine.acd.transitions import CallPhase, CallStep
from ivr_engine.core.events import CallLeftQueue, CallQueued
from ivr_engine.core.ids import Millis, QueueName, between, later
from ivr_engine.core.outcomes import QueueOutcome


def enter(moment: Moment, stimulus: CallEntered) -> WaitingCall | None:
    """Take the call in, or release it at once. The call if it waits now, None if it was released."""
    return _begin(moment, _new_call(moment, stimulus), stimulus.agent_wait)


def admit(moment: Moment, stimulus: CallEntered) -> WaitingCall:
    """Take the call in for whom an agent is known already, though nobody else of the queue could take it."""
    call = _new_call(moment, stimulus)
    moment.events.append(_queued(moment, call, stimulus.agent_wait))
    _take_in(moment, call, stimulus.agent_wait)
    return call


def _worth(moment: Moment, queue: QueueName) -> Millis:
    policy = moment.state.queues.get(queue)
    return STRICTLY if policy is None else policy.priority_worth


def _begin(moment: Moment, call: WaitingCall, agent_wait: Millis) -> WaitingCall | None:
    """The visit as such: to the queue of the call, or to the one into which that overflows."""
    been: set[QueueName] = set()
    while True:
        moment.events.append(_queued(moment, call, agent_wait))
        refusal = _refusal(moment, call)
        if refusal is None:
            _take_in(moment, call, agent_wait)
            return call
        been.add(call.queue)
        other = _overflow(moment, call.queue, refusal)
        if other is None or other in been:
            _left(moment, call, refusal)
            moment.effects.append(ReleaseCall(call=call.call, outcome=refusal))
            return None
        _left(moment, call, QueueOutcome.OVERFLOWED)
        call = _in_other_queue(moment, call, other)


def _overflow(moment: Moment, queue: QueueName, outcome: QueueOutcome) -> QueueName | None:
    policy = moment.state.queues.get(queue)
    return None if policy is None else policy.overflow.get(outcome)


def _in_other_queue(moment: Moment, call: WaitingCall, queue: QueueName) -> WaitingCall:
    """The same caller in another queue, with the same arrival. An agent who is wanted still comes first there."""
    return WaitingCall(
        call=call.call,
        queue=queue,
        needs=call.needs,
        prefers=call.prefers,
        priority=call.priority,
        language=call.language,
        arrived=call.arrived,
        sequence=call.sequence,
        kind=call.kind,
        worth=_worth(moment, queue),
        entered=moment.now,
        wanted=call.wanted,
        reach=call.reach,
    )


def _queued(moment: Moment, call: WaitingCall, agent_wait: Millis) -> CallQueued:
    line = moment.state.lines.get(call.queue)
    return CallQueued(
        call=call.call,
        queue=call.queue,
        priority=call.priority,
        needs=call.needs,
        language=call.language,
        position=1 if line is None else line.position(call),
        prefers=call.prefers,
        wanted=call.wanted,
        wanted_for=agent_wait,
        arrived=None if call.arrived == moment.now else call.arrived,
        kind=call.kind,
    )


def readmit(moment: Moment, stimulus: CallEntered) -> WaitingCall:
    """Take in a call that an engine now gone took in at the moment's instant: its timers run from then."""
    call = _new_call(moment, stimulus)
    _take_in(moment, call, stimulus.agent_wait)
    return call


def _new_call(moment: Moment, stimulus: CallEntered) -> WaitingCall:
    return WaitingCall(
        call=stimulus.call,
        queue=stimulus.queue,
        needs=stimulus.needs,
        prefers=stimulus.prefers,
        priority=stimulus.priority,
        language=stimulus.language,
        arrived=moment.now if stimulus.arrived is None else min(stimulus.arrived, moment.now),
        sequence=moment.state.next_sequence(),
        kind=stimulus.kind,
        worth=_worth(moment, stimulus.queue),
        entered=moment.now,
        wanted=stimulus.agent,
        reach=stimulus.reach,
    )


def _refusal(moment: Moment, call: WaitingCall) -> QueueOutcome | None:
    state = moment.state
    policy = state.queues.get(call.queue)
    if policy is None or policy.kind != call.kind:
        return QueueOutcome.FAILED
    if not policy.open or call.queue in state.closed:
        return QueueOutcome.CLOSED
    if policy.max_length is not None and not call.reach and len(state.lines[call.queue]) >= policy.max_length:
        return QueueOutcome.FULL
    if policy.staffed_only and not state.staff.staffed(relaxation.last_demand(state, call)):
        return QueueOutcome.UNSTAFFED
    return None


def _take_in(moment: Moment, call: WaitingCall, agent_wait: Millis) -> None:
    state = moment.state
    policy = state.queues[call.queue]
    state.calls[call.call] = call
    state.lines[call.queue].add(call)
    relaxation.take_up(state, call, moment.now)
    wishes.begin(moment, call, agent_wait)
    state.waiting.add(call)
    if policy.max_wait is not None and not call.reach:
        state.timers.arm(Timer(TimerKind.MAX_WAIT, call.call), later(moment.now, policy.max_wait))
    announcements.begin(moment, call, policy)
    moment.began_to_wait(call)


def max_wait_over(moment: Moment, call_id: str) -> None:
    """Release the caller. While an offer is not settled the caller stays, and is released if it brings no conversation."""
    call = moment.call(call_id)
    if call is None:
        return
    if call.phase is CallPhase.WAITING:
        give_up(moment, call, QueueOutcome.TIMEOUT)
    else:
        call.overdue = True


def give_up(moment: Moment, call: WaitingCall, outcome: QueueOutcome) -> None:
    """This queue has nobody for the caller: on to the one into which it overflows, or back to the flow."""
    other = _overflow(moment, call.queue, outcome)
    if other is None:
        release(moment, call, outcome)
        return
    end(moment, call, QueueOutcome.OVERFLOWED)
    _begin(moment, _in_other_queue(moment, call, other), Millis(0))


def release_unstaffed(moment: Moment) -> None:
    """After agents went away: let those go whom nobody logged in could ever take, where the queue says so."""
    state = moment.state
    for policy in state.queues.values():
        if policy.leave_unstaffed:
            for call in [state.calls[place[-1]] for place in state.lines[policy.name]]:
                if call.phase is CallPhase.WAITING and nobody_left(moment, call):
                    give_up(moment, call, QueueOutcome.UNSTAFFED)


def wait_on(moment: Moment, call: WaitingCall) -> None:
    """The call may be offered again, unless its wait came to an end while it could not be released."""
    if call.alone and call.wanted is not None:
        moment.away.add(call.wanted)
    if call.overdue:
        give_up(moment, call, QueueOutcome.TIMEOUT)
    elif shut_out(moment, call):
        give_up(moment, call, QueueOutcome.CLOSED)
    elif nobody_left(moment, call):
        give_up(moment, call, QueueOutcome.UNSTAFFED)
    else:
        moment.began_to_wait(call)


def release_closed(moment: Moment) -> None:
    """After hours changed: let those go who wait in a queue that is closed now, where the queue says so."""
    state = moment.state
    for policy in state.queues.values():
        if policy.leave_closed and policy.name in state.closed:
            for call in [state.calls[place[-1]] for place in state.lines[policy.name]]:
                if call.phase is CallPhase.WAITING and shut_out(moment, call):
                    give_up(moment, call, QueueOutcome.CLOSED)


def shut_out(moment: Moment, call: WaitingCall) -> bool:
    """Whether the queue is closed and lets go who waits then; not for a callback, which has hours of its own."""
    state = moment.state
    return state.queues[call.queue].leave_closed and call.queue in state.closed and not call.reach


def nobody_left(moment: Moment, call: WaitingCall) -> bool:
    """Whether the queue lets go who has nobody to wait for, and this caller has nobody."""
    state = moment.state
    if not state.queues[call.queue].leave_unstaffed or state.staff.staffed(call.demand):
        return False  # later steps only ask for less
    return not state.staff.staffed(relaxation.last_demand(state, call))


def release(moment: Moment, call: WaitingCall, outcome: QueueOutcome) -> None:
    """End the visit and let the caller's flow go on."""
    end(moment, call, outcome)
    moment.effects.append(ReleaseCall(call=call.call, outcome=outcome))


def end(moment: Moment, call: WaitingCall, outcome: QueueOutcome) -> None:
    """End the visit without a conversation."""
    leave_line(moment, call, outcome)
    moment.change_phase(call, CallStep.LEAVE)
    del moment.state.calls[call.call]


def leave_line(moment: Moment, call: WaitingCall, outcome: QueueOutcome) -> None:
    """The call waits no longer."""
    state = moment.state
    state.lines[call.queue].remove(call)
    state.timers.disarm(Timer(TimerKind.MAX_WAIT, call.call))
    announcements.end(moment, call)
    state.timers.disarm(relaxation.timer_of(call.call))
    state.timers.disarm(wishes.timer_of(call.call))
    for agent in call.tried:
        state.timers.disarm(Timer(TimerKind.RETRY, call.call, agent))
    moment.fresh_calls.discard(call.call)
    _left(moment, call, outcome)


def _left(moment: Moment, call: WaitingCall, outcome: QueueOutcome) -> None:
    waited = between(call.entered, moment.now)
    moment.events.append(CallLeftQueue(call=call.call, queue=call.queue, outcome=outcome, waited=waited))

"""A call's visit to a queue: entering, waiting with announcements, leaving exactly once."""

from __future__ import annotations

from ivr_engine.acd.effects import AnnouncePosition, ReleaseCall
from ivr_engine.acd.queues import QueuePolicy, WaitingCall
from ivr_engine.acd.state import Moment
from ivr_engine.acd.stimuli import CallEntered
from ivr_engine.acd.timers import Timer, TimerKind
from ivr_engine.acd.transitions import CallPhase, CallStep
from ivr_engine.core.events import CallLeftQueue, CallQueued
from ivr_engine.core.ids import between, later
from ivr_engine.core.outcomes import Presence, QueueOutcome


def enter(moment: Moment, stimulus: CallEntered) -> WaitingCall | None:
    """Take the call in, or release it at once. The call if it waits now, None if it was released."""
    state = moment.state
    call = WaitingCall(
        call=stimulus.call,
        queue=stimulus.queue,
        needs=stimulus.needs,
        priority=stimulus.priority,
        language=stimulus.language,
        arrived=moment.now if stimulus.arrived is None else min(stimulus.arrived, moment.now),
        sequence=state.next_sequence(),
    )
    line = state.lines.get(call.queue)
    position = 1 if line is None else line.position(call)
    moment.events.append(
        CallQueued(
            call=call.call,
            queue=call.queue,
            priority=call.priority,
            needs=call.needs,
            language=call.language,
            position=position,
        )
    )
    refusal = _refusal(moment, call)
    if refusal is not None:
        _left(moment, call, refusal)
        moment.effects.append(ReleaseCall(call=call.call, outcome=refusal))
        return None
    _take_in(moment, call)
    return call


def _refusal(moment: Moment, call: WaitingCall) -> QueueOutcome | None:
    policy = moment.state.queues.get(call.queue)
    if policy is None:
        return QueueOutcome.FAILED
    if not policy.open:
        return QueueOutcome.CLOSED
    if policy.max_length is not None and len(moment.state.lines[call.queue]) >= policy.max_length:
        return QueueOutcome.FULL
    if policy.staffed_only and not _staffed(moment, call):
        return QueueOutcome.UNSTAFFED
    return None


def _staffed(moment: Moment, call: WaitingCall) -> bool:
    return any(
        agent.presence is not Presence.LOGGED_OUT and agent.profile.unfit_for(call.needs, call.language) is None
        for agent in moment.state.members[call.queue]
    )


def _take_in(moment: Moment, call: WaitingCall) -> None:
    state = moment.state
    policy = state.queues[call.queue]
    state.calls[call.call] = call
    state.lines[call.queue].add(call)
    if policy.max_wait is not None:
        state.timers.arm(Timer(TimerKind.MAX_WAIT, call.call), later(moment.now, policy.max_wait))
    _arm_announcement(moment, call, policy)
    moment.began_to_wait(call)


def _arm_announcement(moment: Moment, call: WaitingCall, policy: QueuePolicy) -> None:
    if policy.announce_position is not None:
        moment.state.timers.arm(Timer(TimerKind.ANNOUNCE, call.call), later(moment.now, policy.announce_position))


def announce(moment: Moment, call: WaitingCall) -> None:
    """Tell the caller the position, if the queue does so and no agent is being rung."""
    state = moment.state
    if call.phase is CallPhase.WAITING and state.queues[call.queue].announce_position is not None:
        position = state.lines[call.queue].position(call)
        moment.effects.append(AnnouncePosition(call=call.call, position=position))


def announcement_due(moment: Moment, call_id: str) -> None:
    """Announce, and again after the queue's interval."""
    call = moment.call(call_id)
    if call is not None:
        announce(moment, call)
        _arm_announcement(moment, call, moment.state.queues[call.queue])


def max_wait_over(moment: Moment, call_id: str) -> None:
    """Release the caller. While an offer is not settled the caller stays, and is released if it brings no conversation."""
    call = moment.call(call_id)
    if call is None:
        return
    if call.phase is CallPhase.WAITING:
        release(moment, call, QueueOutcome.TIMEOUT)
    else:
        call.overdue = True


def release(moment: Moment, call: WaitingCall, outcome: QueueOutcome) -> None:
    """End the visit and let the caller's flow go on."""
    end(moment, call, outcome)
    moment.effects.append(ReleaseCall(call=call.call, outcome=outcome))


def end(moment: Moment, call: WaitingCall, outcome: QueueOutcome) -> None:
    """End the visit without a conversation."""
    leave_line(moment, call, outcome)
    call.change_phase(CallStep.LEAVE)
    del moment.state.calls[call.call]


def leave_line(moment: Moment, call: WaitingCall, outcome: QueueOutcome) -> None:
    """The call waits no longer."""
    state = moment.state
    state.lines[call.queue].remove(call)
    state.timers.disarm(Timer(TimerKind.MAX_WAIT, call.call))
    state.timers.disarm(Timer(TimerKind.ANNOUNCE, call.call))
    for agent in call.tried:
        state.timers.disarm(Timer(TimerKind.RETRY, call.call, agent))
    moment.fresh_calls.discard(call.call)
    _left(moment, call, outcome)


def _left(moment: Moment, call: WaitingCall, outcome: QueueOutcome) -> None:
    waited = between(call.arrived, moment.now)
    moment.events.append(CallLeftQueue(call=call.call, queue=call.queue, outcome=outcome, waited=waited))

"""What a supervisor does to a caller who waits: another queue, or another priority. The arrival is kept in both."""

from __future__ import annotations

from ivr_engine.acd import visits
from ivr_engine.acd.queues import WaitingCall
from ivr_engine.acd.state import Moment
from ivr_engine.acd.stimuli import CallEntered, MoveCaller, SetPriority
from ivr_engine.acd.transfers import check_queue
from ivr_engine.acd.transitions import CallPhase
from ivr_engine.core.events import CallerMoved, PriorityChanged
from ivr_engine.core.ids import CallId
from ivr_engine.core.outcomes import QueueOutcome
from ivr_engine.errors import CommandRefused

PRIORITIES = range(-1_000, 1_001)


def move_caller(moment: Moment, command: MoveCaller) -> None:
    """To another queue, where the wait counts from the first arrival.

    Raises:
        CommandRefused: the caller does not wait, or the queue does not take callers; nothing changed.
    """
    call = _waiting(moment, command.call)
    if command.queue == call.queue:
        raise CommandRefused(f"call {call.call} waits in queue {call.queue} already")
    check_queue(moment, command.queue, call.kind)
    moment.events.append(CallerMoved(call=call.call, queue=call.queue, to=command.queue, by=command.by))
    visits.end(moment, call, QueueOutcome.MOVED)
    visits.enter(
        moment,
        CallEntered(
            call=call.call,
            queue=command.queue,
            needs=(),  # another queue's people need not have the same skills
            priority=call.priority,
            language=call.language,
            arrived=call.arrived,
            kind=call.kind,
        ),
    )


def set_priority(moment: Moment, command: SetPriority) -> None:
    """Before or behind others; said of what is so already it changes nothing.

    Raises:
        CommandRefused: the caller does not wait, or there is no such priority; nothing changed.
    """
    call = _waiting(moment, command.call)
    if command.priority not in PRIORITIES:
        raise CommandRefused(f"a priority is a whole number from {PRIORITIES[0]} to {PRIORITIES[-1]}")
    if command.priority == call.priority:
        return
    moment.events.append(
        PriorityChanged(call=call.call, queue=call.queue, priority=command.priority, previous=call.priority, by=command.by)
    )
    line, waiting = moment.state.lines[call.queue], moment.state.waiting
    line.remove(call)
    waiting.remove(call)
    call.change_priority(command.priority)
    line.add(call)
    waiting.add(call)


def _waiting(moment: Moment, call: CallId) -> WaitingCall:
    found = moment.state.calls.get(call)
    if found is None:
        raise CommandRefused(f"call {call} is not in a queue")
    if found.phase is not CallPhase.WAITING:
        raise CommandRefused(f"call {call} does not wait now: {found.phase.value}")
    return found

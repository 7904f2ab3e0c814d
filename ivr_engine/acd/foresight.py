"""Keeps the meters of `estimates` beside the state of the centre, and asks them."""

from __future__ import annotations

from collections.abc import Iterable

from ivr_engine.acd import estimates
from ivr_engine.acd.estimates import Meter, Wait
from ivr_engine.acd.queues import WaitingCall
from ivr_engine.acd.state import CentreState, Moment
from ivr_engine.core.events import AgentPresenceChanged, AgentQueuesChanged, CallQueued, Event, Recorded, WaitEstimated
from ivr_engine.core.ids import Instant, QueueName
from ivr_engine.core.outcomes import Presence

_OF_STAFF = (AgentPresenceChanged, AgentQueuesChanged)
HEARD = frozenset[type]({*estimates.OF_A_QUEUE, *_OF_STAFF})
"""What the meters learn from; a decision has many other events."""


def estimate(state: CentreState, call: WaitingCall, now: Instant) -> Wait | None:
    """How long the call still waits; None where nothing is known, and for a caller who is not on the line."""
    meter, line = state.meters.get(call.queue), state.lines.get(call.queue)
    if meter is None or line is None or call.reach:
        return None
    meter.pass_time(now)
    return estimates.estimate(meter, line.position(call) - 1)


def follow(moment: Moment) -> None:
    """After a decision: learn from its events, and record what those who now begin to wait may expect."""
    came: list[CallQueued] = []
    state, now = moment.state, moment.now
    for event in moment.events:
        if isinstance(event, estimates.OF_A_QUEUE):
            estimates.move(state.meters, event, now)
            if isinstance(event, CallQueued):
                came.append(event)
        elif isinstance(event, _OF_STAFF):
            _fold(state, event, now)
    for queued in came:
        _foresee(moment, queued)


def _foresee(moment: Moment, event: CallQueued) -> None:
    call, meter = moment.state.calls.get(event.call), moment.state.meters.get(event.queue)
    if call is None or call.queue != event.queue or meter is None or event.call not in meter.waiting:
        return
    wait = estimate(moment.state, call, moment.now)
    if wait is not None:
        estimated = WaitEstimated(call=call.call, queue=call.queue, mean=wait.mean, p50=wait.p50, p90=wait.p90)
        moment.events.append(estimated)
        _fold(moment.state, estimated, moment.now)


def recall(state: CentreState, recorded: Iterable[Recorded], now: Instant) -> None:
    """Learn from an earlier run; then nobody is in line, and at work is who is at work now."""
    for each in recorded:
        _fold(state, each.event, each.at)
    estimates.forget_callers(state.meters, _staff(state), now)


def recount(state: CentreState) -> None:
    """Who is at work changed without an event."""
    for queue, staff in _staff(state).items():
        state.meters[queue].staff = staff


def reconfigure(state: CentreState, now: Instant) -> None:
    """Other queues, other people: a new queue begins with nothing, the others with what they know."""
    for meter in state.meters.values():
        meter.pass_time(now)
    state.meters = {queue: state.meters.get(queue, Meter()) for queue in state.queues}
    recount(state)


def _fold(state: CentreState, event: Event, now: Instant) -> None:
    queues: tuple[QueueName, ...] = ()
    if isinstance(event, AgentQueuesChanged):
        reconfigure(state, now)
    elif isinstance(event, AgentPresenceChanged) and event.agent in state.agents:
        queues = state.agents[event.agent].profile.queues
    estimates.follow(state.meters, event, now, queues=queues)


def _staff(state: CentreState) -> dict[QueueName, int]:
    return {queue: sum(agent.presence is Presence.READY for agent in members) for queue, members in state.members.items()}

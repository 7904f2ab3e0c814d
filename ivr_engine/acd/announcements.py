"""What a waiting caller is told: place, estimated wait and words of comfort, each at its own interval."""

from __future__ import annotations

from ivr_engine.acd import foresight
from ivr_engine.acd.effects import Announce
from ivr_engine.acd.queues import QueuePolicy, WaitingCall
from ivr_engine.acd.state import Moment
from ivr_engine.acd.timers import Timer, TimerKind
from ivr_engine.acd.transitions import CallPhase
from ivr_engine.core.ids import Millis, later

POSITION, WAIT, COMFORT = "", "wait", "comfort"


def begin(moment: Moment, call: WaitingCall, policy: QueuePolicy) -> None:
    """Set the intervals going; a caller who is not on the line is told nothing."""
    for what in (POSITION, WAIT, COMFORT):
        _arm(moment, call, policy, what)


def end(moment: Moment, call: WaitingCall) -> None:
    """The call waits no longer."""
    for what in (POSITION, WAIT, COMFORT):
        moment.state.timers.disarm(Timer(TimerKind.ANNOUNCE, call.call, what))


def welcome(moment: Moment, call: WaitingCall) -> None:
    """On entering: place and estimated wait, if the queue tells them and no agent is being rung."""
    _say(moment, call, (POSITION, WAIT))


def due(moment: Moment, call_id: str, what: str) -> None:
    """Say it, and again after the queue's interval."""
    call = moment.call(call_id)
    if call is not None:
        _say(moment, call, (what,))
        _arm(moment, call, moment.state.queues[call.queue], what)


def _say(moment: Moment, call: WaitingCall, parts: tuple[str, ...]) -> None:
    if call.phase is not CallPhase.WAITING or call.reach:
        return
    policy, state = moment.state.queues[call.queue], moment.state
    told = [part for part in parts if _every(policy, part) is not None]
    announcement = Announce(
        call=call.call,
        position=state.lines[call.queue].position(call) if POSITION in told else None,
        wait=foresight.estimate(state, call, moment.now) if WAIT in told else None,
        comfort=_comfort(call, policy) if COMFORT in told else "",
    )
    if announcement != Announce(call=call.call):
        moment.effects.append(announcement)


def _comfort(call: WaitingCall, policy: QueuePolicy) -> str:
    """The next prompt of the cycle."""
    prompt = policy.comfort[call.comforted % len(policy.comfort)] if policy.comfort else ""
    call.comforted += 1
    return prompt


def _every(policy: QueuePolicy, what: str) -> Millis | None:
    return {POSITION: policy.announce_position, WAIT: policy.announce_wait, COMFORT: policy.comfort_every}[what]


def _arm(moment: Moment, call: WaitingCall, policy: QueuePolicy, what: str) -> None:
    every = _every(policy, what)
    if every is not None and not call.reach:
        moment.state.timers.arm(Timer(TimerKind.ANNOUNCE, call.call, what), later(moment.now, every))

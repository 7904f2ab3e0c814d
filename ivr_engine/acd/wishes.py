"""Callers who want one agent: for a bounded time they wait for that agent alone, and afterwards that agent comes first."""

from __future__ import annotations

from ivr_engine.acd.queues import WaitingCall
from ivr_engine.acd.staff import fit_of
from ivr_engine.acd.state import CentreState, Moment
from ivr_engine.acd.timers import Timer, TimerKind
from ivr_engine.acd.transitions import CallPhase
from ivr_engine.core.events import AgentWaitEnded
from ivr_engine.core.ids import AgentId, CallId, Millis, later
from ivr_engine.core.outcomes import Presence

TIME = "time"


def begin(moment: Moment, call: WaitingCall, span: Millis) -> None:
    """Let the call wait for its agent alone, if that agent is at work and could take it; before it counts as waiting."""
    if call.wanted is None or span <= 0:
        return
    reason = hopeless(moment.state, call, call.wanted)
    if reason is not None:
        moment.events.append(AgentWaitEnded(call=call.call, agent=call.wanted, reason=reason))
        return
    call.alone = True
    moment.state.timers.arm(timer_of(call.call), later(moment.now, span))


def hopeless(state: CentreState, call: WaitingCall, wanted: AgentId) -> str | None:
    """Why it is no use to wait for this agent, as a reason code, or None: a busy agent is waited for."""
    agent = state.agents.get(wanted)
    if agent is None:
        return "unknown"
    if not any(queue in agent.profile.queues for queue in call.demand.queues):
        return "other_queues"
    unfit = fit_of(agent.profile, call.demand).unfit
    if unfit is not None:
        return unfit
    return None if agent.presence is Presence.READY else agent.busy_with(agent.voice)


def time_over(moment: Moment, call_id: str) -> None:
    """The bound is reached: from now on anybody may take the call."""
    call = moment.call(call_id)
    if call is not None and call.alone:
        _end(moment, call, TIME)


def settle(moment: Moment) -> None:
    """End the wishes for agents for whom it is no use to wait any longer."""
    state = moment.state
    for agent in sorted(moment.away & state.waiting.for_one.keys()):
        for call in [state.calls[place[-1]] for place in state.waiting.for_one[agent]]:
            reason = hopeless(state, call, agent)
            if reason is not None:
                _end(moment, call, reason)


def _end(moment: Moment, call: WaitingCall, reason: str) -> None:
    assert call.wanted is not None  # noqa: S101 - only such a call is alone
    waiting, waits = moment.state.waiting, call.phase is CallPhase.WAITING
    if waits:
        waiting.remove(call)
    call.alone = False
    if waits:
        waiting.add(call)
    moment.state.timers.disarm(timer_of(call.call))
    moment.events.append(AgentWaitEnded(call=call.call, agent=call.wanted, reason=reason))
    moment.began_to_wait(call)


def timer_of(call: CallId) -> Timer:
    """The timer of a call's bound."""
    return Timer(TimerKind.WISH, call)

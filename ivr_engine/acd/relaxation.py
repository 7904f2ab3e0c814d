"""Asking for less while time goes by: a call's steps, and what each changes."""

from __future__ import annotations

from ivr_engine.acd.demands import Demand
from ivr_engine.acd.queues import QueuePolicy, RelaxStep, WaitingCall
from ivr_engine.acd.state import CentreState, Moment
from ivr_engine.acd.timers import Timer, TimerKind
from ivr_engine.acd.transitions import CallPhase
from ivr_engine.core.events import CallRelaxed
from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.ids import CallId, Instant, Language, QueueName, later


def steps_due(policy: QueuePolicy, arrived: Instant, now: Instant) -> int:
    """How many steps of the queue are over for who arrived then."""
    return sum(later(arrived, step.after) <= now for step in policy.relax)


def demand_at(state: CentreState, call: WaitingCall, step: int) -> Demand:
    """What the call asks for after so many steps."""
    policy = state.queues[call.queue]
    needs, prefers, language = call.needs, call.prefers, call.language
    queues: tuple[QueueName, ...] = (call.queue,)
    for each in policy.relax[:step]:
        needs, prefers = _relaxed(needs, each), _relaxed(prefers, each)
        language = Language("") if language in each.drop else language
        queues = tuple(dict.fromkeys((*queues, *each.also)))
    asked = frozenset(need.skill for need in (*call.needs, *call.prefers))
    return state.demands.same(Demand(queues=queues, needs=needs, prefers=prefers, language=language, asked=asked))


def last_demand(state: CentreState, call: WaitingCall) -> Demand:
    """What the call will ask for in the end."""
    return demand_at(state, call, len(state.queues[call.queue].relax))


def _relaxed(needs: tuple[SkillNeed, ...], step: RelaxStep) -> tuple[SkillNeed, ...]:
    return tuple(
        SkillNeed(skill=need.skill, level=min(need.level, step.lower.get(need.skill, need.level)))
        for need in needs
        if need.skill not in step.drop
    )


def take_up(state: CentreState, call: WaitingCall, now: Instant) -> None:
    """Give a call that is new here the step that is due; before it counts as waiting."""
    policy = state.queues[call.queue]
    call.step = steps_due(policy, call.arrived, now)
    call.demand = demand_at(state, call, call.step)
    _arm(state, call, policy)


def take_up_again(state: CentreState, call: WaitingCall, now: Instant) -> None:
    """Give a call that is here the step that is due by the new rules of its queue."""
    policy = state.queues[call.queue]
    call.step = steps_due(policy, call.arrived, now)
    change_demand(state, call, demand_at(state, call, call.step))
    _arm(state, call, policy)


def step_due(moment: Moment, call_id: str) -> None:
    """The next step; a call for which a telephone rings takes it too, for the case that nobody answers."""
    state, call = moment.state, moment.call(call_id)
    if call is None:
        return
    policy = state.queues[call.queue]
    step = steps_due(policy, call.arrived, moment.now)
    if step > call.step:
        call.step = step
        change_demand(state, call, demand_at(state, call, step))
        moment.events.append(_relaxed_event(call))
        moment.began_to_wait(call)
    _arm(state, call, policy)


def change_demand(state: CentreState, call: WaitingCall, demand: Demand) -> None:
    """Let the call ask for `demand` from now on."""
    waits = call.phase is CallPhase.WAITING
    if waits:
        state.waiting.remove(call)
    call.demand = demand
    if waits:
        state.waiting.add(call)


def _relaxed_event(call: WaitingCall) -> CallRelaxed:
    demand = call.demand
    return CallRelaxed(
        call=call.call,
        queue=call.queue,
        step=call.step,
        needs=demand.needs,
        prefers=demand.prefers,
        queues=demand.queues,
    )


def _arm(state: CentreState, call: WaitingCall, policy: QueuePolicy) -> None:
    if call.step < len(policy.relax):
        state.timers.arm(timer_of(call.call), later(call.arrived, policy.relax[call.step].after))


def timer_of(call: CallId) -> Timer:
    """The timer of a call's next step."""
    return Timer(TimerKind.RELAX, call)

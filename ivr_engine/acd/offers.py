"""Offers: an agent is reserved for a caller until answered, failed or past the deadline; each ends exactly once.

A failed offer costs the caller nothing: the place in the queue stays, and the next agent is offered in the same decision.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from ivr_engine.acd import conversations, visits, wishes
from ivr_engine.acd.agents import Agent
from ivr_engine.acd.call_choice import CALL_RULES
from ivr_engine.acd.effects import RingAgent, StopRinging
from ivr_engine.acd.lanes import Lane
from ivr_engine.acd.matching import (
    AT_ONCE,
    LISTED,
    Choice,
    assess,
    excluded,
    next_for,
    passed_over,
    scene_of,
)
from ivr_engine.acd.queues import Place, QueuePolicy, WaitingCall
from ivr_engine.acd.staff import Pool
from ivr_engine.acd.state import Moment
from ivr_engine.acd.stimuli import OfferAnswered, OfferFailed, OfferPickedUp, OfferRinging
from ivr_engine.acd.timers import Timer, TimerKind
from ivr_engine.acd.transitions import Aftermath, CallPhase, CallStep, PresenceStep, aftermath
from ivr_engine.core.events import NobodyOffered, OfferEnded, OfferMade
from ivr_engine.core.events.acd import Candidate
from ivr_engine.core.ids import VOICE, AgentId, Instant, Millis, OfferId, between, later
from ivr_engine.core.outcomes import OfferOutcome, Presence, QueueOutcome

GRACE = Millis(2_000)
"""How long after the ring limit the centre waits for word from the switch, which ends the ringing itself."""

RETRY_AFTER = Millis(5_000)
"""How long a caller is not offered again to an agent whose telephone just failed with that caller."""

FAILURES_ALLOWED = 3
"""An agent whose telephone fails with so many different callers in a row is paused. One caller's repeated failures
count once: a call that no telephone can take must not take everybody out of work."""


NOT_ANYBODY = "-"
"""As reasons that were recorded: there was nobody to give a reason of."""

DEADLINE, NOT_RINGING, NOT_JOINED = "deadline", "not_ringing", "not_joined"
"""Why an offer was taken back: rung to its end with no word from the switch; never rang; picked up and never joined."""

ONCE_MORE = Aftermath(None)
"""The line was full for a moment: the agent is rung again at once, as if nothing had happened."""


def rematch(moment: Moment) -> None:
    """Offer every caller to whom something changed, and say of those who got nobody why."""
    if moment.away:
        _settle_departures(moment)
    calls, lanes = moment.fresh_calls, moment.fresh_lanes
    if not calls and not lanes:
        return
    state = moment.state
    pending = [state.calls[name] for name in calls]
    if len(pending) > 1:
        pending.sort(key=_in_order, reverse=True)  # taken from the end
    nobody: list[WaitingCall] = []
    while (pending or lanes) and (pick := _pick(moment, pending, nobody)) is not None:
        _make(moment, *pick)
    for call in () if moment.quiet else nobody:
        _nobody(moment, call)
    calls.clear()
    lanes.clear()


def _in_order(call: WaitingCall) -> tuple[bool, bool, Place]:
    """The order in which several calls that changed are looked at: calls first, who waits for one agent, then by place."""
    return (call.kind != VOICE, not call.alone, call.place)


def _settle_departures(moment: Moment) -> None:
    wishes.settle(moment)
    visits.release_unstaffed(moment)
    moment.away.clear()


_Pick = tuple[WaitingCall, tuple[Candidate, ...], list[Choice]]


def _pick(moment: Moment, pending: list[WaitingCall], nobody: list[WaitingCall]) -> _Pick | None:
    """The next call to offer, to whom, and the calls with which it was compared.

    Takes those from `pending`, the calls that changed, who can have nobody, and adds them to `nobody`.
    """
    picks: list[tuple[Choice, _Pick]] = []
    if moment.fresh_lanes:
        picks = [pick for pool in _fresh_pools(moment) if (pick := _for_agents(moment, pool)) is not None]
    if pending and (changed := _for_changed(moment, pending, nobody)) is not None:
        picks.append(changed)
    if not picks:
        return None
    if len(picks) == 1:
        return picks[0][1]
    return min(picks, key=lambda pick: (pick[0].call.kind != VOICE, pick[0].key, pick[0].place))[1]


def _fresh_pools(moment: Moment) -> list[Pool]:
    staff, agents = moment.state.staff, moment.state.agents
    lanes: Collection[Lane] = moment.fresh_lanes
    ordered = sorted(lanes, key=lambda lane: (lane.agent, lane.kind)) if len(lanes) > 1 else lanes
    return list({staff.pool_of(lane): None for lane in ordered if agents[lane.agent].free_for(lane)})


def _for_agents(moment: Moment, pool: Pool) -> tuple[Choice, _Pick] | None:
    state = moment.state
    choices = next_for(state, pool, moment.fresh_lanes, moment.now)
    for choice in choices[:1]:
        candidates = assess(state, choice.call, moment.now, most=1 if state.brief else LISTED)
        return choice, (choice.call, candidates, [] if state.brief else choices)
    _looked_at(moment, pool)
    return None


def _looked_at(moment: Moment, pool: Pool) -> None:
    """What is short now is not there later on."""
    fresh, agents, pool_of = moment.fresh_lanes, moment.state.agents, moment.state.staff.pool_of
    if len(fresh) <= len(pool.free):
        fresh.difference_update([lane for lane in fresh if pool_of(lane) is pool])
    else:
        fresh.difference_update([agents[turn[2]].lanes[pool.kind] for turn in pool.free])


def _for_changed(moment: Moment, pending: list[WaitingCall], nobody: list[WaitingCall]) -> tuple[Choice, _Pick] | None:
    """The first of the calls that changed, from the end of the list, whom somebody could take."""
    state, now = moment.state, moment.now
    while pending:
        call = pending[-1]
        candidates = assess(state, call, now, most=1 if state.brief else LISTED) if call.phase is CallPhase.WAITING else ()
        if candidates:
            pool = state.staff.pool_of(state.agents[candidates[0].agent].lanes[call.kind])
            rule = CALL_RULES[state.rules.call_rule]
            key = AT_ONCE if call.alone else rule(call, pool.profile, scene_of(state, now))
            return Choice(key, call.place, call), (call, candidates, [])
        pending.pop()
        if call.phase is CallPhase.WAITING:
            nobody.append(call)
    return None


def offer_to(moment: Moment, call: WaitingCall, agent: AgentId, *, rule: str) -> None:
    """Reserve this very agent, who is free, for a waiting call; `rule` says why nobody was compared."""
    moment.fresh_calls.discard(call.call)
    _make(moment, call, (Candidate(agent=agent, key=0),), [], rule=rule)


def _nobody(moment: Moment, call: WaitingCall) -> None:
    """Record why, unless the reasons are those that were recorded last: time and again the same is no news."""
    state = moment.state
    found = () if state.brief else excluded(state, call, ())
    told = " ".join(sorted({each.reason for each in found})) or NOT_ANYBODY
    if told == call.told:
        return
    call.told = told
    moment.events.append(
        NobodyOffered(
            call=call.call, queue=call.queue, rule=state.queues[call.queue].strategy, excluded=found, step=call.step
        )
    )


def _make(
    moment: Moment, call: WaitingCall, candidates: tuple[Candidate, ...], choices: list[Choice], *, rule: str = ""
) -> None:
    state, chosen = moment.state, candidates[0].agent
    policy = state.queues[call.queue]
    others = () if state.brief else excluded(state, call, candidates)
    agent, offer, ring = state.agents[chosen], state.next_offer(), policy.ring
    deadline = _first_deadline(moment, call, ring)
    moment.change_phase(call, CallStep.OFFER)
    call.agent, call.offer, call.told = chosen, offer, ""
    agent.last_offer = state.offered
    conversations.reserve(moment, agent, call, offer=offer)
    if moment.fresh_lanes:
        _discard_taken(moment, agent)
    state.offers[offer] = call.call
    state.timers.arm(Timer(TimerKind.OFFER, offer), deadline)
    moment.events.append(
        OfferMade(
            call=call.call,
            agent=chosen,
            offer=offer,
            queue=call.queue,
            rule=rule or policy.strategy,
            candidates=candidates,
            excluded=others,
            waited=between(call.entered, moment.now),
            deadline=deadline,
            step=call.step,
            call_rule=state.rules.call_rule,
            passed_over=passed_over(choices, call.call),
            kind=call.kind,
        )
    )
    moment.effects.append(RingAgent(call=call.call, agent=chosen, offer=offer, ring=ring))


def _discard_taken(moment: Moment, agent: Agent) -> None:
    """Lanes in which the agent takes no more: what may be offered to them now is not looked for."""
    for lane in agent.lanes.values():
        if not agent.free_for(lane):
            moment.fresh_lanes.discard(lane)


def _first_deadline(moment: Moment, call: WaitingCall, ring: Millis) -> Instant:
    start = moment.state.rules.start
    call.limit = DEADLINE if start is None else NOT_RINGING
    whisper = moment.state.queues[call.queue].whisper
    return later(moment.now, Millis(call.reach + (ring + whisper + GRACE if start is None else start)))


def offer_ringing(moment: Moment, stimulus: OfferRinging) -> None:
    """The telephone rings: from now on it may ring for the queue's `ring`."""
    _go_on(moment, stimulus.offer, DEADLINE, lambda policy: Millis(policy.ring + policy.whisper + GRACE))


def offer_picked_up(moment: Moment, stimulus: OfferPickedUp) -> None:
    """The agent picked up: from now on the two must be joined within the queue's `join`."""
    _go_on(moment, stimulus.offer, NOT_JOINED, lambda policy: policy.join)


def _go_on(moment: Moment, offer: OfferId, limit: str, span: Callable[[QueuePolicy], Millis]) -> None:
    call = moment.offered_call(offer)
    if call is not None and call.phase is CallPhase.OFFERED:
        deadline = later(moment.now, span(moment.state.queues[call.queue]))
        moment.state.timers.arm(Timer(TimerKind.OFFER, offer), deadline)
        call.limit = limit


def offer_answered(moment: Moment, stimulus: OfferAnswered) -> None:
    """The two are joined. Word about an offer that is settled changes nothing.

    An offer that lapsed is not settled: the switch was late to say so, but the two do talk, and that is what counts.
    """
    call = moment.offered_call(stimulus.offer)
    if call is None:
        return
    agent = moment.holder(call)
    if call.phase is CallPhase.OFFERED:
        _close(moment, call, agent, OfferOutcome.ANSWERED)
    elif agent.lanes[call.kind].has_room:
        conversations.reserve(moment, agent, call)
    else:
        return  # with another call by now; one agent is never given two
    del moment.state.offers[stimulus.offer]
    visits.leave_line(moment, call, QueueOutcome.ANSWERED)
    conversations.begin(moment, call, agent)


def offer_failed(moment: Moment, stimulus: OfferFailed) -> None:
    """No conversation came of it: the caller is back at the old place, or gone.

    Raises:
        IllegalTransition: the outcome is ANSWERED.
    """
    aftermath(stimulus.outcome)
    call = moment.offered_call(stimulus.offer)
    if call is None:
        return
    if stimulus.outcome is OfferOutcome.CALLER_GONE:
        abandon(moment, call, cause=stimulus.cause)
        return
    if call.phase is CallPhase.OFFERED:
        _fail(moment, call, stimulus.outcome, stimulus.cause)
    _put_back(moment, call)


def lapse(moment: Moment, offer: OfferId) -> None:
    """The deadline passed and the switch said nothing: take the offer back.

    The caller's line is not ours until the switch settles the offer. Another agent reserved now could not be rung, and
    if the answer was merely not reported, would be reserved, and paused, for a caller who is talking.
    """
    call = moment.offered_call(offer)
    if call is not None:
        _withdraw(moment, call, offer, call.limit or DEADLINE)


def line_is_back(moment: Moment, call: WaitingCall) -> None:
    """The caller's line enters the queue again, as after a restart: whatever rang for it is over, the place is kept."""
    if call.offer is None:
        return
    if call.phase is CallPhase.OFFERED:
        _withdraw(moment, call, call.offer, "entered_again")
    _put_back(moment, call)


def abandon(moment: Moment, call: WaitingCall, *, cause: str = "") -> None:
    """The caller left while an agent's telephone rang, or before the switch settled a lapsed offer."""
    if call.phase is CallPhase.OFFERED:
        _fail(moment, call, OfferOutcome.CALLER_GONE, cause)
    _settle(moment, call)
    visits.end(moment, call, QueueOutcome.ABANDONED)


def retry(moment: Moment, call_id: str, agent: str) -> None:
    """The caller may be offered again to the agent whose telephone failed."""
    call = moment.call(call_id)
    if call is not None and agent in call.tried:
        call.tried.discard(AgentId(agent))
        moment.began_to_wait(call)


def _fail(moment: Moment, call: WaitingCall, outcome: OfferOutcome, cause: str) -> None:
    agent = moment.holder(call)
    _close(moment, call, agent, outcome, cause)
    after = aftermath(OfferOutcome.FAILED if cause in (NOT_RINGING, NOT_JOINED) else outcome)  # no fault of the agent's
    if after.once_more and agent.agent not in call.again:
        call.again.add(agent.agent)
        after = ONCE_MORE
    if after.at_fault:
        not_again_soon(moment, call, agent.agent)
    _free(moment, call, agent, after)


def not_again_soon(moment: Moment, call: WaitingCall, agent: AgentId) -> None:
    """Others are tried first: for a while the caller is not offered to this agent."""
    call.tried.add(agent)
    moment.state.timers.arm(Timer(TimerKind.RETRY, call.call, agent), later(moment.now, RETRY_AFTER))


def _withdraw(moment: Moment, call: WaitingCall, offer: OfferId, cause: str) -> None:
    moment.effects.append(StopRinging(call=call.call, agent=moment.holder(call).agent, offer=offer))
    _fail(moment, call, OfferOutcome.WITHDRAWN, cause)
    moment.change_phase(call, CallStep.LAPSE)


def _settle(moment: Moment, call: WaitingCall) -> None:
    if call.offer is not None:
        del moment.state.offers[call.offer]
    call.agent = call.offer = None


def _put_back(moment: Moment, call: WaitingCall) -> None:
    moment.change_phase(call, CallStep.OFFER_FAILED)
    _settle(moment, call)
    visits.wait_on(moment, call)


def _close(moment: Moment, call: WaitingCall, agent: Agent, outcome: OfferOutcome, cause: str = "") -> None:
    assert call.offer is not None  # noqa: S101 - only an offered call gets here
    moment.state.timers.disarm(Timer(TimerKind.OFFER, call.offer))
    moment.events.append(
        OfferEnded(call=call.call, agent=agent.agent, offer=call.offer, outcome=outcome, cause=cause, kind=call.kind)
    )


def _free(moment: Moment, call: WaitingCall, agent: Agent, after: Aftermath) -> None:
    lane = agent.lanes[call.kind]
    if after.at_fault and call.call not in lane.failed_calls:
        lane.failed_calls.append(call.call)
    pause = "failed" if len(lane.failed_calls) >= FAILURES_ALLOWED else after.pause
    if pause is not None and agent.presence is Presence.READY:
        moment.change_presence(agent, PresenceStep.PAUSE, reason=pause, by="engine")
    # A caller who hung up is not the agent's doing: the turn is kept. After a fault the others go first.
    moment.release(agent, lane, call.call, keeps_turn=not after.at_fault)

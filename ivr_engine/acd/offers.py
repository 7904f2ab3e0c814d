"""Offers: an agent is reserved for a caller until answered, failed or past the deadline; each ends exactly once.

A failed offer costs the caller nothing: the place in the queue stays, and the next agent is offered in the same decision.
"""

from __future__ import annotations

from ivr_engine.acd import conversations, visits
from ivr_engine.acd.agents import Agent
from ivr_engine.acd.effects import RingAgent, StopRinging
from ivr_engine.acd.matching import Assessment, match
from ivr_engine.acd.queues import WaitingCall
from ivr_engine.acd.state import Moment
from ivr_engine.acd.stimuli import OfferAnswered, OfferFailed
from ivr_engine.acd.timers import Timer, TimerKind
from ivr_engine.acd.transitions import ActivityStep, CallPhase, CallStep, PresenceStep, aftermath
from ivr_engine.core.events import NobodyOffered, OfferEnded, OfferMade
from ivr_engine.core.events.acd import Candidate
from ivr_engine.core.ids import AgentId, Millis, OfferId, between, later
from ivr_engine.core.outcomes import Activity, OfferOutcome, Presence, QueueOutcome

GRACE = Millis(2_000)
"""How long after the ring limit the centre waits for word from the switch, which ends the ringing itself."""

RETRY_AFTER = Millis(5_000)
"""How long a caller is not offered again to an agent whose telephone just failed with that caller."""

FAILURES_ALLOWED = 3
"""An agent whose telephone fails with so many different callers in a row is paused. One caller's repeated failures
count once: a call that no telephone can take must not take everybody out of work."""


def rematch(moment: Moment) -> None:
    """Offer every caller to whom something changed, and say of those who got nobody why."""
    calls, agents = moment.take_fresh()
    if not calls and not agents:
        return
    for assessment in match(moment.state, calls=calls, agents=agents, now=moment.now):
        if assessment.chosen is None:
            _nobody(moment, assessment)
        else:
            _make(moment, assessment, assessment.chosen)


def offer_to(moment: Moment, call: WaitingCall, agent: AgentId, *, rule: str) -> None:
    """Reserve this very agent, who is free, for a waiting call; `rule` says why nobody was compared."""
    moment.fresh_calls.discard(call.call)
    _make(moment, Assessment(call=call, rule=rule, candidates=(Candidate(agent=agent, key=0),), excluded=()), agent)


def _nobody(moment: Moment, assessment: Assessment) -> None:
    call = assessment.call
    moment.events.append(NobodyOffered(call=call.call, queue=call.queue, rule=assessment.rule, excluded=assessment.excluded))


def _make(moment: Moment, assessment: Assessment, chosen: AgentId) -> None:
    state, call = moment.state, assessment.call
    agent, offer, ring = state.agents[chosen], state.next_offer(), state.queues[call.queue].ring
    deadline = later(moment.now, Millis(ring + GRACE))
    call.change_phase(CallStep.OFFER)
    call.agent, call.offer = chosen, offer
    agent.change_activity(ActivityStep.RESERVE, now=moment.now, call=call.call, offer=offer)
    state.offers[offer] = call.call
    state.timers.arm(Timer(TimerKind.OFFER, offer), deadline)
    moment.events.append(
        OfferMade(
            call=call.call,
            agent=chosen,
            offer=offer,
            queue=call.queue,
            rule=assessment.rule,
            candidates=assessment.candidates,
            excluded=assessment.excluded,
            waited=between(call.arrived, moment.now),
            deadline=deadline,
        )
    )
    moment.effects.append(RingAgent(call=call.call, agent=chosen, offer=offer, ring=ring))


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
    elif agent.activity is Activity.IDLE:
        agent.change_activity(ActivityStep.RESERVE, now=moment.now, call=call.call)
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
        _withdraw(moment, call, offer, "deadline")


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
    if aftermath(outcome).at_fault:
        not_again_soon(moment, call, agent.agent)
    _free(moment, call, agent, outcome)


def not_again_soon(moment: Moment, call: WaitingCall, agent: AgentId) -> None:
    """Others are tried first: for a while the caller is not offered to this agent."""
    call.tried.add(agent)
    moment.state.timers.arm(Timer(TimerKind.RETRY, call.call, agent), later(moment.now, RETRY_AFTER))


def _withdraw(moment: Moment, call: WaitingCall, offer: OfferId, cause: str) -> None:
    moment.effects.append(StopRinging(call=call.call, agent=moment.holder(call).agent, offer=offer))
    _fail(moment, call, OfferOutcome.WITHDRAWN, cause)
    call.change_phase(CallStep.LAPSE)


def _settle(moment: Moment, call: WaitingCall) -> None:
    if call.offer is not None:
        del moment.state.offers[call.offer]
    call.agent = call.offer = None


def _put_back(moment: Moment, call: WaitingCall) -> None:
    call.change_phase(CallStep.OFFER_FAILED)
    _settle(moment, call)
    if call.overdue:
        visits.release(moment, call, QueueOutcome.TIMEOUT)
    else:
        moment.began_to_wait(call)


def _close(moment: Moment, call: WaitingCall, agent: Agent, outcome: OfferOutcome, cause: str = "") -> None:
    assert call.offer is not None  # noqa: S101 - only an offered call gets here
    moment.state.timers.disarm(Timer(TimerKind.OFFER, call.offer))
    moment.events.append(OfferEnded(call=call.call, agent=agent.agent, offer=call.offer, outcome=outcome, cause=cause))


def _free(moment: Moment, call: WaitingCall, agent: Agent, outcome: OfferOutcome) -> None:
    after = aftermath(outcome)
    agent.change_activity(ActivityStep.RELEASE, now=moment.now, call=None)
    if after.at_fault and call.call not in agent.failed_calls:
        agent.failed_calls.append(call.call)
    pause = "failed" if len(agent.failed_calls) >= FAILURES_ALLOWED else after.pause
    if pause is not None and agent.presence is Presence.READY:
        moment.change_presence(agent, PresenceStep.PAUSE, reason=pause, by="engine")
    # A caller who hung up is not the agent's doing: the turn is kept. After a fault the others go first.
    moment.became_free(agent, keeps_turn=not after.at_fault)

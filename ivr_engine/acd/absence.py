"""Callers whose line is away: they keep place, age and priority, and are offered to nobody until it is back.

So it is when a line broke, and for everybody who waited when an engine was lost. What rang then goes on ringing at the
switch: such an offer stays until its deadline, or until the line comes back and says what became of it.
"""

from __future__ import annotations

from ivr_engine.acd import offers, visits
from ivr_engine.acd.queues import WaitingCall
from ivr_engine.acd.state import Moment
from ivr_engine.acd.stimuli import LineLost
from ivr_engine.acd.transitions import CallPhase, CallStep
from ivr_engine.core.outcomes import QueueOutcome


def line_lost(moment: Moment, stimulus: LineLost) -> None:
    """The call is offered to nobody any more. An offer that is not settled stays; a conversation goes on at the switch."""
    call = moment.call(stimulus.call)
    if call is not None and call.phase is CallPhase.WAITING:
        call.change_phase(CallStep.LINE_LOST)
        moment.fresh_calls.discard(call.call)


def line_back(moment: Moment, call: WaitingCall) -> None:
    """The line enters the queue again: the place is kept, and whatever rang for the call is over."""
    if call.phase is not CallPhase.AWAY:
        offers.line_is_back(moment, call)
        return
    call.change_phase(CallStep.LINE_BACK)
    if call.overdue:
        visits.release(moment, call, QueueOutcome.TIMEOUT)
    else:
        moment.began_to_wait(call)

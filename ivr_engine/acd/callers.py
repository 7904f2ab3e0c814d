"""What callers do: enter a queue, and leave in whatever state they are."""

from __future__ import annotations

from ivr_engine.acd import absence, announcements, conversations, offers, visits
from ivr_engine.acd.state import Moment
from ivr_engine.acd.stimuli import CallEntered, CallerLeft, FlowedOut, HoursChanged
from ivr_engine.acd.transitions import CallPhase
from ivr_engine.core.ids import between
from ivr_engine.core.outcomes import EndedBy, QueueOutcome


def call_entered(moment: Moment, stimulus: CallEntered) -> None:
    """Offer the call at once if anybody is free, else make the first announcement.

    A call that is here already keeps its place.
    """
    known = moment.state.calls.get(stimulus.call)
    if known is not None:
        absence.line_back(moment, known)
        return
    call = visits.enter(moment, stimulus)
    if call is not None:
        offers.rematch(moment)
        announcements.welcome(moment, call)


def flowed_out(moment: Moment, stimulus: FlowedOut) -> None:
    """End a visit that only waits; once an agent is rung for the caller, the key came too late."""
    call = moment.call(stimulus.call)
    if call is not None and call.phase is CallPhase.WAITING:
        visits.end(moment, call, QueueOutcome.FLOWOUT)


def hours_changed(moment: Moment, stimulus: HoursChanged) -> None:
    """Who waits goes on waiting; who enters from now on finds these queues closed."""
    moment.state.closed = frozenset(stimulus.closed)


def caller_left(moment: Moment, stimulus: CallerLeft) -> None:
    """End what the caller was in; a call we do not have changes nothing."""
    call = moment.state.calls.get(stimulus.call)
    if call is None:
        return
    if call.phase in (CallPhase.WAITING, CallPhase.AWAY):
        visits.end(moment, call, QueueOutcome.ABANDONED)
    elif call.phase in (CallPhase.OFFERED, CallPhase.UNSETTLED):
        offers.abandon(moment, call)
    else:
        talked = between(call.answered, moment.now)
        conversations.part(moment, call, ended_by=EndedBy.CALLER, talked=talked)

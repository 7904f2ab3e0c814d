"""Why a call went where it went: each decision about it, in order."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ivr_engine.cli.cdr_text import local
from ivr_engine.cli.why_people import PEOPLE
from ivr_engine.cli.why_words import (
    chosen_words,
    excluded_words,
    kind_words,
    needs_words,
    passed_over_words,
    seconds,
    skill_words,
    step_words,
    wait_end_words,
)
from ivr_engine.core.events import (
    AgentWaitEnded,
    CallbackAttempted,
    CallbackBooked,
    CallbackEnded,
    CallbackPlaced,
    CallerMoved,
    CallLeftQueue,
    CallQueued,
    CallRelaxed,
    Event,
    MessageLeft,
    NobodyOffered,
    OfferEnded,
    OfferMade,
    PriorityChanged,
    Recorded,
    WaitEstimated,
)
from ivr_engine.core.outcomes import CallbackEnd

BOOKING_ENDS: Mapping[CallbackEnd, str] = MappingProxyType(
    {
        CallbackEnd.TALKED: "they talked",
        CallbackEnd.UNREACHED: "not reached, and the attempts are used up",
        CallbackEnd.EXPIRED: "not done in time",
        CallbackEnd.CANCELLED: "cancelled",
        CallbackEnd.REPLACED: "booked again by the same number, which keeps the place",
        CallbackEnd.FORBIDDEN: "the number is not among those that may be called",
    }
)
"""How a booking ended."""

OF_A_BOOKING = frozenset({CallbackPlaced.TYPE, CallbackAttempted.TYPE, CallbackEnded.TYPE})
"""The types of event that tell what became of a booking; they are events of other calls, or of none."""


@dataclass(frozen=True, slots=True)
class Step:
    """One decision: the fact, a sentence, and what stands under it."""

    recorded: Recorded
    sentence: str
    under: tuple[str, ...] = ()


def steps(journal: Iterable[Recorded]) -> list[Step]:
    """What was decided about a call, from its events; events that are no decision of the centre are left out."""
    return [Step(recorded, *_told(recorded.event)) for recorded in journal if type(recorded.event) in TELLERS]


def booked(journal: Iterable[Recorded]) -> dict[str, int]:
    """The bookings that were made in a call, each with the sequence number of its event."""
    return {f"cb{each.sequence}": each.sequence for each in journal if isinstance(each.event, CallbackBooked)}


def of_bookings(bookings: Container[str], later: Iterable[Recorded]) -> list[Recorded]:
    """What became of these bookings, from events of the types `OF_A_BOOKING`."""
    return [each for each in later if getattr(each.event, "booking", None) in bookings]


def _told(event: Event) -> tuple[str, tuple[str, ...]]:
    told = TELLERS[type(event)](event)
    return (told, ()) if isinstance(told, str) else told


def _queued(event: CallQueued) -> str:
    priority = f", priority {event.priority}" if event.priority else ""
    wishes = f"; would like {skill_words(event.prefers)}" if event.prefers else ""
    wants = f"; wants {event.wanted}, for {seconds(event.wanted_for)} nobody else" if event.wanted else ""
    needs = needs_words(event.needs, event.language)
    counts = f"; the wait counts from {local(event.arrived)}" if event.arrived is not None else ""
    place = f"entered {event.queue}{kind_words(event.kind)} at position {event.position}{priority}"
    return f"{place}; needs {needs}{wishes}{wants}{counts}"


def _estimated(event: WaitEstimated) -> str:
    halves = f"half of such callers at most {seconds(event.p50)}, nine in ten at most {seconds(event.p90)}"
    return f"estimated to wait {seconds(event.mean)} on average; {halves}"


def _relaxed(event: CallRelaxed) -> str:
    needs = skill_words(event.needs) or "no skill"
    wishes = f"; would like {skill_words(event.prefers)}" if event.prefers else ""
    return f"asks for less from now on, step {event.step}: needs {needs}{wishes}; of the agents of {', '.join(event.queues)}"


def _wait_ended(event: AgentWaitEnded) -> str:
    return f"waits no longer for {event.agent} alone: {wait_end_words(event.reason)}"


def _nobody(event: NobodyOffered) -> tuple[str, tuple[str, ...]]:
    if not event.excluded:
        return f"nobody can be offered{step_words(event.step)}: no agent serves {event.queue}", ()
    sentence = f"nobody of {event.queue} can be offered{step_words(event.step)} ({event.rule})"
    return sentence, tuple(excluded_words(event.excluded))


def _offered(event: OfferMade) -> tuple[str, tuple[str, ...]]:
    as_what = f"{kind_words(event.kind)}{step_words(event.step)}"
    sentence = f"offered to {event.agent}{as_what} {chosen_words(event.rule, event.candidates)}"
    passed_over = passed_over_words(event.agent, event.call_rule, event.passed_over)
    return sentence, (*passed_over, *excluded_words(event.excluded))


def _offer_ended(event: OfferEnded) -> str:
    cause = f" (the switch says {event.cause})" if event.cause else ""
    return f"{event.agent}: {event.outcome.value.replace('_', ' ')}{cause}"


def _left(event: CallLeftQueue) -> str:
    return f"left {event.queue}: {event.outcome.value} after {seconds(event.waited)}"


def _callback_booked(event: CallbackBooked) -> str:
    window = f", {event.window}" if event.window else ""
    return f"booked a call back by {event.queue}{window}; needs {needs_words(event.needs, event.language)}"


def _callback_placed(event: CallbackPlaced) -> str:
    kept = f"{event.agent} of {event.queue} is kept for it"
    return f"called back for {event.booked_by}, attempt {event.attempt}, as call {event.call}: {kept}"


def _callback_attempted(event: CallbackAttempted) -> str:
    cause = f" (the switch says {event.cause})" if event.cause else ""
    again = "no further attempt" if event.again is None else f"again from {local(event.again)}"
    return f"called back: {event.outcome.value.replace('_', ' ')}{cause}; {again}"


def _callback_ended(event: CallbackEnded) -> str:
    by = f", by {event.by}" if event.by else ""
    tried = "once" if event.attempts == 1 else f"{event.attempts} times"
    return f"the call back by {event.queue} is over: {BOOKING_ENDS[event.outcome]}{by}; called {tried}"


def _message_left(event: MessageLeft) -> str:
    return f"left a message of {seconds(event.lasted)} for {event.queue}"


def _caller_moved(event: CallerMoved) -> str:
    return f"moved from {event.queue} to {event.to}, by {event.by}"


def _priority_changed(event: PriorityChanged) -> str:
    return f"has priority {event.priority} in {event.queue}, before {event.previous}; set by {event.by}"


TELLERS: Mapping[type[Event], Callable[[Any], str | tuple[str, tuple[str, ...]]]] = MappingProxyType(
    {
        CallQueued: _queued,
        WaitEstimated: _estimated,
        CallRelaxed: _relaxed,
        AgentWaitEnded: _wait_ended,
        NobodyOffered: _nobody,
        OfferMade: _offered,
        OfferEnded: _offer_ended,
        CallLeftQueue: _left,
        CallbackBooked: _callback_booked,
        CallbackPlaced: _callback_placed,
        CallbackAttempted: _callback_attempted,
        CallbackEnded: _callback_ended,
        MessageLeft: _message_left,
        CallerMoved: _caller_moved,
        PriorityChanged: _priority_changed,
        **PEOPLE,
    }
)
"""How each decision is told: a sentence, or a sentence and what stands under it."""

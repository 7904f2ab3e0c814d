"""Callbacks that keep the place: who is to be called, when it is their turn, and what a failed attempt means.

A booking waits outside the line until it is due: its hours are open, the gap after the last attempt is over. Then it stands
in the line of its queue with the arrival and the priority of the call that booked it, so whoever came later comes later.
When its turn comes an agent is reserved and the number is called.

The book is a fold of events, so the journal restores it. Decisions return the events to be recorded; nothing changes until
they have been. `opens` says from when on a booking may be called (None: not within a year), `rules` are its queue's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from enum import StrEnum
from types import MappingProxyType

from ivr_engine.acd.transitions import advance
from ivr_engine.core.events import CallbackAttempted, CallbackBooked, CallbackEnded, CallbackPlaced, Event, Recorded
from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, Millis, QueueName, later
from ivr_engine.core.outcomes import CallbackEnd, OfferOutcome

LOOK_AGAIN = Millis(60_000)
"""How long after a queue refused a booking (closed, nobody there) it is tried again."""


class Phase(StrEnum):
    """Where a live booking stands."""

    BOOKED = "booked"
    IN_LINE = "in_line"
    CALLING = "calling"


class Step(StrEnum):
    """What moves it. Ending is possible from everywhere and not in the table."""

    ENTER = "enter"
    STEP_BACK = "step_back"  # out of the line: hours over, queue closed
    PLACE = "place"  # an agent is reserved, the number is called
    FAIL = "fail"


PHASES: Mapping[tuple[Phase, Step], Phase] = MappingProxyType(
    {
        (Phase.BOOKED, Step.ENTER): Phase.IN_LINE,
        (Phase.IN_LINE, Step.STEP_BACK): Phase.BOOKED,
        (Phase.IN_LINE, Step.PLACE): Phase.CALLING,
        (Phase.BOOKED, Step.PLACE): Phase.CALLING,  # only when folded from the journal, which knows nothing of lines
        (Phase.CALLING, Step.FAIL): Phase.BOOKED,
    }
)


@frozen
class CallbackRules:
    """The rules of one queue. `gap` lies between attempts; `expiry` counts from the booking; `reach`: how long it rings."""

    attempts: int = 3
    gap: Millis = Millis(600_000)
    expiry: Millis = Millis(24 * 3_600_000)
    reach: Millis = Millis(30_000)


@frozen
class Booking:
    """A live booking. `since` is its place; `due` the earliest instant for the line; `attempts` those that were placed."""

    id: str
    booked_by: CallId
    booked: Instant
    queue: QueueName
    number: str = field(repr=False)
    shown: str
    needs: tuple[SkillNeed, ...]
    priority: int
    language: Language
    window: str
    since: Instant
    due: Instant
    attempts: int = 0
    phase: Phase = Phase.BOOKED

    @property
    def next_call(self) -> CallId:
        """The id of the call that the next attempt is."""
        return CallId(f"{self.id}-{self.attempts + 1}")


Rules = Callable[[QueueName], CallbackRules]
Opens = Callable[[Booking, Instant], Instant | None]


class CallbackBook:
    """All live bookings, by id; at most one for a number and queue."""

    def __init__(self) -> None:
        self._live: dict[str, Booking] = {}

    def __iter__(self) -> Iterator[Booking]:
        return iter(self._live.values())

    def get(self, booking: str) -> Booking | None:
        """The live booking of that id."""
        return self._live.get(booking)

    # --- folding -----------------------------------------------------------------------------------------------------

    def apply(self, recorded: Recorded) -> None:
        """Fold one event of the journal, in its order; others change nothing."""
        match recorded.event:
            case CallbackBooked() as event:
                self._booked(event, f"cb{recorded.sequence}", recorded.at)
            case CallbackPlaced() as event:
                self._move(event.booking, Step.PLACE, attempts=event.attempt)
            case CallbackAttempted() as event if event.again is not None:
                self._move(event.booking, Step.FAIL, due=event.again)
            case CallbackEnded() as event:
                self._live.pop(event.booking, None)
            case _:
                pass

    def _booked(self, event: CallbackBooked, booking: str, at: Instant) -> None:
        since = event.since or at
        before = self._same(event)
        if before is not None and before.phase is not Phase.CALLING:
            since = min(since, before.since)
        self._live[booking] = Booking(
            id=booking,
            booked_by=event.call,
            booked=at,
            queue=event.queue,
            number=event.number,
            shown=event.dialled,
            needs=event.needs,
            priority=event.priority,
            language=event.language,
            window=event.window,
            since=since,
            due=at,
        )

    def _same(self, event: CallbackBooked) -> Booking | None:
        return next((each for each in self if (each.queue, each.number) == (event.queue, event.number)), None)

    def _move(self, booking: str, step: Step, *, due: Instant | None = None, attempts: int | None = None) -> None:
        found = self._live.get(booking)
        if found is not None:
            self._live[booking] = replace(
                found,
                phase=advance(PHASES, found.phase, step),
                due=found.due if due is None else due,
                attempts=found.attempts if attempts is None else attempts,
            )

    # --- the line ----------------------------------------------------------------------------------------------------

    def enter(self, booking: Booking) -> None:
        """It stands in line now."""
        self._move(booking.id, Step.ENTER)

    def step_back(self, booking: Booking, *, due: Instant) -> None:
        """It stands in line no longer, and may again from `due` on; its place is kept."""
        self._move(booking.id, Step.STEP_BACK, due=due)

    def due(self, now: Instant, opens: Opens) -> tuple[Booking, ...]:
        """Those who may stand in line now, in the order of their places."""
        ready = [each for each in self if each.phase is Phase.BOOKED and each.due <= now and opens(each, now) == now]
        return tuple(sorted(ready, key=lambda each: (each.since, each.id)))

    def closed(self, now: Instant, opens: Opens) -> tuple[Booking, ...]:
        """Those in line whose hours are over."""
        return tuple(each for each in self if each.phase is Phase.IN_LINE and opens(each, now) != now)

    def next_look(self, now: Instant, *, opens: Opens, rules: Rules) -> Instant | None:
        """The next instant at which time alone may change something."""
        instants = [later(each.booked, rules(each.queue).expiry) for each in self if each.phase is not Phase.CALLING]
        for each in self:
            if each.phase is Phase.BOOKED:
                opening = opens(each, max(now, each.due))
                instants += [opening] if opening is not None and opening > now else []
            elif each.phase is Phase.IN_LINE:
                instants.append(later(now, LOOK_AGAIN))
        return min(instants, default=None)

    # --- decisions ---------------------------------------------------------------------------------------------------

    def admit(self, booking: Booking, *, allowed: bool) -> list[Event]:
        """What follows from a new booking: an earlier one of the same number gives way, or this one may not be called."""
        if not allowed:
            return [self._ending(booking, CallbackEnd.FORBIDDEN)]
        others = [each for each in self if each.id != booking.id and _key(each) == _key(booking)]
        if any(each.phase is Phase.CALLING for each in others):
            return [self._ending(booking, CallbackEnd.REPLACED)]  # they are being called this moment
        return [self._ending(each, CallbackEnd.REPLACED) for each in others]

    def placed(self, booking: Booking, agent: AgentId) -> CallbackPlaced:
        """The number is called for the agent who is reserved."""
        return CallbackPlaced(
            call=booking.next_call,
            booking=booking.id,
            booked_by=booking.booked_by,
            queue=booking.queue,
            number=booking.number,
            shown=booking.shown,
            language=booking.language,
            agent=agent,
            attempt=booking.attempts + 1,
        )

    def attempted(
        self, booking: Booking, outcome: OfferOutcome, now: Instant, *, rules: CallbackRules, cause: str = ""
    ) -> list[Event]:
        """What an attempt that is over means; `booking` as it stands while calling."""
        call = CallId(f"{booking.id}-{booking.attempts}")
        over = outcome is OfferOutcome.ANSWERED or booking.attempts >= rules.attempts
        again = None if over else later(now, rules.gap)
        attempted = CallbackAttempted(call=call, booking=booking.id, outcome=outcome, again=again, cause=cause)
        if outcome is OfferOutcome.ANSWERED:
            return [attempted, self._ending(booking, CallbackEnd.TALKED)]
        return [attempted, self._ending(booking, CallbackEnd.UNREACHED)] if over else [attempted]

    def expired(self, now: Instant, rules: Rules) -> list[Event]:
        """Those who were not reached in time. One that is being called is not cut off."""
        over = [
            each for each in self if each.phase is not Phase.CALLING and later(each.booked, rules(each.queue).expiry) <= now
        ]
        return [self._ending(each, CallbackEnd.EXPIRED) for each in over]

    def cancelled(self, booking: Booking, by: str) -> Event:
        """A person took it back."""
        return self._ending(booking, CallbackEnd.CANCELLED, by=by)

    def interrupted(self, now: Instant, rules: Rules) -> list[Event]:
        """After a start: attempts during which the engine ended are over; nobody knows how."""
        calling = [each for each in self if each.phase is Phase.CALLING]
        return [
            event
            for each in calling
            for event in self.attempted(each, OfferOutcome.FAILED, now, rules=rules(each.queue), cause="engine_restarted")
        ]

    def _ending(self, booking: Booking, outcome: CallbackEnd, *, by: str = "") -> CallbackEnded:
        return CallbackEnded(
            booking=booking.id,
            booked_by=booking.booked_by,
            queue=booking.queue,
            outcome=outcome,
            attempts=booking.attempts,
            by=by,
        )


def may_call(number: str, prefixes: tuple[str, ...]) -> bool:
    """Whether an outgoing call to `number` is allowed: it begins with one of `prefixes`."""
    return any(number.startswith(prefix) for prefix in prefixes)


def _key(booking: Booking) -> tuple[QueueName, str]:
    return booking.queue, booking.number

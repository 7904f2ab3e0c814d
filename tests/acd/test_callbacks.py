"""The book of callbacks: when a booking is due, what a failed attempt means, and that the journal restores it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.acd.callbacks import Booking, CallbackBook, CallbackRules, Phase, may_call
from ivr_engine.core.events import CallbackBooked, CallbackEnded, Event, Recorded
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, Millis, NodeName, QueueName
from ivr_engine.core.outcomes import CallbackEnd, OfferOutcome

CARDS, LOANS = QueueName("cards"), QueueName("loans")
RULES = CallbackRules(attempts=3, gap=Millis(600_000), expiry=Millis(3_600_000))
ANNA = AgentId("anna")
FAILURES = [each for each in OfferOutcome if each is not OfferOutcome.ANSWERED]


class Desk:
    """A book, and the journal it is a fold of."""

    def __init__(self) -> None:
        self.book = CallbackBook()
        self.journal: list[Recorded] = []
        self.now = Instant(1_000)

    def record(self, *events: Event) -> None:
        for event in events:
            recorded = Recorded(sequence=len(self.journal) + 1, at=self.now, event=event)
            self.journal.append(recorded)
            self.book.apply(recorded)

    def books(self, number: str = "138", queue: QueueName = CARDS, since: int = 0) -> Booking:
        event = CallbackBooked(
            call=CallId(f"c{len(self.journal)}"), node=NodeName("n"), queue=queue, number=number, needs=(), priority=5,
            language=Language("zh"), since=Instant(since),
        )  # fmt: skip
        self.record(event)
        booking = self.book.get(f"cb{len(self.journal)}")
        assert booking is not None
        self.record(*self.book.admit(booking, allowed=True))
        return booking

    def attempt(self, booking: Booking, outcome: OfferOutcome) -> None:
        """In line, placed, over."""
        self.book.enter(self.there(booking))
        self.record(self.book.placed(self.there(booking), ANNA))
        self.record(*self.book.attempted(self.there(booking), outcome, self.now, rules=RULES))

    def there(self, booking: Booking) -> Booking:
        found = self.book.get(booking.id)
        assert found is not None
        return found

    def due(self) -> list[str]:
        return [each.id for each in self.book.due(self.now, always)]

    def ends(self) -> list[CallbackEnd]:
        return [each.event.outcome for each in self.journal if isinstance(each.event, CallbackEnded)]


def always(_booking: Booking, now: Instant) -> Instant | None:
    return now


def test_a_booking_is_due_at_once_and_keeps_the_place_of_the_call_that_booked_it() -> None:
    desk = Desk()
    booking = desk.books(since=400)
    assert desk.due() == [booking.id]
    assert (booking.since, booking.priority, booking.next_call) == (400, 5, "cb1-1")


@pytest.mark.parametrize("outcome", FAILURES)
def test_an_attempt_that_failed_is_repeated_after_the_gap_until_the_attempts_are_used_up(outcome: OfferOutcome) -> None:
    desk = Desk()
    booking = desk.books()
    for attempt in range(1, RULES.attempts + 1):
        assert desk.there(booking).next_call == f"cb1-{attempt}"
        desk.attempt(booking, outcome)
        assert desk.due() == []
        desk.now = Instant(desk.now + RULES.gap)
    assert desk.ends() == [CallbackEnd.UNREACHED]
    assert desk.due() == []


def test_between_two_attempts_the_place_is_kept_and_the_gap_too() -> None:
    desk = Desk()
    booking = desk.books(since=400)
    desk.attempt(booking, OfferOutcome.BUSY)
    desk.now = Instant(desk.now + RULES.gap - 1)
    assert desk.due() == []
    desk.now = Instant(desk.now + 1)
    assert desk.due() == [booking.id]
    assert desk.there(booking).since == 400


def test_a_conversation_ends_the_booking() -> None:
    desk = Desk()
    desk.attempt(desk.books(), OfferOutcome.ANSWERED)
    assert desk.ends() == [CallbackEnd.TALKED]
    assert list(desk.book) == []


def test_the_same_number_has_one_booking_for_a_queue_with_the_better_of_the_places() -> None:
    desk = Desk()
    first = desk.books(since=400)
    other_queue = desk.books(queue=LOANS)
    second = desk.books(since=900)
    assert desk.ends() == [CallbackEnd.REPLACED]
    assert desk.book.get(first.id) is None
    assert {each.id for each in desk.book} == {other_queue.id, second.id}
    assert second.since == 400


def test_whoever_books_while_being_called_has_the_call_and_no_second_one() -> None:
    desk = Desk()
    first = desk.books()
    desk.book.enter(first)
    desk.record(desk.book.placed(desk.there(first), ANNA))
    desk.record(
        CallbackBooked(
            call=CallId("x"), node=NodeName("n"), queue=CARDS, number="138", needs=(), priority=0, language=Language("zh")
        )
    )
    second = desk.book.get(f"cb{len(desk.journal)}")
    assert second is not None
    desk.record(*desk.book.admit(second, allowed=True))
    assert [each.id for each in desk.book] == [first.id]


def test_a_number_that_may_not_be_called_never_is() -> None:
    desk = Desk()
    booking = desk.books()
    desk.record(*desk.book.admit(booking, allowed=False))
    assert desk.ends() == [CallbackEnd.FORBIDDEN]
    assert desk.due() == []


def test_the_expiry_ends_a_booking_but_cuts_no_call_off() -> None:
    desk = Desk()
    waiting, calling = desk.books("138"), desk.books("139")
    desk.book.enter(calling)
    desk.record(desk.book.placed(desk.there(calling), ANNA))
    desk.now = Instant(desk.now + RULES.expiry)
    desk.record(*desk.book.expired(desk.now, lambda _queue: RULES))
    assert desk.ends() == [CallbackEnd.EXPIRED]
    assert [each.id for each in desk.book] == [calling.id]
    assert waiting.id != calling.id


def test_outside_its_hours_a_booking_is_not_due_and_the_next_look_is_their_beginning() -> None:
    desk = Desk()
    booking = desk.books()
    opens = lambda _booking, now: Instant(max(now, 50_000))  # noqa: E731 - the hours of this test
    assert desk.book.due(desk.now, opens) == ()
    assert desk.book.next_look(desk.now, opens=opens, rules=lambda _queue: RULES) == 50_000
    desk.now = Instant(50_000)
    assert [each.id for each in desk.book.due(desk.now, opens)] == [booking.id]
    desk.book.enter(booking)
    shut = lambda _booking, _now: None  # noqa: E731 - same
    assert [each.id for each in desk.book.closed(desk.now, shut)] == [booking.id]


def test_after_a_restart_an_attempt_under_way_counts_and_is_repeated() -> None:
    desk = Desk()
    booking = desk.books(since=400)
    desk.book.enter(booking)
    desk.record(desk.book.placed(desk.there(booking), ANNA))
    again = restored(desk.journal)
    (event,) = again.interrupted(desk.now, lambda _queue: RULES)
    again.apply(Recorded(sequence=99, at=desk.now, event=event))
    found = again.get(booking.id)
    assert found is not None
    assert (found.phase, found.attempts, found.since, found.due) == (Phase.BOOKED, 1, 400, desk.now + RULES.gap)


def restored(journal: list[Recorded]) -> CallbackBook:
    book = CallbackBook()
    for recorded in journal:
        book.apply(recorded)
    return book


def forgetting_the_line(book: CallbackBook) -> dict[str, Booking]:
    """The line is not in the journal: whoever stood in it is booked after a restart, with everything else the same."""
    found = {each.id: each for each in book}
    for booking in [each for each in found.values() if each.phase is Phase.IN_LINE]:
        book.step_back(booking, due=booking.due)
    return {each.id: each for each in book}


@given(
    st.lists(
        st.tuples(st.sampled_from(["book", "enter", "fail", "talk", "cancel", "wait"]), st.sampled_from("abc")), max_size=40
    )
)
def test_whatever_happens_the_journal_restores_it_and_no_number_has_two_bookings(deeds: list[tuple[str, str]]) -> None:
    desk = Desk()
    for deed, number in deeds:
        mine = [each for each in desk.book if each.number == number]
        if deed == "book":
            desk.books(number)
        elif deed == "wait":
            desk.now = Instant(desk.now + RULES.gap)
        elif mine and deed == "cancel":
            desk.record(desk.book.cancelled(mine[0], "somebody"))
        elif mine and deed == "enter" and mine[0].phase is Phase.BOOKED:
            desk.book.enter(mine[0])
        elif mine and deed in ("fail", "talk") and mine[0].phase is Phase.BOOKED:
            desk.attempt(mine[0], OfferOutcome.BUSY if deed == "fail" else OfferOutcome.ANSWERED)
        assert len({(each.queue, each.number) for each in desk.book}) == len(list(desk.book))
        assert all(each.attempts <= RULES.attempts for each in desk.book)
    booked = sum(isinstance(each.event, CallbackBooked) for each in desk.journal)
    assert booked == len(desk.ends()) + len(list(desk.book))
    assert forgetting_the_line(restored(desk.journal)) == forgetting_the_line(desk.book)


@pytest.mark.parametrize(
    ("number", "allowed"), [("13800138000", True), ("02195559", True), ("0900123", False), ("", False), ("+4420", False)]
)
def test_only_numbers_that_begin_as_listed_may_be_called(number: str, allowed: bool) -> None:
    assert may_call(number, ("1", "021")) is allowed

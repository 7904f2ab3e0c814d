"""What holds for every call record, whatever events came: sensible ones, and any jumble of them."""

from __future__ import annotations

import dataclasses
import random
import typing
from collections import Counter
from itertools import pairwise, product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.cdr.assembler import Assembler
from ivr_engine.cdr.disposition import RULES, Facts, disposition
from ivr_engine.cdr.open_calls import OpenCalls, assemble
from ivr_engine.cdr.record import CallRecord, LegKind
from ivr_engine.core.events import CATALOGUE, CallArrived, CallEnded, CallLeftQueue, CallQueued, Event, Recorded
from ivr_engine.core.events.codec import from_plain, to_plain
from ivr_engine.core.ids import CallId, Instant
from ivr_engine.core.outcomes import Disposition, EndedBy, QueueOutcome
from tests.cdr.call_tables import FOLDER, read_table

_CALL = CallId("c1")
_SCRIPTS = [read_table(path).events for path in sorted(FOLDER.glob("*.txt"))]


def _any_event(kind: type[Event]) -> st.SearchStrategy[Event]:
    hints = typing.get_type_hints(kind)
    fields = {field.name: _value(hints[field.name]) for field in dataclasses.fields(kind)}
    return st.builds(kind, **{**fields, **({"call": st.just(_CALL)} if "call" in fields else {})})


def _value(hint: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - a type hint has no narrower type
    """A value of a field; the record looks into no tuple, so they are empty."""
    return st.just(()) if typing.get_origin(hint) is tuple else st.from_type(hint)


_EVENTS = st.one_of([_any_event(kind) for kind in CATALOGUE.values()])
_JUMBLES = st.lists(
    st.builds(Recorded, sequence=st.integers(1, 30), at=st.integers(-10, 10_000).map(Instant), event=_EVENTS), max_size=20
)


def _fold(events: list[Recorded]) -> CallRecord:
    assembler = Assembler(_CALL, Instant(0))
    for recorded in events:
        assembler.apply(recorded)
    return assembler.record()


def _assert_lawful(record: CallRecord) -> None:
    legs = record.legs
    assert legs[0].began == record.arrived
    assert legs[-1].ended == record.ended
    assert all(one.ended == two.began for one, two in pairwise(legs))
    assert all(leg.began <= leg.ended for leg in legs)
    assert sum(leg.lasted for leg in legs) == record.lasted
    assert record.waited == sum(leg.lasted for leg in legs if leg.kind is LegKind.WAITING)
    assert record.talked >= 0
    assert isinstance(record.disposition, Disposition)


@given(events=_JUMBLES)
def test_any_jumble_of_events_gives_one_lawful_record(events: list[Recorded]) -> None:
    _assert_lawful(_fold(events))


@given(events=_JUMBLES)
def test_events_in_order_of_sequence_give_one_lawful_record(events: list[Recorded]) -> None:
    _assert_lawful(_fold(sorted(events, key=lambda recorded: recorded.sequence)))


@given(events=_JUMBLES, cut=st.integers(0, 30))
def test_looking_at_the_record_half_way_changes_nothing(events: list[Recorded], cut: int) -> None:
    assembler = Assembler(_CALL, Instant(0))
    for recorded in events[:cut]:
        assembler.apply(recorded)
    _assert_lawful(assembler.record())
    for recorded in events[cut:]:
        assembler.apply(recorded)
    assert assembler.record() == _fold(events)


@given(script=st.sampled_from(_SCRIPTS), data=st.data())
def test_events_that_are_delivered_again_change_nothing(script: tuple[Recorded, ...], data: st.DataObject) -> None:
    again = [recorded for index in range(1, len(script) + 1) for recorded in script[max(0, index - 3) : index]]
    late = data.draw(st.lists(st.sampled_from(script), max_size=5))
    assert assemble([*again, *late]) == assemble(script)


@given(script=st.sampled_from(_SCRIPTS), data=st.data())
def test_a_call_with_missing_events_still_has_a_lawful_record(script: tuple[Recorded, ...], data: st.DataObject) -> None:
    kept = data.draw(st.lists(st.booleans(), min_size=len(script), max_size=len(script)))
    record = assemble(recorded for recorded, keep in zip(script, kept, strict=True) if keep)
    if record is not None:
        _assert_lawful(record)


@given(seed=st.integers(0, 2**32), scripts=st.lists(st.sampled_from(_SCRIPTS), min_size=1, max_size=12))
def test_calls_interleaved_in_one_journal_each_give_one_record_and_the_sums_agree(
    seed: int, scripts: list[tuple[Recorded, ...]]
) -> None:
    journal = _interleaved(scripts, random.Random(seed))
    calls = OpenCalls()
    at_any_time: Counter[str] = Counter()
    records = []
    for recorded in journal:
        record = calls.apply(recorded)
        records += [record] if record else []
        if isinstance(recorded.event, CallArrived):
            at_any_time["offered"] += 1
        at_any_time["done"] = len(records)
        assert at_any_time["offered"] == at_any_time["done"] + len(calls.open())
    assert sorted(record.call for record in records) == sorted(
        {r.event.call for r in journal if isinstance(r.event, CallArrived)}
    )
    assert sum(Counter(record.disposition for record in records).values()) == len(scripts)
    _assert_visits_add_up(journal, records)


def _assert_visits_add_up(journal: list[Recorded], records: list[CallRecord]) -> None:
    visits = [leg for record in records for leg in record.legs if leg.kind is LegKind.WAITING]
    queued = [r.event for r in journal if isinstance(r.event, CallQueued)]
    left = Counter(str(r.event.outcome) for r in journal if isinstance(r.event, CallLeftQueue))
    ended = Counter(leg.outcome for leg in visits)
    assert len(visits) == len(queued)
    for outcome in QueueOutcome:
        assert ended[outcome] >= left[outcome]  # a conversation too says that the visit was answered
    assert sum(ended[outcome] for outcome in QueueOutcome) + ended[""] == len(queued)


def _interleaved(scripts: list[tuple[Recorded, ...]], rng: random.Random) -> list[Recorded]:
    """The scripts as calls of their own in one journal, each in its order."""
    queues = [[(recorded, CallId(f"c{n}")) for recorded in script] for n, script in enumerate(scripts)]
    journal: list[Recorded] = []
    while any(queues):
        recorded, call = rng.choice([queue for queue in queues if queue]).pop(0)
        plain = to_plain(recorded.event)
        event = from_plain({**plain, "call": call} if "call" in plain else plain)
        journal.append(Recorded(sequence=len(journal) + 1, at=recorded.at, event=event))
    return journal


_EVERY_CASE = [
    Facts(**dict(zip((field.name for field in dataclasses.fields(Facts)), case, strict=True)))
    for case in product(
        (None, Disposition.LOST_PBX_CRASH),
        ("", "overload", "unknown_number"),
        *[(False, True)] * 5,
        LegKind,
        (False, True),
        (None, *QueueOutcome),
        EndedBy,
    )
]


def test_the_rules_decide_every_case_and_a_forced_disposition_wins() -> None:
    for facts in _EVERY_CASE:
        given = disposition(facts)
        assert given is facts.forced if facts.forced else given in Disposition


def test_every_rule_decides_some_case() -> None:
    deciding = {next(rule.says for rule in RULES if rule.holds(facts)) for facts in _EVERY_CASE}
    assert deciding == {rule.says for rule in RULES}


def test_what_comes_after_the_end_opens_no_second_record() -> None:
    calls = OpenCalls()
    for number, recorded in enumerate(read_table(FOLDER / "left_while_talking.txt").events, start=1):
        calls.apply(dataclasses.replace(recorded, sequence=number))
    late = Recorded(sequence=99, at=Instant(99_000), event=CallEnded(call=_CALL, ended_by=EndedBy.SWITCH))
    assert calls.apply(late) is None
    assert calls.open() == ()


def test_the_running_set_shows_a_call_in_progress() -> None:
    calls = OpenCalls()
    for recorded in read_table(FOLDER / "left_in_queue.txt").events[:-2]:
        calls.apply(recorded)
    record = calls.peek(_CALL)
    assert calls.open() == (_CALL,)
    assert record is not None
    assert record.queue == "cards"
    assert calls.peek(CallId("c2")) is None

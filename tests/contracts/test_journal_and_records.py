"""What every journal and every keeper of records must do, in memory and on disk alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

import pytest

from ivr_engine.adapters.store import SqlStore
from ivr_engine.cdr.open_calls import OpenCalls, assemble
from ivr_engine.cdr.record import CallRecord
from ivr_engine.core.events import (
    AgentPresenceChanged,
    CallArrived,
    CallEnded,
    EngineStarted,
    Event,
    Recorded,
    WrapUpEnded,
)
from ivr_engine.core.ids import AgentId, CallId, Instant, Millis
from ivr_engine.core.outcomes import EndedBy, Presence
from ivr_engine.ports.checkpoints import CheckpointStore
from ivr_engine.ports.journal import Journal
from ivr_engine.ports.records import CallRecords
from ivr_engine.testing.memory import MemoryStore
from tests.cdr.call_tables import FOLDER, read_table
from tests.postgresql import Server


class Store(Journal, CallRecords, CheckpointStore, Protocol):
    """All in one."""


Open = Callable[[Path, Callable[[], Server]], AbstractAsyncContextManager[Store]]
OPENERS: dict[str, Open] = {
    "memory": lambda _folder, _server: MemoryStore(),
    "postgresql": lambda _folder, server: SqlStore(server().new_database()),
    "sqlite": lambda folder, _server: SqlStore(folder / "engine.sqlite3"),
    "sqlite by url": lambda folder, _server: SqlStore(f"sqlite:///{folder / 'engine.sqlite3'}"),
}


@pytest.fixture(params=sorted(OPENERS))
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with OPENERS[request.param](tmp_path, lambda: request.getfixturevalue("postgresql_server")) as opened:
        yield opened


def arrived(call: str, name: str = "") -> CallArrived:
    return CallArrived(call=CallId(call), number="95500", caller="13800138000", caller_name=name)


def started() -> Event:
    return EngineStarted(centre="sample-bank", version="v1", engine="0.1.0")


def record_of(call: str, at: int) -> CallRecord:
    calls = OpenCalls()
    calls.apply(Recorded(sequence=1, at=Instant(at), event=arrived(call)))
    end = CallEnded(call=CallId(call), ended_by=EndedBy.CALLER)
    record = calls.apply(Recorded(sequence=2, at=Instant(at + 500), event=end))
    assert record is not None
    return record


async def test_events_are_numbered_from_one_without_gaps_and_come_back_as_they_were(store: Store) -> None:
    first = store.append([started(), arrived("c1", "李雷")], Instant(1000))
    second = store.append([arrived("c2")], Instant(2000))
    await store.flush()
    assert [recorded.sequence for recorded in (*first, *second)] == [1, 2, 3]
    assert tuple(store.read()) == (*first, *second)


async def test_appending_nothing_uses_no_number(store: Store) -> None:
    assert store.append([], Instant(0)) == ()
    assert [r.sequence for r in store.append([started()], Instant(0))] == [1]


async def test_all_facts_of_some_calls_come_in_the_order_in_which_they_happened(store: Store) -> None:
    store.append([arrived("c1"), arrived("c2"), started(), arrived("c3"), arrived("c1")], Instant(5))
    await store.flush()
    assert [r.sequence for r in store.of_calls([CallId("c3"), CallId("c1")])] == [1, 4, 5]
    assert store.of_calls([CallId("c9")]) == store.of_calls([]) == ()


async def test_reading_begins_above_a_sequence_and_can_keep_to_one_call(store: Store) -> None:
    store.append([arrived("c1"), arrived("c2"), started(), arrived("c1")], Instant(5))
    await store.flush()
    assert [r.sequence for r in store.read(after=2)] == [3, 4]
    assert [r.sequence for r in store.read(call=CallId("c1"))] == [1, 4]
    assert [r.sequence for r in store.read(after=1, call=CallId("c1"))] == [4]
    assert list(store.read(after=99)) == []
    first = next(iter(store.read())).event.TYPE
    assert {r.event.TYPE for r in store.read(types=(first,))} == {first}
    assert list(store.read(types=("no.such",))) == []


async def test_reading_goes_on_over_more_than_a_page(store: Store) -> None:
    store.append([started()] * 2500, Instant(5))
    await store.flush()
    assert [r.sequence for r in store.read()] == list(range(1, 2501))


@pytest.mark.parametrize("name", ["'); DROP TABLE journal;--", "a\0b", "\ud800", "李\u202e雷\U0001f600", "x" * 4000])
async def test_hostile_texts_come_back_from_the_journal_unchanged(store: Store, name: str) -> None:
    written = store.append([arrived("c1", name)], Instant(1))
    await store.flush()
    assert tuple(store.read()) == written


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
async def test_a_record_comes_back_as_it_was_saved(store: Store, path: Path) -> None:
    record = assemble(read_table(path).events)
    assert record is not None
    store.save(record)
    await store.flush()
    assert store.get(record.call) == record
    assert list(store.find()) == [record]


async def test_saving_a_call_again_replaces_its_record(store: Store) -> None:
    store.save(record_of("c1", 1000))
    store.save(record_of("c1", 2000))
    await store.flush()
    store.save(record_of("c1", 3000))
    await store.flush()
    assert list(store.find()) == [record_of("c1", 3000)]


async def test_an_unknown_call_has_no_record(store: Store) -> None:
    assert store.get(CallId("nobody")) is None


async def test_records_are_found_by_arrival_newest_first(store: Store) -> None:
    for call, at in [("a", 1000), ("c", 3000), ("b", 2000), ("d", 3000)]:
        store.save(record_of(call, at))
    await store.flush()
    assert [r.call for r in store.find()] == ["d", "c", "b", "a"]
    assert [r.call for r in store.find(since=Instant(2000))] == ["d", "c", "b"]
    assert [r.call for r in store.find(until=Instant(3000))] == ["b", "a"]
    assert [r.call for r in store.find(since=Instant(1000), until=Instant(3000), limit=1)] == ["b"]
    assert list(store.find(limit=0)) == []


async def test_a_call_is_open_from_its_arrival_to_its_record(store: Store) -> None:
    store.append([arrived("c1"), arrived("c2"), arrived("c3"), arrived("c1")], Instant(1))
    store.save(record_of("c2", 1))
    await store.flush()
    assert store.open_calls() == ("c1", "c3")


def presence(agent: str, reason: str) -> AgentPresenceChanged:
    return AgentPresenceChanged(
        agent=AgentId(agent), presence=Presence.PAUSED, previous=Presence.READY, reason=reason, by="agent"
    )


async def test_the_last_event_of_a_kind_about_each_agent_is_found(store: Store) -> None:
    wrapped = WrapUpEnded(agent=AgentId("b"), call=CallId("c1"), took=Millis(1))
    store.append([presence("b", "1"), presence("a", "2"), presence("b", "3"), wrapped, started()], Instant(1))
    await store.flush()
    found = store.latest_by_agent(AgentPresenceChanged)
    assert [(r.sequence, r.event) for r in found] == [(2, presence("a", "2")), (3, presence("b", "3"))]
    assert store.latest_by_agent(EngineStarted) == ()


async def test_the_last_checkpoint_of_a_call_is_kept_until_its_record_is(store: Store) -> None:
    store.append([arrived("c1"), arrived("c2")], Instant(1))
    store.keep(CallId("c1"), {"node": "menu", "said": "\u4f60\u597d\0"})
    await store.flush()
    store.keep(CallId("c1"), {"node": "queue"})
    store.keep(CallId("c2"), {"node": "menu"})
    await store.flush()
    assert store.kept() == {CallId("c1"): {"node": "queue"}, CallId("c2"): {"node": "menu"}}
    store.keep(CallId("c1"), {"node": "end"})
    store.save(record_of("c1", 5))
    await store.flush()
    assert store.kept() == {CallId("c2"): {"node": "menu"}}


async def test_which_of_many_calls_have_a_record_is_told_at_once(store: Store) -> None:
    store.append([arrived("c1"), arrived("c2")], Instant(1000))
    store.save(record_of("c1", 1000))
    await store.flush()
    asked = [CallId(f"c{number}") for number in range(2_500)]
    assert store.recorded(asked) == {"c1"}
    assert store.recorded(()) == frozenset()

"""While the database is locked, hung, full or gone, calls go on, nothing is lost, and afterwards the journal is whole.

Each outage is put to the real thing: a SQLite file, a PostgreSQL of the tests' own.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection

from ivr_engine.adapters.store import Pace, SqlStore, open_reader
from ivr_engine.adapters.store.database import connect, parse_url, sqlite_url
from ivr_engine.adapters.store.spool import spooling
from ivr_engine.adapters.store.transactions import Transactions
from ivr_engine.adapters.store.writer import Batch
from ivr_engine.core.events import CallArrived, FactsLost, SwitchLost
from ivr_engine.core.ids import CallId, Instant
from ivr_engine.errors import StoreError
from tests.postgresql import Server, gone

EAGER = Pace(linger=0, retry=0.01, retry_most=0.05, closing=0.2)
LIMIT_S = 0.6  # a server on a busy machine answers within it; one that hangs is given up after it
"""How long a database may take here before it counts as failed."""


@dataclass(frozen=True)
class Site:
    """A store's database, spool, and what the operator was told."""

    database: Path | str
    spool: Path
    told: list[str]

    def store(self, *, spool_size: int = 1_000_000, pace: Pace = EAGER) -> SqlStore:
        def troubled(trouble: StoreError | None) -> None:
            self.told.append("well" if trouble is None else str(trouble))

        return SqlStore(
            self.database, pace=pace, spool=self.spool, spool_size=spool_size, busy_timeout_s=LIMIT_S, troubled=troubled
        )

    def sequences(self) -> list[int]:
        with open_reader(self.database) as reader:
            return [recorded.sequence for recorded in reader.read()]


@contextlib.contextmanager
def _locked(site: Site, _server: Server) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(site.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextlib.contextmanager
def _gone(_site: Site, server: Server) -> Iterator[None]:
    with gone(server):
        yield


@contextlib.contextmanager
def _hung(_site: Site, server: Server) -> Iterator[None]:
    with server.stalled():
        yield


Outage = Callable[[Site, Server], AbstractContextManager[None]]
Struck = tuple[Site, Callable[[], AbstractContextManager[None]]]
OUTAGES: dict[str, tuple[str, Outage]] = {
    "a locked file": ("sqlite", _locked),
    "a server that is gone": ("postgresql", _gone),
    "a server that hangs": ("postgresql", _hung),
}


@pytest.fixture(params=sorted(OUTAGES))
def outage(request: pytest.FixtureRequest, tmp_path: Path, postgresql_server: Server) -> Struck:
    kind, begin = OUTAGES[request.param]
    database = tmp_path / "engine.sqlite3" if kind == "sqlite" else postgresql_server.new_database()
    site = Site(database, tmp_path / "engine.spool", [])
    return site, lambda: begin(site, postgresql_server)


def fact(number: int) -> SwitchLost:
    return SwitchLost(reason=f"fact {number}")


async def _set_aside(store: SqlStore) -> None:
    """Return when everything appended so far is in the spool: it goes there between two attempts to write."""
    for _ in range(2):
        with pytest.raises(StoreError):
            await store.flush()


async def _well(store: SqlStore) -> None:
    """Return when everything is in the database: flush until the writer's own retry has succeeded; bounded."""
    for _ in range(2000):
        with contextlib.suppress(StoreError):
            await store.flush()
            return
    raise AssertionError("the writer never recovered")


async def test_calls_go_on_during_an_outage_and_the_journal_is_whole_after_it(outage: Struck) -> None:
    site, begin = outage
    async with site.store() as store:
        store.append([fact(1)], Instant(1))
        await store.flush()
        with begin():
            numbers = [store.append([fact(n)], Instant(n))[0].sequence for n in range(2, 12)]
            await _set_aside(store)
            assert not store.healthy
            assert store.accepting
        await _well(store)
        assert numbers == list(range(2, 12))
        assert [recorded.event for recorded in store.read()] == [fact(n) for n in range(1, 12)]
    assert len(site.told) == 2
    assert site.told[1] == "well"


async def test_an_engine_that_dies_in_an_outage_loses_nothing_that_was_set_aside(outage: Struck) -> None:
    site, begin = outage
    async with site.store() as store:
        store.append([fact(1)], Instant(1))
        await store.flush()
        with begin():
            store.append([fact(2)], Instant(2))
            await _set_aside(store)
            await store.__aexit__(None, None, None)  # gives up on the database, as a kill would
    async with site.store() as after:
        assert [recorded.sequence for recorded in after.read()] == [1, 2]
        assert after.append([fact(3)], Instant(3))[0].sequence == 3


async def test_a_second_outage_follows_the_first(outage: Struck) -> None:
    site, begin = outage
    async with site.store() as store:
        for round_ in range(2):
            with begin():
                store.append([fact(round_)], Instant(round_))
                await _set_aside(store)
            await _well(store)
    assert site.sequences() == [1, 2]


async def test_whoever_asks_in_an_outage_which_calls_have_a_record_gets_an_error_soon_and_the_answer_after_it(
    outage: Struck,
) -> None:
    site, begin = outage
    async with site.store() as store:
        assert store.recorded([CallId("1")]) == frozenset(), "the line to a server stands when it begins to hang"
        with ThreadPoolExecutor() as beside, begin():
            asked = asyncio.wrap_future(beside.submit(store.recorded, [CallId("1")]))
            done, _ = await asyncio.wait([asked], timeout=10 * LIMIT_S)
            assert done, "it waits for the database without end"
            assert isinstance(site.database, Path) or isinstance(asked.exception(), StoreError), "a locked file is read"
        assert store.recorded([CallId("1")]) == frozenset()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "engine.sqlite3", tmp_path / "engine.spool", [])


@pytest.fixture
async def store(site: Site) -> AsyncIterator[SqlStore]:
    async with site.store() as opened:
        yield opened


async def test_when_disk_and_memory_are_full_calls_still_go_on_and_what_is_missing_is_said(site: Site) -> None:
    async with site.store(spool_size=300, pace=Pace(linger=0, retry=0.01, retry_most=0.02, backlog=3)) as store:
        with _locked(site, None):  # type: ignore[arg-type] # needs no server
            store.append([CallArrived(call=CallId("c1"), number="1", caller="2" * 300)], Instant(1))
            for number in range(2, 7):
                assert store.append([fact(number)], Instant(number))[0].sequence == number
            assert not store.accepting
        await _well(store)
        assert store.append([fact(7)], Instant(7))[1].event == fact(7)
        await _well(store)
        stored = list(store.read())
        lost = next(recorded.event for recorded in stored if isinstance(recorded.event, FactsLost))
        assert lost == FactsLost(first=4, last=6)
        assert [recorded.sequence for recorded in stored] == [1, 2, 3, 7, 8]


def _rows(*numbers: int) -> list[dict[str, object]]:
    return [
        {"sequence": n, "at_ms": n, "type": "x", "call": None, "agent": None, "body": {"type": "x", "n": n}} for n in numbers
    ]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_batch_whose_commit_was_not_acknowledged_is_stored_once(
    tmp_path: Path, postgresql_server: Server, kind: str
) -> None:
    database = tmp_path / "engine.sqlite3" if kind == "sqlite" else postgresql_server.new_database()
    async with SqlStore(database):
        pass  # makes the tables
    url = sqlite_url(database) if isinstance(database, Path) else parse_url(database)
    engine = connect(url, busy_timeout_s=1)
    with Transactions(engine, "db", limit_s=5) as write:
        write(Batch(_rows(1, 2), []))
        write(Batch(_rows(1, 2, 3), []))
        with pytest.raises(StoreError, match="holds another event 3 than this engine recorded"):
            write(Batch([{**_rows(3)[0], "at_ms": 99}], []))
    engine.dispose()
    with open_reader(database) as reader:
        assert reader.last_sequence() == 3


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_spool_left_by_an_earlier_run_that_was_stored_in_part_is_stored_whole_once(
    tmp_path: Path, postgresql_server: Server, kind: str
) -> None:
    database = tmp_path / "engine.sqlite3" if kind == "sqlite" else postgresql_server.new_database()
    site = Site(database, tmp_path / "engine.spool", [])
    async with site.store() as store:
        store.append([fact(1), fact(2)], Instant(1))
    with open_reader(database) as reader:
        rows = [
            {
                "sequence": r.sequence,
                "at_ms": r.at,
                "type": r.event.TYPE,
                "call": None,
                "agent": None,
                "body": {"type": r.event.TYPE, "reason": f"fact {r.sequence}"},
            }
            for r in reader.read()
        ]
    third = {**rows[1], "sequence": 3, "body": {**rows[1]["body"], "reason": "fact 3"}}  # type: ignore[dict-item]
    with spooling(site.spool, size=1_000_000) as spool:
        spool.add([rows, []])
        spool.add([[third], []])
    async with site.store() as after:
        assert [recorded.event for recorded in after.read()] == [fact(1), fact(2), fact(3)]
    with spooling(site.spool, size=1_000_000) as spool:
        assert spool.empty


async def test_a_database_that_does_not_take_the_spool_at_the_start_is_named_and_the_spool_kept(site: Site) -> None:
    async with site.store() as store:
        store.append([fact(1)], Instant(1))
    with spooling(site.spool, size=1_000_000) as spool:
        spool.add([_rows(2), []])
    with _locked(site, None), pytest.raises(StoreError, match="is locked"):  # type: ignore[arg-type] # needs no server
        await site.store().__aenter__()
    with spooling(site.spool, size=1_000_000) as spool:
        assert not spool.empty


async def test_a_server_held_by_another_engine_is_refused_and_free_when_that_one_is_gone(postgresql_server: Server) -> None:
    url = postgresql_server.new_database()
    async with SqlStore(url):
        with pytest.raises(StoreError, match="held by another engine"):
            await SqlStore(url, busy_timeout_s=LIMIT_S).__aenter__()
    async with SqlStore(url):
        pass


async def test_an_engine_whose_line_was_cut_does_not_write_beside_the_one_that_took_over(
    postgresql_server: Server, tmp_path: Path
) -> None:
    url = postgresql_server.new_database()
    async with SqlStore(url, pace=EAGER, spool=tmp_path / "s", spool_size=100_000) as first:
        first.append([fact(1)], Instant(1))
        await first.flush()
        with first._reader._engine.connect() as connection:
            _terminate_others(connection)
        async with SqlStore(url) as second:
            second.append([fact(2)], Instant(2))
            await second.flush()
            first.append([fact(99)], Instant(99))
            with pytest.raises(StoreError, match=r"held by another engine|went away"):
                await first.flush()
            assert [recorded.event for recorded in second.read()] == [fact(1), fact(2)]
        first._writer._pace = Pace(closing=0)


def _terminate_others(connection: Connection) -> None:
    connection.exec_driver_sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )


async def test_a_database_that_does_not_exist_is_named_with_the_remedy(postgresql_server: Server) -> None:
    url = postgresql_server.new_database().replace("/centre", "/nothing")
    with pytest.raises(StoreError, match="does not exist; create it with `createdb`"):
        await SqlStore(url).__aenter__()


async def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        with pytest.raises(StoreError, match="does not answer; is PostgreSQL running there") as caught:
            await SqlStore(f"postgresql://ivr:sesame@127.0.0.1:{taken.getsockname()[1]}/centre").__aenter__()
    assert "sesame" not in str(caught.value)

"""What SqlStore adds to the contract: files that cannot be used, disks that fail, one writer, order, transactions."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sqlite3
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateTable
from sqlmodel import SQLModel

from ivr_engine.adapters.store import Pace, SqlStore, open_reader
from ivr_engine.adapters.store.database import explain
from ivr_engine.adapters.store.rows import Row
from ivr_engine.adapters.store.tables import CallRow, JournalRow, StoreRow
from ivr_engine.adapters.store.writer import Batch, Writer
from ivr_engine.core.events import CallArrived, SwitchLost
from ivr_engine.core.ids import CallId, Instant
from ivr_engine.errors import StoreError

FACT = SwitchLost(reason="x")
EAGER = Pace(linger=0, retry=0.001, retry_most=0.002, closing=0.05)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "state" / "engine.sqlite3"


async def test_numbering_goes_on_after_a_restart(database: Path) -> None:
    for expected in (1, 2, 3):
        async with SqlStore(database) as store:
            assert store.append([FACT], Instant(expected))[0].sequence == expected
    with open_reader(database) as reader:
        assert [recorded.at for recorded in reader.read()] == [1, 2, 3]


async def test_closing_writes_what_is_left(database: Path) -> None:
    async with SqlStore(database, pace=Pace(linger=60)) as store:
        store.append([FACT] * 3000, Instant(1))
    with open_reader(database) as reader:
        assert reader.last_sequence() == 3000


async def test_people_read_while_the_engine_writes(database: Path) -> None:
    async with SqlStore(database) as store:
        store.append([FACT], Instant(1))
        await store.flush()
        with open_reader(database) as reader:
            first = reader.read()
            assert next(first).sequence == 1
            store.append([FACT], Instant(2))
            await store.flush()
            assert reader.last_sequence() == 2


async def test_a_reader_cannot_write(database: Path) -> None:
    async with SqlStore(database) as store:
        store.append([FACT], Instant(1))
    with (
        open_reader(database) as reader,
        pytest.raises(OperationalError, match="readonly"),
        reader._engine.begin() as connection,
    ):
        connection.exec_driver_sql("DELETE FROM journal")


async def test_a_second_engine_on_the_same_file_is_refused(database: Path) -> None:
    async with SqlStore(database):
        with pytest.raises(StoreError, match="held by another engine"):
            await SqlStore(database).__aenter__()
    async with SqlStore(database):
        pass


async def test_a_store_that_is_not_open_says_so(database: Path) -> None:
    store = SqlStore(database)
    with pytest.raises(StoreError, match="not open"):
        store.append([FACT], Instant(1))
    async with store:
        pass
    with pytest.raises(StoreError, match="closed"):
        store.append([FACT], Instant(1))


def _not_a_database(path: Path) -> None:
    path.write_bytes(b"Dear customer, " * 500)


def _of_another_program(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")


def _of_a_newer_version(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as newer:
        newer.execute("CREATE TABLE ivr_store (schema_number INTEGER PRIMARY KEY)")
        newer.execute("INSERT INTO ivr_store VALUES (99)")
        newer.commit()


def _damaged(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as whole:
        whole.execute("CREATE TABLE ivr_store (schema_number INTEGER PRIMARY KEY)")
        whole.commit()
    content = bytearray(path.read_bytes())
    content[100:300] = b"\xff" * 200
    path.write_bytes(content)


def _a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_not_a_database, "is not an ivr-engine database; move it away"),
        (_of_another_program, "is a database of another program; move it away"),
        (_of_a_newer_version, "has schema 99, this ivr-engine knows 1"),
        (_damaged, "is damaged; stop the engine and restore a backup"),
        (_a_folder, "cannot be opened; check"),
    ],
)
async def test_a_file_that_cannot_be_used_is_named_with_the_remedy(
    database: Path, spoil: Callable[[Path], None], said: str
) -> None:
    database.parent.mkdir()
    spoil(database)
    with pytest.raises(StoreError, match=said) as caught:
        await SqlStore(database).__aenter__()
    assert str(database) in str(caught.value)
    with pytest.raises(StoreError, match=said):
        open_reader(database).last_sequence()


async def test_a_folder_that_cannot_be_made_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(
        StoreError, match=r"cannot be written .*; give this user write permission or choose another state_dir"
    ):
        await SqlStore(tmp_path / "file" / "engine.sqlite3").__aenter__()


def test_no_database_at_all_is_said_to_readers(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no database there"):
        open_reader(tmp_path / "engine.sqlite3")


@pytest.mark.parametrize("url", ["nonsense", "cobol://host/db"])
async def test_an_address_that_is_no_database_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match=r"is no database URL|no driver"):
        await SqlStore(url).__aenter__()


async def test_a_locked_database_is_reported_and_nothing_queued_is_lost(database: Path) -> None:
    async with SqlStore(database, pace=EAGER, busy_timeout_s=0.01) as store:
        with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as backup:
            backup.execute("BEGIN EXCLUSIVE")
            store.append([FACT], Instant(1))
            with pytest.raises(StoreError, match="is locked by another process"):
                await store.flush()
            assert "locked" in str(store.trouble)
            store.append([FACT], Instant(2))
            backup.execute("ROLLBACK")
        await _flushed_at_last(store)
        assert store.healthy
        assert [recorded.at for recorded in store.read()] == [1, 2]


async def test_a_locked_database_is_given_up_before_a_statement_would_be(database: Path) -> None:
    """Until it is, what comes is in memory alone."""
    async with SqlStore(database, pace=EAGER, busy_timeout_s=60, flush_timeout_s=30) as store:
        with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as backup:
            backup.execute("BEGIN IMMEDIATE")
            store.append([FACT], Instant(1))
            assert "locked" in await _refused(store)
            backup.execute("ROLLBACK")
        await _flushed_at_last(store)


async def test_a_lock_costs_no_new_connection(database: Path) -> None:
    async with SqlStore(database, pace=EAGER, busy_timeout_s=0.001) as store:
        made: list[object] = []
        event.listen(store._reader._engine, "connect", lambda made_now, _entry: made.append(made_now))
        with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as backup:
            backup.execute("BEGIN IMMEDIATE")
            store.append([FACT], Instant(1))
            for _ in range(5):  # readers' connections lie ready for the first ones
                assert "locked" in await _refused(store)
            backup.execute("ROLLBACK")
        await _flushed_at_last(store)
        assert not made


async def test_a_full_disk_is_reported_and_nothing_queued_is_lost(database: Path) -> None:
    """SQLite's own page limit is what a full disk looks like to it."""
    async with SqlStore(database, pace=EAGER) as store:
        with _page_limit(store, pages=20):
            store.append([CallArrived(call=CallId("c1"), number="1", caller="2", caller_name="x" * 400_000)], Instant(1))
            with pytest.raises(StoreError, match="the disk is full; free some space") as caught:
                await store.flush()
            assert "xxx" not in str(caught.value)
        await _flushed_at_last(store)
        assert [recorded.sequence for recorded in store.read()] == [1]


async def test_a_failed_write_leaves_nothing_for_the_garbage_collector(database: Path) -> None:
    async with SqlStore(database, pace=EAGER, busy_timeout_s=0.001) as store:
        with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as backup, _no_collector():
            backup.execute("BEGIN EXCLUSIVE")
            for _ in range(10):
                store.append([FACT], Instant(1))
                assert "locked" in await _refused(store)
            backup.execute("ROLLBACK")
            await store.flush()
            left = Counter(type(each).__name__ for each in _found_by_the_collector())
    assert not left


async def _refused(store: SqlStore) -> str:
    try:
        await store.flush()
    except StoreError as error:
        return str(error)
    return ""


@contextlib.contextmanager
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _found_by_the_collector() -> list[object]:
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    gc.set_debug(0)
    found = list(gc.garbage)
    gc.garbage.clear()
    return found


async def test_what_cannot_be_written_before_closing_is_counted(database: Path) -> None:
    store = await SqlStore(database, pace=EAGER, busy_timeout_s=0.001).__aenter__()
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as backup:
        backup.execute("BEGIN EXCLUSIVE")
        store.append([FACT, FACT], Instant(1))
        with pytest.raises(StoreError, match=r"2 rows .* could not be written before closing: .* locked"):
            await store.__aexit__(None, None, None)
    async with SqlStore(database):
        pass  # the place of the one writer was given back all the same


def test_an_event_and_a_record_that_wait_together_stand_in_one_transaction() -> None:
    transactions: list[Batch] = []
    writer = Writer(transactions.append, EAGER)
    writer.put_events([lambda: {"type": "call.ended"}])
    writer.put_record(lambda: {"call": "c1"})
    writer.start()
    writer.close()
    assert transactions == [Batch([{"type": "call.ended"}], [{"call": "c1"}], [])]


def _caused_by_itself() -> StoreError:
    error, cause = StoreError("the database is upset"), OSError()
    error.__cause__, cause.__context__ = cause, error
    return error


@pytest.mark.parametrize(
    ("met", "said"),
    [
        (ZeroDivisionError(), "a defect of the store keeps it from writing (ZeroDivisionError); please report it"),
        (_caused_by_itself(), "the database is upset"),
    ],
)
def test_a_writer_that_meets_a_defect_says_so_and_goes_on(met: Exception, said: str) -> None:
    written: list[Row] = []
    defects = iter([met, None])

    def write(batch: Batch) -> None:
        defect = next(defects)
        if defect:
            raise defect
        written.extend(batch.events)

    writer = Writer(write, EAGER)
    told: list[StoreError | None] = []
    writer.put_events([lambda: {"type": "x"}])
    writer.tell(told.append)
    writer.start()
    writer.close()
    assert written == [{"type": "x"}]
    assert [str(trouble) for trouble in told] == [said]


def test_a_backlog_that_is_full_takes_nothing_more() -> None:
    writer = Writer(lambda _batch: None, Pace(backlog=2))
    writer.put_events([dict, dict])
    with pytest.raises(StoreError, match="2 rows behind and takes no more"):
        writer.put_events([dict])
    writer.start()
    writer.close()


async def test_appending_does_not_wait_for_a_disk_that_hangs(database: Path) -> None:
    async with SqlStore(database, flush_timeout_s=0.01, busy_timeout_s=0.2) as store:
        with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as backup:
            backup.execute("BEGIN EXCLUSIVE")
            assert len(store.append([FACT] * 10, Instant(1))) == 10
            with pytest.raises(StoreError, match="has not answered"):
                await store.flush()


async def test_many_flushes_wait_together(database: Path) -> None:
    async with SqlStore(database) as store:

        async def append_and_flush(at: int) -> int:
            (recorded,) = store.append([FACT], Instant(at))
            await store.flush()
            return recorded.sequence

        numbers = await asyncio.gather(*(append_and_flush(at) for at in range(50)))
        assert sorted(numbers) == [recorded.sequence for recorded in store.read()] == list(range(1, 51))


async def test_a_journal_row_of_an_unknown_kind_is_named(database: Path) -> None:
    async with SqlStore(database) as store:
        store.append([FACT], Instant(1))
    with contextlib.closing(sqlite3.connect(database)) as other:
        other.execute('UPDATE journal SET body = \'{"type": "call.teleported"}\'')
        other.commit()
    with (
        open_reader(database) as reader,
        pytest.raises(StoreError, match="event 1 of the journal cannot be read: unknown event"),
    ):
        list(reader.read())


async def test_only_the_owner_may_read_the_files(database: Path) -> None:
    async with SqlStore(database) as store:
        store.append([FACT], Instant(1))
        await store.flush()
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in database.parent.glob("engine.sqlite3*")}
    assert set(modes) == {"engine.sqlite3", "engine.sqlite3-wal", "engine.sqlite3-shm", "engine.sqlite3.lock"}
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize("table", [JournalRow, CallRow, StoreRow], ids=lambda table: str(table.__tablename__))
def test_the_tables_can_be_made_on_postgresql_too(table: type[SQLModel]) -> None:
    layout = SQLModel.metadata.tables[str(table.__tablename__)]
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's dialects carry no annotations
    assert f"CREATE TABLE {table.__tablename__}" in str(CreateTable(layout).compile(dialect=dialect))


async def test_sqlite_is_set_to_survive_a_power_cut(database: Path) -> None:
    async with SqlStore(database) as store:
        with _engine_of(store).connect() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("attempt to write a readonly database", "give this user write permission"),
        ("unable to open database file", "check that the folder exists"),
        ("disk I/O error", "check the disk"),
        ("never heard of", "cannot be used (never heard of)"),
    ],
)
def test_what_the_database_says_is_turned_into_what_to_do(said: str, remedy: str) -> None:
    explained = str(explain(sqlite3.OperationalError(said), "engine.sqlite3"))
    assert remedy in explained
    assert said in explained


async def _flushed_at_last(store: SqlStore) -> None:
    """Flush until the writer's own retry has succeeded; bounded."""
    for _ in range(1000):
        with contextlib.suppress(StoreError):
            await store.flush()
            return
    raise AssertionError("the writer never recovered")


def _engine_of(store: SqlStore) -> Engine:
    return store._reader._engine


@contextlib.contextmanager
def _page_limit(store: SqlStore, pages: int) -> Iterator[None]:
    engine = _engine_of(store)

    def limit(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    event.listen(engine, "begin", limit)
    yield
    event.remove(engine, "begin", limit)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")

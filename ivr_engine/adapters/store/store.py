"""Journal and records in one database."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Engine, delete, insert
from sqlmodel import col

from ivr_engine.adapters.store.database import (
    connect,
    create_file,
    create_tables,
    explained,
    name_of,
    parse_url,
    path_of,
    sqlite_url,
)
from ivr_engine.adapters.store.lock import WriterLock
from ivr_engine.adapters.store.reader import StoreReader
from ivr_engine.adapters.store.rows import call_row, journal_row
from ivr_engine.adapters.store.tables import CallRow, JournalRow
from ivr_engine.adapters.store.writer import Batch, Pace, Writer
from ivr_engine.cdr.record import CallRecord
from ivr_engine.core.events import Event, Recorded
from ivr_engine.core.ids import CallId, Instant
from ivr_engine.errors import StoreError


class SqlStore:
    """See ports.journal.Journal and ports.records.CallRecords. Use it in an `async with`, from one thread.

    `database`: a file, or a database URL. `flush_timeout_s`: how long `flush` waits for a disk that does not answer.
    """

    def __init__(
        self, database: Path | str, *, pace: Pace | None = None, busy_timeout_s: float = 5.0, flush_timeout_s: float = 15.0
    ) -> None:
        self._url = sqlite_url(database) if isinstance(database, Path) else parse_url(database)
        self._name = name_of(self._url)
        self._pace = pace or Pace()
        self._busy_timeout_s = busy_timeout_s
        self._flush_timeout_s = flush_timeout_s
        self._sequence = 0
        self._opened: tuple[Writer, StoreReader] | None = None
        self._lifetime = contextlib.ExitStack()

    async def __aenter__(self) -> Self:
        """Open, creating what is missing.

        Raises:
            StoreError: the database cannot be used; the message says why and how to mend it.
        """
        await asyncio.to_thread(self._open)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is left, then close.

        Raises:
            StoreError: something could not be written; it says how much.
        """
        await asyncio.to_thread(self._lifetime.close)

    @property
    def trouble(self) -> StoreError | None:
        """Why the last write failed; None when all is well. Writing is tried again by itself."""
        return self._writer.trouble

    @property
    def healthy(self) -> bool:
        """Whether the last write succeeded."""
        return self.trouble is None

    def append(self, events: Sequence[Event], at: Instant) -> tuple[Recorded, ...]:
        """Number the events and have them written in order soon.

        Raises:
            StoreError: the disk has failed for so long that no more can be held; nothing was numbered.
        """
        first = self._sequence + 1
        recorded = tuple(Recorded(sequence=first + index, at=at, event=event) for index, event in enumerate(events))
        self._writer.put_events([journal_row(each) for each in recorded])
        self._sequence += len(recorded)
        return recorded

    def save(self, record: CallRecord) -> None:
        """Have the record written after every event appended before it, in the same transaction if they still wait.

        Raises:
            StoreError: as `append`.
        """
        self._writer.put_record(call_row(record))

    async def flush(self) -> None:
        """Return when everything appended and saved so far is on disk.

        Raises:
            StoreError: it is not; the writer goes on trying.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[StoreError | None] = loop.create_future()

        def settle(trouble: StoreError | None) -> None:
            if not done.done():
                done.set_result(trouble)

        def told(trouble: StoreError | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
                loop.call_soon_threadsafe(settle, trouble)

        self._writer.tell(told)
        try:
            trouble = await asyncio.wait_for(done, self._flush_timeout_s)
        except TimeoutError as error:
            raise StoreError(f"{self._name}: the disk has not answered for {self._flush_timeout_s:g} s") from error
        if trouble is not None:
            raise trouble

    def read(self, *, after: int = 0, call: CallId | None = None, types: Collection[str] = ()) -> Iterator[Recorded]:
        """What is on disk with a sequence above `after`, in order; of one call, and of some types only, if given."""
        return self._reader.read(after=after, call=call, types=types)

    def last_sequence(self) -> int:
        """The highest number on disk, 0 when there is none."""
        return self._reader.last_sequence()

    def latest_by_agent(self, kind: type[Event]) -> tuple[Recorded, ...]:
        """The last event on disk of this kind about each agent, in order of sequence."""
        return self._reader.latest_by_agent(kind.TYPE)

    def get(self, call: CallId) -> CallRecord | None:
        """The record of a call, or None."""
        return self._reader.get(call)

    def find(
        self, *, since: Instant | None = None, until: Instant | None = None, limit: int | None = None
    ) -> Iterator[CallRecord]:
        """Records by arrival in [since, until), newest first."""
        return self._reader.find(since=since, until=until, limit=limit)

    def open_calls(self) -> tuple[CallId, ...]:
        """Calls that arrived according to the journal and have no record yet, oldest first."""
        return self._reader.open_calls()

    @property
    def _writer(self) -> Writer:
        return self._use()[0]

    @property
    def _reader(self) -> StoreReader:
        return self._use()[1]

    def _use(self) -> tuple[Writer, StoreReader]:
        if self._opened is None:
            raise StoreError(f"{self._name} is not open")
        return self._opened

    def _open(self) -> None:
        with contextlib.ExitStack() as stack:
            path = path_of(self._url)
            if path is not None:
                lock = WriterLock(path)
                lock.take()
                stack.callback(lock.release)
            with explained(self._name):
                if path is not None:
                    create_file(path)
                engine = connect(self._url, busy_timeout_s=self._busy_timeout_s)
                stack.callback(engine.dispose)
                create_tables(engine)
            reader = StoreReader(engine, self._name)
            self._sequence = reader.last_sequence()
            writer = Writer(_Writing(engine, self._name), self._pace)
            writer.start()
            stack.callback(writer.close)
            self._opened = (writer, reader)
            self._lifetime = stack.pop_all()


class _Writing:
    """Stores one batch in one transaction."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._name = name

    def __call__(self, batch: Batch) -> None:
        latest = {row["call"]: row for row in batch.records}
        with explained(self._name), self._engine.begin() as connection:
            if batch.events:
                connection.execute(insert(JournalRow), batch.events)
            if latest:
                connection.execute(delete(CallRow).where(col(CallRow.call).in_(list(latest))))
                connection.execute(insert(CallRow), list(latest.values()))

"""Journal and records in one database."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

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
from ivr_engine.adapters.store.settled import Settled
from ivr_engine.adapters.store.spool import spooling
from ivr_engine.adapters.store.transactions import Transactions
from ivr_engine.adapters.store.writer import BacklogFull, Pace, Told, Writer
from ivr_engine.cdr.record import CallRecord
from ivr_engine.core.events import Event, FactsLost, Recorded
from ivr_engine.core.ids import CallId, Instant
from ivr_engine.errors import StoreError

SPOOL_SIZE = 64 * 1_048_576
"""Room for some 100,000 events."""


class SqlStore:
    """See ports.journal.Journal and ports.records.CallRecords. Use it in an `async with`, from one thread.

    What the database does not take goes to a spool on the local disk, and from there to the database when that is well
    again, at the latest at the next start: see `spool.py`.

    Args:
        database: a file, or a database URL.
        pace: how writing goes.
        spool: the file of the spool; without one, what the database does not take waits in memory.
        spool_size: its bytes.
        busy_timeout_s: how long a statement waits for a database that is locked or slow before it counts as failed.
            A write to a locked file waits for `transactions.LOCKED_S` at most.
        flush_timeout_s: how long `flush` waits for a disk that does not answer.
        troubled: told, in the writer's thread, when writing begins to fail, with why, and None when it works again.
    """

    def __init__(
        self,
        database: Path | str,
        *,
        pace: Pace | None = None,
        spool: Path | None = None,
        spool_size: int = SPOOL_SIZE,
        busy_timeout_s: float = 2.0,
        flush_timeout_s: float = 15.0,
        troubled: Told = lambda _trouble: None,
    ) -> None:
        self._url = sqlite_url(database) if isinstance(database, Path) else parse_url(database)
        self._name = name_of(self._url)
        self._pace = pace or Pace()
        self._busy_timeout_s = busy_timeout_s
        self._flush_timeout_s = flush_timeout_s
        self._spool = spool
        self._spool_size = spool_size
        self._troubled = troubled
        self._sequence = 0
        self._lost: int | None = None  # the first number whose event could not be held
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

    @property
    def accepting(self) -> bool:
        """Whether there is room for the facts of more calls; when not, new calls should be turned away."""
        return not self._writer.full

    def append(self, events: Sequence[Event], at: Instant) -> tuple[Recorded, ...]:
        """Number the events and have them written in order soon.

        When disks have failed for so long that no more can be held, the events are numbered and lost, so that calls in
        progress go on; `FactsLost` says so as soon as there is room.

        Raises:
            StoreError: the store is closed.
        """
        if not events:
            return ()
        told = () if self._lost is None else (FactsLost(first=self._lost, last=self._sequence),)
        recorded = self._numbered((*told, *events), at)
        try:
            self._writer.put_events([partial(journal_row, each) for each in recorded])
        except BacklogFull:
            recorded = self._numbered(events, at)
            self._lost = self._lost or recorded[0].sequence
        else:
            self._lost = None
        self._sequence = recorded[-1].sequence
        return recorded

    def _numbered(self, events: Sequence[Event], at: Instant) -> tuple[Recorded, ...]:
        numbers = range(self._sequence + 1, self._sequence + len(events) + 1)
        return tuple(Recorded(sequence=number, at=at, event=event) for number, event in zip(numbers, events, strict=True))

    def save(self, record: CallRecord) -> None:
        """Have the record written after every event appended before it, in the same transaction if they still wait.

        Lost, as events are, when no more can be held; the next start makes it anew from what the journal has of the call.
        """
        with contextlib.suppress(BacklogFull):
            self._writer.put_record(partial(call_row, record))

    def keep(self, call: CallId, session: Mapping[str, Any]) -> None:
        """See ports.checkpoints. Never waits for the disk; lost when no more can be held, and the one before stands."""
        with contextlib.suppress(BacklogFull):
            self._writer.put_checkpoint(lambda: {"call": call, "body": session})

    def kept(self) -> dict[CallId, dict[str, Any]]:
        """See ports.checkpoints."""
        return self._reader.checkpoints()

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
            raise StoreError(str(trouble)) from trouble  # its own: raised itself, it and this frame would hold each other

    def read(self, *, after: int = 0, call: CallId | None = None, types: Collection[str] = ()) -> Iterator[Recorded]:
        """What is on disk with a sequence above `after`, in order; of one call, and of some types only, if given."""
        return self._reader.read(after=after, call=call, types=types)

    def of_calls(self, calls: Collection[CallId]) -> tuple[Recorded, ...]:
        """All facts on disk about these calls, in order."""
        return self._reader.of_calls(calls)

    def last_sequence(self) -> int:
        """The highest number on disk, 0 when there is none."""
        return self._reader.last_sequence()

    def latest_by_agent(self, kind: type[Event]) -> tuple[Recorded, ...]:
        """The last event on disk of this kind about each agent, in order of sequence."""
        return self._reader.latest_by_agent(kind.TYPE)

    def get(self, call: CallId) -> CallRecord | None:
        """The record of a call, or None."""
        return self._reader.get(call)

    def recorded(self, calls: Collection[CallId]) -> frozenset[CallId]:
        """Those of the calls that have a record on disk."""
        return self._reader.recorded(calls)

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
            transactions = stack.enter_context(Transactions(engine, self._name, limit_s=2 * self._busy_timeout_s))
            with explained(self._name):
                create_tables(engine)
            reader = StoreReader(engine, self._name, limit_s=self._busy_timeout_s)
            transactions.settled = Settled(reader.unsettled(), last=reader.last_sequence(), mark=reader.mark())
            writer = self._open_writer(stack, transactions)
            self._sequence = reader.last_sequence()
            writer.start()
            stack.callback(writer.close)
            self._opened = (writer, reader)
            self._lifetime = stack.pop_all()

    def _open_writer(self, stack: contextlib.ExitStack, transactions: Transactions) -> Writer:
        """The writer, with what an earlier run left in the spool already stored."""
        spool = None if self._spool is None else stack.enter_context(spooling(self._spool, size=self._spool_size))
        writer = Writer(transactions, self._pace, spool=spool, troubled=self._troubled)
        writer.take_up()
        return writer

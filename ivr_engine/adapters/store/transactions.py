"""One batch, one transaction, on one connection that is the engine's alone."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, delete, insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlmodel import col, select

from ivr_engine.adapters.store.cut_off import cut_off_after
from ivr_engine.adapters.store.database import explained
from ivr_engine.adapters.store.rows import Row
from ivr_engine.adapters.store.settled import Settled
from ivr_engine.adapters.store.statements import Statements
from ivr_engine.adapters.store.tables import JournalRow, SettledRow
from ivr_engine.adapters.store.writer import Batch
from ivr_engine.errors import StoreError

CLAIM_AGAIN_S = 0.1

LOCKED_S = 0.25
"""How long a write waits for a file that another process has locked. What comes meanwhile is in memory alone: a kill would
lose it, and at 25 checkpoints a second it is 0.2 MB a second. Once the write has failed, it goes to the spool."""

LOCK = 0x1F12E0
"""PostgreSQL's advisory lock of the one engine that writes to a database. It is held by the connection on which the engine
writes and goes with it, so an engine that was cut off cannot write beside the one that took over."""


class Transactions:
    """Stores batches. Use it in a `with`, from one thread at a time.

    `limit_s`: a server that has not finished a transaction by then is cut off. Its own limits do not help when it hangs, and
    its side of the line still acknowledges what is sent. A locked file is given up after LOCKED_S, or `limit_s` if that is
    shorter. `settled`, once it is known, is kept on disk with the batches.
    """

    def __init__(self, engine: Engine, name: str, *, limit_s: float) -> None:
        self._engine = engine
        self._name = name
        self._limit_s = limit_s
        self._statements = Statements(engine.dialect)
        self.settled: Settled | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        """Connect.

        Raises:
            StoreError: the database cannot be reached, or another engine writes to it.
        """
        with explained(self._name), self._transaction():
            return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Disconnect."""
        self._disconnect()

    def __call__(self, batch: Batch) -> None:
        """Store the batch whole. Events of it that are there already, as after a commit without an answer, stay.

        Raises:
            StoreError: it is not stored, or nobody knows; try again.
        """
        with explained(self._name):
            try:
                self._store(batch.events, batch)
            except IntegrityError:
                self._store(self._missing(batch.events), batch)

    def _store(self, events: Sequence[Row], batch: Batch) -> None:
        latest = {row["call"]: row for row in batch.records}
        standing = {row["call"]: row for row in batch.checkpoints if row["call"] not in latest}
        do, mark = self._statements, self.settled.due() if self.settled is not None else None
        with self._transaction() as connection:
            do.add_events.execute(connection, events)
            do.forget_checkpoints.execute(connection, [*latest.values(), *standing.values()])
            do.add_checkpoints.execute(connection, standing.values())
            do.forget_records.execute(connection, latest.values())
            do.add_records.execute(connection, latest.values())
            if mark is not None:  # once in some thousand facts
                connection.execute(delete(SettledRow))
                connection.execute(insert(SettledRow), [{"through": mark}])
        if self.settled is not None:
            self.settled.stored(batch, mark)

    def _missing(self, events: Sequence[Row]) -> list[Row]:
        numbers = [row["sequence"] for row in events]
        query = select(JournalRow.sequence, JournalRow.at_ms, JournalRow.body).where(col(JournalRow.sequence).in_(numbers))
        with self._transaction() as connection:
            stored = {sequence: (at_ms, body) for sequence, at_ms, body in connection.execute(query)}
        for row in events:
            if stored.get(row["sequence"], (row["at_ms"], row["body"])) != (row["at_ms"], row["body"]):
                raise StoreError(
                    f"{self._name} holds another event {row['sequence']} than this engine recorded: somebody else wrote "
                    "to it; stop the engine, move the database away and report it"
                )
        return [row for row in events if row["sequence"] not in stored]

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """A transaction on the engine's connection; after a failure of that the next one connects anew.

        Somebody else's lock is none: a connection that has to read the database in again costs 0.2 MB for each try.
        """
        try:
            connection = self._connected()
            with cut_off_after(connection, self._limit_s), connection.begin():
                yield connection
        except IntegrityError:
            raise
        except (SQLAlchemyError, StoreError) as error:
            if not _locked(error):
                self._disconnect()
            raise

    def _connected(self) -> Connection:
        if self._connection is None:
            connection = self._connection = self._engine.connect()
            if self._engine.dialect.name == "postgresql":
                self._claim(connection)
            else:
                _give_up_after(connection, min(LOCKED_S, self._limit_s))
        return self._connection

    def _claim(self, connection: Connection) -> None:
        """Take the lock; the server may need a moment to notice that a process that held it was killed."""
        until = time.monotonic() + self._limit_s
        while not self._has(connection):
            if time.monotonic() < until:
                time.sleep(CLAIM_AGAIN_S)
                continue
            raise StoreError(
                f"{self._name} is held by another engine; stop that one first, or give this one a database of its own"
            )

    def _has(self, connection: Connection) -> bool:
        with connection.begin():
            return bool(connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}).scalar())

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(SQLAlchemyError):
                connection.invalidate()
                connection.close()


def _locked(error: Exception) -> bool:
    said = error.orig if isinstance(error, DBAPIError) else None
    return isinstance(said, sqlite3.OperationalError) and said.sqlite_errorcode == sqlite3.SQLITE_BUSY


def _give_up_after(connection: Connection, locked_s: float) -> None:
    with connection.begin():
        connection.execute(text(f"PRAGMA busy_timeout={round(locked_s * 1000)}"))

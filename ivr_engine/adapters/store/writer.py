"""The one thread that writes. Whoever hands it rows never waits; whoever wants to know asks to be told after a ticket.

Rows are written in the order they came, in transactions of whatever has gathered. A transaction that fails stays at the head
and is tried again, so nothing is lost and nothing overtakes; meanwhile everybody who waits is told what is wrong.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice

from ivr_engine.adapters.store.rows import Row
from ivr_engine.errors import StoreError

Told = Callable[[StoreError | None], None]


class Kind(Enum):
    """What a row is of."""

    EVENT = auto()
    RECORD = auto()
    CHECKPOINT = auto()


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows for one transaction: events first, then checkpoints, then records."""

    events: Sequence[Row]
    records: Sequence[Row]
    checkpoints: Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How the writer behaves. Seconds and rows.

    `linger`: how long to gather before writing when nobody waits; a killed engine loses at most what it gathered and was
    writing. A transaction costs most of a millisecond of CPU whatever its size: 20 ms instead of 3 ms saves 1.2 ms a call at
    100 calls a second. `most`: rows in one transaction. `backlog`: rows that may wait for the disk. `retry`, `retry_most`:
    first and longest pause after a failure. `closing`: how long closing tries.
    """

    linger: float = 0.02
    most: int = 1000
    backlog: int = 200_000
    retry: float = 0.1
    retry_most: float = 5.0
    closing: float = 10.0


class Writer:
    """A queue of rows and the thread that empties it. `write` stores one batch whole or raises StoreError."""

    def __init__(self, write: Callable[[Batch], None], pace: Pace) -> None:
        self._write = write
        self._pace = pace
        self._changed = threading.Condition()
        self._rows: deque[tuple[Kind, Row]] = deque()
        self._put = 0
        self._written = 0
        self._waiting: list[tuple[int, Told]] = []
        self._closing_since: float | None = None
        self._trouble: StoreError | None = None
        self._over = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)

    @property
    def trouble(self) -> StoreError | None:
        """Why the last attempt failed; None when it did not."""
        return self._trouble

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put_events(self, rows: Sequence[Row]) -> None:
        """Queue events. Raises StoreError, taking none of them, when the backlog is full or the writer is closed."""
        self._put_rows([(Kind.EVENT, row) for row in rows])

    def put_record(self, row: Row) -> None:
        """Queue a record; it is written after everything queued before it."""
        self._put_rows([(Kind.RECORD, row)])

    def put_checkpoint(self, row: Row) -> None:
        """Queue a call's checkpoint; it takes the place of the one before."""
        self._put_rows([(Kind.CHECKPOINT, row)])

    def tell(self, told: Told) -> None:
        """Call `told` from the writer's thread when all that is queued now is on disk, or with why it is not."""
        with self._changed:
            if self._written == self._put:
                told(None)
                return
            if self._over:
                told(self._trouble or StoreError("the store is closed"))
                return
            self._waiting.append((self._put, told))
            self._changed.notify()

    def close(self) -> None:
        """Write what is left and end the thread; blocks. Raises StoreError when rows had to be given up."""
        with self._changed:
            self._closing_since = time.monotonic()
            self._changed.notify()
        self._thread.join()
        self._over = True
        lost = self._put - self._written
        if lost:
            raise StoreError(f"{lost} rows of journal and records could not be written before closing: {self._trouble}")

    def _put_rows(self, rows: Sequence[tuple[Kind, Row]]) -> None:
        with self._changed:
            if self._closing_since is not None:
                raise StoreError("the store is closed; nothing can be recorded any more")
            if len(self._rows) + len(rows) > self._pace.backlog:
                raise StoreError(
                    f"the journal is {len(self._rows)} rows behind and takes no more: {self._trouble or 'slow disk'}"
                )
            self._rows.extend(rows)
            self._put += len(rows)
            self._changed.notify()

    def _run(self) -> None:
        pause = self._pace.retry
        while self._gather():
            if self._attempt():
                pause = self._pace.retry
            elif self._rest(pause):
                pause = min(pause * 2, self._pace.retry_most)
            else:
                return

    def _gather(self) -> bool:
        """Wait for something to write; False when closed and everything is written."""
        with self._changed:
            self._changed.wait_for(lambda: self._rows or self._closing_since is not None)
            if self._closing_since is None and not self._waiting:
                self._changed.wait_for(lambda: self._waiting or self._closing_since is not None, timeout=self._pace.linger)
            return bool(self._rows)

    def _attempt(self) -> bool:
        """Write the head of the queue; whether that succeeded. Who is told of it finds `trouble` already set."""
        with self._changed:
            taken = list(islice(self._rows, self._pace.most))
        batch = Batch(*([row for kind, row in taken if kind is wanted] for wanted in Kind))
        self._trouble = self._stored(batch)
        if self._trouble is None:
            self._done(len(taken))
        else:
            self._tell_all(self._trouble)
        return self._trouble is None

    def _stored(self, batch: Batch) -> StoreError | None:
        try:
            self._write(batch)
        except StoreError as error:
            return error
        except Exception as error:  # noqa: BLE001 - were this thread to end, everything queued would be lost in silence
            return StoreError(f"a defect of the store keeps it from writing ({type(error).__name__}); please report it")
        return None

    def _done(self, count: int) -> None:
        with self._changed:
            for _ in range(count):
                self._rows.popleft()
            self._written += count
            ready = [told for ticket, told in self._waiting if ticket <= self._written]
            self._waiting = [(ticket, told) for ticket, told in self._waiting if ticket > self._written]
        for told in ready:
            told(None)

    def _tell_all(self, error: StoreError) -> None:
        with self._changed:
            waiting, self._waiting = self._waiting, []
        for _, told in waiting:
            told(error)

    def _rest(self, pause: float) -> bool:
        """Pause after a failure; False when closing has gone on for too long."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting, timeout=pause)
            since = self._closing_since
            return since is None or time.monotonic() - since < self._pace.closing

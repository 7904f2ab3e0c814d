"""The one thread that writes. Whoever hands it rows never waits; whoever wants to know asks to be told after a ticket.

Rows are written in the order they came, in transactions of whatever has gathered. One that fails is tried again, so nothing
is lost and nothing overtakes. Meanwhile everybody who waits is told what is wrong, and the rows go to the spool, where they
outlive this process; once the database takes rows again the spool comes first.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from itertools import islice

from ivr_engine.adapters.store.rows import Row
from ivr_engine.adapters.store.spool import Spool
from ivr_engine.errors import StoreError


class BacklogFull(StoreError):
    """Neither database nor spool takes rows, and the memory for them is used up."""


Told = Callable[[StoreError | None], None]
Make = Callable[[], Row]
"""Gives the row. It is called in the writer's thread, so that no turn of a call waits for it, and again after a failure."""


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
    checkpoints: Sequence[Row] = ()

    def plain(self) -> list[Sequence[Row]]:
        """As JSON-ready values."""
        return [self.events, self.records, self.checkpoints]


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
    retry_most: float = 1.0
    closing: float = 10.0


class Writer:
    """A queue of rows and the thread that empties it.

    Args:
        write: stores one batch whole, or raises StoreError. After an error it may get rows once more that it has stored.
        pace: how the writer behaves.
        spool: where rows go that the database does not take now; without one they wait in memory.
        troubled: called from the writer's thread when writing begins to fail, with why, and with None when it works again.
    """

    def __init__(
        self,
        write: Callable[[Batch], None],
        pace: Pace,
        *,
        spool: Spool | None = None,
        troubled: Told = lambda _trouble: None,
    ) -> None:
        self._write = write
        self._pace = pace
        self._spool = spool
        self._troubled = troubled
        self._aside = 0
        self._changed = threading.Condition()
        self._rows: deque[tuple[Kind, Make]] = deque()
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

    @property
    def full(self) -> bool:
        """Whether rows are being turned away, or will be soon: nine tenths of the memory for them is in use."""
        return len(self._rows) >= self._pace.backlog * 9 // 10

    def take_up(self) -> None:
        """Before starting: store what an earlier run left in the spool.

        Raises:
            StoreError: the database does not take it; it stays in the spool.
        """
        trouble = self._replay()
        if trouble is not None:
            raise trouble

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put_events(self, rows: Sequence[Make]) -> None:
        """Queue events.

        Raises:
            BacklogFull: there is no room; none of them was taken.
            StoreError: the writer is closed.
        """
        self._put_rows([(Kind.EVENT, row) for row in rows])

    def put_record(self, row: Make) -> None:
        """Queue a record; it is written after everything queued before it. Raises as `put_events`."""
        self._put_rows([(Kind.RECORD, row)])

    def put_checkpoint(self, row: Make) -> None:
        """Queue a call's checkpoint; it takes the place of the one before. Raises as `put_events`."""
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
        """Write what is left and end the thread; blocks.

        Raises:
            StoreError: rows had to be given up. Rows in the spool are not: the next start stores them.
        """
        with self._changed:
            self._closing_since = time.monotonic()
            self._changed.notify()
        self._thread.join()
        self._over = True
        lost = self._put - self._written - self._aside
        if lost:
            raise StoreError(f"{lost} rows of journal and records could not be written before closing: {self._trouble}")

    def _put_rows(self, rows: Sequence[tuple[Kind, Make]]) -> None:
        with self._changed:
            if self._closing_since is not None:
                raise StoreError("the store is closed; nothing can be recorded any more")
            if len(self._rows) + len(rows) > self._pace.backlog:
                raise BacklogFull(
                    f"the journal is {len(self._rows)} rows behind and takes no more: {self._trouble or 'slow disk'}"
                )
            idle = not self._rows
            self._rows.extend(rows)
            self._put += len(rows)
            if idle:  # else it knows; waking a thread for each row would cost every turn of a call more than the row
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
            self._changed.wait_for(lambda: self._rows or self._aside or self._closing_since is not None)
            if self._closing_since is None and not self._waiting:
                self._changed.wait_for(lambda: self._waiting or self._closing_since is not None, timeout=self._pace.linger)
            return bool(self._rows or self._aside)

    def _attempt(self) -> bool:
        """Write the spool, then the head of the queue; whether that succeeded. Who is told of it finds `trouble` set."""
        trouble = self._replay()
        if trouble is None:
            taken = self._head()
            trouble = self._stored(partial(_batch, taken))
        before, self._trouble = self._trouble, trouble
        if (before is None) != (trouble is None):
            self._troubled(trouble)
        if trouble is None:
            self._done(len(taken))
        else:
            self._tell_all(trouble)
        return trouble is None

    def _head(self) -> list[tuple[Kind, Make]]:
        with self._changed:
            return list(islice(self._rows, self._pace.most))

    def _replay(self) -> StoreError | None:
        """Store what is in the spool; what comes meanwhile joins it at the end. None: the spool is empty."""
        if self._spool is None or self._spool.empty:
            return None
        for rows in self._spool.batches():
            trouble = self._stored(partial(Batch, *rows))
            if trouble is not None:
                return trouble
            self._set_aside()
        try:
            self._spool.clear()
        except StoreError as error:
            return error
        with self._changed:
            self._written += self._aside
            self._aside = 0
        return None

    def _set_aside(self) -> None:
        """Move what is queued to the spool, as far as there is room."""
        while self._spool is not None and (taken := self._head()):
            try:
                if not self._spool.add(_batch(taken).plain()):
                    return
            except StoreError:
                return  # the rows stay in memory; `trouble` tells of the database, which comes first
            with self._changed:
                self._drop(len(taken))
                self._aside += len(taken)

    def _stored(self, batch: Callable[[], Batch]) -> StoreError | None:
        try:
            self._write(batch())
        except StoreError as error:
            return _bare(error)
        except Exception as error:  # noqa: BLE001 - were this thread to end, everything queued would be lost in silence
            return StoreError(f"a defect of the store keeps it from writing ({type(error).__name__}); please report it")
        return None

    def _done(self, count: int) -> None:
        with self._changed:
            self._drop(count)
            self._written += count
            ready = [told for ticket, told in self._waiting if ticket <= self._written]
            self._waiting = [(ticket, told) for ticket, told in self._waiting if ticket > self._written]
        for told in ready:
            told(None)

    def _drop(self, count: int) -> None:
        for _ in range(count):
            self._rows.popleft()

    def _tell_all(self, error: StoreError) -> None:
        with self._changed:
            waiting, self._waiting = self._waiting, []
        for _, told in waiting:
            told(error)

    def _rest(self, pause: float) -> bool:
        """Pause after a failure, setting aside what comes; False when closing has gone on for too long."""
        until = time.monotonic() + pause
        while (left := until - time.monotonic()) > 0 and not self._waiting:
            self._set_aside()
            with self._changed:
                put = self._put
                self._changed.wait_for(partial(self._stirred, put), timeout=left)
        self._set_aside()
        since = self._closing_since
        return since is None or time.monotonic() - since < self._pace.closing

    def _stirred(self, put: int) -> bool:
        """Whether somebody waits, or rows came since there were `put`."""
        return bool(self._waiting) or self._put > put


def _bare(error: StoreError) -> StoreError:
    """The error without the frames it came through: it and they hold each other, and with them the rows and a connection."""
    chain: list[BaseException] = [error]
    for each in chain:  # it grows, and may come back to where it was
        chain += [before for before in {each.__cause__, each.__context__} if before is not None and before not in chain]
    for each in chain:
        traceback.clear_frames(each.__traceback__)
        each.__traceback__ = None
    return error


def _batch(rows: Sequence[tuple[Kind, Make]]) -> Batch:
    return Batch(*([make() for kind, make in rows if kind is wanted] for wanted in Kind))

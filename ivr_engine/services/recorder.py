"""The one way a fact becomes known: numbered in the journal, folded into records, shown to subscribers, in that order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress

from ivr_engine.cdr.open_calls import OpenCalls
from ivr_engine.cdr.record import CallRecord
from ivr_engine.core.events import Event, Recorded
from ivr_engine.core.ids import CallId, Instant, Millis
from ivr_engine.core.recent import Recent
from ivr_engine.errors import StoreError
from ivr_engine.ports.clock import Clock
from ivr_engine.ports.journal import Journal
from ivr_engine.ports.records import CallRecords

SUBSCRIBER_BACKLOG = 10_000
KEPT_WITHIN_S = 0.5
ENDED_MEMORY = Millis(60_000)
"""So long at least it is known here that a call ended; word of it comes much sooner, and the store knows it for good."""


class Subscription:
    """A bounded stream of facts for one reader. A reader that falls behind loses the oldest, never holds up a call."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Recorded] = asyncio.Queue(SUBSCRIBER_BACKLOG)
        self.lost = 0

    def offer(self, recorded: Recorded) -> None:
        """Hand over one fact; drops the oldest when the reader is `SUBSCRIBER_BACKLOG` behind."""
        if self._queue.full():
            self._queue.get_nowait()
            self.lost += 1
        self._queue.put_nowait(recorded)

    async def __aiter__(self) -> AsyncIterator[Recorded]:
        while True:
            yield await self._queue.get()


class Recorder:
    """Appends facts and keeps the folds that follow them."""

    def __init__(
        self,
        *,
        journal: Journal,
        records: CallRecords,
        clock: Clock,
        finished: Callable[[CallRecord], None] = lambda _record: None,
    ) -> None:
        self._journal = journal
        self._records = records
        self._clock = clock
        self._finished = [finished]
        self._open = OpenCalls()
        self._ended = Recent[CallId, None](span=ENDED_MEMORY)
        self._subscribers: list[Subscription] = []
        self._listeners: list[Callable[[Recorded], None]] = []

    def record(self, *events: Event, at: Instant | None = None) -> None:
        """Make the facts known. Never waits for the disk.

        They are dated `at`: when they were decided, so that a replay decides at the same instant, or when they happened,
        where that was learnt later; None: now.
        """
        if not events:
            return
        for recorded in self._journal.append(events, self._clock.now() if at is None else at):
            self._fold(recorded)
            for listener in self._listeners:
                listener(recorded)
            for subscriber in self._subscribers:
                subscriber.offer(recorded)

    async def kept(self) -> None:
        """Return once all that was recorded so far would outlive the engine, so that a person may be told that it is done.

        A disk that is slow or fails is not waited for beyond `KEPT_WITHIN_S`: then it is kept when it can be.
        """
        with suppress(StoreError, TimeoutError):
            async with asyncio.timeout(KEPT_WITHIN_S):
                await self._journal.flush()

    def recover(self) -> tuple[Recorded, ...]:
        """Take up the calls that an earlier run left without a record: their facts so far, folded again, in order.

        Only what is about them is read: the oldest may be hours old, and most of what happened since is about none of them.
        """
        facts = self._journal.of_calls(self._records.open_calls())
        for recorded in facts:
            self._fold(recorded)
        return facts

    def on_finished(self, tell: Callable[[CallRecord], None]) -> None:
        """Have every finished record told here as well."""
        self._finished.append(tell)

    def on_recorded(self, tell: Callable[[Recorded], None]) -> None:
        """Have every fact told here at once and none left out. Who is told must not record in return, but later."""
        self._listeners.append(tell)

    def peek(self, call: CallId) -> CallRecord | None:
        """The record of an open call as it would stand if the call ended now."""
        return self._open.peek(call)

    def is_open(self, call: CallId | None) -> bool:
        """Whether the call has arrived and not ended."""
        return call is not None and call in self._open

    def has_ended(self, call: CallId) -> bool:
        """Whether the call ended within the last `ENDED_MEMORY` or somewhat before; the switch uses no id twice."""
        return call in self._ended

    def open_calls(self) -> frozenset[CallId]:
        """Calls that arrived and have not ended."""
        return frozenset(self._open.open())

    def _fold(self, recorded: Recorded) -> None:
        finished = self._open.apply(recorded)
        if finished is not None:
            self._ended.note(finished.call, None, self._clock.now())
            self._records.save(finished)
            for tell in self._finished:
                tell(finished)

    @contextmanager
    def subscribed(self) -> Iterator[Subscription]:
        """A subscription to everything recorded while the block runs."""
        subscription = Subscription()
        self._subscribers.append(subscription)
        try:
            yield subscription
        finally:
            self._subscribers.remove(subscription)

"""How far back a start has to look for calls without a record: up to a mark in the journal, all that arrived have theirs.

Without it each start would look at every arrival there ever was.
"""

from __future__ import annotations

from collections.abc import Mapping

from ivr_engine.adapters.store.writer import Batch
from ivr_engine.core.events import CallArrived, CallbackPlaced

OPENING = (CallArrived.TYPE, CallbackPlaced.TYPE)
MARK_EVERY = 10_000
"""Facts between two marks: a start looks at the calls of as many, and of those since the oldest call that goes on."""


class Settled:
    """Follows what is stored.

    Args:
        unsettled: the numbers of the arrivals without a record, by call, as they are on disk.
        last: the last number on disk.
        mark: the one on disk.
        every: so far may it fall behind.
    """

    def __init__(self, unsettled: Mapping[str, int], *, last: int, mark: int, every: int = MARK_EVERY) -> None:
        self._unsettled = dict(unsettled)
        self._last = last
        self._mark = mark
        self._every = every

    def due(self) -> int | None:
        """The mark to store with the next batch, when the one on disk has fallen behind. It holds without that batch."""
        mark = min(self._unsettled.values(), default=self._last + 1) - 1
        return mark if mark - self._mark >= self._every else None

    def stored(self, batch: Batch, mark: int | None) -> None:
        """The batch is on disk, with this mark. May be told of a batch twice."""
        self._mark = self._mark if mark is None else mark
        for row in batch.events:
            if row["type"] in OPENING:
                self._unsettled.setdefault(row["call"], row["sequence"])
        if batch.events:
            self._last = batch.events[-1]["sequence"]
        for row in batch.records:
            self._unsettled.pop(row["call"], None)

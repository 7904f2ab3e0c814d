"""The call records."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol

from ivr_engine.cdr.record import CallRecord
from ivr_engine.core.ids import CallId, Instant


class CallRecords(Protocol):
    """One record a call; saving the same call again replaces it."""

    def save(self, record: CallRecord) -> None:
        """Have the record written soon, after every event appended before it."""
        ...

    def get(self, call: CallId) -> CallRecord | None:
        """The record of a call, or None."""
        ...

    def recorded(self, calls: Collection[CallId]) -> frozenset[CallId]:
        """Those of the calls that have a record."""
        ...

    def find(
        self, *, since: Instant | None = None, until: Instant | None = None, limit: int | None = None
    ) -> Iterator[CallRecord]:
        """Records by arrival in [since, until), newest first."""
        ...

    def open_calls(self) -> tuple[CallId, ...]:
        """Calls that arrived according to the journal and have no record yet, oldest first."""
        ...

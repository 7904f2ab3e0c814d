"""Journal and records in memory: what SqlStore keeps on disk, without the disk."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from ivr_engine.cdr.record import CallRecord
from ivr_engine.core.events import CallArrived, CallbackPlaced, Event, Recorded, agent_of, call_of
from ivr_engine.core.ids import CallId, Instant


class MemoryStore:
    """See ports.journal.Journal and ports.records.CallRecords. What is appended is readable at once."""

    healthy = True

    def __init__(self) -> None:
        self._journal: list[Recorded] = []
        self._records: dict[CallId, CallRecord] = {}
        self._checkpoints: dict[CallId, str] = {}

    async def __aenter__(self) -> Self:
        """Nothing to open."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to close."""

    def append(self, events: Sequence[Event], at: Instant) -> tuple[Recorded, ...]:
        """Number and keep the events."""
        first = len(self._journal) + 1
        recorded = tuple(Recorded(sequence=first + index, at=at, event=event) for index, event in enumerate(events))
        self._journal.extend(recorded)
        return recorded

    async def flush(self) -> None:
        """Nothing is ever outstanding."""

    def read(self, *, after: int = 0, call: CallId | None = None, types: Collection[str] = ()) -> Iterator[Recorded]:
        """Everything above `after`, in order; of one call, and of some types only, if given."""
        later = self._journal[max(0, after) :]
        found = [recorded for recorded in later if call is None or call_of(recorded.event) == call]
        return iter([recorded for recorded in found if not types or recorded.event.TYPE in types])

    def of_calls(self, calls: Collection[CallId]) -> tuple[Recorded, ...]:
        """All facts about these calls, in order."""
        return tuple(recorded for recorded in self._journal if call_of(recorded.event) in calls)

    def last_sequence(self) -> int:
        """The highest number, 0 when there is none."""
        return len(self._journal)

    def latest_by_agent(self, kind: type[Event]) -> tuple[Recorded, ...]:
        """The last event of this kind about each agent, in order of sequence."""
        latest = {agent_of(each.event): each for each in self._journal if isinstance(each.event, kind)}
        found = (recorded for agent, recorded in latest.items() if agent is not None)
        return tuple(sorted(found, key=lambda recorded: recorded.sequence))

    def save(self, record: CallRecord) -> None:
        """Keep the record, replacing one of the same call."""
        self._records[record.call] = record
        self._checkpoints.pop(record.call, None)

    def keep(self, call: CallId, session: Mapping[str, Any]) -> None:
        """Keep the checkpoint, as JSON, replacing one of the same call."""
        self._checkpoints[call] = json.dumps(session)

    def kept(self) -> dict[CallId, dict[str, Any]]:
        """The checkpoint of every call that has one."""
        return {call: json.loads(text) for call, text in self._checkpoints.items()}

    def get(self, call: CallId) -> CallRecord | None:
        """The record of a call, or None."""
        return self._records.get(call)

    def recorded(self, calls: Collection[CallId]) -> frozenset[CallId]:
        """Those of the calls that have a record."""
        return frozenset(call for call in calls if call in self._records)

    def find(
        self, *, since: Instant | None = None, until: Instant | None = None, limit: int | None = None
    ) -> Iterator[CallRecord]:
        """Records by arrival in [since, until), newest first; of one instant by call id, highest first."""
        newest = sorted(self._records.values(), key=lambda record: (record.arrived, record.call), reverse=True)
        found = [r for r in newest if (since is None or r.arrived >= since) and (until is None or r.arrived < until)]
        return iter(found if limit is None else found[:limit])

    def open_calls(self) -> tuple[CallId, ...]:
        """Calls that arrived and have no record yet, oldest first."""
        arrived = (r.event.call for r in self._journal if isinstance(r.event, CallArrived | CallbackPlaced))
        return tuple(dict.fromkeys(call for call in arrived if call not in self._records))

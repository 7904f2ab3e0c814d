"""The journal: the root of everything."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from ivr_engine.core.events import Event, Recorded
from ivr_engine.core.ids import CallId, Instant


class Journal(Protocol):
    """Append-only, gap-free, numbered from 1. Appending never waits for the disk; `flush` does."""

    def append(self, events: Sequence[Event], at: Instant) -> tuple[Recorded, ...]:
        """Number the events and have them written in order soon; returns them as they will stand."""
        ...

    async def flush(self) -> None:
        """Return when everything appended so far is on disk. Raises StoreError when it cannot be."""
        ...

    def read(self, *, after: int = 0, call: CallId | None = None, types: Collection[str] = ()) -> Iterator[Recorded]:
        """What is on disk with a sequence above `after`, in order; of one call, and of some types only, if given."""
        ...

    def of_calls(self, calls: Collection[CallId]) -> tuple[Recorded, ...]:
        """All facts on disk about these calls, in order."""
        ...

    def last_sequence(self) -> int:
        """The highest number on disk, 0 when there is none."""
        ...

    def latest_by_agent(self, kind: type[Event]) -> tuple[Recorded, ...]:
        """The last event on disk of this kind about each agent, in order of sequence."""
        ...

"""What is on disk, read: by the store itself and, on a read-only connection, by people's tools while the engine runs."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Engine, func, inspect
from sqlmodel import Session, col, select

from ivr_engine.adapters.store.cut_off import cut_off_after
from ivr_engine.adapters.store.database import check_schema, connect_read_only, explained, name_of, parse_url, sqlite_url
from ivr_engine.adapters.store.rows import record_from, recorded_from
from ivr_engine.adapters.store.settled import OPENING
from ivr_engine.adapters.store.tables import CallRow, CheckpointRow, JournalRow, SettledRow
from ivr_engine.cdr.record import CallRecord
from ivr_engine.core.events import Recorded
from ivr_engine.core.ids import CallId, Instant

_PAGE = 1000


class StoreReader:
    """The reading half of journal and records. Every method raises StoreError when the database cannot be read.

    `limit_s`: a server that has not said by then which calls have a record is cut off; calls are being served meanwhile.
    """

    def __init__(self, engine: Engine, name: str, *, limit_s: float) -> None:
        self._engine = engine
        self._name = name
        self._limit_s = limit_s

    @property
    def name(self) -> str:
        """What to call the database in a message; holds no password."""
        return self._name

    def __enter__(self) -> Self:
        """The reader itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the connections."""
        self._engine.dispose()

    def last_sequence(self) -> int:
        """The highest sequence number on disk, 0 when there is none."""
        with explained(self._name), Session(self._engine) as session:
            return session.exec(select(func.max(JournalRow.sequence))).one() or 0

    def read(self, *, after: int = 0, call: CallId | None = None, types: Collection[str] = ()) -> Iterator[Recorded]:
        """What is on disk with a sequence above `after`, in order, page by page; of one call or these types, if given."""
        while page := self._page(after, call, types):
            yield from page
            if len(page) < _PAGE:
                return  # a query more for each of many calls is half the time of a start
            after = page[-1].sequence

    def of_calls(self, calls: Collection[CallId]) -> tuple[Recorded, ...]:
        """All facts about these calls, in order of sequence: a query for many calls, as a start has hundreds."""
        asked, found = sorted(calls), list[Recorded]()
        with explained(self._name), Session(self._engine) as session:
            for first in range(0, len(asked), _PAGE):
                query = select(JournalRow.sequence, JournalRow.at_ms, JournalRow.body)
                rows = session.exec(query.where(col(JournalRow.call).in_(asked[first : first + _PAGE])))
                found.extend(recorded_from(sequence, at_ms, body) for sequence, at_ms, body in rows)
        return tuple(sorted(found, key=lambda each: each.sequence))

    def latest_by_agent(self, kind: str) -> tuple[Recorded, ...]:
        """The last event of this type about each agent, in order of sequence."""
        last = (
            select(func.max(JournalRow.sequence))
            .where(JournalRow.type == kind, col(JournalRow.agent).is_not(None))
            .group_by(col(JournalRow.agent))
        )
        query = select(JournalRow.sequence, JournalRow.at_ms, JournalRow.body).where(col(JournalRow.sequence).in_(last))
        with explained(self._name), Session(self._engine) as session:
            rows = session.exec(query.order_by(col(JournalRow.sequence)))
            return tuple(recorded_from(sequence, at_ms, body) for sequence, at_ms, body in rows)

    def last_before(self, instant: Instant) -> int:
        """The sequence number of the last event before an instant, 0 when there is none; looks back from the newest."""
        query = select(JournalRow.sequence).where(col(JournalRow.at_ms) < instant)
        with explained(self._name), Session(self._engine) as session:
            return session.exec(query.order_by(col(JournalRow.sequence).desc()).limit(1)).first() or 0

    def get(self, call: CallId) -> CallRecord | None:
        """The record of a call, or None."""
        with explained(self._name), Session(self._engine) as session:
            row = session.get(CallRow, call)
            return record_from(row) if row else None

    def recorded(self, calls: Collection[CallId]) -> frozenset[CallId]:
        """Those of the calls that have a record."""
        names = list(calls)
        with explained(self._name), Session(self._engine) as session, cut_off_after(session.connection(), self._limit_s):
            pages = (names[start : start + _PAGE] for start in range(0, len(names), _PAGE))
            found = (session.exec(select(CallRow.call).where(col(CallRow.call).in_(page))) for page in pages)
            return frozenset(CallId(call) for page in found for call in page)

    def find(
        self, *, since: Instant | None = None, until: Instant | None = None, limit: int | None = None
    ) -> Iterator[CallRecord]:
        """Records by arrival in [since, until), newest first; of one instant by call id, highest first."""
        query = select(CallRow).order_by(col(CallRow.arrived_ms).desc(), col(CallRow.call).desc()).limit(limit)
        if since is not None:
            query = query.where(col(CallRow.arrived_ms) >= since)
        if until is not None:
            query = query.where(col(CallRow.arrived_ms) < until)
        with explained(self._name), Session(self._engine) as session:
            for row in session.exec(query.execution_options(yield_per=_PAGE)):
                yield record_from(row)

    def open_calls(self) -> tuple[CallId, ...]:
        """Calls that arrived, or that we made, according to the journal and have no record yet, oldest first."""
        return tuple(CallId(call) for call in self.unsettled())

    def unsettled(self) -> dict[str, int]:
        """The same with the number of each arrival."""
        recorded = select(CallRow.call).where(CallRow.call == JournalRow.call).exists()
        query = (
            select(JournalRow.call, JournalRow.sequence)
            .where(col(JournalRow.type).in_(OPENING), col(JournalRow.sequence) > self.mark(), ~recorded)
            .order_by(col(JournalRow.sequence))
        )
        found: dict[str, int] = {}
        with explained(self._name), Session(self._engine) as session:
            for call, sequence in session.exec(query):
                if call is not None:
                    found.setdefault(call, sequence)
        return found

    def mark(self) -> int:
        """Up to which number every call that arrived has its record; see `settled.py`."""
        with explained(self._name), Session(self._engine) as session:
            if not inspect(self._engine).has_table(str(SettledRow.__tablename__)):  # nobody has written since it came
                return 0
            return session.exec(select(SettledRow.through)).first() or 0

    def checkpoints(self) -> dict[CallId, dict[str, Any]]:
        """The checkpoint of every call that has one."""
        with explained(self._name), Session(self._engine) as session:
            rows = session.exec(select(CheckpointRow.call, CheckpointRow.body))
            return {CallId(call): json.loads(body) for call, body in rows}

    def _page(self, after: int, call: CallId | None, types: Collection[str]) -> list[Recorded]:
        query = select(JournalRow.sequence, JournalRow.at_ms, JournalRow.body).where(col(JournalRow.sequence) > after)
        if call is not None:
            query = query.where(JournalRow.call == call)
        if types:
            query = query.where(col(JournalRow.type).in_(types))
        query = query.order_by(col(JournalRow.sequence)).limit(_PAGE)
        with explained(self._name), Session(self._engine) as session:
            return [recorded_from(sequence, at_ms, body) for sequence, at_ms, body in session.exec(query)]


def open_reader(database: Path | str, *, busy_timeout_s: float = 5.0) -> StoreReader:
    """A reader of its own, unable to write; use it in a `with`.

    Raises:
        StoreError: there is no database, or it is not one of ours.
    """
    url = sqlite_url(database) if isinstance(database, Path) else parse_url(database)
    engine = connect_read_only(url, busy_timeout_s=busy_timeout_s)
    with explained(name_of(url)):
        check_schema(engine, name_of(url))
    return StoreReader(engine, name_of(url), limit_s=busy_timeout_s)

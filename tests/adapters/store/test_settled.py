"""The mark up to which all calls have their records: never past one that has none, and a start need not look before it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.adapters.store import SqlStore, open_reader
from ivr_engine.adapters.store.settled import MARK_EVERY, Settled
from ivr_engine.adapters.store.writer import Batch
from ivr_engine.cdr.open_calls import OpenCalls
from ivr_engine.core.events import CallArrived, CallEnded, NodeEntered
from ivr_engine.core.ids import CallId, FlowName, Instant, NodeName
from ivr_engine.core.outcomes import EndedBy

Step = tuple[str, int]
"""What is stored: `arrives` or `recorded` and which call, or `else`."""
HISTORIES = st.lists(
    st.lists(st.tuples(st.sampled_from(["arrives", "recorded", "else"]), st.integers(1, 6)), max_size=6), max_size=20
)


@given(batches=HISTORIES, twice=st.sets(st.integers(0, 19)))
def test_the_mark_is_never_past_a_call_without_a_record(batches: list[list[Step]], twice: set[int]) -> None:
    settled, arrivals, last, stored = Settled({}, last=0, mark=0, every=1), dict[str, int](), 0, 0
    for number, steps in enumerate(batches):
        batch = _batch(steps, last)
        for _ in range(2 if number in twice else 1):  # a commit without an answer is made again
            mark = settled.due()
            settled.stored(batch, mark)
            assert mark is None or stored <= mark < min(arrivals.values(), default=last + 1)
            stored = mark or stored
            last = _follow(batch, arrivals) or last


def _batch(steps: Sequence[Step], sequence: int) -> Batch:
    events = [
        {"type": CallArrived.TYPE if what == "arrives" else "flow.node_entered", "call": f"c{call}"}
        for what, call in steps
        if what != "recorded"
    ]
    numbered = [{**event, "sequence": sequence + index} for index, event in enumerate(events, 1)]
    return Batch(events=numbered, records=[{"call": f"c{call}"} for what, call in steps if what == "recorded"])


def _follow(batch: Batch, arrivals: dict[str, int]) -> int:
    """Arrivals without a record, after this batch; its last number, if it has one."""
    for row in batch.events:
        if row["type"] == CallArrived.TYPE:
            arrivals.setdefault(row["call"], row["sequence"])
    for row in batch.records:
        arrivals.pop(row["call"], None)
    return max((row["sequence"] for row in batch.events), default=0)


async def _serve(store: SqlStore, calls: range, *, ending: bool = True, nodes: int = 10) -> None:
    opened = OpenCalls()
    for number in calls:
        call = CallId(f"c{number}")
        walked = [NodeEntered(call=call, flow=FlowName("f"), node=NodeName("n"), kind="play")] * nodes
        end = [CallEnded(call=call, ended_by=EndedBy.CALLER)] if ending else []
        for recorded in store.append([CallArrived(call=call, number="8", caller="1"), *walked, *end], Instant(number)):
            record = opened.apply(recorded)
            if record is not None:
                store.save(record)
    await store.flush()


async def test_a_start_looks_only_behind_the_mark_and_finds_every_open_call(tmp_path: Path) -> None:
    database = tmp_path / "engine.sqlite3"
    async with SqlStore(database) as store:
        await _serve(store, range(1_000))
        await _serve(store, range(1_000, 1_003), ending=False)
        await _serve(store, range(1_003, 2_000))
    with open_reader(database) as reader:
        assert MARK_EVERY <= reader.mark() < 12_001, "behind the oldest open call"
        assert reader.open_calls() == ("c1000", "c1001", "c1002")
    async with SqlStore(database) as store:
        assert store.open_calls() == ("c1000", "c1001", "c1002")


async def test_a_database_of_before_there_was_a_mark_is_looked_through_once(tmp_path: Path) -> None:
    database = tmp_path / "engine.sqlite3"
    async with SqlStore(database) as store:
        await _serve(store, range(1_500))
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DROP TABLE settled")
    with open_reader(database) as reader:
        assert (reader.mark(), reader.open_calls()) == (0, ())
    async with SqlStore(database) as store:
        await _serve(store, range(1_500, 1_501))
    with open_reader(database) as reader:
        assert reader.mark() >= MARK_EVERY

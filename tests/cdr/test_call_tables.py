"""Each table of `calls/` gives exactly the record it states, however the events are delivered."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr_engine.cdr.open_calls import OpenCalls, assemble
from tests.cdr.call_tables import FOLDER, read_table, render

TABLES = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_the_events_give_the_stated_record(path: Path) -> None:
    table = read_table(path)
    record = assemble(table.events)
    assert record is not None
    assert render(record) == table.record


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_the_running_set_gives_the_same_record_once_when_the_call_ends(path: Path) -> None:
    table = read_table(path)
    calls = OpenCalls()
    given = [calls.apply(recorded) for recorded in (*table.events, *table.events)]
    records = [render(record) for record in given if record is not None]
    assert records == [table.record]
    assert calls.open() == ()

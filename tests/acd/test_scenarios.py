"""Every table of tests/acd/scenarios, whole decision by whole decision."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acd.scenario import happens, read, through_json

TABLES = sorted(Path(__file__).with_name("scenarios").glob("*.txt"))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_the_centre_decides_as_the_table_says(path: Path) -> None:
    scenario = read(path)
    centre = scenario.centre()
    assert scenario.rows
    for row in scenario.rows:
        assert (row.stimulus, *happens(centre, row)) == (row.stimulus, row.expected, row.alarm)


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_restart_between_any_two_rows_changes_nothing(path: Path) -> None:
    scenario = read(path)
    centre = scenario.centre()
    for row in scenario.rows:
        centre = through_json(centre, scenario)
        assert (row.stimulus, *happens(centre, row)) == (row.stimulus, row.expected, row.alarm)

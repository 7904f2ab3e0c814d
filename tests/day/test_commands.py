"""`ivr-engine rehearse` and `ivr-engine whatif` as their user meets them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from ivr_engine.cli import rehearse, whatif
from ivr_engine.errors import DefinitionError, StoreError

ROOT = Path(__file__).parents[2]
BANK = ROOT / "tests" / "small_bank"
SAMPLE = ROOT / "flows" / "sample-bank"


def run(*arguments: str | Path) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)
    rehearse.register(app)
    whatif.register(app)
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, list(map(str, arguments)))


def objects(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.output.splitlines()]


def of_type(result: Result, kind: str) -> list[dict[str, Any]]:
    return [each for each in objects(result) if each["type"] == kind]


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """The journal of a rehearsed day."""
    path = tmp_path / "day.db"
    assert run("rehearse", BANK, "--arrivals", "40/h", "--seed", "5", "--journal", path).exit_code == 0
    return path


def test_the_same_seed_prints_the_same_day() -> None:
    first, second, other = (run("rehearse", BANK, "--arrivals", "40/h", "--seed", seed) for seed in "112")
    assert first.exit_code == 0
    assert first.output == second.output
    assert first.output != other.output


def test_the_day_of_the_sample_bank_is_told_by_queue_and_half_hour() -> None:
    result = run("rehearse", SAMPLE, "--arrivals", SAMPLE / "arrivals.csv", "--json")
    assert result.exit_code == 0
    (summary,) = of_type(result, "summary")
    *queues, all_queues = of_type(result, "queue")
    intervals = of_type(result, "interval")
    assert {each["queue"] for each in queues} == {each["queue"] for each in intervals}
    for name in ("offered", "answered", "abandoned", "otherwise"):
        assert sum(each[name] for each in intervals) == sum(each[name] for each in queues) == all_queues[name]
    assert all_queues["offered"] == summary["callers"]
    assert summary["service_level"] == {"definition": "abandoned_count_against", "in_time_ms": 20_000}
    assert {each["agent"] for each in of_type(result, "agent")} == {"1001", "1002", None}


def test_shifts_are_kept(tmp_path: Path) -> None:
    staff = tmp_path / "staff.csv"
    staff.write_text("agent,from,to\n1001,09:00,10:00\n")
    result = run("rehearse", BANK, "--arrivals", "20/h", "--staff", staff, "--json")
    (worked, _) = of_type(result, "agent")
    spans = [worked[name] for name in ("talking_ms", "wrap_up_ms", "ringing_ms", "free_ms", "paused_ms")]
    assert worked["agent"] == "1001"
    assert 3_600_000 <= sum(spans) <= 3_600_000 + 1_800_000  # and to the end of a conversation


def test_mistakes_of_a_file_are_told() -> None:
    result = run("rehearse", BANK, "--arrivals", BANK / "centre.yaml")
    assert isinstance(result.exception, DefinitionError)
    assert "centre.yaml:2:1: error unknown column 'name: sample-bank'" in str(result.exception)
    missing = run("rehearse", BANK, "--arrivals", "nowhere.csv")
    assert "nowhere.csv: cannot be read" in str(missing.exception)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--from", "morning"), "'morning' is no time of the day"),
        (("--from", "10:00", "--to", "09:00"), "09:00 is not after 10:00"),
    ],
)
def test_wrong_hours_are_wrong_use(options: tuple[str, ...], told: str) -> None:
    result = run("rehearse", BANK, "--arrivals", "10/h", *options)
    assert result.exit_code == 2
    assert told in result.output


def test_a_journal_is_not_written_over(day: Path) -> None:
    result = run("rehearse", BANK, "--arrivals", "10/h", "--journal", day)
    assert result.exit_code == 2
    assert "exists already" in result.output


def test_an_unchanged_centre_decides_as_it_did(day: Path) -> None:
    result = run("whatif", BANK, "--journal", day, "--json")
    assert result.exit_code == 0
    (decisions,) = of_type(result, "decisions")
    assert decisions["alike"] == decisions["recorded"] > 500
    assert decisions["first_difference"] is None
    assert all(each["recorded"] == each["what_if"] for each in of_type(result, "queue"))
    assert "decisions: all " in run("whatif", BANK, "--journal", day).output


def test_another_file_of_rules_is_tried_beside_the_original(day: Path, tmp_path: Path) -> None:
    rules = (BANK / "centre.yaml").read_text(encoding="utf-8")
    routing = tmp_path / "try.yaml"
    routing.write_text(rules.replace("wrap_up: 10s", "wrap_up: 2m"), encoding="utf-8")
    result = run("whatif", BANK, "--journal", day, "--routing", routing, "--json")
    whole = of_type(result, "queue")[-1]
    assert whole["what_if"]["answered"] < whole["recorded"]["answered"]
    (decisions,) = of_type(result, "decisions")
    assert decisions["first_difference"]["recorded"] != decisions["first_difference"]["what_if"]
    text = run("whatif", BANK, "--journal", day, "--routing", routing).output
    assert "Kaplan-Meier" in text
    assert f"decisions: {decisions['alike']} of {decisions['recorded']} as recorded, then " in text


def test_a_mistake_in_the_tried_file_is_told_with_its_place(day: Path, tmp_path: Path) -> None:
    routing = tmp_path / "try.yaml"
    routing.write_text((BANK / "centre.yaml").read_text(encoding="utf-8") + "routine: {}\n", encoding="utf-8")
    result = run("whatif", BANK, "--journal", day, "--routing", routing)
    assert isinstance(result.exception, DefinitionError)
    assert "centre.yaml:25:1: error S212" in str(result.exception)


def test_one_thing_is_tried_at_a_time(day: Path) -> None:
    result = run("whatif", BANK, "--journal", day, "--routing", "a.yaml", "--dir", "b")
    assert result.exit_code == 2
    assert "not both" in result.output


def test_a_time_without_callers_is_said(day: Path) -> None:
    result = run("whatif", BANK, "--journal", day, "--since", "2030-01-01")
    assert isinstance(result.exception, StoreError)
    assert "nobody entered a queue" in str(result.exception)


def test_help_has_an_example() -> None:
    for name in ("rehearse", "whatif"):
        assert f"Example: ivr-engine {name} flows/sample-bank" in run(name, "--help").output

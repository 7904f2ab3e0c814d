"""`ivr-engine explore` as its user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from ivr_engine.cli import explore

BANK = Path(__file__).parents[1] / "small_bank"
FLOW = """
flow: main
start: menu
nodes:
  menu:
    menu: {prompt: menu, keys: {1: wrong, 0: agent}, attempts: 1}
    failed: end
  agent: {queue: {name: cards}, next: end, failed: end}
  wrong: {play: [{money: "{{ call.caller + 'x' }}"}], next: end}
  never: {branch: [{when: "{{ call.number == '1' }}", next: end}], else: end}
  end: {hangup: {}}
"""


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)
    explore.register(app)
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["explore", *arguments])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    bank = tmp_path / "bank"
    (bank / "prompts").mkdir(parents=True)
    (bank / "centre.yaml").write_text('languages: [en]\nnumbers: {"95500": main}\nqueues: {cards: {}}\n')
    (bank / "agents.yaml").write_text("agents: {'1001': {name: Li, queues: [cards]}}")
    (bank / "prompts" / "en.yaml").write_text("menu: Press one.")
    (bank / "main.yaml").write_text(FLOW)
    monkeypatch.chdir(tmp_path)
    return "bank"


def test_a_centre_without_faults_exits_0_and_tells_the_lengths() -> None:
    result = run(str(BANK))
    assert result.exit_code == 0
    *notes, first, quickest, longest, most, last = result.output.splitlines()
    assert notes == []
    assert first == "longest way to the first menu: 0 keys, 3 s of prompts (nothing to do)"
    assert quickest == "quickest way to an agent: 2 keys, 12 s of prompts (presses 1, presses 0)"
    assert longest.startswith("longest way to an agent: 3")
    assert most == "most words at once: 8 s, at node `main_menu` of flow `main`"
    assert last.endswith(", 0 faults")


def test_faults_and_gaps_stand_at_their_places_and_a_test_is_written(folder: str) -> None:
    result = run(folder, "--write", "bank/tests")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[:4] == [
        "bank/main.yaml:9:3: no way found: by `next` from node `wrong`",
        "bank/main.yaml:10:3: no way found: to node `never`",
        "bank/main.yaml:9:3: node `wrong`, the call fails: unspeakable play: `{money: ...}` needs a decimal number such as "
        "1234.50; the value is something else",
        "  the way: presses 1",
    ]
    assert lines[-1] == "written: bank/tests/explored-1-main-wrong.yaml"
    written = Path("bank/tests/explored-1-main-wrong.yaml").read_text(encoding="utf-8")
    assert written.splitlines()[2:] == [
        'test: "main, wrong: unspeakable"',
        'number: "95500"',
        'at: "2026-03-02T02:00:00+00:00"',
        "steps:",
        '  - {"press": "1"}',
    ]


def test_json_is_one_object_a_line(folder: str) -> None:
    found = [json.loads(line) for line in run(folder, "--json").output.splitlines()]
    assert {each["type"] for each in found} == {"coverage", "fault", "length", "speech", "summary"}
    (fault,) = (each for each in found if each["type"] == "fault")
    assert (fault["node"], fault["code"], fault["way"], fault["number"]) == ("wrong", "unspeakable", ["presses 1"], "95500")
    assert found[-1] == {"type": "summary", "states": 4, "faults": 1, "complete": True, "stopped": {}, "assumed": []}


def test_a_bound_that_is_hit_is_said() -> None:
    result = run(str(BANK), "--most", "5")
    assert "stopped at the bound, raise --most" in result.output
    (line,) = (line for line in result.output.splitlines() if line.startswith("stopped in flow"))
    assert line.startswith("stopped in flow `main`: ")
    assert "not covered there: `" in line
    summary = json.loads(run(str(BANK), "--most", "5", "--json").output.splitlines()[-1])
    assert (summary["complete"], list(summary["stopped"])) == (False, ["main"])


def test_help_has_an_example() -> None:
    assert "Example: ivr-engine explore flows/sample-bank" in run("--help").output

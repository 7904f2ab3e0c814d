"""`ivr-engine simulate` as its user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ivr_engine.cli import simulate
from ivr_engine.errors import DefinitionError

FLOW = """
flow: main
start: menu
nodes:
  menu:
    menu: {prompt: menu, keys: {1: ask, 0: agent}, attempts: 1}
    failed: end
  ask:
    request: {service: host, operation: balance, into: account}
    next: say
    exits: {not_found: end}
    failed: wrong
  say: {play: [{money: "{{ account.balance }}"}], next: end}
  agent: {queue: {name: cards}, next: end, failed: wrong}
  wrong: {set: {x: "{{ default(y, 0) / 0 }}"}, next: wrong_said}
  wrong_said: {play: [menu], next: end}
  end: {hangup: {}}
"""
CENTRE = """
languages: [en]
numbers: {"95500": main}
queues: {cards: {}}
services: {host: {url: "http://127.0.0.1:9"}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "centre.yaml").write_text(CENTRE, encoding="utf-8")
    (tmp_path / "agents.yaml").write_text("agents: {'1001': {name: Li, queues: [cards]}}", encoding="utf-8")
    (tmp_path / "prompts" / "en.yaml").write_text("menu: Press one.", encoding="utf-8")
    (tmp_path / "main.yaml").write_text(FLOW, encoding="utf-8")
    return tmp_path


def run(folder: Path, *options: str, typed: str = "") -> tuple[int, str]:
    app = typer.Typer()
    simulate.register(app)
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(folder), "--number", "95500", *options], input=typed)
    if isinstance(result.exception, DefinitionError):
        raise result.exception
    return result.exit_code, result.output


def test_a_scripted_call_prints_its_transcript(folder: Path) -> None:
    code, output = run(folder, "--keys", "1", "--service", 'host.balance={"balance": "2.00"}')
    assert code == 0
    assert [line.split(maxsplit=2) for line in output.splitlines()] == [
        ["menu", "hears", "Press one."],
        ["menu", "presses", "1"],
        ["ask", "asks", "host.balance -> ok"],
        ["say", "hears", "two yuan"],
        ["the", "call", "ended at end: finished"],
    ]


@pytest.mark.parametrize(
    ("options", "code", "ending"),
    [
        (["--keys", "-"], 0, "finished"),
        (["--keys", "!"], 0, "caller_gone"),
        (["--keys", "1", "--service", "host.balance=not_found"], 0, "finished"),
        (["--keys", "1"], 1, "failed"),
        (["--keys", "0", "--queue", "cards=timeout"], 1, "failed"),
        (["--keys", "0"], 0, "finished"),
        (["--keys", ""], 1, "script_ran_dry"),
    ],
)
def test_the_exit_code_says_how_the_call_ended(folder: Path, options: list[str], code: int, ending: str) -> None:
    found, output = run(folder, "--json", *options)
    *passages, last = [json.loads(line) for line in output.splitlines()]
    assert (found, last["type"], last["ending"]) == (code, "end", ending)
    assert {each["type"] for each in passages} == {"passage"}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--keys", "1x"], "--keys"),
        (["--keys", "1", "--service", "balance"], "SERVICE.OPERATION=ANSWER"),
        (["--keys", "1", "--service", "host.balance={"], "JSON"),
        (["--keys", "1", "--service", "host.balance="], "JSON"),
        (["--keys", "1", "--queue", "cards=late"], "timeout"),
    ],
)
def test_wrong_use_is_explained(folder: Path, options: list[str], named: str) -> None:
    code, output = run(folder, *options)
    assert code == 2
    assert named in output


def test_files_with_errors_are_not_simulated(folder: Path) -> None:
    (folder / "main.yaml").write_text(FLOW.replace("next: say\n", "next: nowhere\n"), encoding="utf-8")
    with pytest.raises(DefinitionError, match="nowhere"):
        run(folder, "--keys", "1")


def test_a_person_at_the_terminal_presses_keys_and_hangs_up_with_the_end_of_input(folder: Path) -> None:
    code, output = run(folder, "--service", "host.balance=not_found", typed="1\n")
    assert code == 0
    assert "menu                 hears    Press one." in output
    assert "the call ended at end: finished" in output
    code, output = run(folder)
    assert (code, output.splitlines()[-1]) == (0, "the call ended at menu: caller gone")


OUTSIDE = """
flow: main
start: speak
nodes:
  speak: {record: {prompt: menu}, next: over, exits: {empty: points}}
  over: {transfer: {to: desk}, next: end, failed: points}
  points: {agi: {script: old, read: {POINTS: points}}, next: say, failed: end}
  say: {play: [{number: "{{ points }}"}], next: end, failed: end}
  end: {hangup: {}}
"""


def nodes_after(folder: Path, *options: str) -> list[str]:
    (folder / "main.yaml").write_text(OUTSIDE, encoding="utf-8")
    (folder / "centre.yaml").write_text(CENTRE + 'transfers: {desk: "10086"}\nscripts: {old: {run: old.py}}\n')
    code, printed = run(folder, "--keys", "-", "--json", *options)
    assert code == 0
    return [json.loads(line)["node"] for line in printed.splitlines()]


def test_what_is_outside_goes_well_unless_it_is_said_otherwise(folder: Path) -> None:
    assert nodes_after(folder) == ["speak", "over", "end", "end"]
    busy = nodes_after(folder, "--outside", "transfer:desk=busy", "--outside", 'script:old={"POINTS": "7"}')
    assert busy == ["speak", "over", "points", "say", "end", "end"]
    assert nodes_after(folder, "--outside", "record:speak=empty", "--outside", "script:old=failed") == [
        "speak",
        "points",
        "end",
        "end",
    ]


@pytest.mark.parametrize("option", ["record:speak", "fax:a=b", "record:speak=soon", "transfer:desk=gone", "script:old=1"])
def test_what_cannot_come_of_it_is_a_wrong_use(folder: Path, option: str) -> None:
    assert run(folder, "--keys", "-", "--outside", option)[0] == 2

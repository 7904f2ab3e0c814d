from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from ivr_engine.cli import check
from tests.flows.corpus import GOOD


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)  # a second command, so that `check` is written out as in the whole program
    check.register(app)
    return CliRunner().invoke(app, ["check", *arguments])


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = Path(shutil.copytree(GOOD, tmp_path / "bank"))
    flow = (folder / "main.yaml").read_text()
    (folder / "main.yaml").write_text(flow.replace("[welcome]", "[welcom]").replace('"*": main_menu', '"*": main_men'))
    monkeypatch.chdir(tmp_path)
    return "bank"


def test_a_good_folder_is_ready_and_exits_0() -> None:
    result = run(str(GOOD))
    assert (result.exit_code, result.output) == (
        0,
        f"{GOOD}: ready to use, 0 errors, 0 warnings, norms not checked (no norms.yaml)\n",
    )


def test_a_broken_folder_prints_every_problem_in_the_order_of_the_file_and_exits_1(broken: str) -> None:
    result = run(broken)
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "bank/main.yaml:4:21: error R405 unknown prompt: `welcom`; did you mean `welcome`?",
        "bank/main.yaml:11:14: error G301 unknown node: `main_men`; did you mean `main_menu`?",
        "bank: 2 errors, 0 warnings, norms not checked (no norms.yaml)",
    ]


def test_json_is_one_object_per_problem_and_nothing_else(broken: str) -> None:
    result = run(broken, "--json")
    assert result.exit_code == 1
    first, second = map(json.loads, result.output.splitlines())
    assert first == {
        "file": "bank/main.yaml",
        "line": 4,
        "column": 21,
        "severity": "error",
        "code": "R405",
        "message": "unknown prompt: `welcom`; did you mean `welcome`?",
    }
    assert second["code"] == "G301"


def test_a_missing_folder_is_named_and_exits_1() -> None:
    result = run("no/such/folder")
    assert result.exit_code == 1
    assert "no/such/folder:1:1: error Y101 there is no such folder" in result.output


def test_no_folder_at_all_is_wrong_use_and_exits_2() -> None:
    assert run().exit_code == 2


def test_help_has_an_example() -> None:
    assert "Example: ivr-engine check flows/sample-bank" in run("--help").output

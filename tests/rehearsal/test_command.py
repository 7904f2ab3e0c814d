"""`ivr-engine test` as its user meets it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from ivr_engine.cli import test as command

BANK = Path(__file__).parents[1] / "small_bank"
ONE = """
test: balance
number: "80000"
services: {host.balance: {balance: "5.00"}}
steps:
  - press: "1"
  - press: "16299990000100015#"
  - press: "123456"
  - hears: {money: "6.00"}
"""


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)
    command.register(app)
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["test", *arguments])


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path(shutil.copytree(BANK, tmp_path / "bank"))
    shutil.rmtree(folder / "tests")
    (folder / "tests").mkdir()
    monkeypatch.chdir(tmp_path)
    return Path("bank")


def test_a_test_that_passes_exits_0(bank: Path) -> None:
    (bank / "tests" / "a.yaml").write_text(ONE.replace("6.00", "5.00"))
    result = run("bank")
    assert (result.exit_code, result.output) == (0, "passed  balance\nbank: 1 tests, 0 failed\n")


def test_a_test_that_fails_is_told_in_full_and_exits_1(bank: Path) -> None:
    (bank / "tests" / "a.yaml").write_text(ONE)
    result = run("bank")
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "FAILED  balance",
        "  bank/tests/a.yaml:9:5: expected to hear {money: 6.00}",
        "  found     the flow waits for keys at node `after_balance`",
        "  heard     your_balance_is: 您的账户余额为",
        "            {money}: 五元",
        "            anything_else: 人工服务请按0，返回主菜单请按星号键，结束请按井号键。",
        "  the way   greeting -> language (next) -> main_menu (1) -> ask_card (1) -> ask_pin (next) -> fetch (next) -> "
        "say_balance (next) -> after_balance (next)",
        "bank: 1 tests, 1 failed",
    ]


def test_json_is_one_object_a_line(bank: Path) -> None:
    (bank / "tests" / "a.yaml").write_text(ONE)
    result = run("bank", "--json", "--coverage")
    test, *coverage, summary = map(json.loads, result.output.splitlines())
    assert (test["name"], test["passed"], test["line"], test["expected"]) == ("balance", False, 9, "to hear {money: 6.00}")
    greeting = next(each for each in coverage if each["node"] == "greeting")
    assert (greeting["visits"], greeting["exits"]) == (1, {"next": 1})
    assert summary == {"type": "summary", "tests": 1, "failed": 1}


def test_coverage_names_what_is_missing_and_a_share_can_be_required(bank: Path) -> None:
    (bank / "tests" / "a.yaml").write_text(ONE.replace("6.00", "5.00"))
    result = run("bank", "--coverage", "--require", "90")
    assert result.exit_code == 1
    assert "bank/main.yaml:9:3: not covered: exits `2`, `failed` of node `language`" in result.output
    assert "not covered: node `to_agent`" in result.output
    assert "covered: 8 of 17 nodes, 7 of 38 exits" in result.output
    assert run("bank", "--require", "20").exit_code == 0


def test_names_choose_tests_and_an_unknown_one_is_wrong_use() -> None:
    assert (
        run(str(BANK), "locked card").output.splitlines()[0] == "passed  a wrong PIN, a card nobody has, then a locked card"
    )
    wrong = run(str(BANK), "waited to long")
    assert wrong.exit_code == 2
    assert "did you mean `waited too long`?" in " ".join(wrong.output.replace("│", "").split())


def test_problems_of_the_files_are_printed_like_those_of_check(bank: Path) -> None:
    (bank / "tests" / "a.yaml").write_text(ONE.replace("80000", "80001"))
    (bank / "tests" / "b.yaml").write_text("test: [")
    result = run("bank")
    assert result.exit_code == 1
    assert [line.split()[:3] for line in result.output.splitlines()] == [
        ["bank/tests/a.yaml:3:9:", "error", "T502"],
        ["bank/tests/b.yaml:2:1:", "error", "Y106"],
    ]
    assert json.loads(run("bank", "--json").output.splitlines()[0])["code"] == "T502"


def test_no_tests_at_all_is_said() -> None:
    result = run(str(BANK.parents[1] / "tests" / "flows" / "good"))
    assert result.exit_code == 1
    assert "T501 there are no tests here" in result.output


def test_help_has_an_example() -> None:
    assert "Example: ivr-engine test flows/sample-bank" in run("--help").output

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from ivr_engine.adapters.flow_files import load_centre
from ivr_engine.cli import check
from tests.flows.corpus import GOOD


@pytest.fixture(autouse=True)
def _english_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)  # a second command, so that `check` is written out as in the whole program
    check.register(app)
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["check", *arguments])


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


@pytest.fixture
def untested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    tests = Path(shutil.copytree(GOOD, tmp_path / "bank")) / "tests"
    tests.mkdir()
    (tests / "calls.yaml").write_text('- test: one\n  number: "1"\n  steps:\n    - hears: welcom\n')
    monkeypatch.chdir(tmp_path)
    return "bank"


def test_problems_of_the_conversation_tests_come_after_those_of_the_centre_and_exit_1(untested: str) -> None:
    result = run(untested)
    assert result.exit_code == 1
    *problems, last = result.output.splitlines()
    assert [problem.split(" ")[:3] for problem in problems] == [
        ["bank/tests/calls.yaml:2:11:", "error", "T502"],
        ["bank/tests/calls.yaml:4:14:", "error", "T503"],
    ]
    assert last == "bank: ready to use, 2 errors, 0 warnings, norms not checked (no norms.yaml)"


def test_tests_are_left_alone_while_the_centre_has_errors(untested: str) -> None:
    (Path(untested) / "main.yaml").write_text("flow: main\n")
    assert " T5" not in run(untested).output


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


def test_format_json_is_the_same_as_json(broken: str) -> None:
    assert run(broken, "--format", "json").output == run(broken, "--json").output


def test_messages_come_in_chinese_when_asked_for(broken: str) -> None:
    assert run(broken, "--lang", "zh").output.splitlines() == [
        "bank/main.yaml:4:21: error R405 未知的提示语：`welcom`；是否应为 `welcome`？",
        "bank/main.yaml:11:14: error G301 未知的节点：`main_men`；是否应为 `main_menu`？",
        "bank：2 个错误，0 个警告，未检查服务规范（没有 norms.yaml）",
    ]


@pytest.mark.parametrize(
    ("locale", "asked", "begins"),
    [
        ("zh_CN.UTF-8", [], "未知"),
        ("en_US.UTF-8", [], "unknown"),
        ("C", [], "unknown"),
        ("zh_CN.UTF-8", ["--lang", "en"], "unknown"),
    ],
)
def test_the_terminal_decides_the_language_unless_asked(
    locale: str, asked: list[str], begins: str, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    first = json.loads(run(broken, "--json", *asked).output.splitlines()[0])
    assert first["message"].startswith(begins)


def sarif(*arguments: str) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(run(*arguments, "--format", "sarif").output)
    return log


def test_sarif_has_the_structure_that_code_hosts_need(broken: str) -> None:
    """The required properties of SARIF 2.1.0: sections 3.13 (log), 3.14 (run), 3.18 (tool), 3.27 (result), 3.30 (region)."""
    log = sarif(broken)
    assert (log["version"], log["$schema"].endswith("sarif-schema-2.1.0.json")) == ("2.1.0", True)
    (one_run,) = log["runs"]
    rules = one_run["tool"]["driver"]["rules"]
    assert one_run["tool"]["driver"]["name"] == "ivr-engine"
    assert [rule["id"] for rule in rules] == ["R405", "G301"]
    for result in one_run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"none", "note", "warning", "error"}
        assert result["message"]["text"]
        (location,) = result["locations"]
        assert location["physicalLocation"]["region"].keys() == {"startLine", "startColumn"}


def test_sarif_points_to_the_place_in_the_file_as_the_folder_was_named(broken: str) -> None:
    first = sarif(broken)["runs"][0]["results"][0]
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "bank/main.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 4, "startColumn": 21},
    }
    for same in (str(Path(broken).resolve()), f"./{broken}", f"{broken}/../{Path(broken).name}/"):
        assert sarif(same)["runs"][0]["results"][0]["locations"] == first["locations"]


def test_sarif_of_files_that_lie_elsewhere_has_absolute_uris(broken: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("else where")
    shutil.copytree(broken, elsewhere / "银行")
    uri = sarif(str(elsewhere / "银行"))["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert uri["uri"].startswith("file:///")
    assert uri["uri"].isascii()
    assert "uriBaseId" not in uri


def test_sarif_of_a_good_folder_is_a_run_without_results() -> None:
    assert sarif(str(GOOD))["runs"][0]["results"] == []


NORMS = """
rules: {N-10b3: {severity: warning}}
waivers:
  - {rule: N-10c1, reason: pilot, until: 2999-12-31}
  - {rule: N-08a, reason: pilot, until: 2020-02-29}
"""


@pytest.fixture
def waived(tmp_path: Path) -> str:
    folder = Path(shutil.copytree(GOOD, tmp_path / "bank"))
    (folder / "norms.yaml").write_text(NORMS)
    return str(folder)


def test_what_is_waived_is_counted_in_the_text_and_suppressed_in_sarif(waived: str) -> None:
    assert run(waived).output.splitlines()[-1].endswith("norms checked, 2 waived")
    results = sarif(waived)["runs"][0]["results"]
    assert [result["ruleId"] for result in results if "suppressions" in result] == ["N-10c1", "N-08a"]


def test_a_waiver_that_ended_fails_the_check_and_keeps_no_centre_from_starting(waived: str) -> None:
    result = run(waived)
    assert result.exit_code == 1
    assert "error N001 the waiver of N-08a (pilot) ended on 2020-02-29" in result.output
    assert ": ready to use, 1 error, " in result.output
    assert load_centre(Path(waived)).definition is not None

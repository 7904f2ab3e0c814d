"""`ivr-engine diagram` as its user meets it; Graphviz is played by a small program."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from ivr_engine.adapters.graphviz import DrawingFailed, render
from ivr_engine.cli import diagram
from ivr_engine.errors import SetupError

BANK = Path(__file__).parents[1] / "small_bank"


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)
    diagram.register(app)
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["diagram", *arguments])


@pytest.fixture
def dot(tmp_path: Path) -> Path:
    """Stands for Graphviz: tells its option and how many lines it was given."""
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\necho \"$1\" drew $(grep -c '>' -)\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def test_mermaid_goes_to_the_terminal() -> None:
    result = run(str(BANK), "main")
    assert result.exit_code == 0
    assert result.output.splitlines()[:3] == [
        "flowchart TD",
        "  f1start(( )) --> f1n1",
        '  f1n1("<b>greeting</b><br/>欢迎致电示例银行。"):::says',
    ]


def test_the_ending_of_the_file_says_what_is_drawn(dot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{dot.parent}:/usr/bin:/bin")
    for ending in ("svg", "png"):
        out = tmp_path / f"main.{ending}"
        result = run(str(BANK), "--out", str(out))
        assert (result.exit_code, result.output) == (0, f"{out}: 1 flow drawn\n")
        assert out.read_text().startswith(f"-T{ending} drew ")
    run(str(BANK), "--out", str(tmp_path / "main.txt"))
    assert (tmp_path / "main.txt").read_text().startswith("flowchart TD\n")


def test_without_graphviz_the_command_says_what_to_install() -> None:
    with pytest.raises(SetupError, match="apt-get install graphviz"):
        render("digraph {}", "svg", program="no-such-program")


def test_a_drawing_that_fails_is_told_in_one_line(dot: Path) -> None:
    dot.write_text("#!/bin/sh\necho bad syntax >&2; exit 1\n")
    with pytest.raises(DrawingFailed, match=r"^Graphviz did not draw the flow: bad syntax$"):
        render("digraph {}", "svg", program=str(dot))


def test_a_png_is_not_written_to_the_terminal() -> None:
    assert run(str(BANK), "--format", "png").exit_code == 2


def test_an_unknown_flow_is_wrong_use() -> None:
    result = run(str(BANK), "mian")
    assert result.exit_code == 2
    assert "did you mean `main`?" in result.output


def test_json_has_boxes_and_arrows() -> None:
    (flow,) = map(json.loads, run(str(BANK), "--json").output.splitlines())
    assert (flow["flow"], flow["start"], len(flow["boxes"])) == ("main", "greeting", 17)
    assert flow["arrows"][0] == {"begin": "greeting", "end": "language", "exits": ["next"], "usual": True, "when": {}}


def test_help_has_an_example() -> None:
    assert "Example: ivr-engine diagram flows/sample-bank" in run("--help").output

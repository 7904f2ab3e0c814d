"""The documents about the centre's files say what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from ivr_engine.adapters.flow_files import load_centre
from tests.flows.corpus import cases

ROOT = Path(__file__).parents[2]
CODE = re.compile(r'"([YSGRTN][0-9]{3})"')
# These need more than one broken YAML file: a missing folder, odd bytes, a second file, many values.
TESTED_ELSEWHERE = {"Y101", "Y102", "Y103", "Y104", "Y105", "Y119", "Y120", "R416", "R419"}


def codes_in_source() -> set[str]:
    folders = [ROOT / "ivr_engine" / name for name in ("flows", "adapters/flow_files", "testing/rehearsal")]
    return {code for folder in folders for file in folder.rglob("*.py") for code in CODE.findall(file.read_text())}


def test_every_code_has_its_page_and_every_page_a_code() -> None:
    pages = re.findall(r"^### (\S+)$", (ROOT / "docs/problems.md").read_text(), re.MULTILINE)
    assert sorted(pages) == sorted(codes_in_source())


def test_every_code_is_brought_about_by_a_case_of_the_corpus() -> None:
    expected = {problem.split()[0] for case in cases() for problem in case.expected}
    of_tests = {code for code in codes_in_source() if code.startswith("T")}  # see tests/rehearsal
    assert codes_in_source() - expected - of_tests == TESTED_ELSEWHERE


def test_the_complete_example_has_no_problem(tmp_path: Path) -> None:
    text = (ROOT / "docs/centre-files.md").read_text()
    files = re.findall(r"^`([\w/]+\.yaml)`\n\n```yaml\n(.*?)```", text, re.MULTILINE | re.DOTALL)
    for name, content in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    assert len(files) == 5
    loaded = load_centre(tmp_path)
    assert loaded.issues == ()
    assert loaded.definition is not None

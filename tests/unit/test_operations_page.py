"""docs/operations.md against the code: log lines, doctor's checks, commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivr_engine.cli.doctor import CHECKS
from ivr_engine.config import load_settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
LINE = re.compile(r"\b_?log\.(info|warning|error)\(\s*\"([a-z_]+)\"")


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_every_log_line_of_the_code_is_explained_with_its_level_and_no_other() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "ivr_engine").rglob("*.py")]
    in_code = {(name, level) for source in sources for level, name in LINE.findall(source)}
    rows = re.findall(r"^\| (`[^|]+) \| (\w+) \|", section("Log"), re.MULTILINE)
    explained = {(name, level) for names, level in rows for name in re.findall(r"`(\w+)`", names)}
    assert explained - {("adapter", "any")} == in_code


def test_every_check_of_doctor_is_explained_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_ENGINE_STATE_DIR", str(tmp_path))
    settings = load_settings()
    explained = re.findall(r"^\| ([a-z ]+) \|", section("What doctor checks"), re.MULTILINE)
    assert explained[1:] == ["settings", *(check(settings).check for check in CHECKS)]

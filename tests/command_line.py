"""The `ivr-engine` command as a person runs it, within the test's own process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from ivr_engine.cli import app


@dataclass(frozen=True)
class Said:
    """What a run of the command gave."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


def command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command with the words it is called with."""

    def ivr_engine(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["ivr-engine", *words])
        with pytest.raises(SystemExit) as done:
            app.main()
        code = done.value.code
        return Said(code if isinstance(code, int) else 0, *capsys.readouterr())

    return ivr_engine

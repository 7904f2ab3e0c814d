"""The operator's log: one line an event, plain or JSON, the adapters' own lines among them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from ivr_engine.adapters.logs import open_log


@pytest.fixture(autouse=True)
def _standard_library_as_before() -> Iterator[None]:
    adapters = logging.getLogger("ivr_engine")
    before = adapters.handlers[:], adapters.level, adapters.propagate
    yield
    adapters.handlers[:], adapters.level, adapters.propagate = before


def test_what_an_adapter_logs_is_a_line_like_any_other(capsys: pytest.CaptureFixture[str]) -> None:
    open_log(level="info", json_lines=True)
    logging.getLogger("ivr_engine.adapters.asterisk.agi_server").warning("its %s is not ours", "token")
    logging.getLogger("ivr_engine.adapters.asterisk.agi_server").debug("unheard")
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert {**told, "timestamp": ""} == {
        "event": "adapter",
        "level": "warning",
        "part": "agi_server",
        "message": "its token is not ours",
        "timestamp": "",
    }


def test_no_value_begins_a_new_line(capsys: pytest.CaptureFixture[str]) -> None:
    log = open_log(level="info", json_lines=False)
    log.info("call_arrived", number="1\n2026 error forged\x1b[2J")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_below_the_level_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    open_log(level="error", json_lines=False).warning("quiet")
    assert capsys.readouterr().err == ""

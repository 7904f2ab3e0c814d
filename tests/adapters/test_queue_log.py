"""What the PBX writes down while no engine is there, read as calls."""

from __future__ import annotations

from pathlib import Path

from ivr_engine.adapters.asterisk.queue_log import QueueLog
from ivr_engine.core.ids import CallId, Instant
from ivr_engine.ports.switch_notes import NotedCall

STORY = """\
100|NONE|NONE|NONE|QUEUESTART|
101|17.1|fallback|NONE|HELD|80000|13800138000
103|17.1|fallback|NONE|ENTERQUEUE||13800138000|1
110|17.1|fallback|PJSIP/agent1001|CONNECT|7|17.2|3
150|17.1|fallback|PJSIP/agent1001|COMPLETEAGENT|7|40|1
151|17.1|fallback|NONE|ENDED|80000|13800138000
"""


def test_a_story_of_the_fallback_becomes_a_call(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_text(STORY, encoding="ascii")
    assert QueueLog(path).calls() == {
        CallId("17.1"): NotedCall(
            call=CallId("17.1"),
            number="80000",
            caller="13800138000",
            held=Instant(101_000),
            answered=Instant(110_000),
            phone="agent1001",
            ended=Instant(150_000),
            ended_by_agent=True,
        )
    }


def test_what_is_added_is_read_on_and_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    notes = QueueLog(path)
    assert notes.calls() == {}, "nothing was ever written"
    path.write_text("101|17.1|fallback|NONE|HELD|8|1\n102|17.2|fallback|NO", encoding="ascii")
    assert set(notes.calls()) == {"17.1"}
    with path.open("a", encoding="ascii") as file:
        file.write("NE|HELD|8|2\n")
    assert set(notes.calls()) == {"17.1", "17.2"}
    path.write_text("103|17.3|fallback|NONE|HELD|8|3\n", encoding="ascii")  # rotated
    assert "17.3" in notes.calls()


def test_lines_that_are_not_as_they_should_be_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_bytes(
        b"\xff\xfe\n|||||\nx|17.1|fallback|NONE|HELD|8|1\n1|<b>|fallback|NONE|HELD|8|1\n1|17.1|other|NONE|HELD|8|1\n"
        b"1|17.9|fallback|NONE|HELD|${EVIL}|1\n1|17.8|fallback|NONE|STRANGE|8|1\n"
    )
    assert QueueLog(path).calls() == {CallId("17.9"): NotedCall(call=CallId("17.9"), held=Instant(1_000))}

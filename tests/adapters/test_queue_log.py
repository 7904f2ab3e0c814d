"""What the PBX writes down about calls, read as calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr_engine.adapters.asterisk.queue_log import KEPT, QueueLog
from ivr_engine.core.ids import CallId, Instant
from ivr_engine.core.outcomes import EndedBy
from ivr_engine.ports.switch_notes import NotedCall

STORY = """\
100|NONE|NONE|NONE|QUEUESTART|
101|17.1|fallback|NONE|HELD|80000|13800138000
103|17.1|fallback|NONE|ENTERQUEUE||13800138000|1
110|17.1|fallback|PJSIP/agent1001|CONNECT|7|17.2|3
150|17.1|fallback|PJSIP/agent1001|COMPLETEAGENT|7|40|1
151|17.1|fallback|NONE|ENDED|80000|13800138000
"""
ONE = CallId("1795.7")


def log(folder: Path, *lines: str) -> QueueLog:
    (folder / "queue_log").write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    return QueueLog(folder / "queue_log")


def known(notes: QueueLog) -> dict[str, NotedCall]:
    return {str(each.call): each for each in notes.news()}


def test_a_story_of_the_fallback_becomes_a_call(tmp_path: Path) -> None:
    notes = log(tmp_path, *STORY.splitlines())
    assert known(notes) == {
        "17.1": NotedCall(
            call=CallId("17.1"),
            number="80000",
            caller="13800138000",
            began=Instant(17_000),
            held=Instant(101_000),
            answered=Instant(110_000),
            phone="agent1001",
            parted=Instant(150_000),
            parted_by_agent=True,
            ended=Instant(151_000),
            ended_by=EndedBy.AGENT,
        )
    }


@pytest.mark.parametrize(("engine", "elsewhere"), [("1", False), ("2", True), ("", False)])
def test_a_call_that_another_engine_had_last_is_known_as_such(tmp_path: Path, engine: str, elsewhere: bool) -> None:
    line = f"1800|1795.7|fallback|NONE|ENDED|80000|138|1800123|PJSIP/trunk-00000001|PJSIP/trunk-00000001||||{engine}"
    noted = log(tmp_path, line).of(ONE)
    assert noted is not None
    assert noted.elsewhere is elsewhere


@pytest.mark.parametrize(
    ("source", "ended_by"),
    [
        ("PJSIP/trunk-00000001", EndedBy.CALLER),
        ("PJSIP/agent1001-00000002", EndedBy.CALLER),
        ("dialplan/agi", EndedBy.ENGINE),
        ("dialplan/builtin", EndedBy.SWITCH),
        ("", EndedBy.SWITCH),
    ],
)
def test_the_end_of_a_call_is_noted_with_its_millisecond_and_who_ended_it(
    tmp_path: Path, source: str, ended_by: EndedBy
) -> None:
    notes = log(tmp_path, f"1800|1795.7|fallback|NONE|ENDED|80000|138|0001800123|PJSIP/trunk-00000001|{source}")
    noted = notes.of(ONE)
    assert noted is not None
    assert (noted.began, noted.ended, noted.ended_by) == (Instant(1_795_000), Instant(1_800_123), ended_by)


@pytest.mark.parametrize(
    ("status", "peer", "joined"),
    [
        ("ANSWER", "PJSIP/agent1001-00000002", "agent1001"),
        ("CANCEL", "PJSIP/agent1001-00000002", ""),
        ("ANSWER", "Local/x@y", ""),
        ("", "", ""),
    ],
)
def test_the_telephone_that_answered_last_is_noted_with_the_end(tmp_path: Path, status: str, peer: str, joined: str) -> None:
    noted = log(tmp_path, f"1800|1795.7|fallback|NONE|ENDED|80000|138|0001800123|a|a|{status}|{peer}").of(ONE)
    assert noted is not None
    assert noted.joined == joined


def test_an_engine_that_ends_a_call_after_a_talk_has_said_so_before(tmp_path: Path) -> None:
    line = (
        "1800|1795.7|fallback|NONE|ENDED|80000|138|0001800123|a|PJSIP/agent1001-00000002|ANSWER|PJSIP/agent1001-00000002|{}"
    )
    ended_by = {}
    for done in ("0", "1"):
        noted = log(tmp_path, line.format(done)).of(ONE)
        ended_by[done] = noted.ended_by if noted is not None else None
    assert ended_by == {"0": EndedBy.CALLER, "1": EndedBy.ENGINE}


def test_milliseconds_that_are_not_of_the_lines_own_time_are_not_believed(tmp_path: Path) -> None:
    noted = log(tmp_path, "1800|1795.7|fallback|NONE|ENDED|80000|138|0009999999|a|a").of(ONE)
    assert noted is not None
    assert noted.ended == Instant(1_800_000)


def test_the_end_of_a_call_that_the_engine_made_is_known_too(tmp_path: Path) -> None:
    assert known(log(tmp_path, "1800|cb17|fallback|NONE|ENDED||")).keys() == {"cb17"}


def test_a_caller_whom_an_engine_fetched_from_the_queue_has_not_ended(tmp_path: Path) -> None:
    notes = log(tmp_path, "101|17.1|fallback|NONE|HELD|8|1", "103|17.1|fallback|NONE|ABANDON|1|1|2")
    assert known(notes)["17.1"].ended is None


def test_a_call_that_went_on_after_its_talk_ended_when_it_did_and_by_whom_it_was(tmp_path: Path) -> None:
    noted = known(log(tmp_path, *STORY.replace("151|", "400|").splitlines()))["17.1"]
    assert (noted.parted, noted.ended, noted.ended_by) == (Instant(150_000), Instant(400_000), EndedBy.CALLER)


def test_what_is_added_is_news_once_and_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    notes = QueueLog(path)
    assert known(notes) == {}, "nothing was ever written"
    path.write_text("101|17.1|fallback|NONE|HELD|8|1\n102|17.2|fallback|NO", encoding="ascii")
    assert known(notes).keys() == {"17.1"}
    assert notes.of(CallId("17.2")) is None
    with path.open("a", encoding="ascii") as file:
        file.write("NE|HELD|8|2\n")
    assert notes.of(CallId("17.2")) is not None
    assert known(notes).keys() == {"17.2"}, "asking for one makes nothing less new"
    path.write_text("103|17.3|fallback|NONE|HELD|8|3\n", encoding="ascii")  # rotated
    assert known(notes).keys() == {"17.3"}
    assert notes.of(CallId("17.1")) is not None


def test_only_the_calls_of_which_something_was_written_last_are_kept(tmp_path: Path) -> None:
    ends = [f"{second}|{second}.1|fallback|NONE|ENDED|8|1" for second in range(1, KEPT + 3)]
    notes = log(tmp_path, "1|1.1|fallback|NONE|HELD|8|1", *ends)
    assert len(notes.news()) == KEPT
    assert (notes.of(CallId("1.1")), notes.of(CallId("2.1"))) == (None, None)


def test_what_nobody_will_ask_for_again_is_forgotten(tmp_path: Path) -> None:
    notes = log(tmp_path, *STORY.splitlines(), "1800|1795.7|fallback|NONE|ENDED|8|1")
    assert set(known(notes)) == {"17.1", ONE}
    notes.forget([CallId("17.1"), CallId("never.heard")])
    assert notes.of(CallId("17.1")) is None
    assert notes.of(ONE) is not None


def test_lines_that_are_not_as_they_should_be_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_bytes(
        b"\xff\xfe\n|||||\nx|17.1|fallback|NONE|HELD|8|1\n1|<b>|fallback|NONE|HELD|8|1\n1|17.1|other|NONE|HELD|8|1\n"
        b"1|17.9|fallback|NONE|HELD|${EVIL}|1\n1|17.8|fallback|NONE|STRANGE|8|1\n"
    )
    assert list(QueueLog(path).news()) == [NotedCall(call=CallId("17.9"), began=Instant(17_000), held=Instant(1_000))]

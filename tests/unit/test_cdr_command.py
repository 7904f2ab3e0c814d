"""`ivr-engine cdr` as people use it: real store, real command line."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr_engine.adapters.store import SqlStore
from ivr_engine.cdr.open_calls import OpenCalls
from ivr_engine.cli import cdr_text
from ivr_engine.cli.cdr_export import guarded
from ivr_engine.core.events import CallArrived, Event, FlowStarted, KeysReceived
from ivr_engine.core.events.codec import from_plain, to_plain
from ivr_engine.core.ids import CallId, FlowName, Instant, Language, NodeName
from ivr_engine.core.outcomes import GatherEnd
from tests.cdr.call_tables import FOLDER, read_table
from tests.command_line import Run, command_line

BASE = 1_772_415_000_000  # 2026-03-02T01:30:00Z
ESCAPE = "\x1b[31m"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("IVR_ENGINE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    monkeypatch.delenv("COLUMNS", raising=False)
    time.tzset()
    yield tmp_path
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def run(state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    asyncio.run(_fill(state / "engine.sqlite3"))
    return command_line(monkeypatch, capsys)


async def _fill(database: Path) -> None:
    """Three calls, a minute apart, and one in progress."""
    names = {"agent_and_survey": "李雷", "left_in_queue": "=cmd()", "self_served_balance": f"{ESCAPE}red"}
    calls = OpenCalls()
    async with SqlStore(database) as store:
        for number, (script, name) in enumerate(names.items(), start=1):
            for recorded in read_table(FOLDER / f"{script}.txt").events:
                event = _renamed(recorded.event, f"c.{number}", name)
                for written in store.append([event], Instant(BASE + number * 60_000 + recorded.at)):
                    if record := calls.apply(written):
                        store.save(record)
        open_call = CallId("c.9")
        keys = KeysReceived(
            call=open_call, node=NodeName("ask"), keys="6222020200112233", count=16, ended=GatherEnd.COMPLETE, secret=False
        )
        store.append([CallArrived(call=open_call, number="95500", caller="13900139000")], Instant(BASE + 600_000))
        store.append(
            [FlowStarted(call=open_call, flow=FlowName("main"), version="v1", language=Language("zh"))], Instant(BASE)
        )
        store.append([keys], Instant(BASE + 605_000))


def _renamed(event: Event, call: str, name: str) -> Event:
    plain = to_plain(event)
    changed = {"call": call} if "call" in plain else {}
    return from_plain({**plain, **changed, **({"caller_name": name} if "caller_name" in plain else {})})


def test_the_list_is_newest_first_local_and_masked(run: Run) -> None:
    said = run("cdr", "list")
    head, *rows = said.out.splitlines()
    assert head.split()[:3] == ["ARRIVED", "CALL", "DISPOSITION"]
    assert [row.split()[2:4] for row in rows] == [
        ["c.3", "self_served"],
        ["c.2", "abandoned_queue"],
        ["c.1", "answered_agent"],
    ]
    assert rows[0].startswith("2026-03-02 09:33:00+08:00")
    assert "138****8000" in said.out
    assert "13800138000" not in said.out
    assert "李雷" not in said.out
    assert said.code == 0


@pytest.mark.parametrize("width", [80, 100, 120, 160])
def test_the_list_fits_the_terminal_and_its_columns_stand_under_each_other(
    run: Run, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    head, *rows = run("cdr", "list", "--unmask").out.splitlines()
    assert all(cdr_text._cells(row) <= width for row in (head, *rows))
    lasted = head.index("LASTED") + len("LASTED")
    assert [row[:lasted].rsplit(None, 1)[-1] for row in rows] == ["0:18", "0:31", "1:20"]


def test_wide_characters_take_two_cells_and_marks_none() -> None:
    assert cdr_text._cells("李雷ab") == 6
    assert cdr_text._cells("e\u0301") == 1


def test_a_hostile_name_reaches_no_terminal(run: Run) -> None:
    for words in (["list"], ["list", "--json"], ["show", "c.3", "--events"], ["show", "c.3", "--json", "--events"]):
        assert "\x1b" not in run("cdr", *words, "--unmask").out


def test_json_is_one_object_a_line_with_the_columns_of_the_table(run: Run) -> None:
    rows = [json.loads(line) for line in run("cdr", "list", "--json").out.splitlines()]
    assert [(row["call"], row["disposition"], row["waited_ms"]) for row in rows] == [
        ("c.3", "self_served", 0),
        ("c.2", "abandoned_queue", 30_000),
        ("c.1", "answered_agent", 8_000),
    ]
    assert rows[0]["arrived"] == "2026-03-02 09:33:00.000+08:00"
    assert rows[2]["caller_name"] == "李**"


@pytest.mark.parametrize(
    ("words", "calls"),
    [
        (["--limit", "1"], ["c.3"]),
        (["--since", "2026-03-02T09:32"], ["c.3", "c.2"]),
        (["--since", "2026-03-02T01:32:00+00:00"], ["c.3", "c.2"]),
        (["--until", "2026-03-02T09:32"], ["c.1"]),
        (["--since", "2026-03-02", "--until", "2026-03-03"], ["c.3", "c.2", "c.1"]),
        (["--until", "2026-03-02"], []),
    ],
)
def test_since_until_and_limit_choose(run: Run, words: list[str], calls: list[str]) -> None:
    lines = run("cdr", "list", "--json", *words).out.splitlines()
    assert [json.loads(line)["call"] for line in lines] == calls


def test_an_empty_list_says_so(run: Run) -> None:
    assert run("cdr", "list", "--until", "2020-01-01").out == "no calls\n"


def test_show_tells_the_story(run: Run) -> None:
    said = run("cdr", "show", "c.1").out
    assert said == (FOLDER.parent / "story_of_agent_and_survey.txt").read_text(encoding="utf-8")


def test_show_as_json_holds_record_offers_and_events(run: Run) -> None:
    told = json.loads(run("cdr", "show", "c.1", "--json", "--events").out)
    assert told["over"] is True
    assert told["offers"] == 1
    assert [(o["agent"], o["outcome"]) for o in told["offers_made"]] == [("1001", "answered")]
    assert told["events"][0]["caller"] == "138****8000"
    assert [event["type"] for event in told["events"]][-1] == "call.ended"


def test_a_call_in_progress_is_shown_as_such_with_long_numbers_masked(run: Run) -> None:
    said = run("cdr", "show", "c.9", "--events").out
    assert "still in progress" in said
    assert "disposition" not in said
    assert "keys=622****2233" in said
    assert "6222020200112233" not in said


def test_csv_has_a_head_a_mark_for_excel_and_no_formulas(run: Run, state: Path) -> None:
    out = state / "calls.csv"
    said = run("cdr", "export", "--out", str(out), "--bom", "--unmask")
    assert said.err == f"3 calls written to {out}\n"
    content = out.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row["caller_name"] for row in rows] == ["\N{REPLACEMENT CHARACTER}[31mred", "'=cmd()", "李雷"]
    assert json.loads(rows[2]["answers"]) == {"satisfaction": "5"}
    assert [path.name for path in state.iterdir() if path.name.startswith("calls")] == ["calls.csv"]


def test_json_lines_go_to_standard_output(run: Run) -> None:
    said = run("cdr", "export", "--format", "jsonl", "--out", "-")
    assert [json.loads(line)["call"] for line in said.out.splitlines()] == ["c.3", "c.2", "c.1"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["show", "nobody"], 1, "no call 'nobody' in journal or records; `ivr-engine cdr list` shows the ids"),
        (["list", "--since", "yesteryear"], 2, "is no time"),
        (["list", "--limit", "0"], 2, "--limit"),
        (["export", "--out", "/dev/null/calls.csv"], 3, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_exit_code(run: Run, words: list[str], code: int, said: str) -> None:
    given = run("cdr", *words)
    assert given.code == code
    assert said in given.err
    assert "Traceback" not in given.err


def test_a_missing_database_is_named(run: Run, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_ENGINE_STATE_DIR", str(state / "elsewhere"))
    given = run("cdr", "list")
    assert given.code == 1
    assert "elsewhere/engine.sqlite3: no database there" in given.err


@pytest.mark.parametrize(
    ("number", "masked"), [("13800138000", "138****8000"), ("95500", "****"), ("", ""), ("+8613800138000", "+86****8000")]
)
def test_numbers_are_masked(number: str, masked: str) -> None:
    assert cdr_text.mask_number(number) == masked


@pytest.mark.parametrize("cell", ["=1+1", "+86", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_run_as_a_formula(cell: str) -> None:

    assert guarded(cell) == f"'{cell}"
    assert guarded(-1) == -1

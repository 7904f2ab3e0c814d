"""`broadcast` and `reroute` from the command line to a running engine and back, over a real control socket."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.adapters.control import ControlServer
from ivr_engine.cli.app import main
from ivr_engine.cli.until import instant_of, shown
from ivr_engine.core.events import Event
from ivr_engine.core.ids import Instant
from ivr_engine.testing.clock import START, ManualClock
from tests.unit.services.office import Office

Ivr = Callable[..., Awaitable[tuple[int, str, str]]]
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC).astimezone()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """Services by today's clock, behind a control socket."""
    office = Office(clock=ManualClock(Instant(int(datetime.now(UTC).timestamp() * 1000))))
    control = ControlServer(
        path=tmp_path / "control.sock",
        agents=office.desk,
        versions=office.versions,
        emergency=office.emergency,
        callbacks=office.callbacks,
        drain=office.drain,
        recorder=office.recorder,
        status=dict,
        log=office.log,
    )
    async with control.serving():
        yield office


@pytest.fixture
def ivr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ivr:
    """Run the command; gives exit code, output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IVR_ENGINE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("SUDO_USER", "li.na")

    async def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ivr-engine", *arguments])
        code = await asyncio.to_thread(_exit_code)
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def _exit_code() -> int:
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


async def test_on_list_and_off_say_what_is_on_and_from_when(office: Office, ivr: Ivr) -> None:
    code, out, _ = await ivr("broadcast", "on", "系统维护至18点", "--number", "80000", "--until", "2h", "--reason", "outage")
    assert code == 0
    assert out.startswith("on:  80000 zh-CN: “系统维护至18点”, until 20")
    assert "(li.na: outage)" in out
    assert "From the next call on" in out
    code, out, _ = await ivr("broadcast", "list", "--json")
    (row,) = map(json.loads, out.splitlines())
    assert (code, row["text"], row["by"], row["reason"], row["skippable"]) == (0, "系统维护至18点", "li.na", "outage", True)
    code, out, _ = await ivr("broadcast", "off", "--reason", "over", "--by", "wang.wei")
    assert (code, out[:18]) == (0, "off: 80000 zh-CN: ")
    assert (await ivr("broadcast", "list"))[:2] == (0, "no broadcast is on\n")
    assert [event["type"] for event in _journal(office)] == ["emergency.broadcast_set", "emergency.broadcast_ended"]
    assert [event["by"] for event in _journal(office)] == ["li.na", "wang.wei"]


def _journal(office: Office) -> list[dict[str, str]]:
    def plain(event: Event) -> dict[str, str]:
        return {"type": event.TYPE, "by": getattr(event, "by", "")}

    return [plain(recorded.event) for recorded in office.store.read()]


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("broadcast", "on", "a", "--until", "2h"), 1, "say why: --reason"),
        (("broadcast", "on", "a", "--reason", "r"), 2, "--until"),
        (("broadcast", "on", "a", "--reason", "r", "--until", "soon"), 2, "'soon' is no time"),
        (("broadcast", "on", "a", "--reason", "r", "--until", "2020-01-01T10:00"), 1, "has passed already"),
        (("broadcast", "on", "--prompt", "none_such", "--reason", "r", "--until", "1h"), 1, "no prompt 'none_such'"),
        (("broadcast", "on", "a", "--number", "1", "--reason", "r", "--until", "1h"), 1, "no number '1'"),
        (("broadcast", "off", "--reason", "r"), 1, "no such broadcast is on"),
        (("reroute", "on", "80000", "none_such", "--reason", "r", "--until", "1h"), 1, "no flow 'none_such'"),
        (("reroute", "on", "80000", "--reason", "r", "--until", "1h"), 2, "Missing argument"),
        (("reroute", "off", "--reason", "r"), 1, "no such reroute is on"),
    ],
)
async def test_wrong_use_is_refused_with_the_reason(ivr: Ivr, arguments: tuple[str, ...], code: int, says: str) -> None:
    ended, out, said = await ivr(*arguments)
    assert (ended, out) == (code, "")
    assert says in " ".join(said.replace("│", " ").split())


@pytest.mark.parametrize(
    ("text", "span"),
    [("30m", timedelta(minutes=30)), ("2h", timedelta(hours=2)), ("1d", timedelta(days=1))],
)
def test_a_span_counts_from_now(text: str, span: timedelta) -> None:
    assert instant_of(text, NOW) == (NOW + span).timestamp() * 1000


def test_a_time_of_day_is_today_by_this_machine() -> None:
    later = NOW.replace(hour=23, minute=59)
    assert instant_of("23:59", NOW) == later.timestamp() * 1000


def test_a_time_of_day_that_has_passed_is_not_taken_for_tomorrow() -> None:
    with pytest.raises(typer.BadParameter, match=r"00:00 has passed today; for tomorrow write \d{4}-\d\d-\d\dT00:00"):
        instant_of("00:00", NOW)


def test_an_offset_counts() -> None:
    assert instant_of("2026-03-02T10:00+08:00", NOW) == START


@pytest.mark.parametrize("text", ["", "soon", "25:00", "18:60", "-2h", "2 h", "99999d", "2026-13-01T00:00"])
def test_what_is_no_time_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="write 18:00"):
        instant_of(text, NOW)


@given(minutes=st.integers(-900, 900), ahead=st.integers(0, 10_000))
def test_what_is_shown_names_the_same_instant(minutes: int, ahead: int) -> None:
    when = (NOW + timedelta(minutes=ahead)).astimezone(timezone(timedelta(minutes=minutes))).replace(second=0)
    until = instant_of(when.isoformat(), NOW)
    assert datetime.strptime(shown(until), "%Y-%m-%d %H:%M %z").timestamp() * 1000 == until

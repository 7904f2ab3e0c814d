"""`ivr-engine call`: what it refuses, and what it tells of a call."""

from __future__ import annotations

import json
import sys

import pytest
import typer
from typer.testing import CliRunner

from ivr_engine.adapters.softphone.conversation import CallReport, Ending, Moment, Story, parse_keys
from ivr_engine.adapters.softphone.hearing import Heard
from ivr_engine.adapters.softphone.lines import PhoneEvent, PhoneEventKind
from ivr_engine.adapters.softphone.softphones import Softphones
from ivr_engine.cli import call
from ivr_engine.core.ids import Millis
from ivr_engine.errors import SetupError


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.callback()(lambda: None)
    call.register(app)
    return app


@pytest.mark.parametrize(
    ("text", "groups"),
    [("", ()), ("1", ("1",)), (" 2, 1,6222# ", ("2", "1", "6222#")), ("*,p0p1", ("*", "p0p1"))],
)
def test_keys_are_groups_between_commas(text: str, groups: tuple[str, ...]) -> None:
    assert parse_keys(text) == groups


@pytest.mark.parametrize(("text", "group"), [("1,,2", 2), ("x", 1), ("1,2,3 4", 3), (",", 1)])
def test_what_is_no_key_is_refused_by_position_and_not_repeated(text: str, group: int) -> None:
    with pytest.raises(ValueError, match=f"group {group} must be keys") as refused:
        parse_keys(text)
    assert "3 4" not in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["95500", "--keys", "1,,2"], "group 2"),
        (["95500", "--sip", "nowhere"], "HOST:PORT"),
        (["95500", "--sip", "127.0.0.1:99999"], "HOST:PORT"),
        (["95500", "--hangup-after", "10"], "500ms"),
        (["95500", "--record", "no/such/folder/x.wav"], "no folder"),
        (["sip:x@y"], "0-9"),
        ([], "Missing argument"),
    ],
)
def test_wrong_use_says_what_is_wrong_and_exits_2(app: typer.Typer, arguments: list[str], says: str) -> None:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["call", *arguments])
    assert done.exit_code == 2
    assert says in done.output


async def test_without_pjsip_the_error_names_the_command_that_mends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pjsua2", None)
    with pytest.raises(SetupError, match=r"pip install 'ivr-engine\[phone\]'"):
        async with Softphones():
            pytest.fail("entered")


def test_long_groups_are_counted_not_shown() -> None:
    moments: list[Moment] = []
    story = Story("95500", moments.append)
    story.note(PhoneEvent(kind=PhoneEventKind.DIALLED, at=Millis(100)))
    for keys in ("2", "10", "123456#"):
        story.keys = keys
        story.note(PhoneEvent(kind=PhoneEventKind.PRESSED, at=Millis(1100)))
    assert [moment.text for moment in moments] == ["dialled 95500", "pressed 2", "pressed 10", "pressed 7 keys"]
    assert [moment.at for moment in moments] == [0, 1000, 1000, 1000]
    assert "123456" not in repr(moments)


@pytest.mark.parametrize(
    ("ending", "code", "pressed", "well"),
    [
        (Ending.CENTRE, 200, 2, True),
        (Ending.CALLER, 200, 2, True),
        (Ending.CENTRE, 200, 1, False),
        (Ending.CENTRE, 408, 2, False),
        (Ending.UNANSWERED, 404, 2, False),
    ],
)
def test_a_call_went_well_if_answered_keyed_and_hung_up_in_order(
    ending: Ending, code: int, pressed: int, *, well: bool
) -> None:
    report = CallReport(ending=ending, code=code, reason="", pressed=pressed, groups=2, heard=Heard(), lasted=Millis(0))
    assert report.well is well


def test_json_is_one_object_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    call._print_json(Moment(at=Millis(5), what="answered", text="answered", detail={}))
    report = CallReport(ending=Ending.CENTRE, code=200, reason="OK", pressed=0, groups=0, heard=Heard(), lasted=Millis(7))
    call._end_json(report, "127.0.0.1:5080")
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (first["what"], second["what"], second["ended_by"], second["well"]) == ("answered", "report", "centre", True)

"""Recordings, messages, transfers and scripts: what a flow asks for and what it makes of the outcome."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ivr_engine.core.events.acd import MessageLeft
from ivr_engine.core.events.flow import AuthorFault, PromptsPlayed, ScriptEnded, TransferEnded, VoiceRecorded
from ivr_engine.core.ids import Millis
from ivr_engine.core.outcomes import OfferOutcome
from ivr_engine.flows.definition import ScriptDefinition
from ivr_engine.flows.session_codec import from_plain, to_plain
from ivr_engine.flows.waits import RecordWait, ScriptOver, ScriptWait, TransferOver, TransferWait, VoiceTaken
from ivr_engine.testing.builders import prompts
from ivr_engine.testing.clock import START
from tests.unit.flows.walking import Walked, keyed, walk

EXITS: dict[str, Any] = {"next": "end", "failed": "lost"}
RECORD: dict[str, Any] = {"prompt": "ask", "into": "m", "longest": "1m", "silence": "3s", "end_key": "*"}
SCRIPT: dict[str, Any] = {"script": "points", "arguments": ["{{ call.caller }}", "x"], "read": {"POINTS": "points"}}
SCRIPTS = {"points": ScriptDefinition(name="points", run="points.py", timeout=Millis(9_000))}


def stored(call: Walked) -> None:
    session = call.turn.session
    assert from_plain(json.loads(json.dumps(to_plain(session)))) == session


def test_a_recording_is_asked_for_with_its_limits_and_a_name_of_its_own() -> None:
    spoken = prompts(["ask", "record_tone"])
    call = walk({"r": {"record": RECORD, **EXITS}}, prompts={"zh": spoken, "en": spoken})
    wait = call.turn.wait
    assert isinstance(wait, RecordWait)
    assert (wait.longest, wait.silence, wait.end_key, wait.name) == (60_000, 3_000, "*", f"call-1-r-{START}")
    stored(call)
    call.reply(VoiceTaken(name=wait.name, lasted=Millis(2_900)))
    assert call.one(PromptsPlayed).prompts == ("ask", "record_tone")
    assert (call.one(VoiceRecorded).recording, call.one(VoiceRecorded).lasted) == (wait.name, 2_900)
    assert call.turn.session.variables == {"m": {"name": wait.name, "seconds": 2}}


@pytest.mark.parametrize(("exits", "node"), [({}, "lost"), ({"empty": "end"}, "end")])
def test_less_than_a_second_is_no_recording(exits: dict[str, str], node: str) -> None:
    call = walk({"r": {"record": RECORD, **EXITS, "exits": exits} if exits else {"record": RECORD, **EXITS}})
    call.reply(VoiceTaken(name="x", lasted=Millis(999)))
    assert call.all(VoiceRecorded) == []
    assert call.turn.session.node == node


def test_a_voicemail_belongs_to_its_queue() -> None:
    call = walk({"v": {"voicemail": {**RECORD, "queue": "cards"}, **EXITS}}, VoiceTaken(name="x", lasted=Millis(5_000)))
    left = call.one(MessageLeft)
    assert (left.queue, left.recording, left.lasted, left.number) == ("cards", "x", 5_000, "13800138000")
    empty = walk({"v": {"voicemail": {**RECORD, "queue": "cards"}, **EXITS}}, VoiceTaken(name="x", lasted=Millis(5)))
    assert empty.all(MessageLeft) == []


@pytest.mark.parametrize(
    ("outcome", "exits", "node"),
    [
        (OfferOutcome.ANSWERED, {}, "end"),
        (OfferOutcome.BUSY, {}, "lost"),
        (OfferOutcome.BUSY, {"busy": "end"}, "end"),
        (OfferOutcome.NO_ANSWER, {"no_answer": "end"}, "end"),
        (OfferOutcome.FAILED, {"busy": "end"}, "lost"),
        (OfferOutcome.UNREACHABLE, {"busy": "end"}, "lost"),
    ],
)
def test_a_transfer_rings_the_number_listed_and_leaves_by_its_outcome(
    outcome: OfferOutcome, exits: dict[str, str], node: str
) -> None:
    call = walk({"t": {"transfer": {"to": "desk", "ring": "9s"}, **EXITS, "exits": exits}}, transfers={"desk": "10086"})
    assert call.turn.wait == TransferWait(to="desk", number="10086", ring=Millis(9_000))
    stored(call)
    call.reply(TransferOver(to="desk", outcome=outcome, talked=Millis(7)))
    ended = call.one(TransferEnded)
    assert (ended.to, ended.outcome, ended.talked) == ("desk", outcome, 7)
    assert call.turn.session.node == node


@pytest.mark.parametrize("to", ["10086", "{{ call.caller }}", "{{ 1 }}", "{{ [1] }}"])
def test_no_number_is_dialled_that_is_not_listed(to: str) -> None:
    call = walk({"t": {"transfer": {"to": to}, **EXITS}}, transfers={"desk": "10086"})
    assert call.one(AuthorFault).code == "unknown_transfer"
    assert call.turn.session.node == "lost"


def test_a_script_gets_its_arguments_and_what_it_set_is_kept() -> None:
    call = walk({"s": {"agi": SCRIPT, **EXITS}}, scripts=SCRIPTS)
    assert call.turn.wait == ScriptWait(
        script="points", run="points.py", arguments=("13800138000", "x"), read=("POINTS",), timeout=Millis(9_000)
    )
    stored(call)
    call.reply(ScriptOver(done=True, values={"POINTS": "77", "OTHER": "1"}))
    assert call.turn.session.variables == {"points": "77"}
    assert call.one(ScriptEnded).done


def test_a_script_that_fails_leaves_by_failed() -> None:
    call = walk({"s": {"agi": SCRIPT, **EXITS}}, ScriptOver(done=False, values={}), scripts=SCRIPTS)
    assert (call.turn.session.node, call.one(ScriptEnded).done) == ("lost", False)


@pytest.mark.parametrize("argument", ["a,b", "a b", "a;b", "${X}", "卡", "x" * 81, 'a"b', "a\nb"])
def test_an_argument_that_could_be_more_than_one_runs_nothing(argument: str) -> None:
    call = walk({"s": {"agi": {**SCRIPT, "arguments": [argument]}, **EXITS}}, scripts=SCRIPTS)
    assert call.one(AuthorFault).code == "bad_argument"


@pytest.mark.parametrize("node", [{"agi": {**SCRIPT, "arguments": ["{{ pin }}"]}}, {"transfer": {"to": "{{ pin }}"}}])
def test_no_secret_reaches_a_script_or_chooses_a_transfer(node: dict[str, Any]) -> None:
    collect = {"collect": {"prompt": "ask", "into": "pin", "digits": 6, "secret": True}, "next": "n", "failed": "end"}
    call = walk({"c": collect, "n": {**node, **EXITS}}, keyed("918273"), scripts=SCRIPTS)
    assert call.one(AuthorFault).code == "secret_exposed"


def test_an_unknown_script_is_a_fault() -> None:
    assert walk({"s": {"agi": SCRIPT, **EXITS}}, scripts={}).one(AuthorFault).code == "unknown_script"

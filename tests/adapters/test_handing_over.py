"""Recording, scripts and numbers outside, line by line: what is said to Asterisk and made of its answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ivr_engine.core.ids import Language, Millis
from ivr_engine.core.outcomes import OfferOutcome
from ivr_engine.errors import SwitchError
from ivr_engine.flows.waits import CallerGone, RecordWait, ScriptOver, ScriptWait, VoiceTaken
from tests.adapters.test_call_control import ENDING, HELLO, Line, during, on_the_line

TARGET = Path("/recordings/1.1-r-5.wav")
RECORD = RecordWait(
    prompts=(), language=Language("zh"), name="1.1-r-5", longest=Millis(60_000), silence=Millis(3_000), end_key="#"
)
RECORDING = 'RECORD FILE "/recordings/1.1-r-5" "wav" "#" "60000" "0" "s=3"'
SCRIPT = ScriptWait(script="points", run="points.py", arguments=("138", "x"), read=("POINTS", "NAME"), timeout=Millis(9_000))


@asynccontextmanager
async def with_carrier(address: str = "10.0.0.9:5060") -> AsyncIterator[Line]:
    async with on_the_line() as line:
        line.control._outside = ("trunk", address)
        yield line


@pytest.mark.parametrize("answer", ["200 result=35 (dtmf) endpos=16000", "200 result=0 (timeout) endpos=16000"])
async def test_a_recording_is_as_long_as_the_switch_says(answer: str) -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect('STREAM FILE "/sounds/hello" ""', answer="200 result=0 endpos=8000")
            await line.peer.expect(RECORDING, answer=answer)

        taken = await during(line.control.record([HELLO], RECORD, TARGET), asterisk)
        assert taken == VoiceTaken(name="1.1-r-5", lasted=Millis(2_000))


async def test_a_caller_who_hangs_up_while_recorded_has_still_said_it() -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect(RECORDING, answer="200 result=-1 (hangup) endpos=24000")

        taken = await during(line.control.record([], RECORD, TARGET), asterisk)
        assert taken == VoiceTaken(name="1.1-r-5", lasted=Millis(3_000))
        assert await line.control.record([], RECORD, TARGET) == CallerGone()


async def test_a_notice_before_the_answer_ends_the_recording_too() -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect(RECORDING, answer="HANGUP")

        taken = await during(line.control.record([], RECORD, TARGET), asterisk)
        assert isinstance(taken, VoiceTaken)


async def test_a_refusal_to_record_is_an_error() -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect(RECORDING, answer="200 result=-1 (writefile)")

        with pytest.raises(SwitchError, match="refused to record"):
            await during(line.control.record([], RECORD, TARGET), asterisk)


async def test_a_script_runs_and_its_variables_are_read() -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect('EXEC "AGI" "points.py,138,x"', answer="200 result=0")
            await line.peer.expect('GET VARIABLE "AGISTATUS"', answer="200 result=1 (SUCCESS)")
            await line.peer.expect('GET VARIABLE "POINTS"', answer="200 result=1 (77)")
            await line.peer.expect('GET VARIABLE "NAME"', answer="200 result=0")

        done = await during(line.control.run_script(SCRIPT), asterisk)
        assert done == ScriptOver(done=True, values={"POINTS": "77", "NAME": ""})


@pytest.mark.parametrize("status", ["FAILURE", "NOTFOUND", ""])
async def test_a_script_that_does_not_end_well_sets_nothing(status: str) -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect('EXEC "AGI" "points.py,138,x"', answer="200 result=0")
            await line.peer.expect('GET VARIABLE "AGISTATUS"', answer=f"200 result=1 ({status})")

        assert await during(line.control.run_script(SCRIPT), asterisk) == ScriptOver(done=False, values={})


@pytest.mark.parametrize(
    "wait",
    [
        replace(SCRIPT, run="a,b"),
        replace(SCRIPT, run="a b"),
        replace(SCRIPT, arguments=("a,b",)),
        replace(SCRIPT, arguments=("${X}",)),
        replace(SCRIPT, read=("${X}",)),
    ],
)
async def test_nothing_runs_that_could_be_more_than_one_word(wait: ScriptWait) -> None:
    async with on_the_line() as line:
        with pytest.raises(SwitchError, match="points"):
            await line.control.run_script(wait)


async def test_a_number_outside_is_dialled_over_the_carrier() -> None:
    async with with_carrier() as line:

        async def asterisk() -> None:
            target = "PJSIP/trunk/sip:10086@10.0.0.9:5060,20,gm(default)"
            await line.peer.expect(f'EXEC "Dial" "{target}"', answer="200 result=0")
            await line.peer.expect(ENDING, answer="200 result=1 (ANSWER|16)")

        joined = await during(line.control.transfer("10086", ring=Millis(20_000), music="default"), asterisk)
        assert (joined.outcome, joined.caller_gone) == (OfferOutcome.ANSWERED, False)


async def test_without_a_carrier_no_number_can_be_reached() -> None:
    async with on_the_line() as line:
        joined = await line.control.transfer("10086", ring=Millis(20_000), music="default")
        assert (joined.outcome, joined.cause) == (OfferOutcome.FAILED, "no carrier is set")


@pytest.mark.parametrize("number", ["", "10086@evil", "10086,60,g", "1&2", "a"])
async def test_nothing_is_dialled_that_is_no_number(number: str) -> None:
    async with with_carrier() as line:
        with pytest.raises(SwitchError, match="a number is dialled by digits"):
            await line.control.transfer(number, ring=Millis(20_000), music="default")

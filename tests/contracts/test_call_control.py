"""What every line must do: the scripted one of our tests, our gateway on a fake Asterisk, and our gateway on a real one.

A row is: what the caller and the agent do, what the engine asks of the line one after the other, and what it must be told.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

import pytest

from ivr_engine.core.ids import Language, Millis
from ivr_engine.core.outcomes import GatherEnd, OfferOutcome
from ivr_engine.flows.waits import CallerGone, Keyed, KeysWait, Played
from ivr_engine.ports.switch import CallControl
from ivr_engine.testing.line import Act, AgentDoes, HangUpNow, Listen, Press
from tests.contracts.lines import Ask, Stage, on_a_fake_asterisk, on_a_real_asterisk, on_a_scripted_line

ANSWERED, BUSY, DECLINED = OfferOutcome.ANSWERED, OfferOutcome.BUSY, OfferOutcome.DECLINED
COMPLETE, END_KEY, TIMEOUT = GatherEnd.COMPLETE, GatherEnd.END_KEY, GatherEnd.TIMEOUT
GONE = CallerGone()
TALK = Millis(700)
A_MINUTE = 60_000  # longer than a case may take


@dataclass(frozen=True)
class Rung:
    """How ringing an agent ended, and how often the agent was said to have picked up."""

    outcome: OfferOutcome
    picked_up: int = 0
    caller_gone: bool = False


# --- what the engine asks --------------------------------------------------------------------------------------------


def play(*sounds: str, barge_in: bool = False) -> Ask:
    """Play `short` or `long` ones."""
    return lambda control, stage: control.play([getattr(stage, name) for name in sounds], barge_in=barge_in)


def gather(
    *sounds: str,
    most: int = 4,
    first: int = 8000,
    between: int = 5000,
    ahead: str = "",
    end_key: str = "#",
    secret: bool = False,
) -> Ask:
    """Take keys; `first` and `between` are the two time-outs."""
    wait = KeysWait(
        prompts=(),
        language=Language("en"),
        most=most,
        end_key=end_key,
        first_timeout=Millis(first),
        next_timeout=Millis(between),
        typed_ahead=ahead,
        secret=secret,
    )
    return lambda control, stage: control.gather([getattr(stage, name) for name in sounds], wait)


def hold(*sounds: str) -> Ask:
    """Hold until the value comes, which it does while the first sound or the music plays."""
    return lambda control, stage: control.hold(
        stage.value(), sounds=[getattr(stage, name) for name in sounds], music="default"
    )


async def hold_for_ever(control: CallControl, _stage: Stage) -> object:
    """Hold for something that never comes; it belongs to somebody else and must be left alone."""
    never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    reply = await control.hold(never, sounds=[], music="default")
    assert not never.done()
    return reply


async def silence(control: CallControl, _stage: Stage) -> object:
    """Hold without sound or music: it is not over before the value is there."""
    value: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        holding = tasks.create_task(control.hold(value, sounds=[], music=""))
        for _ in range(50):  # every task that can run does
            await asyncio.sleep(0)
        too_early = holding.done()
        value.set_result("value")
    return "too early" if too_early else holding.result()


def hold_for_a_key(*sounds: str, music: str = "default") -> Ask:
    """Hold for something that never comes, and take the keys 1 and 2 meanwhile."""

    async def ask(control: CallControl, stage: Stage) -> object:
        never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        heard = [getattr(stage, name) for name in sounds]
        reply = await control.hold(never, sounds=heard, music=music, keys="12")
        assert not never.done()
        return reply

    return ask


def join(ring: int = 20_000) -> Ask:
    """Ring the agent for so long."""

    async def ask(control: CallControl, stage: Stage) -> Rung:
        joined = await stage.join(control, ring)
        assert joined.outcome is ANSWERED or joined.talked == 0
        return Rung(joined.outcome, picked_up=stage.answers, caller_gone=joined.caller_gone)

    return ask


async def hang_up(control: CallControl, _stage: Stage) -> None:
    """End the call."""
    await control.hang_up()


# --- the table -------------------------------------------------------------------------------------------------------

Row = tuple[tuple[Act, ...], tuple[Ask, ...], list[object]]

PLAYING: dict[str, Row] = {
    "sounds are played whole": ((Listen(),), (play("short", "short"),), [Played()]),
    "a key stops the sounds and is told": ((Press("5"),), (play("long", "long", barge_in=True),), [Played(key="5")]),
    "a key that may not stop a sound is for the next question": (
        (Press("5"),),
        (play("short"), gather(most=1)),
        [Played(), Keyed(keys="5", ended=COMPLETE)],
    ),
    "a caller who leaves during a sound stays gone": (
        (HangUpNow(),),
        (play("long"), play("short"), gather("short"), hold_for_ever, join(), hang_up),
        [GONE, GONE, GONE, GONE, Rung(OfferOutcome.CALLER_GONE, caller_gone=True), None],
    ),
}

GATHERING: dict[str, Row] = {
    "as many keys as there may be": ((Press("12"),), (gather(most=2),), [Keyed(keys="12", ended=COMPLETE)]),
    "fewer keys and the end key": ((Press("1*#"),), (gather(),), [Keyed(keys="1*", ended=END_KEY)]),
    "the end key alone": ((Press("#"),), (gather(),), [Keyed(keys="", ended=END_KEY)]),
    "without an end key # is a key": ((Press("#"),), (gather(most=1, end_key=""),), [Keyed(keys="#", ended=COMPLETE)]),
    "no key: the first time-out ends it": ((), (gather(first=500, between=A_MINUTE),), [Keyed(keys="", ended=TIMEOUT)]),
    "too few keys: the next time-out ends it": (
        (Press("1"),),
        (gather(first=A_MINUTE, between=500),),
        [Keyed(keys="1", ended=TIMEOUT)],
    ),
    "keys into the sounds": (
        (Press("12"),),
        (gather("long", "long", most=2),),
        [Keyed(keys="12", ended=COMPLETE, interrupted=True)],
    ),
    "keys after the sounds": ((Listen(), Press("12")), (gather("short", most=2),), [Keyed(keys="12", ended=COMPLETE)]),
    "secret keys are told like others": (
        (Press("7391"),),
        (gather("long", secret=True),),
        [Keyed(keys="7391", ended=COMPLETE, interrupted=True)],
    ),
    "typed ahead in full: nothing is played": (
        (),
        (gather("long", most=2, ahead="12"),),
        [Keyed(keys="12", ended=COMPLETE, interrupted=True)],
    ),
    "typed ahead in full with the end key": (
        (),
        (gather("long", ahead="12#"),),
        [Keyed(keys="12", ended=END_KEY, interrupted=True)],
    ),
    "typed ahead in part, then the next time-out": (
        (),
        (gather("long", ahead="12", first=A_MINUTE, between=500),),
        [Keyed(keys="12", ended=TIMEOUT, interrupted=True)],
    ),
    "typed ahead in part, then more": (
        (Press("2"),),
        (gather("long", most=2, ahead="1"),),
        [Keyed(keys="12", ended=COMPLETE, interrupted=True)],
    ),
    "a key too many is for the next question": (
        (Press("12"),),
        (gather(most=1), gather(most=1)),
        [Keyed(keys="1", ended=COMPLETE), Keyed(keys="2", ended=COMPLETE)],
    ),
    "a caller who leaves instead": ((HangUpNow(),), (gather(first=A_MINUTE),), [GONE]),
    "a caller who leaves after the first key": ((Press("1"), HangUpNow()), (gather(between=A_MINUTE),), [GONE]),
}

HOLDING: dict[str, Row] = {
    "music until the value comes": ((Listen(),), (hold(), play("short")), ["value", Played()]),
    "a value that comes during a sound stops it": ((Listen(),), (hold("long", "long"), play("short")), ["value", Played()]),
    "a value twice": ((), (hold(), hold("long")), ["value", "value"]),
    "a key in the music": ((Press("2"),), (hold_for_a_key(),), [Played(key="2")]),
    "a key in a sound": ((Press("1"),), (hold_for_a_key("long"),), [Played(key="1")]),
    "a key that leads nowhere, and one that does": ((Press("7"), Press("2")), (hold_for_a_key(),), [Played(key="2")]),
    "a caller who leaves while keys are taken": ((HangUpNow(),), (hold_for_a_key(),), [GONE]),
    "sounds without music": ((Listen(),), (hold_for_a_key("short", music=""),), [Played()]),
    "silence until the value comes": ((Listen(),), (silence, play("short")), ["value", Played()]),
    "silence after music": ((Listen(),), (hold(), silence, play("short")), ["value", "value", Played()]),
    "a caller who leaves under music": ((HangUpNow(),), (hold_for_ever,), [GONE]),
}

JOINING: dict[str, Row] = {
    "the agent answers, talks and leaves": (
        (AgentDoes(ANSWERED, TALK), Listen()),
        (join(), play("short")),
        [Rung(ANSWERED, picked_up=1), Played()],
    ),
    "the caller leaves while they talk": (
        (AgentDoes(ANSWERED, TALK, caller_gone=True),),
        (join(), play("short")),
        [Rung(ANSWERED, picked_up=1, caller_gone=True), GONE],
    ),
    "the caller leaves while it rings": (
        (AgentDoes(OfferOutcome.CALLER_GONE, caller_gone=True),),
        (join(), play("short")),
        [Rung(OfferOutcome.CALLER_GONE, caller_gone=True), GONE],
    ),
    "the agent is busy": ((AgentDoes(BUSY), Listen()), (join(), play("short")), [Rung(BUSY), Played()]),
    "the agent declines": ((AgentDoes(DECLINED), Listen()), (join(), play("short")), [Rung(DECLINED), Played()]),
    "the telephone rings out": (
        (AgentDoes(OfferOutcome.NO_ANSWER), Listen()),
        (join(ring=1000), play("short")),
        [Rung(OfferOutcome.NO_ANSWER), Played()],
    ),
    "the telephone is not there": (
        (AgentDoes(OfferOutcome.UNREACHABLE), Listen()),
        (join(), play("short")),
        [Rung(OfferOutcome.UNREACHABLE), Played()],
    ),
    "out of the queue's music": (
        (AgentDoes(ANSWERED, TALK), Listen()),
        (hold(), join(), play("short")),
        ["value", Rung(ANSWERED, picked_up=1), Played()],
    ),
}

ENDING: dict[str, Row] = {
    "a call that the engine ended is over, however often it is ended": (
        (),
        (hang_up, hang_up, play("short"), gather("short"), hold_for_ever),
        [None, None, GONE, GONE, GONE],
    ),
    "it can be ended out of the music": ((), (hold(), hang_up, play("short")), ["value", None, GONE]),
}

ROWS: dict[str, Row] = {
    f"{what}: {name}": row
    for what, rows in {"play": PLAYING, "gather": GATHERING, "hold": HOLDING, "join": JOINING, "hang up": ENDING}.items()
    for name, row in rows.items()
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("line", ["scripted line", "fake Asterisk", pytest.param("Asterisk", marks=pytest.mark.system)])
async def test_every_line_replies_alike(
    line: str, name: str, tmp_path: Path, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    script, asks, expected = ROWS[name]
    if line == "scripted line":
        found, _ = await on_a_scripted_line(script, asks)
    elif line == "fake Asterisk":
        found, _ = await on_a_fake_asterisk(script, asks)
    else:
        found, _ = await on_a_real_asterisk(request.getfixturevalue("shared_pbx"), tmp_path, script, asks)
    assert found == expected
    assert "7391" not in caplog.text

"""Call control, line by line: what each port method says to Asterisk and makes of its answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from ivr_engine.adapters.asterisk.agi_line import Over
from ivr_engine.adapters.asterisk.agi_server import AgiServer
from ivr_engine.adapters.asterisk.agi_session import AgiSession
from ivr_engine.adapters.asterisk.call_control import AgiCallControl
from ivr_engine.adapters.asterisk.causes import offer_outcome
from ivr_engine.adapters.asterisk.playing import rows
from ivr_engine.core.ids import AgentId, Language, Millis
from ivr_engine.core.outcomes import GatherEnd, OfferOutcome
from ivr_engine.errors import CommandRefused, SwitchError
from ivr_engine.flows.waits import CallerGone, Keyed, KeysWait, Played
from ivr_engine.ports.switch import Joined, Sound
from tests.adapters.agi_peer import CHANNEL, SECRET, AgiPeer, calling, environment

T = TypeVar("T")

HELLO = Sound(Path("/sounds/hello.wav"), "hello")
PRESS = Sound(Path("/sounds/press 1.wav"), "press one")
ALL_KEYS = '"0123456789*#"'
ROW = 'EXEC "Background" "/sounds/hello&/sounds/press 1"'
ENDING = 'GET FULL VARIABLE "${DIALSTATUS}|${HANGUPCAUSE}"'


class FakeSignals:
    """Remembers what was asked of the event stream; `down` makes it refuse."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.down = False

    @property
    def up(self) -> bool:
        return not self.down

    async def send_key(self, channel: str, key: str) -> None:
        self.asked.put_nowait((channel, key))
        if self.down:
            raise SwitchError("down")

    async def hang_up(self, channel: str) -> None:
        self.asked.put_nowait((channel, "hang up"))

    async def send_to_desk(self, channel: str) -> None:
        self.asked.put_nowait((channel, "to the desk"))

    async def kick(self, channel: str, room: str) -> None:
        self.asked.put_nowait((channel, f"out of {room}"))


class Line:
    """One caller: `control` is used by the test's own coroutine while `peer` speaks for Asterisk."""

    def __init__(self, peer: AgiPeer, control: AgiCallControl, signals: FakeSignals) -> None:
        self.peer = peer
        self.control = control
        self.signals = signals


@asynccontextmanager
async def on_the_line() -> AsyncIterator[Line]:
    ready: asyncio.Future[AgiCallControl] = asyncio.get_running_loop().create_future()
    signals = FakeSignals()

    async def route(session: AgiSession) -> None:
        ready.set_result(AgiCallControl(session, signals=signals, talk_limit=Millis(60_000)))
        await session.gone

    async with (
        AgiServer(host="127.0.0.1", port=0, secret=SECRET, routes={"call": route}) as server,
        calling(server.port) as peer,
    ):
        peer.say(environment("95500"))
        async with asyncio.timeout(10):
            yield Line(peer, await ready, signals)


async def during(work: Awaitable[T], asterisk: Callable[[], Awaitable[None]]) -> T:
    """The result of `work`, while `asterisk` plays the other side."""
    _, result = await asyncio.gather(asterisk(), work)
    return result


@pytest.mark.parametrize(("barge_in", "application"), [(False, "Playback"), (True, "Background")])
async def test_sounds_play_in_order_without_their_extension_by_one_command(barge_in: bool, application: str) -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect(f'EXEC "{application}" "/sounds/hello&/sounds/press 1"', answer="200 result=0")

        assert await during(line.control.play([HELLO, PRESS], barge_in=barge_in), asterisk) == Played()


def test_more_sounds_than_one_command_can_name_and_names_that_end_another_play_in_rows_of_their_own() -> None:
    many = [Sound(Path(f"/sounds/{n:0300}.wav"), "") for n in range(7)]
    odd = Sound(Path("/sounds/you & me.wav"), "")
    assert [len(row) for row in rows([*many, odd, HELLO, PRESS])] == [5, 2, 1, 2]
    assert [each for row in rows([*many, odd, HELLO]) for each in row] == [*many, odd, HELLO]


async def test_an_interruption_of_ours_that_comes_late_has_the_sounds_played_again() -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect(ROW, answer=f"200 result={ord('D')}")
            await line.peer.expect(ROW, answer="200 result=50")

        assert await during(line.control.play([HELLO, PRESS], barge_in=True), asterisk) == Played(key="2")


async def test_keys_pressed_while_a_service_is_asked_are_heard_and_the_listening_is_broken_off_by_its_answer() -> None:
    asked: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect('WAIT FOR DIGIT "600000"', answer="200 result=49")
            await line.peer.expect('WAIT FOR DIGIT "600000"', answer="200 result=50")
            assert await line.peer.heard() == 'WAIT FOR DIGIT "600000"'
            asked.set_result("balance")
            assert await line.peer.heard() == "NOOP"
            line.peer.say("200 result=1")
            line.peer.say("200 result=0")

        assert await during(line.control.listen_during(asked), asterisk) == ("balance", "12")
        assert await line.control.play([], barge_in=True) == Played()


async def test_a_switch_that_took_both_lines_at_once_is_sent_another() -> None:
    asked: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with on_the_line() as line:

        async def asterisk() -> None:
            assert await line.peer.heard() == 'WAIT FOR DIGIT "600000"'
            asked.set_result("balance")
            assert await line.peer.heard() == "NOOP"
            assert await line.peer.heard() == "NOOP"
            for answer in ("200 result=1", "200 result=0", "200 result=0"):
                line.peer.say(answer)

        assert await during(line.control.listen_during(asked), asterisk) == ("balance", "")


async def test_what_is_answered_at_once_costs_no_command() -> None:
    async with on_the_line() as line:
        assert await line.control.listen_during(asyncio.sleep(0, "balance")) == ("balance", "")
        await during(line.control.play([HELLO], barge_in=False), played_out(line))


async def test_a_caller_who_leaves_while_a_service_is_asked_is_gone_at_once_and_ends_no_request() -> None:
    asked: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with on_the_line() as line:

        async def asterisk() -> None:
            assert await line.peer.heard() == 'WAIT FOR DIGIT "600000"'
            line.peer.leave()

        assert await during(line.control.listen_during(asked), asterisk) == CallerGone()
        assert not asked.done()
        assert await line.control.listen_during(asyncio.sleep(0, "at once")) == CallerGone()


async def test_a_line_that_breaks_while_a_service_is_asked_is_no_caller_who_left() -> None:
    asked: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with on_the_line() as line:

        async def asterisk() -> None:
            assert await line.peer.heard() == 'WAIT FOR DIGIT "600000"'
            line.peer.dies()

        with pytest.raises(SwitchError, match="without a hang-up"):
            await during(line.control.listen_during(asked), asterisk)


def played_out(line: Line) -> Callable[[], Awaitable[None]]:
    async def asterisk() -> None:
        await line.peer.expect('STREAM FILE "/sounds/hello" ""', answer="200 result=0 endpos=8000")

    return asterisk


async def test_a_key_stops_the_sounds_and_is_in_the_reply() -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect(ROW, answer="200 result=49")

        assert await during(line.control.play([HELLO, PRESS], barge_in=True), asterisk) == Played(key="1")


@pytest.mark.parametrize("answer", ["200 result=-1 endpos=800", "511 dead", "HANGUP"])
async def test_a_caller_who_leaves_during_a_sound_is_a_value_and_stays_gone(answer: str) -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect('STREAM FILE "/sounds/hello" ""', answer=answer)

        assert await during(line.control.play([HELLO], barge_in=False), asterisk) == CallerGone()
        assert await line.control.play([HELLO], barge_in=False) == CallerGone()
        assert await line.control.hold(asyncio.Future(), sounds=[HELLO], music="default") == CallerGone()
        await line.control.hang_up()


async def test_a_sound_that_is_missing_is_skipped_and_said(caplog: pytest.LogCaptureFixture) -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect('STREAM FILE "/sounds/hello" ""', answer="200 result=-1 endpos=0")

        assert await during(line.control.play([HELLO], barge_in=False), asterisk) == Played()
    assert "sound /sounds/hello.wav cannot be played" in caplog.text


async def test_a_caller_who_leaves_before_the_first_sample_is_not_a_missing_sound() -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect('STREAM FILE "/sounds/hello" ""', answer="200 result=-1 endpos=0")
            line.peer.leave()

        assert await during(line.control.play([HELLO], barge_in=False), asterisk) == CallerGone()


def keys(*, most: int = 4, end_key: str = "#", secret: bool = False, alone: str = "") -> KeysWait:
    return KeysWait(
        prompts=(),
        language=Language("en"),
        most=most,
        end_key=end_key,
        first_timeout=Millis(5000),
        next_timeout=Millis(3000),
        secret=secret,
        alone=alone,
    )


STREAM = f'STREAM FILE "/sounds/hello" {ALL_KEYS}'
GATHERINGS: dict[str, tuple[KeysWait, str, list[tuple[str, str]], Keyed]] = {
    "end key": (
        keys(),
        "",
        [(STREAM, "0"), ("5000", "49"), ("3000", "50"), ("3000", "35")],
        Keyed(keys="12", ended=GatherEnd.END_KEY),
    ),
    "most keys, the first of them into the prompt": (
        keys(most=2),
        "",
        [(STREAM, "49"), ("3000", "42")],
        Keyed(keys="1*", ended=GatherEnd.COMPLETE, interrupted=True),
    ),
    "no key at all": (keys(), "", [(STREAM, "0"), ("5000", "0")], Keyed(keys="", ended=GatherEnd.TIMEOUT)),
    "too few keys": (
        keys(),
        "",
        [(STREAM, "0"), ("5000", "49"), ("3000", "0")],
        Keyed(keys="1", ended=GatherEnd.TIMEOUT),
    ),
    "end key into the prompt": (
        keys(),
        "",
        [(STREAM, "35")],
        Keyed(keys="", ended=GatherEnd.END_KEY, interrupted=True),
    ),
    "no end key: # is a key": (
        keys(most=1, end_key=""),
        "",
        [(STREAM, "35")],
        Keyed(keys="#", ended=GatherEnd.COMPLETE, interrupted=True),
    ),
    "a key that acts alone ends the listening at once": (
        keys(alone="*"),
        "",
        [(STREAM, "0"), ("5000", "42")],
        Keyed(keys="*", ended=GatherEnd.COMPLETE),
    ),
    "after another key it is a key like any other": (
        keys(alone="*"),
        "",
        [(STREAM, "49"), ("3000", "42"), ("3000", "35")],
        Keyed(keys="1*", ended=GatherEnd.END_KEY, interrupted=True),
    ),
    "typed ahead, complete": (keys(), "1234", [], Keyed(keys="1234", ended=GatherEnd.COMPLETE, interrupted=True)),
    "typed ahead, more than is taken": (
        keys(most=2),
        "12#3",
        [],
        Keyed(keys="12", ended=GatherEnd.END_KEY, interrupted=True, left="3"),
    ),
    "typed ahead, then more": (
        keys(),
        "1",
        [("3000", "50"), ("3000", "35")],
        Keyed(keys="12", ended=GatherEnd.END_KEY, interrupted=True),
    ),
}


@pytest.mark.parametrize("name", GATHERINGS)
async def test_keys_are_gathered(name: str) -> None:
    wait, ahead, exchange, expected = GATHERINGS[name]
    async with on_the_line() as line:

        async def asterisk() -> None:
            for command, result in exchange:
                whole = command if command.startswith("STREAM") else f'WAIT FOR DIGIT "{command}"'
                await line.peer.expect(whole, answer=f"200 result={result}")

        assert await during(line.control.gather([HELLO], replace(wait, typed_ahead=ahead)), asterisk) == expected


async def test_an_interruption_of_ours_that_comes_late_is_no_key() -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect('WAIT FOR DIGIT "5000"', answer=f"200 result={ord('D')}")
            assert (await line.peer.heard()).startswith("WAIT FOR DIGIT")
            line.peer.say("200 result=55")

        assert await during(line.control.gather([], keys(most=1)), asterisk) == Keyed(keys="7", ended=GatherEnd.COMPLETE)


async def test_secret_keys_reach_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with on_the_line() as line:

        async def asterisk() -> None:
            for key in "7391":
                assert (await line.peer.heard()).startswith("WAIT FOR DIGIT")
                line.peer.say(f"200 result={ord(key)}")

        found = await during(line.control.gather([], keys(secret=True)), asterisk)
        assert found == Keyed(keys="7391", ended=GatherEnd.COMPLETE)
    assert "7391" not in caplog.text
    assert not [record for record in caplog.records if record.name.startswith("ivr_engine")]


async def test_music_plays_while_a_caller_is_held_and_is_switched_off_before_the_next_key() -> None:
    async with on_the_line() as line:
        until: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def asterisk() -> None:
            await line.peer.expect('STREAM FILE "/sounds/hello" "D"', answer="200 result=0 endpos=1")
            await line.peer.expect('SET MUSIC "ON" "default"', answer="200 result=0")
            until.set_result(7)

        assert await during(line.control.hold(until, sounds=[HELLO], music="default"), asterisk) == 7

        async def after() -> None:
            await line.peer.expect('SET MUSIC "OFF"', answer="200 result=0")
            await line.peer.expect('STREAM FILE "/sounds/hello" ""', answer="200 result=0 endpos=1")

        assert await during(line.control.play([HELLO], barge_in=False), after) == Played()


async def test_music_that_plays_already_is_left_alone() -> None:
    async with on_the_line() as line:
        first: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        second: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        second.set_result(2)

        async def asterisk() -> None:
            await line.peer.expect('SET MUSIC "ON" "default"', answer="200 result=0")
            first.set_result(1)

        assert await during(line.control.hold(first, sounds=[], music="default"), asterisk) == 1
        assert await line.control.hold(second, sounds=[], music="default") == 2


@pytest.mark.parametrize("down", [False, True])
async def test_an_offer_interrupts_an_announcement_or_waits_for_its_end_without_the_event_stream(down: bool) -> None:
    async with on_the_line() as line:
        line.signals.down = down
        until: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def asterisk() -> None:
            assert await line.peer.heard() == 'STREAM FILE "/sounds/hello" "D"'
            until.set_result("offer")
            assert await line.signals.asked.get() == (CHANNEL, "D")
            line.peer.say("200 result=0 endpos=8000" if down else f"200 result={ord('D')} endpos=800")

        held = line.control.hold(until, sounds=[HELLO, PRESS], music="default")
        assert await during(held, asterisk) == "offer"


async def test_a_held_caller_who_leaves_ends_the_hold_and_the_future_stays_its_owners() -> None:
    async with on_the_line() as line:
        until: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def asterisk() -> None:
            await line.peer.expect('SET MUSIC "ON" "default"', answer="200 result=0")
            line.peer.leave()

        assert await during(line.control.hold(until, sounds=[], music="default"), asterisk) == CallerGone()
        assert not until.done()


async def test_a_failure_of_what_is_waited_for_comes_through() -> None:
    fails: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def told() -> int:
        return await fails

    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect('SET MUSIC "ON" "default"', answer="200 result=0")
            fails.set_exception(CommandRefused("withdrawn"))

        with pytest.raises(CommandRefused, match="withdrawn"):
            await during(line.control.hold(told(), sounds=[], music="default"), asterisk)


async def test_a_hold_that_a_caller_left_at_once_lets_go_of_what_was_never_begun() -> None:
    begun: list[str] = []

    async def news() -> None:
        begun.append("news")

    until = news()
    async with on_the_line() as line:
        line.control._session.note_gone()
        assert await line.control.hold(until, sounds=[HELLO], music="") == CallerGone()
    with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
        until.send(None)
    assert not begun


async def test_a_switch_that_refuses_while_holding_raises_one_plain_error() -> None:
    async def never() -> int:
        return await asyncio.Future()

    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect('STREAM FILE "/sounds/hello" "D"', answer="510 Invalid or unknown command")

        with pytest.raises(SwitchError, match="510"):
            await during(line.control.hold(never(), sounds=[HELLO], music="default"), asterisk)


async def joined(line: Line, asterisk: Callable[[], Awaitable[None]], *, ring: int = 20_000) -> tuple[Joined, int]:
    answers: list[None] = []
    join = line.control.join(
        agent=AgentId("ann"),
        phone="1001",
        ring=Millis(ring),
        music="default",
        on_answer=lambda: answers.append(None),
    )
    return await during(join, asterisk), len(answers)


DIAL = 'EXEC "Dial" "PJSIP/1001,20,gm(default)"'


async def test_an_agent_who_answers_and_leaves_gives_the_caller_back() -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            assert await line.peer.heard() == DIAL
            line.control.note_answered("1002")
            assert not line.control.talking
            line.control.note_answered("1001")
            line.control.note_answered("1001")
            assert line.control.talking is not None
            line.peer.say("200 result=0")
            await line.peer.expect(ENDING, answer="200 result=1 (ANSWER|16)")

        result, answers = await joined(line, asterisk)
        assert (result.outcome, result.cause, result.caller_gone) == (OfferOutcome.ANSWERED, "ANSWER/16", False)
        assert result.talked < 5000
        assert answers == 1
        assert line.control.talking is None


async def test_an_answer_is_reported_at_the_latest_when_the_conversation_is_over() -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect(DIAL, answer="200 result=0")
            await line.peer.expect(ENDING, answer="200 result=1 (ANSWER|16)")

        result, answers = await joined(line, asterisk)
        assert (result.outcome, answers) == (OfferOutcome.ANSWERED, 1)


async def test_an_agent_who_declines_leaves_the_caller_on_the_line() -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect(DIAL, answer="200 result=0")
            await line.peer.expect(ENDING, answer="200 result=1 (CHANUNAVAIL|21)")

        result, answers = await joined(line, asterisk)
        assert result == Joined(outcome=OfferOutcome.DECLINED, cause="CHANUNAVAIL/21", talked=Millis(0), caller_gone=False)
        assert answers == 0


@pytest.mark.parametrize(
    ("status", "outcome", "answers"),
    [("CANCEL", OfferOutcome.CALLER_GONE, 0), ("ANSWER", OfferOutcome.ANSWERED, 1)],
)
async def test_a_caller_who_leaves_the_dialling_is_told_apart_by_the_dialplans_farewell(
    status: str, outcome: OfferOutcome, answers: int
) -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            assert await line.peer.heard() == DIAL
            line.peer.leave()
            await line.control.gone
            line.control.note_over(Over(status=status, cause="16"))
            line.control.note_over(Over(status="LATE"))

        result, told = await joined(line, asterisk)
        assert (result.outcome, result.cause, result.caller_gone, told) == (outcome, f"{status}/16", True, answers)


async def test_a_caller_who_leaves_without_any_farewell_is_gone_all_the_same() -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            assert await line.peer.heard() == DIAL
            line.peer.say("200 result=-1\nHANGUP")

        result, _ = await joined(line, asterisk)
        assert (result.outcome, result.caller_gone) == (OfferOutcome.CALLER_GONE, True)


async def test_a_caller_who_left_before_the_dialling_costs_no_telephone_a_ring() -> None:
    async with on_the_line() as line:
        line.peer.leave()
        await line.control.gone

        async def asterisk() -> None:
            assert await line.peer.heard() == ""

        result, _ = await joined(line, asterisk)
        assert (result.outcome, result.caller_gone) == (OfferOutcome.CALLER_GONE, True)


@pytest.mark.parametrize("phone", ["1001&PJSIP/9", "1001,60,U(x)", "", "a b", "x" * 33, "../x"])
async def test_a_telephone_whose_name_could_change_the_dialling_is_not_dialled(phone: str) -> None:
    async with on_the_line() as line:
        with pytest.raises(SwitchError):
            await line.control.join(
                agent=AgentId("ann"), phone=phone, ring=Millis(1), music="default", on_answer=lambda: None
            )


async def test_a_meant_end_is_one_command() -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect("HANGUP", answer="200 result=1")
            line.peer.leave()

        await during(line.control.hang_up(), asterisk)
        assert line.control.ended_by_us
        await line.control.gone
        await line.control.hang_up()


async def test_a_call_that_is_at_something_is_ended_past_its_session() -> None:
    async with on_the_line() as line:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await line.control.play([HELLO], barge_in=False)
        await line.control.hang_up()
        assert line.signals.asked.get_nowait() == (CHANNEL, "hang up")


@pytest.mark.parametrize(
    ("status", "cause", "rang_out", "outcome"),
    [
        ("ANSWER", "16", False, OfferOutcome.ANSWERED),
        ("BUSY", "17", False, OfferOutcome.BUSY),
        ("CHANUNAVAIL", "21", False, OfferOutcome.DECLINED),
        ("NOANSWER", "19", False, OfferOutcome.UNAVAILABLE),
        ("NOANSWER", "19", True, OfferOutcome.NO_ANSWER),
        ("NOANSWER", "0", True, OfferOutcome.NO_ANSWER),
        ("CHANUNAVAIL", "1", False, OfferOutcome.MISCONFIGURED),
        ("CHANUNAVAIL", "3", False, OfferOutcome.UNREACHABLE),
        ("CHANUNAVAIL", "18", False, OfferOutcome.UNREACHABLE),
        ("CHANUNAVAIL", "58", False, OfferOutcome.NO_CODEC),
        ("CHANUNAVAIL", "38", False, OfferOutcome.FAILED),
        ("CHANUNAVAIL", "0", False, OfferOutcome.FORWARDED),
        ("CONGESTION", "34", False, OfferOutcome.CONGESTED),
        ("CANCEL", "0", False, OfferOutcome.CALLER_GONE),
        ("", "", False, OfferOutcome.FAILED),
    ],
)
def test_ring_outcomes_follow_the_measured_table(status: str, cause: str, rang_out: bool, outcome: OfferOutcome) -> None:
    assert offer_outcome(status, cause, rang_out=rang_out) is outcome


async def test_a_switch_that_dies_is_no_caller_who_left() -> None:
    async with on_the_line() as line:
        until: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def asterisk() -> None:
            await line.peer.expect('SET MUSIC "ON" "default"', answer="200 result=0")
            line.peer.dies()

        with pytest.raises(SwitchError, match="without a hang-up"):
            await during(line.control.hold(until, sounds=[], music="default"), asterisk)
        with pytest.raises(SwitchError, match="without a hang-up"):
            await line.control.join(
                agent=AgentId("ann"), phone="1001", ring=Millis(1), music="default", on_answer=lambda: None
            )


async def test_after_a_conversation_a_meant_end_is_marked_so_that_the_dialplan_need_not_tell_of_it() -> None:
    async with on_the_line() as line:

        async def asterisk() -> None:
            await line.peer.expect(DIAL, answer="200 result=0")
            await line.peer.expect(ENDING, answer="200 result=1 (ANSWER|16)")
            await line.peer.expect('SET VARIABLE "IVR_DONE" "1"', answer="200 result=1")
            await line.peer.expect("HANGUP", answer="200 result=1")

        async def engine() -> None:
            await line.control.join(
                agent=AgentId("1001"), phone="1001", ring=Millis(20_000), music="default", on_answer=lambda: None
            )
            await line.control.hang_up()

        await during(engine(), asterisk)

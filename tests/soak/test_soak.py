"""The long counts: the laws of the other tests until chance has had its say. `make soak` runs them, nothing else does.

IVR_ENGINE_SOAK multiplies every count; 1 takes some minutes, 10 a night's first hour.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from ivr_engine.adapters.asterisk.agi_codec import EnvironmentReader, Lines, ReplyReader
from ivr_engine.adapters.asterisk.agi_server import AgiServer, call_token
from ivr_engine.adapters.asterisk.agi_session import AgiSession
from ivr_engine.adapters.asterisk.ami_codec import AmiReader
from ivr_engine.core.outcomes import EndedBy, OfferOutcome
from ivr_engine.errors import WireError
from tests.acd.test_laws import Day
from tests.adapters.agi_peer import CALL, SECRET, calling, environment
from tests.adapters.ami_peer import BANNER, block
from tests.adapters.store.test_kill import kill_again_and_again
from tests.adapters.test_gateway import about_caller, caller_says_hello, running
from tests.unit.flows.test_session_codec import go_through_a_random_call

pytestmark = pytest.mark.soak

TIMES = int(os.environ.get("IVR_ENGINE_SOAK", "1"))
SEED = int(os.environ.get("IVR_ENGINE_SEED", "0")) or random.SystemRandom().randrange(1 << 32)


@pytest.fixture(autouse=True)
def counted(request: pytest.FixtureRequest) -> None:
    """Each test says its seed, so that a failure can be had again with IVR_ENGINE_SEED."""
    print(f"{request.node.name}: times={TIMES} seed={SEED}")  # noqa: T201 - what a soak did is its result


async def test_a_thousand_kills_of_the_journal(tmp_path: Path) -> None:
    for journal in range(40 * TIMES):  # each journal is read whole after each kill
        await kill_again_and_again(tmp_path / f"{journal}.sqlite3", kills=25, seed=SEED + journal)


def test_two_thousand_days_of_two_hundred_stimuli() -> None:
    for _ in range(10 * TIMES):  # hypothesis remembers all it tried, 1 GB for 2,000 days
        run_state_machine_as_test(Day, settings=settings(max_examples=200, stateful_step_count=200))


AGI_TEXT = (
    environment("95500", "13800138000", "", "1") + b"200 result=49 (a) endpos=800\nHANGUP\n520-x\nu\n520 end\n511 dead\n"
)
AMI_TEXT = BANNER + block(Event="Hangup", Channel="PJSIP/trunk-1", Uniqueid="1.1", Cause="16") + block(Response="Success")


def read_agi(data: bytes) -> None:
    lines = Lines()
    lines.feed(data)
    if EnvironmentReader(lines).next_environment() is not None:
        replies = ReplyReader(lines)
        while replies.next_message() is not None:
            pass


def read_ami(data: bytes) -> None:
    reader = AmiReader()
    reader.feed(data)
    while reader.next_message() is not None:
        pass


@pytest.mark.parametrize(("read", "text"), [(read_agi, AGI_TEXT), (read_ami, AMI_TEXT)], ids=["agi", "ami"])
def test_half_a_million_damaged_texts_are_read_or_refused(read: Callable[[bytes], None], text: bytes) -> None:
    chance = random.Random(SEED)
    came = Counter(_outcome(read, damaged(text, chance)) for _ in range(500_000 * TIMES))
    assert set(came) == {"read", "refused"}, "both must occur, or nothing was tried"


def _outcome(read: Callable[[bytes], None], data: bytes) -> str:
    try:
        read(data)
    except WireError:
        return "refused"
    return "read"


def damaged(text: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, cut out, doubled or put in."""
    data = bytearray(text)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randint(1, 30)]
            case 2:
                data[at:at] = data[at : at + chance.randint(1, 30)]
            case _:
                data[at:at] = bytes(chance.choice(b"\n\r\0: ()=-0") for _ in range(chance.randint(1, 3)))
        if not data:
            break
    return bytes(data)


async def test_a_hundred_thousand_forged_sessions_beside_a_true_one() -> None:
    served: Counter[str] = Counter()

    async def converse(session: AgiSession) -> None:
        served[session.environment.call] += 1
        while await session.command("NOOP", limit=60):
            served["answers"] += 1

    chance = random.Random(SEED)
    left = 100_000 * TIMES
    async with (
        AgiServer(host="127.0.0.1", port=0, secret=SECRET, routes={"call": converse}) as server,
        calling(server.port) as peer,
    ):
        peer.say(environment())
        while left > 0:
            async with asyncio.TaskGroup() as strangers:
                for _ in range(100):
                    strangers.create_task(_forge(server.port, chance))
                await peer.expect("NOOP", answer="200 result=0")
            left -= 100
        assert server.connections <= 101
    assert served[CALL] == 1
    assert set(served) == {CALL, "answers"}


async def _forge(port: int, chance: random.Random) -> None:
    token = bytearray(call_token("9.9", SECRET).encode())
    at = chance.randrange(40)
    token[at] = chance.choice(b"0123456789abcdef".replace(bytes([token[at]]), b""))
    async with calling(port) as stranger:
        stranger.say(environment("95500", call="9.9", token=token.decode()))
        assert await stranger.heard() == ""


async def test_two_thousand_races_of_answer_and_hang_up() -> None:
    """Agent's answer, caller's end, the end of the session and the dialplan's farewell, in every order."""
    chance = random.Random(SEED)
    seen: Counter[OfferOutcome] = Counter()
    for _ in range(2000 * TIMES):
        async with running("join") as (office, ami, gateway):
            async with calling(gateway.agi_port) as peer:
                caller_says_hello(peer)
                await peer.is_served()
                assert (await peer.heard()).startswith('EXEC "Dial"')
                answered = chance.random() < 0.5
                words = [about_caller("HangupRequest"), about_caller("Hangup", Cause="16")]
                if answered:
                    leg = "PJSIP/1001-0000000a"
                    words.insert(chance.randrange(3), about_caller("DialEnd", DialStatus="ANSWER", DestChannel=leg))
                before = chance.randrange(len(words) + 1)
                for word in words[:before]:
                    ami.say(word)
                peer.leave()
                for word in words[before:]:
                    ami.say(word)
            async with calling(gateway.agi_port) as farewell:
                farewell.say(environment("ANSWER" if answered else "CANCEL", "1", "16", script="over"))
                assert await farewell.heard() == ""
            told = await office.next()
            while told == "answered":
                told = await office.next()
            assert isinstance(told, tuple)
            assert told[:2] == (CALL, EndedBy.CALLER)
            (joined,) = office.joined
            assert joined.caller_gone
            assert joined.outcome is (OfferOutcome.ANSWERED if answered else OfferOutcome.CALLER_GONE)
            seen[joined.outcome] += 1
    assert len(seen) == 2


@settings(max_examples=20_000 * TIMES)
@given(st.data())
def test_twenty_thousand_calls_are_stored_at_every_wait(data: st.DataObject) -> None:
    go_through_a_random_call(data)

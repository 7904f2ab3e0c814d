"""Hostile peers on the gateway's ports while a real caller is being served: nobody else is, and nothing grows."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from ivr_engine.adapters.asterisk.agi_server import AgiServer, call_token
from ivr_engine.adapters.asterisk.agi_session import AgiSession
from ivr_engine.core.ids import Millis
from ivr_engine.core.outcomes import OfferOutcome
from ivr_engine.ports.switch import Joined
from tests.adapters.agi_peer import CALL, SECRET, AgiPeer, calling, environment
from tests.adapters.test_gateway import Office, about_caller, caller_says_hello, running

OTHER = "1795293999.99"
MEGABYTE = 1 << 20
GOOD = environment("95500", call=OTHER)


@asynccontextmanager
async def a_call_going_on() -> AsyncIterator[tuple[Office, AgiPeer, int]]:
    """A caller who hears music, and the port; at the end the call must still be the only one, and alive."""
    async with running() as (office, _, gateway), calling(gateway.agi_port) as peer:
        caller_says_hello(peer)
        await peer.is_served()
        await peer.expect('SET MUSIC "ON" "default"', answer="200 result=0")
        yield office, peer, gateway.agi_port
        assert [arrival.call for arrival in office.arrivals] == [CALL]
        assert await served(gateway.agi_port), "a caller who comes now is served"


async def served(port: int) -> bool:
    async with calling(port) as peer:
        peer.say(environment("95500", call="1795294000.1"))
        return await peer.heard() == "ANSWER"


def moved(data: bytes, key: bytes, before: bytes) -> bytes:
    """The block with one of its lines put before another."""
    lines = data.split(b"\n")
    line = next(line for line in lines if line.startswith(key))
    lines.remove(line)
    lines.insert(next(at for at, line in enumerate(lines) if line.startswith(before)), line)
    return b"\n".join(lines)


FORGERIES: dict[str, bytes] = {
    "a wrong token": environment("95500", call=OTHER, token="0" * 40),
    "no token": environment("95500", call=OTHER, token=""),
    "no arguments at all": GOOD[: GOOD.index(b"agi_arg_1")] + b"\n",
    "the token of another call": environment("95500", call=OTHER, token=call_token(CALL, SECRET)),
    "the token in capitals": environment("95500", call=OTHER, token=call_token(OTHER, SECRET).upper()),
    "a token and more": environment("95500", call=OTHER, token=call_token(OTHER, SECRET) + "\0"),
    "everything of the live call, said again": environment("95500"),
    "a call id that is none": environment("95500", call="../../etc"),
    "a script that is none": environment("95500", call=OTHER, script="call/../call"),
    "a second call id": GOOD.replace(b"agi_version", b"agi_uniqueid: 1.1\nagi_version"),
    "a second token": GOOD.replace(b"agi_arg_2", b"agi_arg_1: x\nagi_arg_2"),
    "a token before its time": GOOD.replace(b"agi_context", b"agi_arg_1: x\nagi_context"),
    "keys in another order": moved(GOOD, b"agi_uniqueid", b"agi_channel"),
    "a NUL in the call's id": GOOD.replace(OTHER.encode(), OTHER.encode() + b"\0"),
    "a NUL in a key": GOOD.replace(b"agi_uniqueid", b"agi_unique\0id"),
    "lines that end in CR LF": GOOD.replace(b"\n", b"\r\n"),
    "no block, only its end": b"\n\n\n",
    "another protocol": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\n" * 9,
    "a megabyte of one line": b"agi_network: " + b"y" * MEGABYTE,
    "a megabyte of unknown lines": b"agi_mood: good\n" * (MEGABYTE // 15),
    "garbage after the block": GOOD + b"\xff\xfe garbage\n",
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forged_session_is_dropped_and_served_nothing(name: str) -> None:
    async with a_call_going_on() as (office, _, port), calling(port) as stranger:
        stranger.say(FORGERIES[name])
        assert await stranger.heard() in ("", "ANSWER"), "at the most the first command is out before the garbage is read"
        assert await stranger.heard() == ""
        assert office.told.empty()


HALVES = [*(GOOD[:cut] for cut in (0, 1, 40, 300, len(GOOD) - 1)), GOOD.replace(b"\n", b"\r")]


@pytest.mark.parametrize("half", HALVES, ids=len)
async def test_a_block_without_an_end_on_a_half_closed_connection_is_dropped(half: bytes) -> None:
    async with a_call_going_on() as (_, _, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(half)
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()


async def test_a_block_that_drips_in_is_dropped_at_its_limit_however_lively_it_is() -> None:
    async def never(session: AgiSession) -> None:
        raise AssertionError(session.environment.call)

    async with AgiServer(
        host="127.0.0.1", port=0, secret=SECRET, routes={"call": never}, header_limit_s=0.2
    ) as server, calling(server.port) as stranger:  # fmt: skip
        for byte in GOOD[:-1]:
            stranger.say(bytes([byte]))
            if await stranger.closed_within(0.01):
                return
        pytest.fail("a peer that says a byte now and then was listened to for ever")


async def test_ten_megabytes_of_header_cost_less_than_one() -> None:
    async with a_call_going_on() as (_, _, port):
        with growth_below(MEGABYTE):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                for _ in range(10 * 16):
                    writer.write(b"agi_mood: good\n" * (MEGABYTE // 16 // 15))
                    await writer.drain()
            except ConnectionError:
                return
            finally:
                writer.transport.abort()
    pytest.fail("all of it was taken")


@contextmanager
def growth_below(limit: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        yield
        assert tracemalloc.get_traced_memory()[1] - before < limit
    finally:
        tracemalloc.stop()


async def connect_and_close(port: int) -> None:
    async with calling(port):
        pass


async def forge(port: int) -> None:
    async with calling(port) as stranger:
        stranger.say(FORGERIES["a wrong token"])
        assert await stranger.heard() == ""


@pytest.mark.parametrize(("storm", "times"), [(connect_and_close, 1000), (forge, 500)])
async def test_a_storm_of_strangers_does_not_reach_the_call_that_goes_on(
    storm: Callable[[int], Coroutine[None, None, None]], times: int
) -> None:
    answers = 0

    async def converse(session: AgiSession) -> None:
        nonlocal answers
        while await session.command("NOOP", limit=30):
            answers += 1

    async with AgiServer(host="127.0.0.1", port=0, secret=SECRET, routes={"call": converse}) as server:
        async with calling(server.port) as peer, asyncio.TaskGroup() as strangers:
            peer.say(environment("95500"))
            for _ in range(times // 50):
                for _ in range(50):
                    strangers.create_task(storm(server.port))
                for _ in range(5):
                    await peer.expect("NOOP", answer="200 result=0")
        assert answers >= times // 50 * 5 - 1


async def test_two_thousand_silent_strangers_keep_no_caller_out() -> None:
    async def greet(session: AgiSession) -> None:
        await session.command("NOOP", limit=30)

    async with AgiServer(host="127.0.0.1", port=0, secret=SECRET, routes={"call": greet}, header_limit_s=60) as server:
        strangers = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(2000)]
        async with calling(server.port) as peer:
            peer.say(environment("95500"))
            assert await peer.heard() == "NOOP"
            assert server.connections <= 2000
        for _, writer in strangers:
            writer.transport.abort()


async def test_a_call_that_is_over_is_not_served_again_to_whoever_kept_its_words() -> None:
    async with running("hang up") as (office, ami, gateway):
        async with calling(gateway.agi_port) as peer:
            caller_says_hello(peer)
            await peer.is_served()
            await peer.expect("HANGUP", answer="200 result=1")
        ami.say(about_caller("Hangup", Cause="16"))
        await office.next()
        async with calling(gateway.agi_port) as replay:
            caller_says_hello(replay)
            assert await replay.heard() == ""
        assert len(office.arrivals) == 1


async def test_a_forged_answer_is_no_conversation_when_the_call_itself_knows_nothing_of_it() -> None:
    async with running("join") as (office, ami, gateway), calling(gateway.agi_port) as peer:
        caller_says_hello(peer)
        await peer.is_served()
        assert (await peer.heard()).startswith('EXEC "Dial"')
        ami.say(about_caller("DialEnd", DialStatus="ANSWER", DestChannel="PJSIP/1001-0000000a"))
        assert await office.next() == "answered", "the early word has no second source yet"
        peer.say("200 result=0")
        await peer.expect('GET FULL VARIABLE "${DIALSTATUS}|${HANGUPCAUSE}"', answer="200 result=1 (BUSY|17)")
        assert await peer.heard() == ""
        assert office.joined == [Joined(outcome=OfferOutcome.BUSY, cause="BUSY/17", talked=Millis(0), caller_gone=False)]

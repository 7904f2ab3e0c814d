"""The listener: only our own dialplan gets in, and nobody who misbehaves disturbs anybody else."""

from __future__ import annotations

import asyncio
import gc
import os
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ivr_engine.adapters.asterisk.agi_codec import Reply
from ivr_engine.adapters.asterisk.agi_server import AgiServer, Route, call_token
from ivr_engine.adapters.asterisk.agi_session import AgiSession, Gone
from ivr_engine.errors import SetupError, SwitchError, WireError
from tests.adapters.agi_peer import SECRET, calling, environment


@asynccontextmanager
async def serving(route: Route, *, header_limit_s: float = 5.0, sessions_limit: int = 100) -> AsyncIterator[AgiServer]:
    async with AgiServer(
        host="127.0.0.1",
        port=0,
        secret=SECRET,
        routes={"call": route},
        header_limit_s=header_limit_s,
        sessions_limit=sessions_limit,
    ) as server:
        yield server


async def noop(session: AgiSession) -> None:
    await session.command("NOOP", limit=5)


def test_the_token_is_what_the_dialplan_computes() -> None:
    # SHA1("1795293098.15:0123456789abcdef") as ${SHA1()} of a real Asterisk gave it
    assert call_token("1795293098.15", "0123456789abcdef") == "b885c1c52533bc8466aa409ad9492a81b3c0c6e7"


@pytest.mark.parametrize(
    "hello",
    [
        b"",
        b"agi_network: yes\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\n",
        b"\xff\x00" * 9000,
        environment(token="0" * 40),
        environment(token=""),
        environment(token="\u4e2d"),
        environment(script="nowhere"),
        environment("95500", call="1.1").replace(b"agi_uniqueid: 1.1", b"agi_uniqueid: 2.2"),
    ],
)
async def test_who_cannot_prove_to_be_our_dialplan_is_dropped_and_others_are_served(hello: bytes) -> None:
    async with serving(noop) as server:
        async with calling(server.port) as stranger:
            stranger.say(hello)
            if hello in (b"", b"agi_network: yes\n"):
                stranger.leave()
            else:
                assert await stranger.heard() == ""
        async with calling(server.port) as peer:
            peer.say(environment())
            await peer.expect("NOOP", answer="200 result=0")


async def test_a_silent_connection_is_dropped_after_its_time() -> None:
    async with serving(noop, header_limit_s=0.05) as server, calling(server.port) as silent, calling(server.port) as half:
        half.say(b"agi_network: yes\n")
        assert await silent.heard() == ""
        assert await half.heard() == ""


async def test_more_sessions_than_the_limit_are_turned_away() -> None:
    async with serving(noop, sessions_limit=1) as server, calling(server.port) as first:
        first.say(environment())
        assert await first.heard() == "NOOP"
        async with calling(server.port) as second:
            second.say(environment())
            assert await second.heard() == ""
        first.say("200 result=0")
        assert await first.heard() == ""
        async with asyncio.timeout(5):
            while await greeting(server.port) != "NOOP":
                pass  # the place is free a moment after its caller saw the end


async def greeting(port: int) -> str:
    async with calling(port) as peer:
        peer.say(environment())
        return await peer.heard()


async def test_a_fault_of_ours_in_one_call_leaves_the_others_alone() -> None:
    async def fails_once(session: AgiSession) -> None:
        if session.environment.arguments[1] == "1":
            raise ZeroDivisionError
        await noop(session)

    async with serving(fails_once) as server:
        async with calling(server.port) as unlucky:
            unlucky.say(environment("1"))
            assert await unlucky.heard() == ""
        async with calling(server.port) as lucky:
            lucky.say(environment("2"))
            assert await lucky.heard() == "NOOP"


@pytest.mark.parametrize("answer", [b"200 result=0\n", b"HANGUP\n", b""], ids=["served", "hung up", "broken"])
async def test_nothing_of_a_session_stays_in_memory_once_it_is_over(answer: bytes) -> None:
    sessions: list[weakref.ref[AgiSession]] = []

    async def remembered(session: AgiSession) -> None:
        sessions.append(weakref.ref(session))
        await noop(session)

    gc.disable()  # which would come for it some thousand calls later
    try:
        async with serving(remembered) as server, calling(server.port) as peer:
            peer.say(environment())
            assert await peer.heard() == "NOOP"
            peer.say(answer)
        assert [each() for each in sessions] == [None]
    finally:
        gc.enable()


async def test_leaving_the_server_gives_every_call_back() -> None:
    async with serving(noop) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(environment())
        assert await reader.readline() == b"NOOP\n"
    assert await reader.read() == b""
    writer.close()


async def test_a_taken_port_is_said_plainly() -> None:
    async with serving(noop) as server:
        second = AgiServer(host="127.0.0.1", port=server.port, secret=SECRET, routes={})
        says = rf"AGI port 127.0.0.1:{server.port}/tcp .*held by .*\(process {os.getpid()}\).*IVR_ENGINE_AGI_PORT"
        with pytest.raises(SetupError, match=says):
            await second.__aenter__()


Outcome = Reply | Gone | SwitchError | WireError


async def asked(*, say: list[bytes], leave: bool = False, limit: float = 5.0) -> list[Outcome]:
    """What three commands in a row bring when Asterisk answers the first with `say`."""
    outcomes: asyncio.Queue[Outcome] = asyncio.Queue()

    async def route(session: AgiSession) -> None:
        for _ in range(3):
            try:
                outcomes.put_nowait(await session.command("NOOP", limit=limit))
            except (SwitchError, WireError) as error:
                outcomes.put_nowait(error)

    async with serving(route) as server, calling(server.port) as peer:
        peer.say(environment())
        assert await peer.heard() == "NOOP"
        for data in say:
            peer.say(data)
        if leave:
            peer.dies()  # nothing but what `say` says
        async with asyncio.timeout(5):
            return [await outcomes.get() for _ in range(len(say) or 1)]


async def test_each_command_gets_its_own_answer() -> None:
    assert await asked(say=[b"200 result=1\n"]) == [Reply(code=200, result="1")]


@pytest.mark.parametrize("say", [b"HANGUP\n", b"511 dead\n"])
async def test_a_caller_who_left_is_a_value(say: bytes) -> None:
    assert await asked(say=[say], leave=True) == [Gone()]


@pytest.mark.parametrize("say", [b"", b"200 result"])
async def test_a_line_that_ends_without_a_hangup_is_a_fault_and_no_caller_who_left(say: bytes) -> None:
    (outcome,) = await asked(say=[say], leave=True)
    assert isinstance(outcome, SwitchError)


async def test_a_hangup_notice_is_never_taken_for_the_answer_to_the_next_command() -> None:
    first, second = await asked(say=[b"200 result=-1\nHANGUP\n", b""])
    assert first == Reply(code=200, result="-1")
    assert second == Gone()


async def test_an_answer_too_many_ends_the_session_instead_of_shifting_all_later_ones() -> None:
    first, second = await asked(say=[b"200 result=1\n200 result=2\n", b""])
    assert first == Reply(code=200, result="1")
    assert isinstance(second, SwitchError)


async def test_no_answer_in_time_is_a_fault_and_ends_the_session() -> None:
    (outcome,) = await asked(say=[], limit=0.05)
    assert isinstance(outcome, SwitchError)


async def test_an_answer_that_makes_no_sense_is_a_fault() -> None:
    (outcome,) = await asked(say=[b"hello\n"])
    assert isinstance(outcome, SwitchError)

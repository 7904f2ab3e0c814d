"""Half-open connections: what the switch's list says of their channels; the system asks whether the peer is alive."""

from __future__ import annotations

import asyncio
import socket

from ivr_engine.adapters.asterisk.agi_line import Running
from ivr_engine.adapters.asterisk.agi_server import AgiServer
from ivr_engine.adapters.asterisk.agi_session import AgiSession, Gone
from ivr_engine.adapters.asterisk.ami_codec import AmiMessage
from ivr_engine.adapters.asterisk.deaf_lines import SURE_AFTER_S, DeafLines
from ivr_engine.core.ids import CallId
from tests.adapters.agi_peer import SECRET, calling, environment

CALL = CallId("1.1")


class Line:
    """A session that is over once it is given up."""

    def __init__(self, runs: Running | None = None) -> None:
        self.runs = runs
        self.gone: asyncio.Future[Gone] = asyncio.get_running_loop().create_future()
        self.given_up = 0

    def give_up(self, reason: str) -> None:
        assert reason
        self.given_up += 1
        self.gone.set_result(Gone())


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def listing(*calls: str, application: str = "AGI") -> list[AmiMessage]:
    return [AmiMessage((("Event", "Status"), ("Uniqueid", call), ("Application", application))) for call in calls]


async def test_a_session_whose_channel_two_lists_do_not_have_is_given_up_once() -> None:
    time, line = Time(), Line()
    deaf = DeafLines(time)
    deaf.look(listing("9.9"), {CALL: line})
    time.now += SURE_AFTER_S - 0.1
    deaf.look(listing("9.9"), {CALL: line})
    assert line.given_up == 0, "it may have come while the first list was made"
    time.now += 0.1
    for _ in range(2):
        deaf.look(listing("9.9"), {CALL: line})
    assert line.given_up == 1


async def test_a_session_whose_channel_a_list_has_is_left_alone() -> None:
    time, line = Time(), Line()
    deaf = DeafLines(time)
    for listed in ([], ["1.1"], [], ["1.1"]):
        deaf.look(listing(*listed), {CALL: line})
        time.now += SURE_AFTER_S
    assert line.given_up == 0


async def test_a_session_that_believes_its_caller_talks_is_given_up_when_the_channel_is_at_something_else() -> None:
    time, line = Time(), Line(Running("Dial", 90.0))
    deaf = DeafLines(time)
    for application in ("Dial", "AGI"):
        deaf.look(listing(CALL, application=application), {CALL: line})
        time.now += SURE_AFTER_S
    assert line.given_up == 0, "one list only says so: the answer may be on its way"
    deaf.look(listing(CALL), {CALL: line})
    assert line.given_up == 1


async def test_a_session_that_began_something_else_since_is_left_alone() -> None:
    time, line = Time(), Line(Running("Dial", 90.0))
    deaf = DeafLines(time)
    deaf.look(listing(CALL), {CALL: line})
    time.now += SURE_AFTER_S
    line.runs = Running("Dial", 103.0)
    deaf.look(listing(CALL), {CALL: line})
    assert line.given_up == 0


async def test_the_system_asks_a_silent_peer_whether_it_is_alive() -> None:
    asked: asyncio.Future[tuple[int, int]] = asyncio.get_running_loop().create_future()

    async def serve(session: AgiSession) -> None:
        transport = session._connection._transport
        assert transport is not None
        own = transport.get_extra_info("socket")
        asked.set_result(
            (
                own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
                own.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
            )
        )

    async with (
        AgiServer(host="127.0.0.1", port=0, secret=SECRET, routes={"call": serve}) as server,
        calling(server.port) as peer,
    ):
        peer.say(environment())
        async with asyncio.timeout(5):
            assert await asked == (1, 5)

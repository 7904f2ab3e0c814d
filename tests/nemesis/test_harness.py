"""The harness itself: the checker sees what is wrong, the proxy does what it is told, the nemesis harms nobody else."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from ivr_engine.cdr.open_calls import assemble
from ivr_engine.core.events import (
    CallArrived,
    CallEnded,
    CallLeftQueue,
    CallQueued,
    ConversationBegan,
    ConversationEnded,
    Event,
    OfferEnded,
    OfferMade,
    Recorded,
)
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, Millis, OfferId, QueueName
from ivr_engine.core.outcomes import EndedBy, OfferOutcome, QueueOutcome
from tests.nemesis.footprint import MOST_GROWTH, Footprint, growth_per_hour
from tests.nemesis.history import History
from tests.nemesis.processes import ProcessNemesis
from tests.nemesis.proxy import FaultProxy, Faults
from tests.system import sipp

QUEUE, ANN, BOB = QueueName("service"), AgentId("ann"), AgentId("bob")
LIMIT_S = 10


def came(call: str) -> list[Event]:
    queued = CallQueued(call=CallId(call), queue=QUEUE, priority=0, needs=(), language=Language("en"), position=1)
    return [CallArrived(call=CallId(call), number="1", caller="2"), queued]


def offer(call: str, agent: AgentId) -> OfferMade:
    return OfferMade(
        call=CallId(call), agent=agent, offer=OfferId(f"{call}-{agent}"), queue=QUEUE, rule="longest_idle", candidates=(),
        excluded=(), waited=Millis(0), deadline=Instant(10_000),
    )  # fmt: skip


def taken(call: str, agent: AgentId) -> list[Event]:
    return [
        offer(call, agent),
        OfferEnded(call=CallId(call), agent=agent, offer=OfferId(f"{call}-{agent}"), outcome=OfferOutcome.ANSWERED),
        CallLeftQueue(call=CallId(call), queue=QUEUE, outcome=QueueOutcome.ANSWERED, waited=Millis(1)),
        ConversationBegan(call=CallId(call), agent=agent, queue=QUEUE),
    ]


def parted(call: str, agent: AgentId) -> ConversationEnded:
    return ConversationEnded(call=CallId(call), agent=agent, queue=QUEUE, ended_by=EndedBy.CALLER, talked=Millis(1))


def over(call: str) -> CallEnded:
    return CallEnded(call=CallId(call), ended_by=EndedBy.CALLER)


def history(*events: Event, live: tuple[str, ...] = (), seconds: int = 0) -> History:
    journal = [Recorded(sequence=n, at=Instant(n + n * seconds * 1000), event=event) for n, event in enumerate(events, 1)]
    calls = {event.call for event in events if isinstance(event, CallEnded)}
    stories = {call: [each for each in journal if getattr(each.event, "call", None) == call] for call in calls}
    records = [record for story in stories.values() if (record := assemble(story)) is not None]
    return History(journal=journal, records=records, live=frozenset(CallId(call) for call in live))


WHOLE = (*came("1"), *taken("1", ANN), parted("1", ANN), over("1"))
BROKEN: dict[str, History] = {
    "I1 1: joined": history(*WHOLE[:-2], ConversationBegan(call=CallId("1"), agent=BOB, queue=QUEUE), live=("1",)),
    "I1 1: parted": history(*WHOLE[:-1], parted("1", ANN), over("1")),
    "I2 ann": history(*came("1"), *came("2"), offer("1", ANN), offer("2", ANN), live=("1", "2")),
    "I3 1: 2 ends": history(*WHOLE, over("1")),
    "I3 1: 0 ends": history(*came("1")),
    "I5 1-ann": history(*WHOLE, seconds=60),
    "I7 1: overtaken": history(*came("1"), *came("2"), offer("2", ANN), live=("1", "2")),
    "I7 1: queued": history(*came("1"), came("1")[1], live=("1",)),
    "I8 1-ann": history(*came("1"), offer("1", ANN), over("1")),
    "I9 1": history(*WHOLE, live=("1",)),
    "I13 1": history(*WHOLE[:-1], WHOLE[4], over("1")),
}


def test_a_whole_history_has_no_breach() -> None:
    assert history(*WHOLE).breaches() == []
    assert history(*came("1"), offer("1", ANN), live=("1",)).breaches() == []


@pytest.mark.parametrize("breach", BROKEN)
def test_the_checker_sees_a_planted_breach(breach: str) -> None:
    assert [found for found in BROKEN[breach].breaches() if found.startswith(breach)]


def test_the_checker_sees_gaps_and_secrets() -> None:
    whole = history(*WHOLE)
    gapped = History(journal=[*whole.journal[:3], *whole.journal[4:]], records=whole.records)
    assert any(found.startswith("I14") for found in gapped.breaches())
    leaked = History(journal=whole.journal, records=whole.records, written={"log": b"pin=739184"}, secrets=("739184",))
    assert leaked.breaches() == ["I15 log: holds secret 0"]


def test_memory_that_grows_by_a_hundredth_an_hour_is_seen_through_its_ups_and_downs() -> None:
    quiet = [seen(minute, blocks=470_000 + 2_000 * (-1) ** minute) for minute in range(60)]
    leaking = [seen(minute, blocks=each.blocks + 79 * minute) for minute, each in enumerate(quiet)]
    assert abs(growth_per_hour(quiet, lambda each: each.blocks)) < MOST_GROWTH
    assert growth_per_hour(leaking, lambda each: each.blocks) == pytest.approx(0.01, rel=0.1)


def seen(minute: int, *, blocks: int) -> Footprint:
    return Footprint(at=60.0 * minute, pid=1, resident=0, blocks=blocks, handles=0, tasks=0, lag=0)


def test_the_nemesis_harms_only_what_it_was_given() -> None:
    nemesis = ProcessNemesis()
    with pytest.raises(AssertionError, match="not ours to harm"):
        nemesis.kill(os.getppid())
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as victim:
        nemesis.may_harm(victim.pid)
        nemesis.stop(victim.pid)
        nemesis.go_on(victim.pid)
        nemesis.kill(victim.pid)
        assert victim.wait(LIMIT_S) == -signal.SIGKILL
    with pytest.raises(AssertionError, match="not ours to harm"):
        nemesis.kill(victim.pid)
    assert nemesis.counted == {"SIGSTOP": 1, "SIGCONT": 1, "SIGKILL": 1}


@asynccontextmanager
async def managed(text: bytes) -> AsyncIterator[int]:
    """A manager that says `text` and echoes what it hears."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/11.0.0\r\n" + text)
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


EVENTS = b"".join(b"Event: Hangup\r\nUniqueid: %d\r\n\r\n" % n for n in range(200))
ANSWER = b"Event: Status\r\nActionID: 1\r\n\r\nResponse: Success\r\n\r\n"


async def heard_through(faults: Faults, text: bytes, blocks: int) -> list[bytes]:
    async with managed(text) as port, FaultProxy(to=port, faults=faults, seed=1, events=True) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        async with asyncio.timeout(LIMIT_S):
            await reader.readline()
            heard = [await reader.readuntil(b"\r\n\r\n") for _ in range(blocks)]
        writer.transport.abort()
        return heard


async def test_events_are_lost_doubled_and_shuffled_and_answers_are_not() -> None:
    text = EVENTS + ANSWER
    whole = [block + b"\r\n\r\n" for block in text.split(b"\r\n\r\n")[:-1]]
    assert await heard_through(Faults(), text, 202) == whole
    assert await heard_through(Faults(lose=1.0), text, 2) == whole[-2:]
    doubled = await heard_through(Faults(double=1.0), text, 402)
    assert len(doubled) == 402
    assert set(doubled) == set(whole)
    shuffled = await heard_through(Faults(shuffle_s=0.05), text, 202)
    assert shuffled != whole
    assert sorted(shuffled) == sorted(whole)


async def test_a_reset_is_seen_and_silence_is_not() -> None:
    async with managed(b"") as port, FaultProxy(to=port) as proxy, asyncio.timeout(LIMIT_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        await reader.readline()
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        await reader.readline()
        proxy.go_silent()
        writer.write(b"Ping")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await reader.readexactly(1)
        writer.transport.abort()
        assert proxy.counted == {"reset": 1, "half-open": 1}


async def test_a_proxy_that_closes_leaves_nobody_to_serve_a_connection() -> None:
    async with managed(b"") as port, asyncio.timeout(LIMIT_S):
        async with FaultProxy(to=port) as proxy:
            callers = [await asyncio.open_connection("127.0.0.1", proxy.port) for _ in range(20)]
        assert not [task for task in asyncio.all_tasks() if "FaultProxy" in repr(task.get_coro())]
        for _, writer in callers:
            writer.transport.abort()


class Dying(asyncio.DatagramProtocol):
    """A PBX that takes a call and is never heard of again. `heard`: the method of each request."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        lines = data.decode().splitlines()
        self.heard.append(lines[0].split()[0])
        if self.heard == ["INVITE"]:
            same = [line for line in lines if line.startswith(("Via", "From", "To", "Call-ID", "CSeq"))]
            answer = "\r\n".join(["SIP/2.0 100 Trying", *same, "Content-Length: 0", "", ""])
            self._transport.sendto(answer.encode(), addr)


@pytest.mark.system
async def test_a_caller_whom_a_dying_pbx_said_100_to_gives_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sipp, "UNANSWERED_MS", 500)
    loop = asyncio.get_running_loop()
    transport, pbx = await loop.create_datagram_endpoint(Dying, local_addr=("127.0.0.1", 0))
    host, port = transport.get_extra_info("sockname")
    run = await sipp.call(to="1", pbx=f"{host}:{port}", folder=tmp_path, steps=[sipp.hang_up()])
    transport.close()
    assert (run.succeeded, run.failed, pbx.heard[:2]) == (0, 1, ["INVITE", "CANCEL"])

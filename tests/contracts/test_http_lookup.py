"""Every ending of a request to an outside service, against the sample host service."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ivr_engine.adapters.event_loop import fastest_loop
from ivr_engine.adapters.http_lookup import HttpLookup
from ivr_engine.core.ids import Millis
from ivr_engine.core.outcomes import RequestOutcome
from ivr_engine.errors import SetupError
from ivr_engine.flows.waits import Json, Responded
from ivr_engine.ports.lookup import Lookup
from ivr_engine.testing.host_service import ACCOUNTS, Fault, HostService

CARD, ACCOUNT = next(iter(ACCOUNTS.items()))
AMPLE = Millis(10_000)
Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
def host() -> Iterator[HostService]:
    with HostService() as service:
        yield service


@pytest.fixture
async def lookup(host: HostService) -> AsyncIterator[HttpLookup]:
    async with HttpLookup({"host": host.url}) as adapter:
        yield adapter


async def ask(lookup: Lookup, operation: str = "balance", limit: Millis = AMPLE, **send: Json) -> Responded:
    return await lookup.ask(service="host", operation=operation, send=send, limit=limit)


async def test_right_card_and_pin_give_the_balance(lookup: HttpLookup) -> None:
    responded = await ask(lookup, card=CARD, pin=ACCOUNT.pin)
    assert (responded.outcome, responded.body) == (RequestOutcome.OK, {"balance": "1234.50", "currency": "CNY"})


@pytest.mark.parametrize("pin", [ACCOUNT.pin, "000000"], ids=["answered", "refused"])
async def test_requests_leave_nothing_for_the_garbage_collector(lookup: HttpLookup, pin: str) -> None:
    await ask(lookup, card=CARD, pin=pin)
    gc.collect()
    gc.disable()
    try:
        for _ in range(10):
            await ask(lookup, card=CARD, pin=pin)
        assert gc.collect() < 10, "less than one object a request"
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("operation", "send", "result"),
    [
        ("balance", {"card": "1", "pin": ACCOUNT.pin}, "not_found"),
        ("balance", {"card": CARD, "pin": "000000"}, "wrong_pin"),
        ("balance", {}, "not_found"),
        ("transfer", {}, "unknown_operation"),
        ("../balance", {"card": CARD, "pin": ACCOUNT.pin}, "unknown_operation"),
        ("balance#x", {"card": CARD, "pin": ACCOUNT.pin}, "unknown_operation"),
    ],
)
async def test_a_refusal_carries_the_services_own_name(
    lookup: HttpLookup, operation: str, send: dict[str, Json], result: str
) -> None:
    responded = await lookup.ask(service="host", operation=operation, send=send, limit=AMPLE)
    assert (responded.outcome, responded.result, responded.body) == (RequestOutcome.REFUSED, result, None)


async def test_three_wrong_pins_in_a_row_lock_the_card_and_only_that_card(lookup: HttpLookup) -> None:
    wrong = [(await ask(lookup, card=CARD, pin="9")).result for _ in range(3)]
    right = await ask(lookup, card=CARD, pin=ACCOUNT.pin)
    other_card, other = list(ACCOUNTS.items())[1]
    assert [*wrong, right.result] == ["wrong_pin", "wrong_pin", "locked", "locked"]
    assert (await ask(lookup, card=other_card, pin=other.pin)).outcome is RequestOutcome.OK


async def test_a_right_pin_forgives_the_wrong_ones_before_it(lookup: HttpLookup) -> None:
    for _ in range(3):
        assert (await ask(lookup, card=CARD, pin="9")).result == "wrong_pin"
        assert (await ask(lookup, card=CARD, pin=ACCOUNT.pin)).outcome is RequestOutcome.OK


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault.ERROR, RequestOutcome.UNAVAILABLE),
        (Fault.DROP, RequestOutcome.UNAVAILABLE),
        (Fault.BAD_JSON, RequestOutcome.INVALID),
        (Fault.NOT_AN_OBJECT, RequestOutcome.INVALID),
        (Fault.HUGE, RequestOutcome.INVALID),
        (Fault.REDIRECT, RequestOutcome.INVALID),
    ],
)
async def test_a_fault_of_the_service_is_an_outcome_and_the_next_request_works(
    host: HostService, lookup: HttpLookup, fault: Fault, outcome: RequestOutcome
) -> None:
    host.fault = fault
    assert await ask_outcome(lookup) is outcome
    host.fault = Fault.NONE
    assert await ask_outcome(lookup) is RequestOutcome.OK


async def ask_outcome(lookup: Lookup) -> RequestOutcome:
    return (await ask(lookup, card=CARD, pin=ACCOUNT.pin)).outcome


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.SLOW])
async def test_silence_ends_at_the_limit(host: HostService, lookup: HttpLookup, fault: Fault) -> None:
    host.fault, host.delay = fault, 60.0
    responded = await ask(lookup, limit=Millis(50), card=CARD, pin=ACCOUNT.pin)
    assert responded.outcome is RequestOutcome.TIMEOUT
    assert responded.took >= 50


def test_no_event_loop_gives_up_before_the_limit(host: HostService) -> None:
    """uvloop's clock counts whole milliseconds; on a busy loop its timers ring up to one early."""

    async def waited() -> list[Millis]:
        async with HttpLookup({"host": host.url}) as lookup, asyncio.TaskGroup() as group:
            busy = group.create_task(_stir())
            took = [(await ask(lookup, limit=Millis(20))).took for _ in range(25)]
            busy.cancel()
        return took

    host.fault = Fault.HANG
    with asyncio.Runner(loop_factory=fastest_loop()) as runner:
        assert min(runner.run(waited())) >= 20


async def _stir() -> None:
    for _ in range(100_000):
        await asyncio.sleep(0.0003)


async def test_an_answer_that_drips_in_ends_at_the_limit_too() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n{}")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not await _gone(reader, within=0.01):
            writer.write(b" ")

    assert (await _ask_a_peer(drip, Millis(150))).outcome is RequestOutcome.TIMEOUT


async def _gone(reader: asyncio.StreamReader, *, within: float) -> bool:
    try:
        return not await asyncio.wait_for(reader.read(1), within)
    except TimeoutError:
        return False


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"200 OK\r\nContent-Length: 13\r\n\r\n" + b'{"a": "\xff\xfe", }', RequestOutcome.INVALID),
        (b'200 OK\r\nContent-Length: 10\r\n\r\n{"a": NaN}', RequestOutcome.INVALID),
        (b"200 OK\r\nContent-Length: 60000\r\n\r\n" + b"[" * 60000, RequestOutcome.INVALID),
        (b"200 OK\r\nContent-Length: 65537\r\n\r\n", RequestOutcome.INVALID),  # known from its head, nothing of it is read
        (b"200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", RequestOutcome.UNAVAILABLE),
        (b"200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11000\r\n" + b" " * 0x11000 + b"\r\n", RequestOutcome.INVALID),
        (b"200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", RequestOutcome.OK),
        (b'404 No\r\nContent-Length: 20\r\n\r\n{"result": "No Name"}', RequestOutcome.INVALID),
        (b"404 No\r\nContent-Length: 0\r\n\r\n", RequestOutcome.INVALID),
        (b"204 No Content\r\n\r\n", RequestOutcome.INVALID),
        (b"nonsense\r\n\r\n", RequestOutcome.UNAVAILABLE),
        (b"200 OK\r\nContent-Length: 20\r\n\r\n{", RequestOutcome.UNAVAILABLE),
    ],
)
async def test_a_hostile_answer_is_an_outcome(answer: bytes, outcome: RequestOutcome) -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n{}")
        writer.write(b"HTTP/1.1 " + answer)

    assert (await _ask_a_peer(peer, AMPLE)).outcome is outcome


async def _ask_a_peer(peer: Peer, limit: Millis) -> Responded:
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await peer(reader, writer)
        with suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()
        over.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        async with HttpLookup({"host": f"http://127.0.0.1:{port}"}) as lookup:
            responded = await ask(lookup, limit=limit)
        await over.wait()
    return responded


async def test_nobody_there_is_unavailable(host: HostService) -> None:
    with HostService() as gone:
        url = gone.url
    async with HttpLookup({"host": url}) as lookup:
        assert await ask_outcome(lookup) is RequestOutcome.UNAVAILABLE


async def test_a_service_that_is_not_configured_is_never_asked(host: HostService, lookup: HttpLookup) -> None:
    responded = await lookup.ask(service="other", operation="balance", send={}, limit=AMPLE)
    assert (responded.outcome, host.requests) == (RequestOutcome.UNAVAILABLE, 0)


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch, host: HostService) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with HttpLookup({"host": host.url}) as lookup:
        assert await ask_outcome(lookup) is RequestOutcome.OK


async def test_what_was_sent_and_answered_is_not_logged(lookup: HttpLookup, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    await ask(lookup, card=CARD, pin=ACCOUNT.pin)
    assert not any(secret in caplog.text for secret in (CARD, ACCOUNT.pin, ACCOUNT.balance))


@pytest.mark.parametrize("url", ["", "localhost:1", "ftp://x", "http://", "http://x/?a=1", "http://x:port/"])
def test_a_bad_url_is_refused_at_start(url: str) -> None:
    with pytest.raises(SetupError, match="service host"):
        HttpLookup({"host": url})


def test_the_sample_cards_and_their_pins_are_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "services.md").read_text(encoding="utf-8")
    assert all(card in page and account.pin in page for card, account in ACCOUNTS.items())


@pytest.mark.parametrize("card", ACCOUNTS)
def test_the_sample_cards_pass_the_luhn_check(card: str) -> None:
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(card))]
    assert sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0

"""What every lookup must do: the one over HTTP on the sample host service, and the fake of the services' tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from ivr_engine.adapters.http_lookup import HttpLookup
from ivr_engine.core.ids import Millis
from ivr_engine.core.outcomes import RequestOutcome
from ivr_engine.flows.waits import Json, Responded
from ivr_engine.ports.lookup import Lookup
from ivr_engine.testing.host_service import ACCOUNTS, Fault, HostService
from tests.unit.services.office import Host

CARD, ACCOUNT = next(iter(ACCOUNTS.items()))
BALANCE: Json = {"balance": ACCOUNT.balance, "currency": ACCOUNT.currency}
SILENT, IN_TIME, AT_ONCE = Fault.HANG, Millis(10_000), Millis(50)

# What the service does, the PIN sent, the limit, and what must be told.
ROWS = {
    "an answer": (Fault.NONE, ACCOUNT.pin, IN_TIME, Responded(outcome=RequestOutcome.OK, body=BALANCE)),
    "a refusal": (Fault.NONE, "0", IN_TIME, Responded(outcome=RequestOutcome.REFUSED, result="wrong_pin")),
    "out of order": (Fault.ERROR, ACCOUNT.pin, IN_TIME, Responded(outcome=RequestOutcome.UNAVAILABLE)),
    "nonsense": (Fault.BAD_JSON, ACCOUNT.pin, IN_TIME, Responded(outcome=RequestOutcome.INVALID)),
    "silence": (SILENT, ACCOUNT.pin, AT_ONCE, Responded(outcome=RequestOutcome.TIMEOUT)),
}


@asynccontextmanager
async def over_http(fault: Fault, _expected: Responded) -> AsyncIterator[Lookup]:
    with HostService(fault=fault) as service:
        async with HttpLookup({"host": service.url}) as lookup:
            yield lookup


@asynccontextmanager
async def fake(fault: Fault, expected: Responded) -> AsyncIterator[Lookup]:
    yield Host(answer=expected, silent=fault is SILENT)


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("opened", [over_http, fake])
async def test_every_ending_is_told_in_the_same_words(
    opened: Callable[[Fault, Responded], AbstractAsyncContextManager[Lookup]], name: str
) -> None:
    fault, pin, limit, expected = ROWS[name]
    async with opened(fault, expected) as lookup:
        found = await lookup.ask(service="host", operation="balance", send={"card": CARD, "pin": pin}, limit=limit)
    assert (found.outcome, found.body, found.result) == (expected.outcome, expected.body, expected.result)
    assert found.took >= (limit if expected.outcome is RequestOutcome.TIMEOUT else 0)

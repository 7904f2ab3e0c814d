"""The verifier counts refusals over all calls and restarts, and asks nobody about a locked identity."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from ivr_engine.core.events.flow import IdentityConfirmed, IdentityRefused
from ivr_engine.core.ids import CallId, Millis, NodeName
from ivr_engine.core.outcomes import RequestOutcome
from ivr_engine.flows import limits
from ivr_engine.flows.waits import Json, Lock, Responded, Verified, VerifyWait
from ivr_engine.services.verifier import Verifier
from ivr_engine.testing.clock import ManualClock
from ivr_engine.testing.memory import MemoryStore
from tests.unit.services.office import settle

HOUR = Millis(3_600_000)
RIGHT = Responded(outcome=RequestOutcome.OK, body={})
WRONG = Responded(outcome=RequestOutcome.REFUSED, result="wrong_pin")
DOWN = Responded(outcome=RequestOutcome.UNAVAILABLE)


@dataclass
class Bank:
    """A host that answers with `answer` once `open` is set."""

    answer: Responded = WRONG
    open: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[Mapping[str, Json]] = field(default_factory=list)

    async def ask(self, *, service: str, operation: str, send: Mapping[str, Json], limit: Millis) -> Responded:
        del service, operation, limit
        self.asked.append(send)
        await self.open.wait()
        return self.answer


class Desk:
    """A verifier over a journal that outlives it."""

    def __init__(self) -> None:
        self.bank, self.clock, self.journal = Bank(), ManualClock(), MemoryStore()
        self.bank.open.set()
        self.restart()

    def restart(self) -> None:
        self.verifier = Verifier(key=b"key", lookup=self.bank, clock=self.clock)
        self.verifier.recover(self.journal)

    async def verify(self, card: str = "6222", *, after: int = 3) -> Verified:
        """One verification, with the event that the call's flow makes of it."""
        wait = VerifyWait(
            service="host", operation="v", subject=card, pin="1", lock=Lock(after=after, within=HOUR), timeout=Millis(1_000)
        )
        result = await self.verifier.verify(wait)
        call, node = CallId("c"), NodeName("n")
        if result.answer is WRONG:
            event = IdentityRefused(call=call, node=node, service="host", subject=result.subject)
            self.journal.append([event], self.clock.now())
        elif result.answer is RIGHT:
            confirmed = IdentityConfirmed(call=call, node=node, service="host", subject=result.subject, level=1)
            self.journal.append([confirmed], self.clock.now())
        return result


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_the_last_refusal_locks_and_the_host_is_asked_no_more(desk: Desk) -> None:
    assert [(await desk.verify()).locked for _ in range(4)] == [False, False, True, True]
    assert len(desk.bank.asked) == 3
    assert (await desk.verify()).answer is None


async def test_a_lock_survives_a_restart(desk: Desk) -> None:
    for _ in range(3):
        await desk.verify()
    desk.restart()
    assert (await desk.verify()).answer is None


async def test_a_lock_ends_with_its_time(desk: Desk) -> None:
    for _ in range(3):
        await desk.verify()
    desk.clock.advance(HOUR)
    desk.restart()
    assert (await desk.verify()).answer is WRONG


async def test_a_confirmation_begins_the_count_anew_also_after_a_restart(desk: Desk) -> None:
    await desk.verify()
    await desk.verify()
    desk.bank.answer = RIGHT
    await desk.verify()
    desk.bank.answer = WRONG
    desk.restart()
    assert [(await desk.verify()).locked for _ in range(3)] == [False, False, True]


async def test_trouble_with_the_host_counts_as_nothing(desk: Desk) -> None:
    desk.bank.answer = DOWN
    assert [(await desk.verify()).locked for _ in range(5)] == [False] * 5


async def test_each_identity_has_its_own_count(desk: Desk) -> None:
    for _ in range(3):
        await desk.verify("6222")
    other = await desk.verify("6223")
    assert other.answer is WRONG
    assert other.subject != (await desk.verify("6222")).subject


async def test_many_calls_at_once_get_no_more_tries_than_one(desk: Desk) -> None:
    desk.bank.open.clear()
    async with asyncio.TaskGroup() as tasks:
        calls = [tasks.create_task(desk.verify()) for _ in range(20)]
        await settle()
        assert len(desk.bank.asked) == 3
        desk.bank.open.set()
    assert len(desk.bank.asked) == 3
    assert all(call.result().locked for call in calls if call.result().answer is None)
    assert (await desk.verify()).answer is None


async def test_open_questions_and_refusals_count_together(desk: Desk) -> None:
    await desk.verify()
    await desk.verify()
    desk.bank.open.clear()
    async with asyncio.TaskGroup() as tasks:
        calls = [tasks.create_task(desk.verify()) for _ in range(5)]
        await settle()
        assert len(desk.bank.asked) == 3
        desk.bank.open.set()
    assert [call.result().answer for call in calls].count(WRONG) == 1


async def test_the_digest_tells_no_card_and_depends_on_the_key(desk: Desk) -> None:
    subject = (await desk.verify("6222020200112230")).subject
    assert "6222" not in subject
    assert len(subject) == 32
    desk.verifier = Verifier(key=b"another", lookup=desk.bank, clock=desk.clock)
    assert (await desk.verify("6222020200112230")).subject != subject


async def test_what_no_lock_looks_at_is_not_read_again(desk: Desk) -> None:
    for _ in range(3):
        await desk.verify()
    desk.clock.advance(limits.LOCK_WITHIN)
    desk.restart()
    assert (await desk.verify()).answer is WRONG

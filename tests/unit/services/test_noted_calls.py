"""Only the store knows which of the calls that the switch wrote down have a record; it is asked, and nobody waits for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection

import pytest

from ivr_engine.core.events import CallEnded
from ivr_engine.core.ids import CallId
from ivr_engine.core.outcomes import Disposition
from ivr_engine.errors import StoreError
from ivr_engine.ports.switch_notes import NotedCall
from ivr_engine.services.reconciliation import ASK_AGAIN, SURE_AFTER
from ivr_engine.testing.line import HangUpNow, LineBreaks, ScriptedLine
from ivr_engine.testing.memory import MemoryStore
from tests.unit.services.office import Office, settle
from tests.unit.services.test_recovery import at

LIMIT_S = 5.0


class SlowStore(MemoryStore):
    """Which calls have a record it says when it `may`; while it is `stuck`, not even then."""

    def __init__(self, *, stuck: bool = False) -> None:
        super().__init__()
        self.stuck = stuck
        self.asked, self.may = threading.Event(), threading.Event()

    def recorded(self, calls: Collection[CallId]) -> frozenset[CallId]:
        self.asked.set()
        assert self.may.wait(LIMIT_S)
        if self.stuck:
            raise StoreError("the database answers too slowly")
        return super().recorded(calls)


async def until(what: str, done: Callable[[], bool]) -> None:
    for _ in range(500):
        if done():
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"never came: {what}")


async def until_said(office: Office, line: str) -> None:
    await until(line, lambda: line in office.log.lines)


def unheard(office: Office, call: str) -> NotedCall:
    return NotedCall(call=CallId(call), number="80000", caller="139", began=at(office, -9), ended=at(office, -1))


async def test_while_the_store_says_nothing_calls_are_served_and_compared_and_afterwards_no_record_is_missing() -> None:
    store = SlowStore(stuck=True)
    office = Office(store)
    noted = office.notes.noted[CallId("7")] = unheard(office, "7")
    async with office.open():
        await office.serve(ScriptedLine(LineBreaks()), call="1")
        office.watch.lines_seen([])
        await asyncio.to_thread(store.asked.wait, LIMIT_S)
        office.clock.advance(SURE_AFTER)
        office.watch.lines_seen([])
        assert office.record("1").disposition is Disposition.UNKNOWN_RECONCILED
        await office.serve(ScriptedLine(HangUpNow()), call="2")
        assert office.record("2").disposition is Disposition.ABANDONED_IVR
        store.may.set()
        await until_said(office, "notes_wait_for_store")
        store.stuck = False
        await settle()
        office.clock.advance(ASK_AGAIN)
        await until_said(office, "call_closed_from_notes")
    record = office.record("7")
    assert (record.arrived, record.ended) == (noted.began, noted.ended)


async def test_a_call_that_comes_to_the_engine_while_the_store_is_asked_about_it_has_one_record() -> None:
    store = SlowStore()
    office = Office(store)
    office.notes.noted[CallId("1")] = unheard(office, "1")
    office.watch.lines_seen([])
    async with office.open():
        await asyncio.to_thread(store.asked.wait, LIMIT_S)
        await office.serve(ScriptedLine(HangUpNow()), call="1")
        store.may.set()
        await until("the note is forgotten", lambda: office.notes.noted == {})
    assert len(office.facts(CallEnded)) == 1


async def test_what_the_switch_writes_down_while_it_cannot_be_reached_is_read_all_the_same() -> None:
    office = Office()
    async with office.open():
        await settle()
        office.watch.switch_lost("no answer")
        office.notes.noted[CallId("7")] = unheard(office, "7")
        await settle()
        office.clock.advance(SURE_AFTER)
        await until_said(office, "call_closed_from_notes")

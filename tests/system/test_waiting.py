"""Waiting on a real Asterisk: announcements that an offer interrupts, keys that lead out, callbacks that keep the place."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ivr_engine.adapters.asterisk.pbx_install import Installation
from ivr_engine.core.events import (
    CallbackAttempted,
    CallbackBooked,
    CallbackEnded,
    CallbackPlaced,
    CallLeftQueue,
    CallQueued,
    ConversationBegan,
    HoldBegan,
    HoldEnded,
    MessageLeft,
    OfferMade,
    PromptsPlayed,
    WaitEstimated,
)
from ivr_engine.core.outcomes import CallbackEnd, Disposition, OfferOutcome, QueueOutcome
from tests.ports import free_port
from tests.system import sipp
from tests.system.day import Caller, Day, day_at, legs, ready, until
from tests.system.site import Site, site_at, write_centre

pytestmark = pytest.mark.system

CARRIER = free_port()
QUICKER = {
    "centre.yaml": (
        ("callback: {attempts: 3, gap: 10m, expiry: 24h, ring: 30s}", "callback: {attempts: 2, gap: 2s, ring: 5s}"),
        ("comfort: {every: 45s,", "comfort: {every: 3m,"),
    ),
    # Longer than the interval between announcements: as soon as it has been said, it is said again.
    "prompts/en.yaml": (('queue_position: "All"', f'queue_position: "{"You are being very patient. " * 5}"'),),
}


def write_quicker_centre(folder: Path, host_url: str) -> None:
    centre = write_centre(folder, host_url)
    for name, changes in QUICKER.items():
        text = (centre / name).read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, f"{name} has no longer {old!r}"
            text = text.replace(old, new)
        (centre / name).write_text(text, encoding="utf-8")


def position_said(event: PromptsPlayed) -> bool:
    return event.prompts[0] == "queue_position"


@pytest.fixture(scope="module")
def carrier_site(tmp_path_factory: pytest.TempPathFactory, pbx_installation: Installation) -> Iterator[Site]:
    """A centre whose calls to numbers outside go to this test."""
    assert pbx_installation
    with site_at(tmp_path_factory.mktemp("carrier"), write=write_quicker_centre, carrier=f"127.0.0.1:{CARRIER}") as at_work:
        yield at_work


@pytest.fixture
async def outside(carrier_site: Site, tmp_path: Path) -> AsyncIterator[Day]:
    """People at that centre."""
    async with day_at(carrier_site, tmp_path) as today:
        yield today


async def test_an_offer_cuts_an_announcement_short(outside: Day) -> None:
    wang = await outside.agent("1001", ready=False)
    caller = await outside.caller()
    await caller.asks_for_an_agent()
    await caller.sees(PromptsPlayed, position_said)
    await outside.site.ask("agent.ready", agent="1001")
    offered = await caller.sees(OfferMade)
    await wang.answers()
    await caller.talks()
    await caller.hangs_up()
    assert offered.agent == "1001"
    assert [each.interrupted for each in filter(position_said, caller.kinds(PromptsPlayed))] == [False, True]
    assert legs(await caller.record())[-1] == "agent 1001: ended by caller"


async def test_a_key_in_the_music_leads_to_the_voicemail(outside: Day) -> None:
    caller = await outside.caller()
    await caller.asks_for_an_agent()
    await caller.sees(PromptsPlayed, lambda each: each.prompts[0] == "queue_position")
    await caller.presses("7")  # leads nowhere and does nothing
    await caller.presses("2")
    left = await caller.sees(CallLeftQueue)
    assert left.outcome is QueueOutcome.FLOWOUT
    await caller.sees(MessageLeft)
    await caller.hangs_up()
    await caller.record()


async def books_a_callback(caller: Caller) -> CallbackBooked:
    """Out of the queue, through the flow, for the number they call from."""
    await caller.sees(CallQueued)
    await caller.presses("1")
    for node in ("offer", "confirm_number", "choose_window"):
        await caller.hears_out(node)
        await caller.presses("1")
    booked = await caller.sees(CallbackBooked)
    await caller.is_let_go()
    return booked


async def test_a_callback_keeps_its_place_and_is_made_when_an_agent_is_ready(outside: Day, tmp_path: Path) -> None:
    caller = await outside.caller()
    await caller.asks_for_an_agent()
    booked = await books_a_callback(caller)
    assert (await caller.record()).disposition is Disposition.CALLBACK_BOOKED
    assert booked.number == caller.telephone
    async with sipp.agent("customer", "", pbx="", folder=tmp_path, behaviour=sipp.answer(talk=4_000), port=CARRIER):
        wang = await outside.agent("1001")
        placed = await outside.fact(CallbackPlaced, lambda each: each.booked_by == caller.call)
        await wang.answers()
        began = await outside.fact(ConversationBegan, lambda each: each.call == placed.call)
        assert began.agent == "1001"
        over = await outside.fact(CallbackEnded, lambda each: each.booked_by == caller.call)
        record = await outside.record(placed.call)
    assert over.outcome is CallbackEnd.TALKED
    assert (record.disposition, record.agent, record.caller) == (Disposition.ANSWERED_AGENT, "1001", caller.telephone)
    assert dict(record.answers) == {"callback_of": caller.call, "callback_attempt": "1"}
    facts = outside.facts(caller.call)
    queued = next(each.at for each in facts if isinstance(each.event, CallQueued))
    again = await outside.fact(CallQueued, lambda each: each.call == placed.call)
    assert (again.queue, again.arrived) == (placed.queue, booked.since)
    assert facts[0].at < booked.since <= queued  # the instant of the flow's turn that led into the queue


async def test_a_customer_who_is_busy_is_called_again_until_the_attempts_are_used_up(outside: Day, tmp_path: Path) -> None:
    caller = await outside.caller()
    await caller.asks_for_an_agent()
    await books_a_callback(caller)
    busy = sipp.refuse(486, "Busy Here")
    async with sipp.agent("customer", "", pbx="", folder=tmp_path, behaviour=busy, port=CARRIER):
        await outside.agent("1001")
        over = await outside.fact(CallbackEnded, lambda each: each.booked_by == caller.call)
        first = await outside.fact(CallbackAttempted, lambda each: each.booking == over.booking)
    assert (over.outcome, over.attempts, first.outcome) == (CallbackEnd.UNREACHED, 2, OfferOutcome.BUSY)
    record = await outside.record(first.call)
    assert record.disposition is Disposition.CALLBACK_MISSED
    assert (await outside.states())["1001"] == "ready idle"


async def test_an_engine_that_dies_while_a_customer_is_called_back_calls_again_with_the_place_kept(
    outside: Day, tmp_path: Path
) -> None:
    caller = await outside.caller()
    await caller.asks_for_an_agent()
    booked = await books_a_callback(caller)
    async with sipp.agent("silent", "", pbx="", folder=tmp_path, behaviour=sipp.ring_on(), port=CARRIER):
        await outside.agent("1001")
        first = await outside.fact(CallbackPlaced, lambda each: each.booked_by == caller.call)
        outside.site.stop_engine(signal.SIGKILL)
    async with sipp.agent("customer", "", pbx="", folder=tmp_path, behaviour=sipp.answer(talk=3_000), port=CARRIER):
        outside.site.start_engine()
        second = await outside.fact(CallbackPlaced, lambda each: each.booking == first.booking and each.attempt == 2)
        await outside.fact(ConversationBegan, lambda each: each.call == second.call)
        over = await outside.fact(CallbackEnded, lambda each: each.booked_by == caller.call)
        record = await outside.record(second.call)
    attempt = await outside.fact(CallbackAttempted, lambda each: each.call == first.call)
    again = await outside.fact(CallQueued, lambda each: each.call == second.call)
    assert (attempt.outcome, attempt.cause) == (OfferOutcome.FAILED, "engine_restarted")
    assert again.arrived == booked.since
    assert (over.outcome, over.attempts) == (CallbackEnd.TALKED, 2)
    assert (record.disposition, record.agent) == (Disposition.ANSWERED_AGENT, "1001")
    missed = await outside.record(first.call)
    assert missed.disposition is not Disposition.ANSWERED_AGENT
    told = outside.site.command("why", caller.call).stdout
    assert "called back: failed (the switch says engine_restarted)" in told
    assert "the call back by service is over: they talked; called 2 times" in told


LEARNT_FROM = 5
"""So many callers who waited must have been answered before a wait is estimated."""


async def test_who_must_wait_hears_how_long_once_five_who_waited_were_answered(own_day: Day) -> None:
    day = own_day
    wang = await day.agent("1001", ready=False)
    first: list[Caller] = []
    for _ in range(LEARNT_FROM + 1):
        first.append(await day.caller())
        await first[-1].asks_for_an_agent()
        await first[-1].sees(CallQueued)
    assert not any(caller.kinds(WaitEstimated) for caller in first), "nothing is said before anything is known"
    await day.site.ask("agent.ready", agent="1001")
    for caller in first[:LEARNT_FROM]:
        talk = await wang.answers()
        await caller.talks()
        await talk.hang_up()
    await wang.answers()
    await first[-1].talks()
    waits = await day.caller()
    await waits.asks_for_an_agent()
    estimated = await waits.sees(WaitEstimated)
    said = await waits.sees(PromptsPlayed, lambda each: "queue_wait_soon" in each.prompts)
    assert 0 < estimated.p50 <= estimated.p90 < 60_000
    assert not said.interrupted
    await until(lambda: ready(waits.phone.sounding), lambda: "the caller hears nothing")
    for caller in (*first, waits):
        await caller.hangs_up()
    told = day.site.command("estimates", "--queue", "service", "--json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout.splitlines()[0])["given"] == 1


async def test_an_agent_who_is_called_first_sees_and_hears_who_it_is_and_then_the_customer_is_called(
    outside: Day, tmp_path: Path
) -> None:
    centre = outside.site.folder / "bank" / "centre.yaml"
    before = centre.read_text(encoding="utf-8")
    centre.write_text(before.replace("gap: 2s, ring: 5s}", "gap: 2s, ring: 5s, first: agent}"), encoding="utf-8")
    assert outside.site.command("flow", "reload").returncode == 0
    caller = await outside.caller()
    await caller.asks_for_an_agent()
    await books_a_callback(caller)
    async with sipp.agent("customer", "", pbx="", folder=tmp_path, behaviour=sipp.answer(), port=CARRIER):
        wang = await outside.agent("1001")
        talk = await wang.answers()
        await until(lambda: ready(talk.sounding or bool(talk.heard.bursts)), lambda: "the agent does not hear who it is")
        placed = await outside.fact(CallbackPlaced, lambda each: each.booked_by == caller.call)
        await outside.fact(ConversationBegan, lambda each: each.call == placed.call)
        assert talk.number == caller.telephone
        await outside.comes_to(_1001="ready talking")
        await outside.site.ask("agent.hold", agent="1001")
        await outside.fact(HoldBegan, lambda each: each.call == placed.call)
        await outside.site.ask("agent.resume", agent="1001")
        await outside.fact(HoldEnded, lambda each: each.call == placed.call)
        await talk.hang_up()
        over = await outside.fact(CallbackEnded, lambda each: each.booked_by == caller.call)
        record = await outside.record(placed.call)
    assert (over.outcome, over.attempts) == (CallbackEnd.TALKED, 1)
    assert (record.disposition, record.agent, record.caller) == (Disposition.ANSWERED_AGENT, "1001", caller.telephone)
    centre.write_text(before, encoding="utf-8")
    assert outside.site.command("flow", "reload").returncode == 0

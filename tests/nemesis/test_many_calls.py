"""An engine is killed under hundreds of calls: how soon the next one serves them, at once, and when all are parked."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ivr_engine.adapters.store import open_reader
from ivr_engine.core.events import CallArrived, CallReconciled, CallResumed, ConversationBegan, ConversationEnded
from ivr_engine.core.ids import CallId
from tests.nemesis import bank
from tests.nemesis.conftest import TIMES, Stands
from tests.nemesis.stand import CALL_LIMIT_MS, People, Stand
from tests.ports import wide_rtp_range
from tests.system import sipp

pytestmark = [pytest.mark.system, pytest.mark.soak, pytest.mark.timeout(3600)]

CROWDS = {"line": (bank.LINE, 250), "menu": (bank.MENU, 100), "secret": (bank.SECRET, 50), "story": (bank.STORY, 60),
          "request": (bank.REQUEST, 30), "desk": (bank.DESK, 10)}  # fmt: skip
"""500 callers by number; ten of them talk."""

AGENTS = People(desk=10, counter=2)
COMES_IN = 20
ROUNDS = 5 * TIMES
LIMIT_S = 120.0
POLL_S = 0.05
TICKS = os.sysconf("SC_CLK_TCK")
PARKED_AFTER = 4
"""Attempts of the dialplan, half a second each, before the fallback takes the callers."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """Of one engine, in seconds from the start of its process: ready by its own word, and when each line was served.

    `heard_out`: the lines of those who heard their prompt to its end first; the PBX goes on saying it without an engine.
    `cpu_ready`, `cpu_last`: the processor time it had taken by then.
    """

    ready: float
    lines: list[float]
    heard_out: list[float]
    cpu_ready: float
    cpu_last: float

    def __str__(self) -> str:
        return (
            f"ready {self.ready:.2f} s (CPU {self.cpu_ready:.2f} s), first line {min(self.lines):.2f} s,"
            f" {len(self.lines)} lines {max(self.lines):.2f} s, {len(self.heard_out)} after their prompt"
            f" {max(self.heard_out):.2f} s (CPU {self.cpu_last:.2f} s)"
        )


@pytest.mark.parametrize("parked", [False, True], ids=["at once", "when all are parked"])
async def test_the_next_engine_serves_five_hundred_calls(stand_for: Stands, parked: bool) -> None:
    first, last = wide_rtp_range(1_400)
    stand = await asyncio.to_thread(stand_for, AGENTS, rtp_first=first, rtp_last=last, calls_limit=600)
    stand.site.seen = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(stand.site.folder)}  # as installed
    async with AsyncExitStack() as stack:
        await stand.telephones(
            stack, {"desk": sipp.answer(talk=CALL_LIMIT_MS), "counter": sipp.answer(), "line": sipp.answer()}
        )
        crowds = [await stack.enter_async_context(staying(stand, name)) for name in CROWDS]
        await until(stand, lambda: served(stand) >= sum(calls for _, calls in CROWDS.values()))
        await restarted(stand, parked=False)  # it writes the compiled modules, which an installed engine finds there
        for number in range(ROUNDS):
            print(f"{number}: {await restarted(stand, parked=parked)}", flush=True)  # noqa: T201 - what a soak did is its result
        stand.site.pbx.command("channel request hangup all")
        runs = [await crowd.is_through() for crowd in crowds]
        await stand.quiet()
    assert [run.failed for run in runs] == [0] * len(runs), "\n".join(run.errors[:300] for run in runs)
    assert not (found := stand.history().breaches()), "\n".join([f"seed {stand.seed}", *found])


@asynccontextmanager
async def staying(stand: Stand, name: str) -> AsyncIterator[sipp.Crowd]:
    number, calls = CROWDS[name]
    async with sipp.crowd(
        name, to=number, pbx=stand.site.address, folder=stand.site.folder, steps=(sipp.far_hang_up(CALL_LIMIT_MS),),
        digits=f"136{len(name)}", at_once=calls, calls=calls, rate=COMES_IN,
    ) as crowd:  # fmt: skip
        yield crowd


async def restarted(stand: Stand, *, parked: bool) -> Start:
    """One kill and what comes after it."""
    engine = stand.site.engine
    assert engine is not None
    before = stand.last_sequence()
    waiting = sum(calls for _, calls in CROWDS.values()) - talking(stand)
    stand.site.pbx.command(f"dialplan set global ATTEMPTS {PARKED_AFTER if parked else 120}")
    stand.nemesis.kill(engine.pid)
    engine.wait(LIMIT_S)
    if parked:
        await until(stand, lambda: in_fallback(stand) >= waiting)
    began = time.time()
    await asyncio.to_thread(stand.start_engine)
    ready = time.time() - began
    cpu_ready = cpu(stand)
    await until(stand, lambda: len(back(stand, before)) >= waiting)
    at, told = {call: at / 1000 - began for call, at in back(stand, before).items()}, hears_a_story(stand)
    return Start(
        ready=ready,
        lines=[each for call, each in at.items() if call not in told],
        heard_out=[each for call, each in at.items() if call in told],
        cpu_ready=cpu_ready,
        cpu_last=cpu(stand),
    )


def back(stand: Stand, after: int) -> dict[CallId, int]:
    """When each line was back, or was found talking with whoever answered at the fallback."""
    with open_reader(stand.site.settings.database) as reader:
        found = reader.read(after=after, types=[CallResumed.TYPE, CallReconciled.TYPE])
        return {each.event.call: each.at for each in found if isinstance(each.event, CallResumed | CallReconciled)}


def hears_a_story(stand: Stand) -> set[CallId]:
    number, _ = CROWDS["story"]
    with open_reader(stand.site.settings.database) as reader:
        events = [each.event for each in reader.read(types=[CallArrived.TYPE])]
    return {event.call for event in events if isinstance(event, CallArrived) and event.number == number}


def talking(stand: Stand) -> int:
    with open_reader(stand.site.settings.database) as reader:
        kinds = [each.event.TYPE for each in reader.read(types=[ConversationBegan.TYPE, ConversationEnded.TYPE])]
    return kinds.count(ConversationBegan.TYPE) - kinds.count(ConversationEnded.TYPE)


def served(stand: Stand) -> int:
    return stand.site.log.read_text(encoding="utf-8").count(" call_arrived ")


def in_fallback(stand: Stand) -> int:
    rows = stand.site.pbx.command("core show channels concise").split("\n")
    return sum(row.startswith("PJSIP/trunk") and "!fallback!" in row for row in rows)


def cpu(stand: Stand) -> float:
    assert stand.site.engine is not None
    fields = Path(f"/proc/{stand.site.engine.pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def until(stand: Stand, holds: Callable[[], bool]) -> None:
    """Poll, bounded: other processes, which announce nothing."""
    deadline = time.monotonic() + LIMIT_S
    while not await asyncio.to_thread(holds):
        assert time.monotonic() < deadline, f"seed {stand.seed}: it did not come to that"
        await asyncio.sleep(POLL_S)

"""An hour of a bank at sixty parts of its load, a fault a minute: afterwards everything is as it was before."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from tests.nemesis.conftest import TIMES, Stands
from tests.nemesis.footprint import Footprint, Watch, footprint, growth_per_hour, watching
from tests.nemesis.harms import Harms, drawn
from tests.nemesis.load import ANSWERS, PEOPLE, Load, busy_share, steady_load
from tests.nemesis.proxy import FaultProxy
from tests.nemesis.stand import Lines, Stand
from ivr_engine.testing.host_service import Fault

pytestmark = pytest.mark.system

MOST_GROWTH = 0.005
MORE_HANDLES = 5
"""Connections to the host and the database that are kept open for the next time."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """A run: its faults, a fault each so many seconds; after the first `rough` of them the engine lives to the end."""

    faults: int
    every_s: float
    rough: int
    lasts_s: float
    warm_up_s: float = 0


MINUTE = Span(faults=8, every_s=5, rough=4, lasts_s=2)
HOUR = Span(faults=60 * TIMES, every_s=60, rough=15, lasts_s=20, warm_up_s=600)


@pytest.mark.parametrize(
    "span",
    [MINUTE, pytest.param(HOUR, marks=[pytest.mark.soak, pytest.mark.timeout(7200 * TIMES)])],
    ids=["a minute", "an hour"],
)
async def test_a_fault_a_minute_leaves_the_engine_and_the_switch_as_they_were(
    stand_for: Stands, seed: int, span: Span
) -> None:
    async with (
        FaultProxy(seed=seed, events=True) as ami,
        FaultProxy(seed=seed) as agi,
        FaultProxy(seed=seed) as host,
        AsyncExitStack() as stack,
    ):
        lines = Lines(ami=ami, agi=agi, host=host)
        stand = await asyncio.to_thread(stand_for, PEOPLE, lines=lines, fault=Fault.NONE)
        harms = Harms(stand, lines, span.lasts_s, random.Random(seed))
        await stand.telephones(stack, ANSWERS)
        before = await footprint(stand)
        async with watching(stand, every_s=2) as watch, steady_load(stand) as load:
            for name in drawn(seed, span.faults, rough=span.rough):
                await next_fault(harms, name, span)
            await load.ends()
        assert before is not None
        after = await at_rest(stand)
        print(told(stand, harms, load, watch, span), f"before: {before}; after: {after}", sep="\n")  # noqa: T201 - what a soak did is its result
        found = [*stand.history().breaches(), *load.unaccounted(), *left_over(before, after), *grown(watch, span)]
        assert not found, "\n".join([f"seed {seed}", *load.errors, *found])


async def next_fault(harms: Harms, name: str, span: Span) -> None:
    """It begins at once and the next one when its time is over."""
    began = time.monotonic()
    await harms.do(name)
    await asyncio.sleep(max(0.0, began + span.every_s - time.monotonic()))


async def at_rest(stand: Stand) -> Footprint:
    """The engine when the last call has ended and a second has passed over what it does afterwards."""
    await asyncio.sleep(1)
    rest = await footprint(stand)
    assert rest is not None
    return rest


def left_over(before: Footprint, after: Footprint) -> list[str]:
    found = []
    if after.tasks != before.tasks:
        found.append(f"{after.tasks} tasks, {before.tasks} before")
    if after.handles > before.handles + MORE_HANDLES:
        found.append(f"{after.handles} handles, {before.handles} before")
    return found


def grown(watch: Watch, span: Span) -> list[str]:
    if not span.warm_up_s:
        return []
    growth = growth_per_hour(watch.settled(span.warm_up_s))
    return [] if growth < MOST_GROWTH else [f"memory grows by {growth:.2%} an hour"]


def told(stand: Stand, harms: Harms, load: Load, watch: Watch, span: Span) -> str:
    journal = stand.journal()
    settled = watch.settled(span.warm_up_s) or watch.seen
    wal = stand.site.settings.state_dir / "engine.sqlite3-wal"
    kinds: dict[str, int] = {}
    for record in stand.history().records:
        kinds[record.disposition] = kinds.get(record.disposition, 0) + 1
    return (
        f"seed={stand.seed} calls={load.came} failed={load.failed} events={len(journal)}"
        f" busy={busy_share(journal, 18):.2f} {kinds}\n"
        f"{sum(harms.counted.values())} faults: {dict(harms.counted)}\n"
        f"memory {settled[0].resident / 1024:.1f} to {settled[-1].resident / 1024:.1f} MB over"
        f" {(settled[-1].at - settled[0].at) / 60:.1f} min, slope {growth_per_hour(settled):.3%} an hour;"
        f" most late {max(each.lag for each in watch.seen)} ms; WAL {wal.stat().st_size / 1e6:.1f} MB"
    )

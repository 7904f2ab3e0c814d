"""A bank at six tenths of its load, and everything that can go wrong: afterwards all is as it was before."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pytest

from ivr_engine.testing.host_service import Fault
from tests.nemesis.conftest import TIMES, Stands
from tests.nemesis.footprint import MOST_GROWTH, Footprint, Watch, footprint, growth_per_hour, watching
from tests.nemesis.harms import HALF_OPEN, LASTING, LINES, UNNOTICED, Harms, drawn, each
from tests.nemesis.load import BUSY, PEOPLE, Load, busy_share, steady_load
from tests.nemesis.proxy import FaultProxy
from tests.nemesis.stand import Lines, Stand

pytestmark = pytest.mark.system

MEMORY: Mapping[str, Callable[[Footprint], int]] = {
    "resident": lambda footprint: footprint.resident,
    "blocks": lambda footprint: footprint.blocks,
}
MORE_HANDLES = 5
"""Connections to the host and the database that are kept open for the next time."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is done to a bank at work: a harm every so many seconds, by seed; those that pass by themselves last `lasts_s`.

    `warm_up_s`: how long after its start an engine's memory is not looked at; 0: never. `waived`: rules that do not hold.
    `least_busy`: a bank whose agents are at it for less of their time than this is not the one that was to be shown.
    """

    harms: Callable[[random.Random], Sequence[str]]
    every_s: float
    lasts_s: float
    desk_talk_ms: int
    warm_up_s: float = 0
    least_busy: float = 0
    waived: tuple[str, ...] = ()


SHORT = Plan(
    harms=lambda chance: each(chance, [name for name in UNNOTICED if name not in LASTING]),
    every_s=1.5,
    lasts_s=1.2,
    desk_talk_ms=6_000,
)
LINES_ONLY = Plan(harms=lambda chance: each(chance, LINES, 10 * TIMES), every_s=4, lasts_s=3, desk_talk_ms=15_000)
DEAF = Plan(
    harms=lambda _chance: [HALF_OPEN] * 5 * TIMES,
    every_s=20,
    lasts_s=0,
    desk_talk_ms=15_000,
    # Callers whose line says nothing are not offered, and the PBX may have them talk at the fallback meanwhile.
    waived=("I1 ", "I7 "),
)
HOUR = Plan(
    harms=lambda chance: drawn(chance, 60 * TIMES),
    every_s=60,
    lasts_s=20,
    desk_talk_ms=30_000,
    warm_up_s=600,
    least_busy=BUSY - 0.1,
)
LONG = [pytest.mark.soak, pytest.mark.timeout(7200 * TIMES)]


@pytest.mark.parametrize(
    "plan",
    [SHORT, *(pytest.param(plan, marks=LONG) for plan in (LINES_ONLY, DEAF, HOUR))],
    ids=["each once", "lines of calls and to the host", "half-open lines of calls", "an hour"],
)
async def test_faults_leave_the_engine_and_the_switch_as_they_were(stand_for: Stands, seed: int, plan: Plan) -> None:
    chance = random.Random(seed)
    async with (
        FaultProxy(seed=seed, events=True) as ami,
        FaultProxy(seed=seed) as agi,
        FaultProxy(seed=seed) as host,
    ):
        lines = Lines(ami=ami, agi=agi, host=host)
        stand = await asyncio.to_thread(stand_for, PEOPLE, lines=lines, fault=Fault.NONE)
        harms = Harms(stand, lines, plan.lasts_s, chance)
        before = await at_rest(stand)
        async with watching(stand, every_s=2) as watch, steady_load(stand, desk_talk_ms=plan.desk_talk_ms) as load:
            for name in plan.harms(chance):
                await harms.do(name, every_s=plan.every_s)
            await load.ends()
        after = await at_rest(stand)
        print(f"{told(stand, harms, load)}\n{grew(watch, plan)}\nbefore: {before}; after: {after}")  # noqa: T201 - what a soak did is its result
        broken = [breach for breach in stand.history().breaches() if not breach.startswith(plan.waived)]
        found = [*broken, *load.unaccounted(), *idle(stand, plan), *left_over(before, after), *grown(watch, plan)]
        assert not found, "\n".join([f"seed {seed}", *load.errors, *found])


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


def idle(stand: Stand, plan: Plan) -> list[str]:
    busy = busy_of(stand)
    return [f"agents are busy for {busy:.2f} of their time"] if busy < plan.least_busy else []


def busy_of(stand: Stand) -> float:
    return busy_share(stand.journal(), PEOPLE.desk + PEOPLE.counter // 2)


def grown(watch: Watch, plan: Plan) -> list[str]:
    if not plan.warm_up_s:
        return []
    settled = watch.settled(plan.warm_up_s)
    growths = {name: growth_per_hour(settled, of) for name, of in MEMORY.items()}
    return [f"{name} grows by {growth:.2%} an hour" for name, growth in growths.items() if growth >= MOST_GROWTH]


def grew(watch: Watch, plan: Plan) -> str:
    settled = watch.settled(plan.warm_up_s)
    first, last = settled[0], settled[-1]
    slopes = ", ".join(f"{name} {growth_per_hour(settled, of):.3%}" for name, of in MEMORY.items())
    return (
        f"memory {first.resident / 1024:.1f} to {last.resident / 1024:.1f} MB, {first.blocks} to {last.blocks} blocks"
        f" over {(last.at - first.at) / 60:.1f} min; slope an hour: {slopes};"
        f" most late {max(each.lag for each in watch.seen)} ms"
    )


def told(stand: Stand, harms: Harms, load: Load) -> str:
    journal, wal = stand.journal(), stand.site.settings.state_dir / "engine.sqlite3-wal"
    kinds = Counter(str(record.disposition) for record in stand.history().records)
    return (
        f"seed={stand.seed} calls={load.came} failed={load.failed} events={len(journal)}"
        f" busy={busy_of(stand):.2f} {dict(kinds)}"
        f" WAL {wal.stat().st_size / 1e6:.1f} MB\n"
        f"{harms.counted.total()} faults: {dict(harms.counted)}"
    )

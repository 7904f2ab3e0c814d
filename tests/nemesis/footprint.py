"""What an engine's process takes of the machine over time: memory, file handles, tasks, and how late it is."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import TextIO

from ivr_engine.adapters.control import NoEngine
from ivr_engine.errors import CommandRefused
from tests.nemesis.stand import Stand

PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024
HOUR_S = 3_600
MOST_GROWTH = 0.005
"""Of its mean, in an hour; more is a leak."""


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """An engine at one moment. `at`: seconds of the monotonic clock; `lag`: milliseconds.

    `resident`: kilobytes of memory that the process holds; it seldom falls, for Python keeps most of what it once needed.
    `blocks`: pieces of memory that Python's objects take just now (sys.getallocatedblocks): what is never let go adds up.
    """

    at: float
    pid: int
    resident: int
    blocks: int
    handles: int
    tasks: int
    lag: int

    def __str__(self) -> str:
        memory = f"{self.resident / 1024:.1f} MB, {self.blocks} blocks"
        return f"{memory}, {self.handles} handles, {self.tasks} tasks, {self.lag} ms late"


async def footprint(stand: Stand) -> Footprint | None:
    """None: no engine answers at this moment."""
    engine = stand.site.engine
    try:
        async with asyncio.timeout(2):
            status = await stand.site.ask("status")
        assert engine is not None
        process = Path(f"/proc/{engine.pid}")
        resident = int((process / "statm").read_text(encoding="ascii").split()[1]) * PAGE_KB
        handles = len(list((process / "fd").iterdir()))
    except (OSError, TimeoutError, NoEngine, CommandRefused):
        return None
    return Footprint(
        at=time.monotonic(),
        pid=engine.pid,
        resident=resident,
        blocks=status["memory_blocks"],
        handles=handles,
        tasks=status["tasks"],
        lag=status["lag_ms"],
    )


@dataclass
class Watch:
    """Footprints as time goes by."""

    stand: Stand
    seen: list[Footprint] = field(default_factory=list)

    async def look(self, every_s: float, log: TextIO) -> None:
        while True:
            if (now := await footprint(self.stand)) is not None:
                self.seen.append(now)
                print(f"{now.at:.0f} {now.pid} {now}", file=log, flush=True)
            await asyncio.sleep(every_s)  # a sample is taken when it is due

    def settled(self, warm_up_s: float) -> list[Footprint]:
        """Those of the last engine, without its first `warm_up_s`."""
        last = [each for each in self.seen if each.pid == self.seen[-1].pid]
        return [each for each in last if each.at >= last[0].at + warm_up_s]


@asynccontextmanager
async def watching(stand: Stand, *, every_s: float) -> AsyncIterator[Watch]:
    """Footprints are taken, and written to the stand's folder, while the block runs."""
    watch = Watch(stand)
    with (stand.site.folder / "footprints").open("w", encoding="ascii") as log:
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(watch.look(every_s, log))
            yield watch
            looking.cancel()


def growth_per_hour(seen: Sequence[Footprint], of: Callable[[Footprint], int]) -> float:
    """By which share of its mean this grows in an hour: the slope of the line of least squares."""
    at, mean = fmean(each.at for each in seen), fmean(of(each) for each in seen)
    spread = sum((each.at - at) ** 2 for each in seen)
    together = sum((each.at - at) * (of(each) - mean) for each in seen)
    return together / spread * HOUR_S / mean

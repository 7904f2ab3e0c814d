"""How long loading a large centre holds up the event loop that serves calls: 200 flows with 10,000 nodes.

    python -m benchmarks.reload_lag

The folder of `benchmarks.check_folder` is loaded as a running engine does it (`LiveFolder.load`: a thread reads, checks and
keeps the files), while a probe on the event loop asks to be woken every millisecond and notes how late it is. The version
before is let go of, as the engine does when its last call is over. The longest lag counts.

The baseline, measured in the same run, is the same work done on the event loop itself: the lag is then the whole loading.
`ratio` is the baseline's lag over the lag measured; `goal` is the baseline's lag over the 20 ms that the project allows.

Last, what the distribution core itself takes to go over to other people while 10,000 agents talk and 5,000 callers wait, in
the processor's time: this is done on the event loop, between two decisions.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter, thread_time

from benchmarks.check_folder import write
from benchmarks.routing import SIZES, SKILLS, busy
from ivr_engine.acd.queues import QueuePolicy
from ivr_engine.acd.stimuli import Reconfigure
from ivr_engine.adapters.flow_files import KeptVersions, LiveFolder, load_centre
from ivr_engine.core.ids import Millis
from ivr_engine.services.versions import let_go

ALLOWED = 0.020  # seconds
EVERY = 0.001
ROUNDS = 3  # the best counts, the others met the machine's other work


async def lag(work: Callable[[], Awaitable[object]]) -> float:
    """The longest lag of the loop while the work was done and for a moment after it, seconds."""
    worst, over = 0.0, False

    async def probe() -> None:
        nonlocal worst
        while not over:
            began = perf_counter()
            await asyncio.sleep(EVERY)
            worst = max(worst, perf_counter() - began - EVERY)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(probe())
        await asyncio.sleep(0.05)
        await work()
        await asyncio.sleep(0.2)  # what is tidied up afterwards counts as well
        over = True
    return worst


async def measure(folder: Path, kept: Path) -> tuple[float, float, float]:
    """Lags of the loop: idle, loading in a thread, loading on the loop."""
    live = LiveFolder(folder, KeptVersions(kept))
    current = await live.load()
    assert current.definition is not None, current.problems

    async def replaced() -> None:
        nonlocal current
        new = await live.load()
        assert current.definition is not None
        flows = list(current.definition.flows.values())
        current = new
        let_go(flows)

    async def in_place() -> None:
        load_centre(folder)

    idle = min([await lag(lambda: asyncio.sleep(0.5)) for _ in range(ROUNDS)])
    threaded = min([await lag(replaced) for _ in range(ROUNDS)])
    return idle, threaded, await lag(in_place)


def other_people() -> None:
    """Print what the core takes when some of the agents have another skill."""
    floor, names = busy(SIZES[-1])
    queues = tuple(QueuePolicy(name=name, wrap_up=Millis(0)) for name in names)
    profiles = tuple(floor.profiles.values())
    for said, every in (("none", len(profiles) + 1), ("1 in 100", 100), ("all", 1)):
        changed = tuple(
            profile if place % every or every > len(profiles) else replace(profile, skills={SKILLS[every % 2]: 3})
            for place, profile in enumerate(profiles)
        )
        began = thread_time()
        floor.centre.handle(Reconfigure(queues=queues, agents=changed), floor.now)
        print(f"people, {said + ' changed:':<18} {(thread_time() - began) * 1000:5.1f} ms of the processor")


def main() -> None:
    """Print the lags, then the ratio."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "centre"
        folder.mkdir()
        nodes = write(folder)
        idle, threaded, in_place = asyncio.run(measure(folder, Path(scratch) / "kept"))
    print(f"{nodes} nodes")
    print(f"idle loop:             {idle * 1000:8.1f} ms longest lag")
    print(f"loading in a thread:   {threaded * 1000:8.1f} ms longest lag (allowed: {ALLOWED * 1000:.0f})")
    print(f"loading on the loop:   {in_place * 1000:8.1f} ms longest lag")
    ratio, goal = in_place / threaded, in_place / ALLOWED
    other_people()
    print(f"reload_lag ratio={ratio:.1f} goal={goal:.1f} {'met' if ratio >= goal else 'short'}")


if __name__ == "__main__":
    main()

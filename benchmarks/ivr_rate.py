"""Calls per second through an IVR, and CPU per call: our engine against a plain dialplan on the same Asterisk.

    python -m benchmarks.ivr_rate

Every caller (SIPp) hears a greeting, presses 1 in it (RFC 4733), hears a sentence, and is hung up on. Once the engine walks
a flow for it, once Asterisk's own Background, WaitExten and Playback play the same sound files. A call whose key was not
understood, or that was not answered in 4 s or ended in 6 s, has failed.

Rate: the highest step at which less than 1 % of the calls fail; runs of both sides alternate, a failed step is tried again.
CPU per call: user and system time of Asterisk and the engine, at a moderate rate, alternating, median of the rounds. The
engine also writes a journal and a call record for each call to disk; the dialplan writes nothing.

The last line is about the rate; it says `met` only if the CPU goal, in the line before, is met as well.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median

from benchmarks import sipp
from benchmarks.rig import Rig, Sounds, cpu_seconds, engine, machine, rig, run

RATE_GOAL = 0.9  # of the dialplan's
CPU_GOAL = 1.6  # times the dialplan's
FAILURES = 0.01
STEPS = (100, 200, 300, 400, 500, 600)  # calls a second
STEP_S = 4
ROUNDS, ROUND_RATE, ROUND_S = 3, 100, 7
LIMIT_S = 40.0  # of one run; callers give up long before

OURS, PLAIN = "70000", "70001"
DIALPLAN = """
[inbound](+)
exten => {number},1,Goto(plain-ivr,s,1)

[plain-ivr]
exten => s,1,Answer()
 same => n,Background({greeting})
 same => n,WaitExten(10)
 same => n,Hangup()
exten => 1,1,Playback({thanks})
 same => n,Hangup()
exten => i,1,Wait(20)
exten => t,1,Wait(20)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU milliseconds per call."""

    asterisk: float
    engine: float = 0.0

    @property
    def whole(self) -> float:
        """Both together."""
        return self.asterisk + self.engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One way to run the IVR. `uvloop` is None where no engine takes part."""

    name: str
    number: str
    uvloop: bool | None


DIALPLAN_SIDE = Side(name="plain dialplan", number=PLAIN, uvloop=None)
ENGINE_SIDE = Side(name="engine", number=OURS, uvloop=True)
ASYNCIO_SIDE = Side(name="engine, asyncio's own loop", number=OURS, uvloop=False)


async def main() -> None:
    """Measure and print."""
    print(f"ivr_rate on {machine()}")
    async with rig("ivr", plain=plain) as at:
        costs = await all_costs(at)
        rates = await sustained(at)
    print_costs(costs)
    print(f"sustained    {DIALPLAN_SIDE.name} {rates[DIALPLAN_SIDE.name]} calls/s, engine {rates[ENGINE_SIDE.name]} calls/s")
    rate = rates[ENGINE_SIDE.name] / max(1, rates[DIALPLAN_SIDE.name])
    cpu = median(cost.whole for cost in costs[ENGINE_SIDE.name]) / median(cost.whole for cost in costs[DIALPLAN_SIDE.name])
    print(f"CPU per call ratio={cpu:.2f} goal={CPU_GOAL:.2f} {'met' if cpu <= CPU_GOAL else 'short'}")
    print(f"ivr_rate ratio={rate:.2f} goal={RATE_GOAL:.2f} {'met' if rate >= RATE_GOAL and cpu <= CPU_GOAL else 'short'}")


def plain(sounds: Sounds) -> Mapping[str, str]:
    """The baseline's dialplan."""
    return {
        "extensions.conf": DIALPLAN.format(number=PLAIN, greeting=sounds["greeting"], thanks=sounds["thanks"]),
    }


async def all_costs(at: Rig) -> dict[str, list[Cost]]:
    """Every side in turn, several rounds."""
    sides = (DIALPLAN_SIDE, ENGINE_SIDE, ASYNCIO_SIDE)
    costs: dict[str, list[Cost]] = {side.name: [] for side in sides}
    for _ in range(ROUNDS):
        for side in sides:
            async with playing(at, side) as engine_pid:
                costs[side.name].append(await cost(at, side, engine_pid))
    return costs


async def cost(at: Rig, side: Side, engine_pid: int | None) -> Cost:
    """CPU per call of one run at the moderate rate."""
    before = _cpu(at.pbx_pid), _cpu(engine_pid)
    counted = await calls(at, side, rate=ROUND_RATE, seconds=ROUND_S)
    done = max(1, counted.succeeded)
    if counted.failures > FAILURES:
        print(f"note: {counted.failed} of {counted.succeeded + counted.failed} calls failed ({side.name}, {ROUND_RATE}/s)")
    used = _cpu(at.pbx_pid) - before[0], _cpu(engine_pid) - before[1]
    return Cost(1000 * used[0] / done, 1000 * used[1] / done)


async def sustained(at: Rig) -> dict[str, int]:
    """The highest step that each side can bear."""
    best = {DIALPLAN_SIDE.name: 0, ENGINE_SIDE.name: 0}
    climbing = [DIALPLAN_SIDE, ENGINE_SIDE]
    async with playing(at, ENGINE_SIDE):  # idle while the dialplan is measured
        for rate in STEPS:
            for side in tuple(climbing):
                if await bears(at, side, rate):
                    best[side.name] = rate
                else:
                    climbing.remove(side)
    return best


async def bears(at: Rig, side: Side, rate: int) -> bool:
    """Whether less than 1 % of the calls fail; a second try, because other work on the machine may have been the reason."""
    for _ in range(2):
        before = _cpu(at.pbx_pid)
        counted = await calls(at, side, rate=rate, seconds=STEP_S)
        cores = (_cpu(at.pbx_pid) - before) / STEP_S
        print(
            f"{rate:>4} calls/s   {side.name:<16} {counted.failures:>7.2%} failed   Asterisk {cores:.2f} cores", flush=True
        )
        if counted.failures < FAILURES:
            return True
    return False


async def calls(at: Rig, side: Side, *, rate: int, seconds: int) -> sipp.Counted:
    """So many callers a second for so long, until the last has gone."""
    total = str(rate * seconds)
    options = ("-s", side.number, "-r", str(rate), "-m", total, "-l", total)
    return await sipp.run("ivr_caller", options, sip=at.sip, folder=at.folder / "callers", limit_s=LIMIT_S)


@asynccontextmanager
async def playing(at: Rig, side: Side) -> AsyncIterator[int | None]:
    """The engine of a side, if it has one, runs; gives its process id."""
    if side.uvloop is None:
        yield None
        return
    async with engine(at, uvloop=side.uvloop) as pid:
        yield pid


def print_costs(costs: Mapping[str, list[Cost]]) -> None:
    """A line for each side: medians, and the spread of the whole."""
    for name, rounds in costs.items():
        whole = sorted(cost.whole for cost in rounds)
        parts = (
            f"Asterisk {median(cost.asterisk for cost in rounds):.2f} + engine {median(cost.engine for cost in rounds):.2f}"
        )
        print(f"CPU per call {name:<27} {median(whole):.2f} ms ({whole[0]:.2f} to {whole[-1]:.2f})   {parts}")


def _cpu(pid: int | None) -> float:
    return 0.0 if pid is None else cpu_seconds(pid)


if __name__ == "__main__":
    run(main)

"""How long a free agent and a waiting caller wait for each other: our engine against Asterisk's Queue(), same Asterisk.

    python -m benchmarks.offer_latency                      # 50 agents at loads 0.9 and 1.0, 6 minutes
    python -m benchmarks.offer_latency --agents 200 500 --loads 0.7 1.0
    python -m benchmarks.offer_latency --full               # 50, 200 and 500 agents at loads 0.7 to 1.0, 40 minutes

Poisson callers, exponential conversations that the agents end, no wrap-up. Measured at the agent's telephone, by
SIPp's own timestamps: from the BYE that it sends to the next INVITE that it receives, if callers were waiting at the BYE and
all the time until that INVITE. Both sides meet the same callers at the same moments and the same conversations in the same
order. Queue() runs with what is best for this: autofill, retry=1 (its least), leastrecent (the strategy we use too).

Agents who were idle for more than 500 ms while callers waited are counted. CPU is that of Asterisk and engine together over
the time in which callers came, against Asterisk's alone under Queue(). The ratio is Queue()'s p99 over ours, the smallest.

Asterisk looks through the members of all its queues whenever a telephone changes its state, whichever queue a call is in. So
each side has only its own: Queue() the benchmark's, without the members of the fallback queue, and ours the fallback's.

For comparison a third run has nobody decide and nobody wait: each caller is answered, and a telephone is dialled in turn.
That is the CPU of two SIP legs and their bridge, below which nothing on Asterisk gets.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from benchmarks import sipp
from benchmarks.rig import Rig, cpu_seconds, engine, free_port, go_first, machine, rearrange, rig, run
from benchmarks.telephone_log import Message, messages
from ivr_engine.adapters.control import ask
from ivr_engine.bootstrap import phone_secret
from ivr_engine.errors import CommandRefused

GOAL = 50.0  # times faster at p99
CPU_GOAL = 0.6
IDLE_MOST_MS = 500.0
FEWEST_WAITS = 20  # below, a percentile says nothing: a light load on many agents
AGENTS, ALL_AGENTS = (50,), (50, 200, 500)
LOADS, ALL_LOADS = (0.9, 1.0), (0.7, 0.8, 0.9, 1.0)
TALK_S = 5.0  # mean
TALK_MOST_S = 25.0
CALLS_S = 50.0  # callers arrive for so long
DRAIN_S = 60.0
ENTER_S = 0.55  # from the caller's ACK until the call waits: Answer gives a caller 500 ms to send audio, and these send none
SEED = 20260302
TRACED = ("-trace_shortmsg", "-shortmessage_file", "messages")

OURS, QUEUE, BARE = "70000", "70001", "70002"
FIRST_PHONE = 1001
DIALPLAN = f"""
[inbound](+)
exten => {QUEUE},1,Goto(plain-queue,s,1)
exten => {BARE},1,Goto(bare-dial,s,1)

[bare-dial]
exten => s,1,Answer()
 same => n,Dial(PJSIP/agent$[{FIRST_PHONE} + ${{UNIQUEID:11}} % ${{CREW}}],15)
 same => n,Hangup()

[plain-queue]
exten => s,1,Answer()
 same => n,Queue(bench)
 same => n,Hangup()
"""
QUEUE_SETTINGS = """
[bench]
strategy = leastrecent
musicclass = default
autofill = yes
timeout = 15
retry = 1
wrapuptime = 0
ringinuse = no
joinempty = yes
leavewhenempty = no
announce-holdtime = no
announce-position = no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run. `waits` in milliseconds; `unpaired`: agents who were freed while callers waited, but whom the others left
    none; `asterisk` and `engine`: their cores."""

    side: str
    load: float
    agents: int
    waits: tuple[float, ...]
    unpaired: int
    conversations: int
    failed: int
    asterisk: float
    engine: float

    @property
    def cores(self) -> float:
        """Asterisk and engine together."""
        return self.asterisk + self.engine

    @property
    def p50(self) -> float:
        """Median; not a number where hardly anybody waited."""
        return self._percentile(50)

    @property
    def p99(self) -> float:
        """The wait that one in a hundred exceeds; not a number where hardly anybody waited."""
        return self._percentile(99)

    def _percentile(self, percent: int) -> float:
        return quantiles(self.waits, n=100)[percent - 1] if len(self.waits) > FEWEST_WAITS else math.nan

    @property
    def late(self) -> int:
        """How many agents were idle for too long while callers waited."""
        return sum(wait > IDLE_MOST_MS for wait in self.waits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The runs with one number of agents at one load."""

    baseline: Result
    bare: Result
    ours: Result

    @property
    def speed(self) -> float:
        """How many times shorter our p99 is; not a number where hardly anybody waited."""
        return self.baseline.p99 / self.ours.p99

    def __str__(self) -> str:
        """A line of the summary."""
        cpu, least = self.ours.cores / self.baseline.cores, self.bare.cores / self.baseline.cores
        return (
            f"{self.ours.agents} agents, load {self.ours.load:.1f}: p99 ratio {self.speed:.0f}; "
            f"CPU {cpu:.2f}, goal {CPU_GOAL} {'met' if cpu <= CPU_GOAL else 'short'} (bare Dial {least:.2f}); "
            f"idle over {IDLE_MOST_MS:g} ms while callers waited: {self.ours.late}"
        )


def options() -> argparse.Namespace:
    """What to measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.offer_latency")
    parser.add_argument("--agents", type=int, nargs="+", default=AGENTS)
    parser.add_argument("--loads", type=float, nargs="+", default=LOADS)
    parser.add_argument("--full", action="store_const", const=True, help="every number of agents and every load")
    chosen = parser.parse_args(sys.argv[1:])
    if chosen.full:
        chosen.agents, chosen.loads = ALL_AGENTS, ALL_LOADS
    return chosen


async def main() -> None:
    """Measure and print."""
    chosen = options()
    print(f"offer_latency on {machine()}; talk {TALK_S:g} s on average, {CALLS_S:g} s a run", flush=True)
    go_first()
    found = [each for agents in chosen.agents for each in await at_size(agents, chosen.loads)]
    print(*found, sep="\n")
    ratio = min((each.speed for each in found if not math.isnan(each.speed)), default=0.0)
    print(f"offer_latency ratio={ratio:.1f} goal={GOAL:.1f} {'met' if ratio >= GOAL else 'short'}")


async def at_size(agents: int, loads: Sequence[float]) -> list[Compared]:
    """Both sides at every load with so many agents, on an Asterisk of their own."""
    phones = tuple(f"agent{number}" for number in range(FIRST_PHONE, FIRST_PHONE + agents))
    dialplan = f"{DIALPLAN}\n[globals](+)\nCREW = {agents}\n"
    async with rig("queue", agents=agents_file(phones), plain=lambda _: {"extensions.conf": dialplan}) as at:
        port = free_port()
        await register(at, port, phones)
        return [await compared(at, port, load, phones) for load in loads]


def agents_file(phones: Sequence[str]) -> str:
    """agents.yaml with everybody in the one queue."""
    lines = (
        f'  "{phone}": {{name: {phone}, skills: {{service: 5}}, queues: [service], languages: [en]}}' for phone in phones
    )
    return "\n".join(("agents:", *lines, ""))


def without_members(queues: str) -> str:
    """The product's queues.conf with nobody in its queue."""
    return "\n".join(line for line in queues.split("\n") if not line.startswith("member =>"))


def baseline_queue(phones: Sequence[str]) -> str:
    """What the baseline has in queues.conf."""
    return QUEUE_SETTINGS + "".join(f"member => PJSIP/{phone}\n" for phone in phones)


async def register(at: Rig, port: int, phones: Sequence[str]) -> None:
    """Every telephone, from the one port at which they all will ring."""
    secrets = {phone: phone_secret(at.settings, phone) for phone in phones}
    rows = [f"{phone};[authentication username={phone} password={secret}]" for phone, secret in secrets.items()]
    folder = at.folder / "register"
    options = ("-inf", str(_values(folder, rows)), "-m", str(len(phones)), "-r", "50")
    counted = await sipp.run("register", options, sip=at.sip, folder=folder, limit_s=20 + len(phones) / 25, port=port)
    assert counted.failed == 0, f"{counted.failed} telephones could not register"


async def compared(at: Rig, port: int, load: float, phones: Sequence[str]) -> Compared:
    """Queue(), bare Dial and ours at one load."""
    ours_alone = (at.settings.pbx_dir / "etc" / "queues.conf").read_text(encoding="utf-8")
    rearrange(at, "queues.conf", without_members(ours_alone) + baseline_queue(phones))
    baseline = await measured(at, "Queue()", QUEUE, port=port, load=load, crew=len(phones))
    show(baseline)
    rearrange(at, "queues.conf", without_members(ours_alone))
    bare = await measured(at, "Dial", BARE, port=port, load=load, crew=len(phones))
    show(bare)
    rearrange(at, "queues.conf", ours_alone)
    async with engine(at) as pid:
        await log_in(at, phones)
        ours = await measured(at, "engine", OURS, port=port, load=load, crew=len(phones), engine_pid=pid)
    show(ours)
    return Compared(baseline=baseline, bare=bare, ours=ours)


async def log_in(at: Rig, phones: Sequence[str]) -> None:
    """Every agent ready for calls."""
    for phone in phones:
        for command in ("agent.login", "agent.ready"):
            with suppress(CommandRefused):  # an engine that is started again remembers who was ready
                await ask(at.settings.control_socket, command, agent=phone)


async def measured(
    at: Rig, side: str, number: str, *, port: int, load: float, crew: int, engine_pid: int | None = None
) -> Result:
    """One run of callers against `crew` agents. CPU is counted while callers come."""
    chance = random.Random(f"{SEED} {load}")
    count = round(load * crew / TALK_S * CALLS_S)
    moments = sorted(chance.uniform(1, CALLS_S * 1000) for _ in range(count))  # a Poisson process, given its count
    talks = [min(chance.expovariate(1 / TALK_S), TALK_MOST_S) * 1000 for _ in range(count + crew)]
    folder = at.folder / f"{side.strip('()')}-{load}"
    async with agents(folder, port, talks):
        values = _values(folder / "callers", [f"{each:.0f}" for each in moments])
        options = ("-s", number, "-inf", str(values), "-m", str(count), "-r", "1000", "-l", str(count), *TRACED)
        async with asyncio.TaskGroup() as tasks:
            using = tasks.create_task(_cpu_while_callers_come(at.pbx_pid, engine_pid))
            counted = await sipp.run(
                "queue_caller", options, sip=at.sip, folder=folder / "callers", limit_s=CALLS_S + DRAIN_S
            )
    waits, unpaired = offer_waits(messages(folder / "callers" / "messages"), messages(folder / "agents" / "messages"))
    return Result(
        side=side,
        load=load,
        agents=crew,
        waits=tuple(waits),
        unpaired=unpaired,
        conversations=counted.succeeded,
        failed=counted.failed,
        asterisk=using.result()[0] / CALLS_S,
        engine=using.result()[1] / CALLS_S,
    )


@asynccontextmanager
async def agents(folder: Path, port: int, talks: Sequence[float]) -> AsyncIterator[None]:
    """All telephones, answering while the block runs."""
    options = ("-inf", str(_values(folder / "agents", [f"{talk:.0f}" for talk in talks])))
    async with sipp.started("agent", (*options, *TRACED), folder=folder / "agents", port=port):
        yield
        await asyncio.sleep(1)  # SIPp writes its log every second at the latest


def offer_waits(callers: Sequence[Message], telephones: Sequence[Message]) -> tuple[list[float], int]:
    """Milliseconds from an agent's BYE to the agent's next INVITE while callers waited, and how many found nobody left."""
    waits, unpaired, waiting = [], 0, 0
    free_since: dict[str, float] = {}  # agents freed while somebody waited
    for moment, kind, agent in sorted(_story(callers, telephones)):
        if kind == "entered":
            waiting += 1
        elif kind == "freed" and waiting > 0:
            free_since[agent] = moment
        elif kind == "offered":
            if agent in free_since:
                waits.append(1000 * (moment - free_since.pop(agent)))
            waiting -= 1
            if waiting <= 0:
                unpaired += len(free_since)
                free_since.clear()
    return waits, unpaired


def _story(callers: Sequence[Message], telephones: Sequence[Message]) -> Iterator[tuple[float, str, str]]:
    """What happened, in no order: callers entering, agents offered a call, agents freed."""
    entered: set[str] = set()
    for message in callers:
        if message.sent and message.line.startswith("ACK ") and message.call not in entered:
            entered.add(message.call)
            yield message.moment + ENTER_S, "entered", ""
    agent_of: dict[str, str] = {}
    freed: set[str] = set()
    for message in telephones:
        if not message.sent and message.line.startswith("INVITE sip:") and message.call not in agent_of:
            agent_of[message.call] = message.line.removeprefix("INVITE sip:").partition("@")[0]
            yield message.moment, "offered", agent_of[message.call]
        elif message.sent and message.line.startswith("BYE ") and message.call not in freed:
            freed.add(message.call)
            yield message.moment, "freed", agent_of[message.call]


def show(result: Result) -> None:
    """One line."""
    print(
        f"{result.agents:>3} agents, load {result.load:.1f}   {result.side:<8} "
        f"p50 {result.p50:>7.1f} ms   p99 {result.p99:>7.1f} ms   "
        f"most {max(result.waits, default=math.nan):>7.1f} ms   "
        f"of {len(result.waits)} offers to freed agents ({result.unpaired} left over)   "
        f"{result.conversations} conversations, {result.failed} failed   "
        f"{result.cores:.2f} cores (Asterisk {result.asterisk:.2f}, engine {result.engine:.2f})",
        flush=True,
    )


def _values(folder: Path, rows: Sequence[str]) -> Path:
    """A file of values for SIPp's `-inf`, one line a call."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "values.csv"
    path.write_text("\n".join(("SEQUENTIAL", *rows, "")), encoding="utf-8")
    return path


async def _cpu_while_callers_come(pbx: int, engine_pid: int | None) -> tuple[float, float]:
    """Of Asterisk and of the engine."""
    began = _cpu(pbx), _cpu(engine_pid)
    await asyncio.sleep(CALLS_S)
    return _cpu(pbx) - began[0], _cpu(engine_pid) - began[1]


def _cpu(pid: int | None) -> float:
    return 0.0 if pid is None else cpu_seconds(pid)


if __name__ == "__main__":
    run(main)

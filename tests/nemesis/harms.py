"""What can be done to a centre, by name: to the engine, the switch, the lines between, the host and the database."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ivr_engine.core.events import SwitchLost, SwitchReached
from ivr_engine.testing.host_service import Fault
from tests.nemesis.proxy import Faults
from tests.nemesis.stand import Lines, Stand, start_pbx

SPOILT = Faults(lose=0.01, double=0.1, shuffle_s=0.2)
WELL = Faults()


@dataclass
class Harms:
    """What may be done to a stand whose lines all have proxies. `lasts_s`: how long what passes by itself lasts.

    `counted`: what was done how often.
    """

    stand: Stand
    lines: Lines
    lasts_s: float
    chance: random.Random
    counted: Counter[str] = field(default_factory=Counter)

    async def do(self, name: str, *, every_s: float) -> None:
        """One harm; returns when it is over, and not before `every_s` are."""
        began = time.monotonic()
        self.counted[name] += 1
        await HARMS[name](self)
        await asyncio.sleep(max(0.0, began + every_s - time.monotonic()))

    async def kill_engine(self) -> None:
        await asyncio.to_thread(self.stand.kill_engine)

    async def freeze_engine(self) -> None:
        """Not for so long that its watchdog ends it."""
        engine = self.stand.site.engine
        assert engine is not None
        self.stand.nemesis.stop(engine.pid)
        await asyncio.sleep(self.chance.uniform(0.1, 5))  # how long is the nemesis's choice, here and below
        self.stand.nemesis.go_on(engine.pid)

    async def kill_switch(self) -> None:
        before = self.stand.last_sequence()
        pid = self.stand.site.pbx.status().pid
        assert pid is not None
        self.stand.nemesis.kill(pid)
        await self.stand.hears(SwitchLost, after=before)
        await asyncio.to_thread(start_pbx, self.stand)
        await self.stand.hears(SwitchReached, after=before)

    async def reset_events(self) -> None:
        assert self.lines.ami is not None
        before = self.stand.last_sequence()
        self.lines.ami.reset()
        await self.stand.hears(SwitchReached, after=before)

    async def silence_events(self) -> None:
        assert self.lines.ami is not None
        before = self.stand.last_sequence()
        self.lines.ami.go_silent()
        await self.stand.hears(SwitchLost, after=before)
        await self.stand.hears(SwitchReached, after=before)

    async def spoil_events(self) -> None:
        assert self.lines.ami is not None
        self.lines.ami.faults = SPOILT
        await asyncio.sleep(self.lasts_s)
        self.lines.ami.faults = WELL

    async def reset_calls_lines(self) -> None:
        assert self.lines.agi is not None
        self.lines.agi.reset()

    async def silence_calls_lines(self) -> None:
        assert self.lines.agi is not None
        self.lines.agi.go_silent()

    async def slow_calls_lines(self) -> None:
        await self._calls_lines(Faults(delay_s=0.2))

    async def split_calls_lines(self) -> None:
        await self._calls_lines(Faults(piece=3))

    async def _calls_lines(self, faults: Faults) -> None:
        assert self.lines.agi is not None
        self.lines.agi.faults = faults
        await asyncio.sleep(self.lasts_s)
        self.lines.agi.faults = WELL

    async def reset_host(self) -> None:
        assert self.lines.host is not None
        for _ in range(round(self.lasts_s)):
            self.lines.host.reset()
            await asyncio.sleep(1)

    async def silence_host(self) -> None:
        assert self.lines.host is not None
        self.lines.host.go_silent()

    async def refuse_host(self) -> None:
        assert self.lines.host is not None
        self.lines.host.refusing = True
        self.lines.host.reset()
        await asyncio.sleep(self.lasts_s)
        self.lines.host.refusing = False

    async def lock_database(self) -> None:
        with locked(self.stand):
            await asyncio.sleep(self.lasts_s)


def _host(fault: Fault) -> Callable[[Harms], Awaitable[None]]:
    async def harm(harms: Harms) -> None:
        harms.stand.site.host.fault = fault
        await asyncio.sleep(harms.lasts_s)
        harms.stand.site.host.fault = Fault.NONE

    return harm


@contextlib.contextmanager
def locked(stand: Stand) -> Iterator[None]:
    """Somebody else holds the database, as a forgotten prompt of SQL would."""
    database = stand.site.settings.database
    with contextlib.closing(sqlite3.connect(database, isolation_level=None, timeout=10)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


HARMS: Mapping[str, Callable[[Harms], Awaitable[None]]] = {
    "engine killed": Harms.kill_engine,
    "switch killed": Harms.kill_switch,
    "engine frozen": Harms.freeze_engine,
    "events reset": Harms.reset_events,
    "events silent": Harms.silence_events,
    "events spoilt": Harms.spoil_events,
    "calls' lines reset": Harms.reset_calls_lines,
    "calls' lines silent": Harms.silence_calls_lines,
    "calls' lines slow": Harms.slow_calls_lines,
    "calls' lines in pieces": Harms.split_calls_lines,
    "host's lines reset": Harms.reset_host,
    "host's lines silent": Harms.silence_host,
    "host gone": Harms.refuse_host,
    "host slow": _host(Fault.SLOW),
    "host hung": _host(Fault.HANG),
    "host's answers garbage": _host(Fault.BAD_JSON),
    "host's answers huge": _host(Fault.HUGE),
    "database locked": Harms.lock_database,
}
ROUGH = ("engine killed", "switch killed")
"""After these there is another engine, or no call."""

HALF_OPEN = "calls' lines silent"
"""Callers on such a line hear nothing more: not among what a caller must not notice."""

LASTING = ("events silent", "switch killed")
"""These take as long as it takes to notice them, 5 to 15 s."""

UNNOTICED = tuple(name for name in HARMS if name != HALF_OPEN)
LINES = tuple(name for name in UNNOTICED if name.startswith(("calls' lines", "host")))


MILD = tuple(name for name in UNNOTICED if name not in ROUGH)


def drawn(chance: random.Random, times: int) -> list[str]:
    """What is done when: first what leaves another engine, then everything else once, then any of that again and again."""
    once = [*each(chance, ROUGH), *each(chance, MILD)]
    return once + [chance.choice(MILD) for _ in range(times - len(once))]


def each(chance: random.Random, kinds: Sequence[str], times: int = 1) -> list[str]:
    """Every one of these kinds so many times, in any order."""
    return chance.sample(list(kinds) * times, len(kinds) * times)

"""Where faults meet a whole centre: an Asterisk, the engine's process, callers by SIPp in every state, and their history.

with stand_at(folder, people=People(menu=5, desk=8)) as stand:
    async with stand.crowd() as callers:
        ...  # harm
        await callers.go_home()
    assert stand.history().breaches() == []
"""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from ivr_engine.adapters.asterisk.pbx_install import install
from ivr_engine.adapters.asterisk.pbx_secrets import keep_secrets
from ivr_engine.adapters.flow_files import load_centre
from ivr_engine.adapters.logs import open_log
from ivr_engine.adapters.store import open_reader
from ivr_engine.bootstrap import pbx_plan
from ivr_engine.config import Settings, load_settings
from ivr_engine.core.events import CallQueued, Event, OfferMade, Recorded
from ivr_engine.core.ids import CallId, QueueName
from ivr_engine.testing.host_service import Fault, HostService
from tests.nemesis import bank
from tests.nemesis.history import History
from tests.nemesis.processes import ProcessNemesis
from tests.nemesis.proxy import FaultProxy
from tests.ports import free_port, rtp_range
from tests.system import sipp
from tests.system.site import Site

CALL_LIMIT_MS = 7_200_000
GOING_HOME_S = 40.0
POLL_S = 0.1
PIN = "739184"
REGISTERED_S = 86_400


PASSING = {
    "menu": (bank.MENU, (sipp.hear_between(2_000, 12_000), sipp.hang_up())),
    "secret": (bank.SECRET, (sipp.hear(1_200), sipp.press(PIN), sipp.hear_between(500, 8_000), sipp.hang_up())),
    "story": (bank.STORY, (sipp.hear_between(2_000, 12_000), sipp.hang_up())),
    "request": (bank.REQUEST, (sipp.hear_between(2_000, 12_000), sipp.hang_up())),
    "counter": (bank.COUNTER, (sipp.far_hang_up(CALL_LIMIT_MS),)),
}
"""Who comes and goes: the number dialled, and what is done there."""

DIGITS = {name: f"138{n}" for n, name in enumerate((*PASSING, "desk", "line"))}
ANSWERS = {
    "desk": sipp.answer(),
    "counter": sipp.answer(after=1_500, talk=2_000),
    "line": sipp.answer(talk=200),
}


@dataclass(frozen=True, kw_only=True)
class People:
    """How many callers are in each state at a time; who talks at the desk or waits in line is the same all the time."""

    menu: int = 1
    secret: int = 1
    story: int = 1
    request: int = 1
    counter: int = 2
    desk: int = 2
    line: int = 3

    @property
    def calls(self) -> int:
        return self.menu + self.secret + self.story + self.request + self.counter + self.desk + self.line


@dataclass
class Callers:
    """The crowds at a stand. `stay` are those who never leave by themselves."""

    stand: Stand
    passing: list[sipp.Crowd]
    desk: sipp.Crowd
    line: sipp.Crowd
    went_wrong: list[str] = field(default_factory=list)

    def dropped(self) -> int:
        """I10: talks that somebody ended; nobody of those people did."""
        return self.desk.seen("BYE ")

    async def go_home(self) -> None:
        """Those who pass leave, the line is served in its order, the talks end; every call has its end then."""
        for crowd in self.passing:
            run = await crowd.comes_to_its_end()
            if run.failed:
                self.went_wrong.append(
                    f"{crowd.name}: {run.failed} of {run.succeeded + run.failed} calls failed: {run.errors[:500]}"
                )
        await self.stand.site.ask("agent.ready", agent="3001")
        served = await self.line.comes_to_its_end()
        if served.failed:
            self.went_wrong.append(f"line: {served.failed} callers were not served")
        if self.dropped():
            self.went_wrong.append(f"I10: {self.dropped()} talks were dropped")
        for leg in self.stand.site.legs():
            self.stand.site.pbx.command(f"channel request hangup {leg[0]}")
        await self.desk.comes_to_its_end()
        await self.stand.quiet()


@dataclass
class Stand:
    """A centre to harm. `seed` is what everything random here comes from; it stands in every failure's text."""

    site: Site
    people: People
    seed: int
    agents: Mapping[str, str]
    nemesis: ProcessNemesis = field(default_factory=ProcessNemesis)
    back_s: list[float] = field(default_factory=list)

    def start_engine(self) -> None:
        """As a supervisor would, at once; how long it took until calls were served again is kept in `back_s`."""
        began = time.monotonic()
        self.site.start_engine()
        self.back_s.append(time.monotonic() - began)
        assert self.site.engine is not None
        self.nemesis.may_harm(self.site.engine.pid)

    def kill_engine(self) -> None:
        """SIGKILL, and the start of the next one."""
        engine = self.site.engine
        assert engine is not None
        self.nemesis.kill(engine.pid)
        engine.wait(GOING_HOME_S)
        self.start_engine()

    def journal(self) -> list[Recorded]:
        with open_reader(self.site.settings.database) as reader:
            return list(reader.read())

    def last_sequence(self) -> int:
        with open_reader(self.site.settings.database) as reader:
            return reader.last_sequence()

    def live(self) -> frozenset[CallId]:
        """Callers' lines as the switch lists them: a call's id is the last column."""
        rows = self.site.pbx.command("core show channels concise").split("\n")
        lines = [row.split("!") for row in rows if row.startswith("PJSIP/trunk")]
        return frozenset(CallId(row[-1]) for row in lines)

    def history(self) -> History:
        with open_reader(self.site.settings.database) as reader:
            journal, records = list(reader.read()), list(reader.find())
        return History(journal=journal, records=records, live=self.live(), written=self.site.written(), secrets=(PIN,))

    async def hears(self, kind: type[Event], *, after: int) -> None:
        """Return when a fact of this kind with a higher number is in the journal; bounded."""
        deadline = time.monotonic() + GOING_HOME_S
        while not self._heard(kind, after):
            assert time.monotonic() < deadline, f"seed {self.seed}: no {kind.__name__} came"
            await asyncio.sleep(POLL_S)  # another process, which announces nothing

    def _heard(self, kind: type[Event], after: int) -> bool:
        with open_reader(self.site.settings.database) as reader:
            return any(True for _ in reader.read(after=after, types=[kind.TYPE]))

    async def quiet(self) -> None:
        """Return when no line is up and no call is open; bounded."""
        deadline = time.monotonic() + GOING_HOME_S
        while self.site.legs() or self._open():
            assert time.monotonic() < deadline, f"seed {self.seed}: still up {self.site.legs()}, still open {self._open()}"
            await asyncio.sleep(POLL_S)  # two other processes, which announce nothing

    def _open(self) -> tuple[CallId, ...]:
        with open_reader(self.site.settings.database) as reader:
            return reader.open_calls()

    def order_broken(self) -> list[str]:
        """I7 of the line: offers come in the order in which the callers did, and nobody was queued twice."""
        queued = [
            each.event.call for each in self.journal() if isinstance(each.event, CallQueued) and each.event.queue == "line"
        ]
        offered = [
            each.event.call for each in self.journal() if isinstance(each.event, OfferMade) and each.event.queue == "line"
        ]
        first = list(dict.fromkeys(offered))
        return [] if queued == first else [f"I7: queued {queued}, offered {first}"]

    def unaccounted(self, callers: Callers) -> list[str]:
        """I3 from outside: each caller whose call was answered has exactly one record, whoever was there to write it."""
        with open_reader(self.site.settings.database) as reader:
            numbers = [record.caller for record in reader.find()]
        wrong = []
        for crowd in (*callers.passing, callers.desk, callers.line):
            ours = [number for number in numbers if number.startswith(DIGITS[crowd.name])]
            acknowledged = crowd.dialogues()
            if len(ours) != len(set(ours)) or len(ours) < acknowledged:
                wrong.append(
                    f"I3 {crowd.name}: {acknowledged} calls answered, {len(ours)} records of {len(set(ours))} callers"
                )
        return wrong

    @asynccontextmanager
    async def crowd(self) -> AsyncIterator[Callers]:
        """Callers in every state; returns control when everybody who stays is where they belong."""
        async with AsyncExitStack() as stack:
            await self.telephones(stack)
            passing = [
                await stack.enter_async_context(self._passing(name)) for name in PASSING if getattr(self.people, name)
            ]
            desk = await stack.enter_async_context(self._staying("desk", bank.DESK, self.people.desk))
            line = await stack.enter_async_context(self._staying("line", bank.LINE, self.people.line))
            await self._settled()
            yield Callers(self, passing, desk, line)

    def _passing(self, name: str) -> AbstractAsyncContextManager[sipp.Crowd]:
        number, steps = PASSING[name]
        return sipp.crowd(
            name, to=number, pbx=self.site.address, folder=self.site.folder, steps=steps, digits=DIGITS[name],
            at_once=getattr(self.people, name),
        )  # fmt: skip

    def _staying(self, name: str, number: str, calls: int) -> AbstractAsyncContextManager[sipp.Crowd]:
        return sipp.crowd(
            name, to=number, pbx=self.site.address, folder=self.site.folder, steps=(sipp.far_hang_up(CALL_LIMIT_MS),),
            digits=DIGITS[name], at_once=calls, calls=calls,
        )  # fmt: skip

    async def telephones(self, stack: AsyncExitStack, answers: Mapping[str, str] = ANSWERS) -> None:
        """Every agent's telephone is up and does what `answers` says of the queue; all but the line's are ready."""
        secrets = keep_secrets(self.site.settings.pbx_dir, [f"agent{agent}" for agent in self.agents]).phones
        for queue, behaviour in answers.items():
            at_queue = {f"agent{agent}": secrets[f"agent{agent}"] for agent, each in self.agents.items() if each == queue}
            opened = sipp.agents(
                queue, at_queue, pbx=self.site.address, folder=self.site.folder, behaviour=behaviour, expires=REGISTERED_S
            )
            await stack.enter_async_context(opened)
        presence = {row["agent"]: row["presence"] for row in await self.site.ask("agent.list")}
        for agent, queue in self.agents.items():
            if presence[agent] == "logged_out":
                await self.site.ask("agent.login", agent=agent)
            if queue != "line" and presence[agent] != "ready":
                await self.site.ask("agent.ready", agent=agent)

    async def _settled(self) -> None:
        """Whoever stays is there."""
        deadline = time.monotonic() + GOING_HOME_S
        while not self._all_there():
            assert time.monotonic() < deadline, (
                f"seed {self.seed}: they never came:\n" + self.site.log.read_text("utf-8")[-3000:]
            )
            await asyncio.sleep(POLL_S)

    def _all_there(self) -> bool:
        queued = [each.event.queue for each in self.journal() if isinstance(each.event, CallQueued)]
        talks = sum(leg[0].startswith("PJSIP/agent1") and leg[4] == "Up" for leg in self.site.legs())
        return queued.count(QueueName("line")) >= self.people.line and talks >= self.people.desk


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Proxies on the engine's lines; None: that line is direct.

    `ami`: from the engine to the switch's events; `agi`: from the switch to the engine, one connection a call; `host`: from
    the engine to the bank's host service.
    """

    ami: FaultProxy | None = None
    agi: FaultProxy | None = None
    host: FaultProxy | None = None


DIRECT = Lines()


@contextmanager
def stand_at(
    folder: Path, people: People, *, seed: int, lines: Lines = DIRECT, fault: Fault = Fault.HANG, **changed: int | str
) -> Iterator[Stand]:
    """A centre for `people`, up while the block runs. `fault`: of the host service. `changed`: settings.

    Blocks until it is up: where a proxy of the same loop is to be heard through, call it in a thread.
    """
    agents = bank.agents_of(max(1, people.desk), max(1, people.counter // 2))
    with ExitStack() as stack:
        host = stack.enter_context(HostService())
        host.fault = fault
        bank.write_bank(folder, _host_url(host, lines), agents)
        settings, seen = _through(lines, replace(_settings(folder), **changed))  # type: ignore[arg-type] # settings by name
        site = Site(
            folder=folder,
            settings=settings,
            host=host,
            host_up=stack.pop_all(),
            options=("--no-pbx",),
            seen=seen,
        )
        stand = Stand(site=site, people=people, seed=seed, agents=agents)
        try:
            start_pbx(stand)
            stand.start_engine()
            yield stand
        finally:
            site.stop_engine(signal.SIGKILL)
            site.pbx.stop()
            site.host_up.close()


def _host_url(host: HostService, lines: Lines) -> str:
    if lines.host is None:
        return host.url
    address, _, port = host.url.rpartition(":")
    lines.host.to = int(port)
    return f"{address}:{lines.host.port}"


def _through(lines: Lines, settings: Settings) -> tuple[Settings, dict[str, str]]:
    """The settings as the switch sees them, and what the engine sees otherwise: each meets a proxy instead of the other."""
    seen = {}
    if lines.ami is not None:
        lines.ami.to = settings.ami_port
        seen["IVR_ENGINE_AMI_PORT"] = str(lines.ami.port)
    if lines.agi is not None:
        lines.agi.to = settings.agi_port
        seen["IVR_ENGINE_AGI_PORT"] = str(settings.agi_port)
        settings = replace(settings, agi_port=lines.agi.port)
    return settings, seen


def start_pbx(stand: Stand) -> None:
    """SIPp is no telephone that can be probed: it sends no sound, answers no question, and registers for once and all."""
    settings = stand.site.settings
    definition = load_centre(stand.site.folder / "bank").definition
    assert definition is not None
    log = open_log(level="error", json_lines=False)
    with ThreadPoolExecutor(1) as aside:  # a test's own loop may be running
        planned = aside.submit(asyncio.run, pbx_plan(settings=settings, definition=definition, log=log)).result()
    plan = replace(planned, qualify_s=0, silence_s=0, session_s=0)
    status = stand.site.pbx.start(plan, install(settings.cache_dir, mirror=settings.debian_mirror))
    etc = settings.pbx_dir / "etc" / "pjsip.conf"
    etc.write_text(
        re.sub(r"maximum_expiration = \d+", f"maximum_expiration = {REGISTERED_S}", etc.read_text("utf-8")), "utf-8"
    )
    stand.site.pbx.reload()
    stand.site.pbx.command("dialplan set global ATTEMPTS 120")  # a busy machine may take long to start an engine
    assert status.pid is not None
    stand.nemesis.may_harm(status.pid)


def _settings(folder: Path) -> Settings:
    first, last = rtp_range(500)
    usual = load_settings()
    return Settings(
        state_dir=folder / "var",
        spool_mb=1,
        cache_dir=usual.cache_dir,
        debian_mirror=usual.debian_mirror,
        sip_port=free_port(socket.SOCK_DGRAM),
        ami_port=free_port(socket.SOCK_STREAM),
        agi_port=free_port(socket.SOCK_STREAM),
        rtp_first=first,
        rtp_last=last,
        lag_limit_ms=60_000,
    )

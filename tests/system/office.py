"""An engine that is nothing but a gateway: whoever calls is served by the test's own function."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ivr_engine.adapters.asterisk.feature_codes import FeatureCodes
from ivr_engine.adapters.asterisk.gateway import AsteriskGateway, Confirmations
from ivr_engine.core.ids import AgentId, CallId, Millis
from ivr_engine.core.outcomes import EndedBy
from ivr_engine.ports.inbound import AgentView, Arrival, LiveLine
from ivr_engine.ports.switch import CallControl, Sound
from tests.system.pbx_fixtures import RunningPbx
from tests.system.sounds import write_tone

LIMIT_S = 40.0
Serve = Callable[[CallControl], Awaitable[object]]


class Office:
    """Serves each caller by `serve` and keeps what came of it."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self.full = False
        self.ended = set[CallId]()
        self.arrivals: list[Arrival] = []
        self.results: asyncio.Queue[object] = asyncio.Queue()
        self.endings: asyncio.Queue[tuple[CallId, EndedBy, Millis | None]] = asyncio.Queue()
        self.reached: asyncio.Queue[frozenset[CallId]] = asyncio.Queue()
        self.legs: asyncio.Queue[tuple[CallId, str, CallControl]] = asyncio.Queue()
        self.holds: asyncio.Queue[tuple[CallId, str, bool]] = asyncio.Queue()
        self.commands: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    @property
    def takes_calls(self) -> bool:
        return not self.full

    def declines(self, arrival: Arrival) -> bool:
        return self.full

    def has_ended(self, call: CallId) -> bool:
        return call in self.ended

    async def handle_call(self, arrival: Arrival, control: CallControl) -> None:
        self.arrivals.append(arrival)
        self.results.put_nowait(await self._serve(control))
        await control.hang_up()

    def call_over(self, call: CallId, *, ended_by: EndedBy, talked: Millis | None, cause: str, certain: bool) -> bool:
        del cause, certain
        self.ended.add(call)
        self.endings.put_nowait((call, ended_by, talked))
        return False

    def switch_lost(self, reason: str) -> None:
        pass

    def switch_reached(self, live: frozenset[CallId]) -> None:
        self.reached.put_nowait(live)

    def lines_seen(self, lines: Sequence[LiveLine]) -> None:
        pass

    async def login(self, agent: AgentId, *, phone: str = "", source: str = "command") -> None:
        assert source == "phone"
        self.commands.put_nowait(("login" + (f" at {phone}" if phone != agent else ""), agent))

    async def ready(self, agent: AgentId) -> None:
        self.commands.put_nowait(("ready", agent))

    async def pause(self, agent: AgentId, reason: str) -> None:
        self.commands.put_nowait(("pause" + reason, agent))

    async def logout(self, agent: AgentId) -> None:
        self.commands.put_nowait(("logout", agent))

    async def extend(self, agent: AgentId, by: Millis) -> None:
        self.commands.put_nowait((f"extend by {by}", agent))

    async def hold(self, agent: AgentId) -> None:
        self.commands.put_nowait(("hold", agent))

    async def resume(self, agent: AgentId) -> None:
        self.commands.put_nowait(("resume", agent))

    async def complete(self, agent: AgentId) -> None:
        self.commands.put_nowait(("complete", agent))

    async def conference(self, agent: AgentId) -> None:
        self.commands.put_nowait(("conference", agent))

    async def transfer(self, agent: AgentId, to: str) -> None:
        self.commands.put_nowait((f"transfer to {to}", agent))

    async def transfer_into(self, agent: AgentId, flow: str) -> None:
        self.commands.put_nowait((f"transfer into {flow}", agent))

    async def consult(self, agent: AgentId, to: str) -> None:
        self.commands.put_nowait((f"consult {to}", agent))

    async def handle_leg(self, call: CallId, phone: str, control: CallControl) -> None:
        self.legs.put_nowait((call, phone, control))

    def phone_holds(self, call: CallId, phone: str, *, holds: bool) -> None:
        self.holds.put_nowait((call, phone, holds))

    async def kept(self) -> None:
        pass

    async def agents(self) -> tuple[AgentView, ...]:
        return ()


@dataclass(frozen=True, kw_only=True)
class Doors:
    """Where and with what words a switch and its gateway meet; `agi_port` 0 is any free one."""

    agi_port: int
    agi_secret: str
    ami_port: int
    ami_secret: str
    phones: Sequence[str]


@asynccontextmanager
async def open_office(pbx: RunningPbx, folder: Path, serve: Serve) -> AsyncIterator[Office]:
    """The gateway of a running PBX with an `Office` behind it."""
    plan = pbx.plan
    doors = Doors(
        agi_port=plan.agi_port,
        agi_secret=plan.secrets.agi,
        ami_port=plan.ami_port,
        ami_secret=plan.secrets.ami,
        phones=plan.phones,
    )
    confirmations = Confirmations(done=sound(folder, 0.2), refused=sound(folder, 0.2))
    async with open_gateway(doors, Office(serve), confirmations) as (office, _):
        yield office


@asynccontextmanager
async def open_gateway(
    doors: Doors, office: Office, confirmations: Confirmations
) -> AsyncIterator[tuple[Office, AsteriskGateway]]:
    """A gateway that has reached its switch; the block has LIMIT_S seconds."""
    async with AsteriskGateway(
        bind="127.0.0.1",
        agi_port=doors.agi_port,
        agi_secret=doors.agi_secret,
        ami_port=doors.ami_port,
        ami_secret=doors.ami_secret,
        call_limit=Millis(60_000),
        calls=office,
        listener=office,
        codes=FeatureCodes(
            agents=office,
            conversations=office,
            agent_of={phone: AgentId(phone) for phone in doors.phones}.get,
            kept=office.kept,
        ),
        legs=office,
        confirmations=confirmations,
    ) as gateway:
        await gateway.reached(LIMIT_S)
        async with asyncio.timeout(LIMIT_S):
            yield office, gateway


def sound(folder: Path, seconds: float) -> Sound:
    return Sound(write_tone(folder / f"tone-{seconds:g}.sln", hertz=500, seconds=seconds), f"a tone of {seconds:g} s")

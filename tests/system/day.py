"""A test's day at a site, in sentences: a caller dials, reaches a node, presses; an agent answers; the record tells.

    async def test_an_agent_hangs_up(day: Day) -> None:
        wang = await day.agent("1001")
        caller = await day.caller()
        await caller.reaches("main_menu")
        await caller.presses("0")
        talk = await wang.answers()
        await talk.hang_up()
        record = await caller.record()
        assert legs(record) == ("ivr", "waiting: answered, 1 offered", "agent 1001: ended by agent", "survey")

Everything is waited for by facts: those of the stored journal, and what the telephones report.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from ivr_engine.adapters.softphone.lines import Answering
from ivr_engine.adapters.softphone.softphones import Softphone, SoftphoneCall
from ivr_engine.adapters.store import StoreReader, open_reader
from ivr_engine.cdr.open_calls import assemble
from ivr_engine.cdr.record import CallRecord, Leg, LegKind
from ivr_engine.core.events import (
    CallArrived,
    CallEnded,
    ConversationBegan,
    Event,
    NodeEntered,
    Recorded,
    RequestAnswered,
    call_of,
)
from ivr_engine.core.ids import CallId
from ivr_engine.errors import EngineError
from ivr_engine.testing.host_service import ACCOUNTS, Fault, Ledger
from ivr_engine.testing.sample_bank import Bank
from ivr_engine.testing.sample_desk import Desk
from tests.system.phones import AGENT_TONE_HZ, Phones
from tests.system.site import NUMBER, Site

T = TypeVar("T")
E = TypeVar("E", bound=Event)

LIMIT_S = 30.0
POLL_S = 0.02
ROUNDING_MS = 50
# As quick as a key may be: Asterisk takes 80 ms for the shortest.
KEY_MS, GAP_MS = 80, 60


class Day:
    """People at a site."""

    def __init__(self, *, site: Site, journal: StoreReader, phones: Phones) -> None:
        self.site = site
        self.phones = phones
        self._journal = journal
        self._began = journal.last_sequence()

    async def caller(self, *, number: str = NUMBER, name: str = "") -> Caller:
        """Somebody dials the service number and is answered."""
        return await self.joined(await self._dialled(number, name))

    async def _dialled(self, number: str, name: str) -> tuple[str, SoftphoneCall]:
        telephone = next(self.site.numbers)
        return telephone, await self.phones.call(number, caller=telephone, name=name)

    async def joined(self, dialled: tuple[str, SoftphoneCall]) -> Caller:
        """The caller once the engine knows the call."""
        telephone, call = dialled
        return Caller(day=self, telephone=telephone, phone=call, call=await self.arrival(telephone))

    async def arrival(self, telephone: str) -> CallId:
        """The call from this telephone number."""
        return (await self.fact(CallArrived, lambda each: each.caller == telephone)).call

    async def agent(
        self, agent: str, answering: Answering | None = None, *, ready: bool = True, speaks: bool = True
    ) -> Agent:
        """An agent's telephone registers, and the agent logs in, ready unless told otherwise."""
        tone_hz = AGENT_TONE_HZ if speaks else 0
        phone = await self.phones.agent(f"agent{agent}", answering, tone_hz=tone_hz)
        await self.present(agent, ready=ready)
        return Agent(day=self, agent=agent, phone=phone)

    async def present(self, agent: str, *, ready: bool = True) -> None:
        """The agent logs in, with a telephone or without."""
        await self.site.ask("agent.login", agent=agent)
        if ready:
            await self.site.ask("agent.ready", agent=agent)

    async def states(self) -> dict[str, str]:
        """What every agent is doing: presence, activity and reason."""
        rows = await self.site.ask("agent.list")
        return {row["agent"]: " ".join(filter(None, (row["presence"], row["activity"], row["reason"]))) for row in rows}

    async def comes_to(self, **states: str) -> None:
        """Wait until agents are in these states, named with an underscore before: `_1001="ready idle"`."""
        wanted = {name.removeprefix("_"): state for name, state in states.items()}

        async def there() -> bool:
            found = await self.states()
            return all(found[agent] == state for agent, state in wanted.items())

        await until(there, lambda: f"agents never came to {wanted}")

    async def fact(self, kind: type[E], wanted: Callable[[E], bool] = lambda _: True, *, after: int = 0) -> E:
        """Wait for the first fact of this kind in today's journal, after the sequence number `after`."""
        return (await self.recorded(kind, wanted, after=after))[1]

    async def recorded(self, kind: type[E], wanted: Callable[[E], bool], *, after: int = 0) -> tuple[int, E]:
        """The same with its sequence number."""
        found: list[tuple[int, E]] = []
        seen = max(after, self._began)

        async def there() -> bool:
            nonlocal seen
            for each in self._journal.read(after=seen):
                seen = each.sequence
                if isinstance(each.event, kind) and wanted(each.event):
                    found.append((each.sequence, each.event))
                    return True
            return False

        await until(there, lambda: f"{kind.__name__} never came; the day so far:\n{self.story()}")
        return found[0]

    def last_sequence(self) -> int:
        """How far the journal has come."""
        return self._journal.last_sequence()

    def facts(self, call: CallId) -> list[Recorded]:
        """Everything recorded of one call."""
        return list(self._journal.read(call=call))

    async def record(self, call: CallId) -> CallRecord:
        """The one stored record of a call, after its end; it is what its facts add up to, and plausible."""
        await self.fact(CallEnded, lambda each: each.call == call)
        await until(lambda: ready(self._journal.get(call) is not None), lambda: f"no record of {call}")
        record = self._journal.get(call)
        assert record is not None
        assert record == assemble(self.facts(call))
        assert sum(isinstance(each.event, CallEnded) for each in self.facts(call)) == 1
        assert_plausible(record)
        return record

    def records(self) -> list[CallRecord]:
        """Every record of the site, newest first."""
        return list(self._journal.find())

    def story(self) -> str:
        """Today's facts, for the text of a failed wait."""
        return "\n".join(f"  {each.sequence} {each.event}" for each in self._journal.read(after=self._began))

    async def closes(self) -> None:
        """Nothing may be left behind: no call open, no leg at the PBX, no agent stuck."""
        await until(lambda: ready(not self._journal.open_calls()), lambda: f"calls never closed:\n{self.story()}")
        await until(lambda: ready(not self.site.legs()), lambda: f"still up: {self.site.legs()}")
        await until(self._all_idle, lambda: f"an agent is stuck:\n{self.story()}")

    async def _all_idle(self) -> bool:
        return all(" idle" in state for state in (await self.states()).values())

    async def goes_home(self) -> None:
        """Every agent logs out."""
        for agent, state in (await self.states()).items():
            if not state.startswith("logged_out"):
                await self.site.ask("agent.logout", agent=agent)


@dataclass(kw_only=True)
class Caller:
    """Somebody on the line. `_at` is how far in the journal this caller was followed."""

    day: Day
    telephone: str
    phone: SoftphoneCall
    call: CallId
    _at: int = field(default=0, init=False)

    async def reaches(self, node: str) -> None:
        """Wait until the flow reaches the node, again if it did before."""
        self._at, _ = await self.day.recorded(
            NodeEntered, lambda each: each.call == self.call and each.node == node, after=self._at
        )

    async def hears_out(self, node: str) -> None:
        """Reach the node and listen until the prompt is over."""
        await self.reaches(node)
        await self.phone.quiet()

    async def presses(self, keys: str) -> None:
        await self.phone.press(keys, key_ms=KEY_MS, gap_ms=GAP_MS)

    async def sees(self, kind: type[E], wanted: Callable[[E], bool] = lambda _: True) -> E:
        """Wait for the first fact of this kind about this call."""
        return await self.day.fact(kind, lambda each: call_of(each) == self.call and wanted(each))

    async def talks(self) -> ConversationBegan:
        """Wait until joined with an agent."""
        return await self.sees(ConversationBegan)

    async def hangs_up(self) -> None:
        await self.phone.hang_up()

    async def is_let_go(self) -> None:
        """The centre hangs up."""
        ended = await self.phone.ended(int(LIMIT_S * 1000))
        assert not ended.near

    async def asks_for_an_agent(self) -> None:
        """Through the menus, by keys pressed as soon as they can be."""
        await self.reaches("greeting")
        await self.presses("2")
        await self.reaches("main_menu")
        await self.presses("0")
        await self.reaches("to_agent")

    async def gives_card_and_pin(self, card: str, pin: str) -> None:
        """Through the menus, by keys pressed as soon as they can be."""
        await self.reaches("greeting")
        await self.presses("2")
        await self.reaches("main_menu")
        await self.presses("1")
        await self.reaches("ask_card")
        await self.presses(f"{card}#")
        await self.reaches("ask_pin")
        await self.presses(pin)

    async def record(self) -> CallRecord:
        """The stored record of the call, after its end."""
        return await self.day.record(self.call)

    def kinds(self, kind: type[E]) -> list[E]:
        """Every fact of this kind about this call."""
        return [each.event for each in self.day.facts(self.call) if isinstance(each.event, kind)]

    def requests(self) -> list[RequestAnswered]:
        """What services answered to this call, the silent look-up of its number left out."""
        return [each for each in self.kinds(RequestAnswered) if each.operation != "caller"]


@dataclass(kw_only=True)
class Agent:
    """Somebody at an agent's telephone."""

    day: Day
    agent: str
    phone: Softphone

    async def rings(self) -> SoftphoneCall:
        """Wait for the next call."""
        return await self.phone.incoming(int(LIMIT_S * 1000))

    async def answers(self) -> SoftphoneCall:
        """The next call, answered (by the telephone's own policy) and joined as the engine sees it."""
        talk = await self.rings()
        await talk.answered()
        return talk


@asynccontextmanager
async def day_at(site: Site, folder: Path) -> AsyncIterator[Day]:
    """A day at a site; at its end nothing may be left behind."""
    site.host.fault = Fault.NONE
    site.host.faults = {}
    site.host.ledger, site.host.bank, site.host.desk = Ledger(), Bank(), Desk(frozenset(ACCOUNTS))
    with open_reader(site.settings.database) as journal:
        async with Phones(pbx=site.address, secrets=site.secrets, folder=folder) as phones:
            day = Day(site=site, journal=journal, phones=phones)
            yield day
        await day.closes()
        await day.goes_home()


async def until(holds: Callable[[], Awaitable[bool]], otherwise: Callable[[], str]) -> None:
    """Poll another process that announces nothing, bounded."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + LIMIT_S
    while not await _held(holds):
        if loop.time() > deadline:
            raise AssertionError(otherwise())
        await asyncio.sleep(POLL_S)


async def _held(holds: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await holds()
    except EngineError:  # no engine for a moment
        return False


async def ready(value: T) -> T:
    """A value as something to await."""
    return value


def legs(record: CallRecord) -> tuple[str, ...]:
    """The legs of a record in words."""
    return tuple(_leg(leg) for leg in record.legs)


def _leg(leg: Leg) -> str:
    if leg.kind is LegKind.WAITING:
        return f"waiting: {leg.outcome}, {leg.offers} offered"
    if leg.kind is LegKind.AGENT:
        return f"agent {leg.agent}: ended by {leg.outcome}"
    return str(leg.kind)


def ending(record: CallRecord) -> str:
    """Disposition and who ended the call, in words."""
    return f"{record.disposition}, ended by {record.ended_by}"


def assert_plausible(record: CallRecord) -> None:
    """Legs follow each other from arrival to end without gap, sums are sums, nothing is longer than what holds it."""
    assert record.legs[0].began == record.arrived
    assert record.legs[-1].ended == record.ended
    assert all(one.ended == other.began for one, other in zip(record.legs, record.legs[1:], strict=False))
    assert record.waited == sum(leg.lasted for leg in record.legs if leg.kind is LegKind.WAITING)
    assert record.talked == sum(leg.talked for leg in record.legs if leg.kind is LegKind.AGENT)
    assert all(leg.talked <= leg.lasted + ROUNDING_MS for leg in record.legs), record.legs
    assert all(leg.talked == 0 for leg in record.legs if leg.kind not in {LegKind.AGENT, LegKind.OUTSIDE})

"""A switch in memory: lines are joined, taken apart and put into rooms as Asterisk does it, by the word of the test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from ivr_engine.core.ids import AgentId, CallId, Millis
from ivr_engine.core.outcomes import OfferOutcome
from ivr_engine.errors import SwitchError
from ivr_engine.flows.waits import CallerGone, Played
from ivr_engine.ports.inbound import LegHandler
from ivr_engine.ports.switch import Joined, Sound
from ivr_engine.testing.line import Act, ScriptedLine

T = TypeVar("T")
TALKED = Millis(7_000)


class Ringing:
    """A telephone that rings, or whose owner talks with the line that rang it."""

    def __init__(self, phone: str) -> None:
        self.phone = phone
        self.told: asyncio.Future[OfferOutcome] = asyncio.get_running_loop().create_future()
        self.over = asyncio.Event()

    def tell(self, outcome: OfferOutcome) -> None:
        """What its owner does, or the switch says; the first word counts."""
        if not self.told.done():
            self.told.set_result(outcome)

    def hang_up(self) -> None:
        """Its owner hangs up, or declines while it rings."""
        self.tell(OfferOutcome.DECLINED)
        self.over.set()


class Switch:
    """All lines of one call. `legs`: who is told of a telephone that was taken out of a conversation."""

    def __init__(self, call: CallId, tasks: asyncio.TaskGroup, legs: LegHandler) -> None:
        self.call, self.tasks, self.legs = call, tasks, legs
        self.ringing: dict[str, Ringing] = {}
        self.lines: dict[str, SwitchedLine] = {}
        self.leading: set[SwitchedLine] = set()
        self.following: set[SwitchedLine] = set()

    def ring(self, phone: str) -> Ringing:
        """Make it ring."""
        self.ringing[phone] = Ringing(phone)
        return self.ringing[phone]

    def picks_up(self, phone: str) -> None:
        self.ringing[phone].tell(OfferOutcome.ANSWERED)

    def fails(self, phone: str, outcome: OfferOutcome) -> None:
        self.ringing[phone].tell(outcome)

    def hangs_up(self, phone: str) -> None:
        """Whatever the telephone is at: rung by a line, talking with it, or a line of its own."""
        if phone in self.lines:
            self.lines[phone].caller_hangs_up()
        else:
            self.ringing[phone].hang_up()

    def take_out(self, phone: str) -> None:
        """The telephone becomes a line of its own."""
        self.lines[phone] = SwitchedLine(self)
        self.tasks.create_task(self._serve(phone, self.lines[phone]))

    async def _serve(self, phone: str, line: SwitchedLine) -> None:
        await self.legs.handle_leg(self.call, phone, line)
        await line.hang_up()
        self.lines.pop(phone, None)


class SwitchedLine(ScriptedLine):
    """A caller, or a telephone that was taken out. `holds`: how often the engine had it wait."""

    def __init__(self, switch: Switch, *script: Act) -> None:
        super().__init__(*script)
        self.switch = switch
        self.with_: Ringing | None = None
        self.holds = 0
        self.obeys = True

    @property
    def gone(self) -> bool:
        """Hung up, by whoever."""
        return self._gone.is_set()

    async def hold(
        self, until: Awaitable[T], *, sounds: Sequence[Sound], music: str, keys: str = ""
    ) -> T | Played | CallerGone:
        self.holds += 1
        return await super().hold(until, sounds=sounds, music=music, keys=keys)

    async def join(
        self,
        *,
        agent: AgentId,
        phone: str,
        ring: Millis,
        music: str,
        on_answer: Callable[[], None],
        whisper: Sequence[Sound] = (),
    ) -> Joined:
        del ring, music, whisper
        self.rung.append(agent)
        other = self.with_ = self.switch.ring(phone)
        told = await self._unless_gone(other.told)
        outcome = OfferOutcome.CALLER_GONE if isinstance(told, CallerGone) else told
        if outcome is OfferOutcome.ANSWERED:
            on_answer()
            await super().hold(other.over.wait(), sounds=(), music="")
        other.hang_up()
        self.with_ = None
        talked = TALKED if outcome is OfferOutcome.ANSWERED else Millis(0)
        return Joined(outcome=outcome, cause="", talked=talked, caller_gone=self.gone)

    async def transfer(
        self, number: str, *, ring: Millis, music: str, on_answer: Callable[[], None] = lambda: None
    ) -> Joined:
        return await self.join(agent=AgentId(number), phone=number, ring=ring, music=music, on_answer=on_answer)

    async def part(self) -> None:
        if not self.obeys or self.with_ is None:
            raise SwitchError("the switch says no")
        self.switch.take_out(self.with_.phone)
        self.with_.over.set()

    async def drop(self) -> None:
        if not self.obeys or self.with_ is None:
            raise SwitchError("the switch says no")
        self.with_.hang_up()

    async def confer(self, room: str, *, leads: bool) -> CallerGone | None:
        switch, there = self.switch, self.switch.leading if leads else self.switch.following
        self.rooms.append(room)
        self._out.clear()
        there.add(self)
        try:
            out = await super().hold(self._out.wait(), sounds=(), music="")
        finally:
            there.discard(self)
            for other in switch.following if leads and not switch.leading else ():
                other._out.set()
        return out if isinstance(out, CallerGone) else None

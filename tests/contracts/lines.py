"""The three lines on which every case of call control is played, and what a case may ask of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ivr_engine.adapters.asterisk.gateway import Confirmations
from ivr_engine.core.ids import AgentId, Millis
from ivr_engine.core.outcomes import OfferOutcome
from ivr_engine.errors import SwitchError
from ivr_engine.ports.switch import CallControl, Joined, Sound
from ivr_engine.testing.clock import ManualClock
from ivr_engine.testing.line import Act, AgentDoes, HangUpNow, Press, ScriptedLine
from tests.adapters.agi_peer import SECRET
from tests.adapters.ami_peer import PASSWORD, manager_port
from tests.adapters.scripted_asterisk import ScriptedAsterisk
from tests.system import sipp
from tests.system.office import Doors, Office, open_gateway, open_office, sound
from tests.system.pbx_fixtures import RunningPbx

PATIENCE_MS = 20_000
"""How long a case may take by its line's own clock: a time-out of a minute that is waited for fails the case."""

SILENT = Sound(Path("/sounds/tone.wav"), "a tone")


async def _at_once() -> None:
    """What is waited for is the case on these lines."""


@dataclass(kw_only=True)
class Stage:
    """What a case finds on its line. `short` is heard whole, `long` outlasts the case unless something stops it."""

    short: Sound = SILENT
    long: Sound = SILENT
    phone: str = "1001"
    under_way: Callable[[], Awaitable[None]] = _at_once
    answers: int = 0
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    async def value(self) -> str:
        """Comes when the sound or the music is well under way."""
        await self.under_way()
        return "value"

    async def join(self, control: CallControl, ring: int) -> Joined:
        """Ring the one telephone there is, and count its answers."""
        return await control.join(
            agent=AgentId("ann"), phone=self.phone, ring=Millis(ring), music="default", on_answer=self._answer
        )

    def _answer(self) -> None:
        self.answers += 1
        self.answered.set()


Ask = Callable[[CallControl, Stage], Awaitable[object]]


async def replies(control: CallControl, stage: Stage, asks: Sequence[Ask]) -> list[object]:
    """What the line replies to one request after the other; a broken line is a reply here, so that the case shows it."""
    found: list[object] = []
    try:
        for ask in asks:
            found.append(await ask(control, stage))  # noqa: PERF401 - what came before a broken line counts too
    except SwitchError as error:
        found.append(error)
    return found


async def on_a_scripted_line(script: Sequence[Act], asks: Sequence[Ask]) -> tuple[list[object], Stage]:
    """The shipped fake, on a clock that runs whenever nothing else can."""
    clock, stage = ManualClock(), Stage()
    began = clock.now()
    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(replies(ScriptedLine(*script, clock=clock), stage, asks))
        while not asking.done():
            await asyncio.sleep(0)
            clock.jump()
    assert clock.now() - began <= PATIENCE_MS
    return asking.result(), stage


async def on_a_fake_asterisk(script: Sequence[Act], asks: Sequence[Ask]) -> tuple[list[object], Stage]:
    """Our gateway on both ports of a fake switch."""
    stage = Stage()
    office = Office(lambda control: replies(control, stage, asks))
    async with manager_port() as ami:
        doors = Doors(agi_port=0, agi_secret=SECRET, ami_port=ami.port, ami_secret=PASSWORD, phones=[stage.phone])
        async with open_gateway(doors, office, Confirmations(done=SILENT, refused=SILENT)) as (_, gateway):
            switch = ScriptedAsterisk(ami, *script, agi_port=gateway.agi_port, patience=PATIENCE_MS)
            switch.picked_up, stage.under_way = stage.answered, _wait(switch.begun)
            await switch.call()
            found = await office.results.get()
    assert isinstance(found, list)
    return found, stage


def _wait(event: asyncio.Event) -> Callable[[], Awaitable[None]]:
    async def wait() -> None:
        await event.wait()

    return wait


async def on_a_real_asterisk(
    pbx: RunningPbx, folder: Path, script: Sequence[Act], asks: Sequence[Ask]
) -> tuple[list[object], Stage]:
    """Our gateway on a real Asterisk, the caller and the agent's telephone played by SIPp."""

    async def half_a_second() -> None:
        await asyncio.sleep(0.5)  # no word tells that a sound is well under way; `long` lasts 25 s

    registers, never_registers = pbx.plan.phones
    phone = registers if _reachable(script) else never_registers
    stage = Stage(short=sound(folder, 0.3), long=sound(folder, 25), phone=phone, under_way=half_a_second)
    address = f"127.0.0.1:{pbx.plan.sip_port}"
    async with (
        _telephone(pbx, folder, script),
        open_office(pbx, folder, lambda control: replies(control, stage, asks)) as office,
    ):
        await sipp.call(to="95500", pbx=address, folder=folder, steps=caller_steps(script))
        found = await office.results.get()
        await office.endings.get()
    assert isinstance(found, list)
    return found, stage


def caller_steps(script: Sequence[Act]) -> list[str]:
    """The script as steps of SIPp. A caller who has nothing more to do stays until the far side hangs up."""
    steps = [sipp.hear(1500)]
    for act in script:
        if isinstance(act, Press):
            steps += [sipp.press(key) for key in act.keys]
        if isinstance(act, HangUpNow) or (isinstance(act, AgentDoes) and act.caller_gone):
            return [*steps, sipp.hear(1000), sipp.hang_up()]
    return [*steps, sipp.far_hang_up()]


BEHAVIOURS = {
    OfferOutcome.ANSWERED: sipp.answer(after=100, talk=700),
    OfferOutcome.BUSY: sipp.refuse(486),
    OfferOutcome.DECLINED: sipp.refuse(603),
    OfferOutcome.NO_ANSWER: sipp.ring_on(),
    OfferOutcome.CALLER_GONE: sipp.ring_on(),
}


@asynccontextmanager
async def _telephone(pbx: RunningPbx, folder: Path, script: Sequence[Act]) -> AsyncIterator[None]:
    """The agent's telephone, if the script has one that can be reached."""
    phone, does = pbx.plan.phones[0], _reachable(script)
    if does is None:
        yield
        return
    stays = does.outcome is OfferOutcome.ANSWERED and does.caller_gone
    behaviour = sipp.answer(after=100) if stays else BEHAVIOURS[does.outcome]
    address = f"127.0.0.1:{pbx.plan.sip_port}"
    async with sipp.agent(phone, pbx.plan.secrets.phones[phone], pbx=address, folder=folder, behaviour=behaviour):
        yield


def _reachable(script: Sequence[Act]) -> AgentDoes | None:
    does = next((act for act in script if isinstance(act, AgentDoes)), None)
    return None if does is None or does.outcome is OfferOutcome.UNREACHABLE else does

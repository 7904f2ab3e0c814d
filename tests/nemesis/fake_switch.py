"""A switch without a network: callers and telephones by chance, the engine's services on top, a bad line for the events.

What happens at the switch is true at once; of it the engine hears by events that are lost, doubled and late, by the lines of
the calls it serves, and by the list of live lines. The engine may be lost at any step; the switch goes on without one.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count

from ivr_engine.acd.stimuli import LogIn, SetReady
from ivr_engine.core.events import EngineStarted
from ivr_engine.core.ids import AgentId, CallId, Instant, Millis, between, later
from ivr_engine.core.outcomes import EndedBy, OfferOutcome
from ivr_engine.ports.inbound import Arrival, LineState, LiveLine, Rang
from ivr_engine.ports.switch import Joined, Sound
from ivr_engine.testing.line import Listen, Press, ScriptedLine
from ivr_engine.testing.memory import MemoryStore
from tests.nemesis.history import History
from tests.nemesis.proxy import Faults
from tests.unit.services.office import Office, settle

LIST_EVERY = Millis(10_000)
RACE_MS = 50
MOST_AT_ONCE = Millis(1_500)
"""So much time passes before the engine, which is not called in between, sees to what is due; below `history.LATE_MS`."""
AGENTS = ("1001", "1002")
TO_AGENT = (Listen(), Press("2"), Press("0"))
STEPS = {
    "arrive": 6,
    "pick_up": 6,
    "agent_leaves": 5,
    "hang_up": 4,
    "race": 2,
    "decline": 1,
    "pass_time": 14,
    "forge": 1,
    "kill": 1,
}
"""What happens next, by weight."""


class SwitchLine(ScriptedLine):
    """A caller who asks for an agent and stays. `joining` stands while a telephone rings or talks for the call."""

    def __init__(self, switch: FakeSwitch, call: CallId, *, fresh: bool = True) -> None:
        super().__init__(*(TO_AGENT if fresh else ()))
        self._switch = switch
        self.call = call
        self.joining: asyncio.Future[Joined] | None = None
        self.heard_answer: Callable[[], None] | None = None

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
        """Ring until the switch's chance decides."""
        del music, whisper
        self.rung.append(agent)
        self.joining = asyncio.get_running_loop().create_future()
        self.heard_answer = on_answer
        self._switch.ring(self.call, phone, ring)
        try:
            return await self.joining
        finally:
            self.joining = self.heard_answer = None


@dataclass
class Leg:
    """A caller's line at the switch. `line`: with whom the engine talks about it; None: no engine has it."""

    call: CallId
    line: SwitchLine | None
    state: LineState = LineState.SERVED
    phone: str = ""
    since: Instant = Instant(0)
    ring: Millis = Millis(0)


class FakeSwitch:
    """See the module; `run` lets chance have its way. `harm_engine`: whether the engine is lost now and then."""

    def __init__(self, seed: int, *, faults: Faults, harm_engine: bool = True, store: MemoryStore | None = None) -> None:
        self._chance = random.Random(seed)
        self._faults = faults
        self._steps = [step for step in STEPS if harm_engine or step != "kill"]
        self._weights = [STEPS[step] for step in self._steps]
        self._legs: dict[CallId, Leg] = {}
        self._calls = count(1)
        self._order = count()
        self._under_way: list[tuple[Instant, int, Callable[[], None]]] = []
        self.counted: Counter[str] = Counter()
        self.office = Office(store)
        self.office.staff(*AGENTS)
        self._listed = self.office.clock.now()
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self, steps: int) -> list[str]:
        """So many steps, then everybody leaves; every breach of an invariant."""
        async with self.open():
            await self.go_on(steps)
        return self.breaches()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """The centre works while the block runs; then everybody leaves."""
        async with asyncio.TaskGroup() as self._group:
            self._time = AsyncExitStack()  # of the engine that is there now
            await self._time.enter_async_context(self.office.open())
            yield
            for leg in list(self._legs.values()):
                self._leave(leg)
            await self._rest()
            await self._time.aclose()

    async def go_on(self, steps: int) -> None:
        """Chance decides so many times."""
        for _ in range(steps):
            await self._do(self._chance.choices(self._steps, self._weights)[0])

    def breaches(self) -> list[str]:
        """Every breach of an invariant, once everybody has left."""
        store, agents = self.office.store, self.office.centre.centre.agents()
        stuck = [f"I9 {each.agent}: {each.activity}" for each in agents if each.activity in ("talking", "offered")]
        return [*History(journal=list(store.read()), records=list(store.find())).breaches(), *stuck]

    async def _do(self, step: str) -> None:
        self.counted[step] += 1
        if step == "kill":
            await self._kill()
        else:
            getattr(self, f"_{step}")()
        await settle()

    # --- what happens at the switch ----------------------------------------------------------------------------------

    def _arrive(self) -> None:
        if len(self._legs) < 8:
            call = CallId(f"{next(self._calls)}.0")
            leg = self._legs[call] = Leg(call, SwitchLine(self, call))
            self._serve(leg, rang=None)

    def ring(self, call: CallId, phone: str, ring: Millis) -> None:
        """The engine has a telephone rung for the call."""
        leg = self._legs.get(call)
        if leg is not None:
            leg.state, leg.phone, leg.ring, leg.since = LineState.RINGING, phone, ring, self._now

    def _pick_up(self) -> None:
        self._answer(self._some(LineState.RINGING))

    def _answer(self, leg: Leg | None) -> None:
        if leg is None:
            return
        leg.state, leg.since = LineState.TALKING, self._now
        self._tell(self._answered(leg, leg.line.joining if leg.line else None))

    def _hang_up(self) -> None:
        self._leave(self._some())

    def _leave(self, leg: Leg | None) -> None:
        """The caller hangs up; the call's own line, if it has one, tells of it first."""
        if leg is None or self._legs.pop(leg.call, None) is None:
            return
        if leg.line is not None:
            self._joined(
                leg, OfferOutcome.CALLER_GONE if leg.state is LineState.RINGING else OfferOutcome.ANSWERED, gone=True
            )
            leg.line.caller_hangs_up()
        self._tell(lambda: self._hear_over(leg.call))

    def _agent_leaves(self) -> None:
        leg = self._some(LineState.TALKING)
        if leg is not None:
            self._back(leg, OfferOutcome.ANSWERED)

    def _decline(self) -> None:
        leg = self._some(LineState.RINGING)
        if leg is not None:
            self._back(leg, OfferOutcome.DECLINED)

    def _race(self) -> None:
        """The agent picks up and the caller hangs up within 50 ms, in either order."""
        leg = self._some(LineState.RINGING)
        if leg is None:
            return
        self.counted["raced"] += 1
        deeds = [lambda: self._answer(leg), lambda: self._leave(leg)]
        if self._chance.random() < 0.5:
            deeds.reverse()
        deeds[0]()
        self._advance(self._chance.randint(0, RACE_MS))
        if leg.call in self._legs:
            deeds[1]()

    def _forge(self) -> None:
        """An event says of a line that it is over, and it is not."""
        leg = self._some()
        if leg is not None and leg.line is None:
            self._hear_over(leg.call)

    def _pass_time(self) -> None:
        self._advance(self._chance.randint(1, MOST_AT_ONCE))
        for agent in AGENTS:
            status = next(each for each in self.office.centre.centre.agents() if each.agent == agent)
            if status.presence != "ready":
                self.office.centre.handle(LogIn(agent=AgentId(agent))) if status.presence == "logged_out" else None
                self.office.centre.handle(SetReady(agent=AgentId(agent)))

    def _back(self, leg: Leg, outcome: OfferOutcome) -> None:
        """The telephone is done with the call; the caller's line is the engine's again."""
        phone, leg.state, leg.phone = leg.phone, LineState.SERVED, ""
        if leg.line is not None:
            self._joined(leg, outcome, gone=False)
        else:
            rang = Rang(outcome=outcome, cause="", phone=phone if outcome is OfferOutcome.ANSWERED else "")
            leg.line = SwitchLine(self, leg.call, fresh=False)
            self._serve(leg, rang=rang)

    def _joined(self, leg: Leg, outcome: OfferOutcome, *, gone: bool) -> None:
        if leg.line is not None and leg.line.joining is not None and not leg.line.joining.done():
            talked = between(leg.since, self._now) if outcome is OfferOutcome.ANSWERED else Millis(0)
            leg.line.joining.set_result(Joined(outcome=outcome, cause="", talked=talked, caller_gone=gone))

    # --- what the engine hears ---------------------------------------------------------------------------------------

    def _tell(self, hear: Callable[[], None]) -> None:
        """An event sets out on the bad line."""
        self.counted["events"] += 1
        if self._chance.random() < self._faults.lose:
            self.counted["lost"] += 1
            return
        times = 1
        if self._chance.random() < self._faults.double:
            self.counted["doubled"] += 1
            times = 2
        for _ in range(times):
            at = later(self._now, Millis(self._chance.randint(0, int(self._faults.shuffle_s * 1000))))
            heapq.heappush(self._under_way, (at, next(self._order), hear))

    def _answered(self, leg: Leg, joining: asyncio.Future[Joined] | None) -> Callable[[], None]:
        """As the adapter does: word of an answer counts once, while that telephone is being rung; else the list is asked."""

        def hear() -> None:
            line = leg.line
            if line is not None and joining is not None and line.joining is joining and line.heard_answer is not None:
                told, line.heard_answer = line.heard_answer, None
                told()
            elif line is None:
                self._list()

        return hear

    def _hear_over(self, call: CallId) -> None:
        served = call in self.office.calls.served
        if self.office.calls.call_over(call, ended_by=EndedBy.CALLER, talked=None, cause="16", certain=served):
            self._list()

    def _list(self) -> None:
        self._listed = self._now
        self.office.watch.lines_seen(
            [LiveLine(call=leg.call, state=leg.state, phone=leg.phone) for leg in self._legs.values()]
        )

    def _advance(self, span: int) -> None:
        """Time passes: events arrive at their instants, telephones ring out, the list comes every ten seconds."""
        until = later(self._now, Millis(span))
        while self._under_way and self._under_way[0][0] <= until:
            at, _, hear = heapq.heappop(self._under_way)
            self.office.clock.advance(Millis(max(0, at - self._now)))
            hear()
        self.office.clock.advance(Millis(max(0, until - self._now)))
        for leg in list(self._legs.values()):
            if leg.state is LineState.RINGING and later(leg.since, leg.ring) <= self._now:
                self._back(leg, OfferOutcome.NO_ANSWER)
        if later(self._listed, LIST_EVERY) <= self._now:
            self._list()

    # --- the engine --------------------------------------------------------------------------------------------------

    def _serve(self, leg: Leg, *, rang: Rang | None) -> None:
        assert leg.line is not None
        arrival = Arrival(call=leg.call, number="80000", caller="13800138000", rang=rang)
        self._tasks = [task for task in self._tasks if not task.done()]
        self._tasks.append(self._group.create_task(self._served(leg, leg.line, arrival)))

    async def _served(self, leg: Leg, line: SwitchLine, arrival: Arrival) -> None:
        await self.office.calls.handle_call(arrival, line)
        if line.hung_up and self._legs.pop(leg.call, None) is not None:
            self._tell(lambda: self._hear_over(leg.call))

    async def _kill(self) -> None:
        """The engine is gone; its successor finds the store, and is told by the lines that come back and by the list."""
        left = _taken_from(self.office.store)
        self.office.centre.let_calls_go_on()
        for task in self._tasks:
            task.cancel()
        await settle()
        await self._time.aclose()
        self._under_way.clear()  # events for an engine that is gone
        self.office = Office(
            left, clock=self.office.clock, offers=f"offer-{self.counted['kill']}"
        )  # no two engines share names
        self.office.recorder.record(EngineStarted(centre="bank", version="1", engine="the next"))
        self._time = AsyncExitStack()
        await self._time.enter_async_context(self.office.open())
        self.office.watch.switch_reached(frozenset(self._legs))
        legs = list(self._legs.values())
        self._chance.shuffle(legs)
        for leg in legs:
            leg.line = None
            if leg.state is LineState.SERVED:
                leg.line = SwitchLine(self, leg.call, fresh=not self.office.recorder.is_open(leg.call))
                self._serve(leg, rang=None)
        self._list()

    async def _rest(self) -> None:
        """Nothing happens any more, until everything is known."""
        for _ in range(4):
            await settle()
            self._advance(LIST_EVERY)
        await settle()

    @property
    def _now(self) -> Instant:
        return self.office.clock.now()

    def _some(self, *states: LineState) -> Leg | None:
        found = [leg for leg in self._legs.values() if not states or leg.state in states]
        return self._chance.choice(found) if found else None


def _taken_from(store: MemoryStore) -> MemoryStore:
    """What had reached the disk; what the dying engine still writes goes nowhere."""
    left = MemoryStore()
    left.__dict__, store.__dict__ = store.__dict__, left.__dict__
    return left

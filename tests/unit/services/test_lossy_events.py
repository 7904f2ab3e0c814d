"""Events lost, doubled, forged and out of order: what is known of the calls still comes to be what the switch has.

The switch here is a table of calls that outlived their engine. What happens there is told by events that go through a
bad line; the list of live lines, which is asked for now and then, always tells the truth of its instant.
"""

from __future__ import annotations

import asyncio
import copy
from dataclasses import dataclass, field
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.core.events import CallEnded, ConversationBegan, OfferEnded, OfferMade
from ivr_engine.core.ids import CallId, Millis
from ivr_engine.core.outcomes import EndedBy
from ivr_engine.ports.inbound import LineState, LiveLine
from ivr_engine.testing.memory import MemoryStore
from tests.unit.services.office import Office
from tests.unit.services.test_recovery import TO_AGENT, Hanging, serving

CALLS = ("1", "2", "3", "4")
RUNG = {"1": "1001", "2": "1002"}
ROUND = Millis(10_000)
DELIVERED = ("an event is lost", "an event comes", "an event comes twice")


@cache
def left_by_an_engine() -> MemoryStore:
    """Two callers for whom telephones ring, two who wait."""

    async def kill() -> MemoryStore:
        office = Office()
        office.staff("1001", "1002")
        async with serving(office, **{f"_{call}": Hanging(*TO_AGENT) for call in CALLS}) as engine:
            return await engine.kill()

    return asyncio.run(kill())


@dataclass
class World:
    """The switch, the bad line, and the engine that took over."""

    office: Office
    lines: dict[str, LineState] = field(
        default_factory=lambda: {call: LineState.RINGING if call in RUNG else LineState.SERVED for call in CALLS}
    )
    told: list[str] = field(default_factory=list)

    def list_lines(self) -> None:
        self.office.watch.lines_seen(
            [
                LiveLine(call=CallId(call), state=state, phone=f"agent{RUNG[call]}" if call in RUNG else "")
                for call, state in self.lines.items()
            ]
        )

    def hear(self, call: str) -> None:
        """An event says that the call is over; what the adapter does then."""
        over = {"ended_by": EndedBy.CALLER, "talked": None, "cause": "16", "certain": False}
        if self.office.calls.call_over(CallId(call), **over):  # type: ignore[arg-type] # spelt out above
            self.list_lines()

    def ended(self) -> list[str]:
        return [each.call for each in self.office.facts(CallEnded) if isinstance(each, CallEnded)]


steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(("hangs up", "is answered", "is said to be over")), st.sampled_from(CALLS)),
        st.tuples(st.sampled_from(DELIVERED), st.just("")),
        st.tuples(st.just("time passes"), st.just("")),
    ),
    max_size=40,
)


def step(world: World, what: str, call: str, chance: int) -> None:
    match what:
        case "hangs up":
            if world.lines.pop(call, None) is not None:
                world.told.append(call)
        case "is answered":
            if world.lines.get(call) is LineState.RINGING:
                world.lines[call] = LineState.TALKING
        case "is said to be over":
            world.hear(call)  # forged, unless it is true by now
        case "time passes":
            world.office.clock.advance(ROUND)
            world.list_lines()
        case _:
            deliver(world, DELIVERED.index(what), chance)


def deliver(world: World, times: int, chance: int) -> None:
    """One of the events under way, whichever, reaches the engine so many times."""
    if world.told:
        said = world.told.pop(chance % len(world.told))
        for _ in range(times):
            world.hear(said)


@given(script=steps, chances=st.randoms(use_true_random=False))
def test_the_engine_comes_to_know_what_the_switch_has_and_never_ends_what_lives(
    script: list[tuple[str, str]], chances: object
) -> None:
    world = World(Office(copy.deepcopy(left_by_an_engine())))
    for what, call in script:
        step(world, what, call, chances.randrange(100))  # type: ignore[attr-defined] # hypothesis's random.Random
        assert not set(world.ended()) & world.lines.keys(), "a call that lives was ended"
    for _ in range(2):  # the second list is the one that makes sure
        world.office.clock.advance(ROUND)
        world.list_lines()
    assert sorted(world.ended()) == sorted(set(CALLS) - world.lines.keys()), "each once"
    assert set(world.office.recorder.open_calls()) == world.lines.keys()
    talking = {RUNG[call] for call, state in world.lines.items() if state is LineState.TALKING}
    assert {each.agent for each in world.office.centre.centre.agents() if each.activity == "talking"} == talking
    made, over = world.office.facts(OfferMade), world.office.facts(OfferEnded)
    assert len(over) == len(made) - sum(state is LineState.RINGING for state in world.lines.values())
    assert len(world.office.facts(ConversationBegan)) <= len(RUNG)

"""What an exploration finds: states, the ways between them, and how a call comes from its beginning to any of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ivr_engine.core.events import Event
from ivr_engine.core.ids import FlowName, Instant, Millis, NodeName
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.nodes.menu import Menu
from ivr_engine.flows.session import Session
from ivr_engine.flows.waits import KeysWait, QueueWait
from ivr_engine.testing.exploration.choices import Choice

CALLER: Final = "13800138000"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is explored: the number dialled, and the moment at which its clock stands still.

    `reroute`: the flow that the number is sent to instead of its own; `caller`: the number shown, empty when withheld.
    """

    number: str
    moment: Instant
    reroute: FlowName | None = None
    caller: str = CALLER


class Doing(StrEnum):
    """What a call does in a state, as far as one flow sees it."""

    WAITS = "waits"
    OVER = "over"
    ENTERED = "entered"  # has entered another flow, which is looked at by itself
    LEFT = "left"  # has gone back to the flow that entered this one, whichever that is


@dataclass(slots=True, kw_only=True, eq=False)
class State:
    """A call within one flow. What flows entered that one is not part of it.

    `entry`: where the entered flow begins. `first`: the way by which it was found; `entered_by`: for the first state of a
    flow, who entered it first. `before`: all ways to it; `callers`: all who enter a flow here. `returns`: every state
    LEFT that can come of this one, with the way on which it does (None: this is it).
    """

    session: Session
    call: Call
    doing: Doing
    stays: str = ""
    entry: State | None = None
    first: Way | None = None
    entered_by: State | None = None
    ways: list[Way] = field(default_factory=list)
    before: list[Way] = field(default_factory=list)
    callers: list[State] = field(default_factory=list)
    returns: dict[State, Way | None] = field(default_factory=dict)

    @property
    def node(self) -> tuple[FlowName, NodeName]:
        """Where the call is."""
        return self.session.flow, self.session.node

    @property
    def at_agent(self) -> bool:
        """Whether the call waits for an agent here."""
        return self.doing is Doing.WAITS and isinstance(self.session.wait, QueueWait)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Way:
    """From one state to the next, by a choice of somebody outside, or by `back`: the end of a flow that was entered.

    `spoken`: prompts heard before the choice was made.
    """

    begin: State
    end: State
    events: tuple[Event, ...]
    choice: Choice | None = None
    back: State | None = None
    spoken: Millis = Millis(0)

    @property
    def keys(self) -> int:
        """How many keys the caller presses."""
        return self.choice.keys if self.choice else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that went wrong in a flow, and the first way on which it did."""

    flow: FlowName
    node: NodeName
    code: str
    message: str
    ends_call: bool
    way: tuple[Way, ...]
    call: Call


@dataclass(slots=True, kw_only=True)
class Exploration:
    """All that was found.

    `stopped`: flows in which the bound was hit, with the number of states there that were not looked at any more.
    `assumed`: operations for whose answer no test gives an example.
    """

    centre: CentreDefinition
    starts: list[State] = field(default_factory=list)
    beginnings: list[tuple[Event, ...]] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    stopped: dict[FlowName, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every way was walked."""
        return not self.stopped


def way_to(state: State) -> tuple[Way, ...]:
    """The choices by which a state was found, from the beginning of its call."""
    return tuple(way for way in trail_to(state) if way.choice is not None)


def trail_to(state: State) -> tuple[Way, ...]:
    """The same with every return from a flow that was entered."""
    parts: list[tuple[Way, ...]] = []
    at: State | None = state
    while at is not None:
        if at.first is None:
            at = at.entered_by
            continue
        way = at.first
        parts.append((way,))
        if way.back is not None and way.begin.entry is not None:
            parts.append(tuple(ways_back(way.begin.entry, way.back)))
        at = way.begin
    return tuple(way for part in reversed(parts) for way in part)


def ways_back(state: State, left: State) -> Iterator[Way]:
    """From a state to one LEFT that can come of it."""
    at = state
    while (way := at.returns[left]) is not None:
        if way.back is not None and way.begin.entry is not None:
            yield from ways_back(way.begin.entry, way.back)
        yield way
        at = way.end


def root_of(state: State) -> State:
    """The beginning of the call on the way by which a state was found."""
    at = state
    while (before := at.first.begin if at.first is not None else at.entered_by) is not None:
        at = before
    return at


def is_menu(centre: CentreDefinition, state: State) -> bool:
    """Whether the call waits at a menu."""
    if state.doing is not Doing.WAITS or not isinstance(state.session.wait, KeysWait):
        return False
    return isinstance(centre.flows[state.session.flow].nodes[state.session.node].spec, Menu)

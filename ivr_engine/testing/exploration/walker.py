"""Finds every state that a call can be in at a wait, and every way between them: first come, shortest way."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ivr_engine.core.events import AuthorFault, Event, FlowFailed, NodeEntered
from ivr_engine.core.ids import CallId, FlowName, Instant, Millis, NodeName, later
from ivr_engine.core.outcomes import Hours
from ivr_engine.flows.definition import CentreDefinition, Node
from ivr_engine.flows.engine import begin, resume
from ivr_engine.flows.nodes.menu import Menu
from ivr_engine.flows.session import CallFacts, Session, Turn
from ivr_engine.flows.session_codec import from_plain, to_plain
from ivr_engine.flows.waits import KeysWait, PlayWait, QueueWait
from ivr_engine.testing import pace
from ivr_engine.testing.clock import START
from ivr_engine.testing.exploration.choices import Choice, Examples, candidates
from ivr_engine.testing.simulation import words

EARLY: Final = 15  # states of one node and try that are looked at before those of other nodes
MOST_STATES: Final = 20_000
MOST_MOMENTS: Final = 12
HOUR: Final = 3_600_000
HOURS_LOOKED_AT: Final = 400 * 24
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


@dataclass(slots=True, kw_only=True, eq=False)
class State:
    """A call at a wait, or at its end. `before` and `by`: the shortest way here; None at the beginning of a call."""

    session: Session
    call: Call
    stays: str = ""
    before: State | None = None
    by: Way | None = None
    ways: list[Way] = field(default_factory=list)

    @property
    def node(self) -> tuple[FlowName, NodeName]:
        """Where the call is."""
        return self.session.flow, self.session.node

    @property
    def nodes(self) -> dict[FlowName, NodeName]:
        """Where the call is in each flow that it is in."""
        return {**{frame.flow: frame.node for frame in self.session.stack}, self.session.flow: self.session.node}

    @property
    def at_agent(self) -> bool:
        """Whether the call waits for an agent here."""
        return isinstance(self.session.wait, QueueWait)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Way:
    """From one state to the next. `spoken`: prompts heard before the choice was made."""

    choice: Choice
    end: State
    events: tuple[Event, ...]
    spoken: Millis


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
    """All that was found. `complete`: no bound was hit. `assumed`: operations for whose answer no test gives an example."""

    centre: CentreDefinition
    starts: list[State] = field(default_factory=list)
    beginnings: list[tuple[Event, ...]] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    complete: bool = True

    def events(self) -> Iterator[tuple[Event, ...]]:
        """The events of each turn, in the order found; a turn's first node follows from the state before."""
        yield from self.beginnings
        for state in self.states:
            for way in state.ways:
                yield way.events


def explore(centre: CentreDefinition, examples: Examples, *, most: int = MOST_STATES) -> Exploration:
    """Walk every way of every number's flow until no new state comes up, or `most` have been found.

    What tests reroute is walked as well; what they dial without showing a number, at the first moment alone: it costs as
    many states as all the rest.
    """
    walker = _Walker(centre, examples, most)
    times = moments(centre)
    for number in centre.numbers:
        for moment in times:
            walker.dial(Call(number, moment))
    for number, flow in examples.reroutes:
        for moment in times:
            walker.dial(Call(number, moment, flow))
    for number in examples.withheld:
        walker.dial(Call(number, times[0], caller=""))
    walker.walk()
    return walker.found


def moments(centre: CentreDefinition) -> tuple[Instant, ...]:
    """A moment for every combination of what the calendars say within a year or so; one where there is no calendar."""
    first: dict[tuple[Hours, ...], Instant] = {}
    for hour in range(HOURS_LOOKED_AT if centre.calendars else 1):
        moment = later(START, Millis(hour * HOUR))
        first.setdefault(tuple(each.state(moment) for each in centre.calendars.values()), moment)
        if len(first) == MOST_MOMENTS:
            break
    return tuple(first.values())


class _Walker:
    def __init__(self, centre: CentreDefinition, examples: Examples, most: int) -> None:
        self.found = Exploration(centre=centre)
        self._centre = centre
        self._examples = examples
        self._most = most
        self._known: dict[str, State] = {}
        self._waiting: deque[State] = deque()
        self._later: deque[State] = deque()
        self._places: Counter[tuple[str, str, int]] = Counter()
        self._faults: set[tuple[str, str, str]] = set()

    def dial(self, call: Call) -> None:
        """Begin a call."""
        facts = CallFacts(call=CallId("explored"), number=call.number, caller=call.caller, arrived=call.moment)
        turn = begin(self._centre, facts, call.reroute or self._centre.numbers[call.number], call.moment)
        state = self._state(turn, call, "", before=None)
        self.found.starts.append(state)
        self.found.beginnings.append(turn.events)
        self._note_faults(turn.events, (), call)

    def walk(self) -> None:
        """Look at each state once; first at the places of the flows where few states were found yet.

        A large centre has more states than anybody waits for, and most differ only in what was keyed long before. So that
        the bound does not cut off whole flows, no place has more than EARLY states looked at before all others had theirs.
        """
        while self._waiting or self._later:
            self._look((self._waiting or self._later).popleft())

    def _put_off(self, state: State) -> None:
        place = state.session.flow, state.session.node, state.session.attempt
        self._places[place] += 1
        (self._waiting if self._places[place] <= EARLY else self._later).append(state)

    def _look(self, state: State) -> None:
        seen: set[tuple[object, ...]] = set()
        wait = state.session.wait
        if wait is None:
            return
        spoken = self._spoken(state)
        for choice in candidates(self._centre, self._node(state), wait, self._examples):
            if state.stays and choice.stays != state.stays:
                continue
            turn = resume(self._centre, _copy(state.session), choice.reply, state.call.moment)
            consequences = _consequences(state, choice, turn)
            if consequences in seen:
                continue
            seen.add(consequences)
            self._note_assumed(choice)
            self._go(state, choice, turn, spoken)

    def _go(self, state: State, choice: Choice, turn: Turn, spoken: Millis) -> None:
        if len(self._known) >= self._most:
            self.found.complete = False
            return
        asked_again = turn.session.node == state.session.node and turn.session.attempt > state.session.attempt
        end = self._state(turn, state.call, choice.stays if asked_again else "", before=state)
        way = Way(choice=choice, end=end, events=turn.events, spoken=spoken)
        state.ways.append(way)
        if end.by is None and end.before is state:
            end.by = way
        self._note_faults(turn.events, (*way_to(state), way), state.call)

    def _state(self, turn: Turn, call: Call, stays: str, *, before: State | None) -> State:
        plain = to_plain(turn.session) | {"stays": stays, "over": turn.wait is None}
        key = json.dumps(plain, sort_keys=True, default=_plain)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = State(session=turn.session, call=call, stays=stays, before=before)
            self.found.states.append(known)
            self._put_off(known)
        return known

    def _node(self, state: State) -> Node:
        return self._centre.flows[state.session.flow].nodes[state.session.node]

    def _spoken(self, state: State) -> Millis:
        wait = state.session.wait
        if not isinstance(wait, PlayWait | KeysWait):
            return Millis(0)
        return Millis(sum(pace.speaking(words(self._centre, each, wait.language)) for each in wait.prompts))

    def _note_assumed(self, choice: Choice) -> None:
        operation = choice.operation
        if operation and operation not in self._examples.bodies and operation not in self.found.assumed:
            self.found.assumed.append(operation)

    def _note_faults(self, events: tuple[Event, ...], way: tuple[Way, ...], call: Call) -> None:
        for event in events:
            if not isinstance(event, AuthorFault | FlowFailed):
                continue
            key = (event.flow, event.node, event.code)
            if key not in self._faults:
                self._faults.add(key)
                self.found.faults.append(
                    Fault(
                        flow=event.flow,
                        node=event.node,
                        code=event.code,
                        message=event.message,
                        ends_call=isinstance(event, FlowFailed),
                        way=way,
                        call=call,
                    )
                )


def way_to(state: State) -> tuple[Way, ...]:
    """The shortest way to a state from the beginning of its call."""
    ways: list[Way] = []
    at: State | None = state
    while at is not None and at.by is not None:
        ways.append(at.by)
        at = at.before
    return tuple(reversed(ways))


def is_menu(centre: CentreDefinition, state: State) -> bool:
    """Whether the call waits at a menu."""
    node = centre.flows[state.session.flow].nodes[state.session.node]
    return isinstance(node.spec, Menu) and isinstance(state.session.wait, KeysWait)


def _consequences(state: State, choice: Choice, turn: Turn) -> tuple[object, ...]:
    """What distinguishes one reply from another: where it leads, by which exits, and whether it was silence."""
    walked = tuple((event.flow, event.by, event.node) for event in turn.events if isinstance(event, NodeEntered))
    faults = tuple(event.code for event in turn.events if isinstance(event, AuthorFault | FlowFailed))
    stayed = not walked and choice.stays
    return walked, faults, type(turn.wait), stayed, turn.session.attempt - state.session.attempt


def _copy(session: Session) -> Session:
    return from_plain(to_plain(session))


def _plain(value: object) -> object:
    slots: tuple[str, ...] = getattr(value, "__slots__", ())
    return {name: getattr(value, name) for name in slots} if slots else str(value)

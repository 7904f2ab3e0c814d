"""How long the ways of callers are: the fewest keys to an agent, the most words to one, the most words at once.

A way through an entered flow counts with what is heard and pressed in there. A way never comes to the same node twice, in
one stay in its flow, except to be asked again; otherwise none would be the longest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from ivr_engine.core.ids import FlowName, Millis, NodeName
from ivr_engine.testing.exploration.choices import SILENCE
from ivr_engine.testing.exploration.graph import Exploration, State, Way, is_menu, ways_back

MOST_STEPS: Final = 400_000  # of all searches for longest ways, which grow in number much faster than states
MOST_OF_ONE: Final = 20_000  # of the search through one flow

Goal = Callable[[State], bool]
Trail = tuple[Way, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """A way and how long it takes a caller. `exact`: no longer one was left untried."""

    keys: int
    spoken: Millis
    ways: Trail
    exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What is said at once, and where."""

    flow: FlowName
    node: NodeName
    spoken: Millis


def quickest_to_agent(found: Exploration) -> Length | None:
    """The way to an agent with the fewest keys and silences, and of those the one on which least is said."""
    best: dict[State, tuple[int, int]] = {}
    trails: dict[State, Trail] = {}
    inside = _Quickest()
    changed = True
    while changed:
        changed = False
        for state in found.states:
            for cost, trail in _towards_agent(state, best, trails, inside):
                if cost < best.get(state, (cost[0] + 1, 0)):
                    best[state], trails[state] = cost, trail
                    changed = True
    reached = [state for state in found.starts if state in best]
    start = min(reached, key=best.__getitem__, default=None)
    return None if start is None else _length(trails[start])


def _towards_agent(
    state: State, best: dict[State, tuple[int, int]], trails: dict[State, Trail], inside: _Quickest
) -> Iterable[tuple[tuple[int, int], Trail]]:
    if state.at_agent:
        yield (0, 0), ()
        return
    if state.entry is not None and state.entry in best:
        yield best[state.entry], trails[state.entry]
    for way in state.ways:
        if way.end in best:
            before = (way,) if way.back is None or state.entry is None else inside.ways(state.entry, way.back)
            cost = best[way.end]
            yield (cost[0] + sum(map(_deeds, before)), cost[1] + _spoken(before)), (*before, *trails[way.end])


class _Quickest:
    """The way out of an entered flow that was found first, which is about the shortest."""

    def __init__(self) -> None:
        self._known: dict[tuple[State, State], Trail] = {}

    def ways(self, entry: State, left: State) -> Trail:
        """The choices made in it."""
        if (entry, left) not in self._known:
            self._known[entry, left] = tuple(way for way in ways_back(entry, left) if way.choice is not None)
        return self._known[entry, left]


def longest_to_agent(found: Exploration) -> Length | None:
    """The way to an agent on which most is said."""
    return _Longest(found, lambda state: state.at_agent).from_start()


def longest_to_menu(found: Exploration) -> Length | None:
    """The way to the first menu on which most is said, by no agent."""
    return _Longest(found, lambda state: is_menu(found.centre, state), barred=lambda state: state.at_agent).from_start()


def longest_speech(found: Exploration) -> Speech | None:
    """The place where most is said before the caller is asked for anything or something else happens."""
    spoken = ((way.spoken, way.begin.node) for state in found.states for way in state.ways)
    most = max(spoken, default=None)
    return None if most is None else Speech(flow=most[1][0], node=most[1][1], spoken=most[0])


class _Longest:
    """Depth first through each flow by itself; a way ends at the goal, and passes none before."""

    def __init__(self, found: Exploration, goal: Goal, *, barred: Goal = lambda _state: False) -> None:
        self._starts = found.starts
        self._goal = goal
        self._barred = barred
        self._known: dict[tuple[State, State | None], tuple[int, Trail] | None] = {}
        self._left = MOST_STEPS
        self._exact = True
        self._leading = _leading(found, goal)

    def from_start(self) -> Length | None:
        """From whichever number."""
        reached = [most for start in self._starts if (most := self._most(start, None)) is not None]
        best = max(reached, key=lambda each: each[0], default=None)
        return None if best is None else _length(best[1], exact=self._exact)

    def _most(self, start: State, left: State | None) -> tuple[int, Trail] | None:
        """The longest from a state to one LEFT, or to the goal (None). Each is looked for once."""
        key = start, left
        if key not in self._known:
            self._known[key] = None  # flows never enter themselves, so nobody asks meanwhile
            self._known[key] = self._search(start, left)
        return self._known[key]

    def _search(self, start: State, left: State | None) -> tuple[int, Trail] | None:
        best: tuple[int, Trail] | None = None
        steps = 0
        waiting: list[tuple[State, int, Trail, frozenset[object]]] = [(start, 0, (), frozenset({start.node}))]
        while waiting:
            steps, self._left = steps + 1, self._left - 1
            if steps > MOST_OF_ONE or self._left < 0:
                self._exact = False
                break
            state, spoken, trail, seen = waiting.pop()
            for more, part in self._ends(state, left):
                if best is None or spoken + more > best[0]:
                    best = spoken + more, (*trail, *part)
            if not self._goal(state) and not self._barred(state):
                waiting += self._onwards(state, left, spoken, trail, seen)
        return best

    def _ends(self, state: State, left: State | None) -> Iterable[tuple[int, Trail]]:
        if state is left or (left is None and self._goal(state)):
            yield 0, ()
        elif left is None and state.entry is not None and (most := self._most(state.entry, None)) is not None:
            yield most

    def _onwards(
        self, state: State, left: State | None, spoken: int, trail: Trail, seen: frozenset[object]
    ) -> Iterable[tuple[State, int, Trail, frozenset[object]]]:
        for way in state.ways:
            end = way.end
            useful = end in self._leading if left is None else left in end.returns
            asked_again = end.node == state.node and end.session.attempt > state.session.attempt
            if not useful or (end.node in seen and not asked_again):
                continue
            part = self._most(state.entry, way.back) if way.back is not None and state.entry is not None else None
            if way.back is not None and part is None:
                continue  # every way through that flow comes by the goal
            more, ways = part or (way.spoken, (way,))
            yield end, spoken + more, (*trail, *ways), seen | {end.node}


def _leading(found: Exploration, goal: Goal) -> set[State]:
    """The states from which some way leads to the goal, perhaps in a flow that is entered on it."""
    reached = {state for state in found.states if goal(state)}
    waiting = list(reached)
    while waiting:
        state = waiting.pop()
        for before in (*(way.begin for way in state.before), *state.callers):
            if before not in reached:
                reached.add(before)
                waiting.append(before)
    return reached


def _length(ways: Trail, *, exact: bool = True) -> Length:
    return Length(keys=_keys(ways), spoken=Millis(_spoken(ways)), ways=ways, exact=exact)


def _deeds(way: Way) -> int:
    """Keys that are pressed, or one silence that is waited for."""
    return way.keys or (way.choice is not None and way.choice.stays == SILENCE)


def _keys(ways: Trail) -> int:
    return sum(way.keys for way in ways)


def _spoken(ways: Trail) -> int:
    return sum(way.spoken for way in ways)

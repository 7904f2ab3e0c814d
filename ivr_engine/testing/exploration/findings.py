"""What an exploration says about the flows: what no call reaches, how long the ways are, and tests for what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ivr_engine.core.ids import Millis
from ivr_engine.flows.waits import Json
from ivr_engine.testing.exploration.walker import Exploration, Fault, State, Way, is_menu, way_to
from ivr_engine.testing.rehearsal.coverage import Coverage

MOST_STEPS: Final = 200_000  # of the search for the longest ways, which grow in number much faster than states


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """A way and how long it takes a caller. `exact`: no longer one was left untried."""

    keys: int
    spoken: Millis
    ways: tuple[Way, ...]
    exact: bool = True


def coverage(found: Exploration) -> Coverage:
    """The nodes and exits that some call can come by."""
    covered = Coverage(found.centre)
    for events in found.beginnings:
        covered.add(events)
    for state in found.states:
        for way in state.ways:
            covered.add_turn(state.nodes, way.events)
    return covered


def quickest_to_agent(found: Exploration) -> Length | None:
    """The way to an agent with the fewest choices of the caller."""
    reached = [way_to(state) for state in found.states if state.at_agent]
    lengths = [_length(ways) for ways in reached]
    return min(lengths, key=lambda each: (each.keys, each.spoken), default=None)


def longest_to_agent(found: Exploration) -> Length | None:
    """The way to an agent on which most is said, never coming to the same node twice except to be asked again."""
    return _longest(found, goal=lambda state: state.at_agent)


def longest_to_menu(found: Exploration) -> Length | None:
    """The way to the first menu on which most is said."""
    return _longest(found, goal=lambda state: is_menu(found.centre, state))


def _length(ways: tuple[Way, ...], *, exact: bool = True) -> Length:
    keys = sum(way.choice.keys for way in ways)
    return Length(keys=keys, spoken=Millis(sum(way.spoken for way in ways)), ways=ways, exact=exact)


def _longest(found: Exploration, *, goal: Callable[[State], bool]) -> Length | None:
    """Depth first; a way ends at the goal."""
    best: tuple[Way, ...] | None = None
    most = -1
    steps = 0
    waiting: list[tuple[State, tuple[Way, ...], frozenset[object], int]] = [
        (start, (), frozenset({start, start.node}), 0) for start in found.starts
    ]
    while waiting and steps < MOST_STEPS:
        steps += 1
        state, ways, seen, spoken = waiting.pop()
        if goal(state):
            if spoken > most:
                best, most = ways, spoken
            continue
        waiting += [
            (way.end, (*ways, way), seen | {way.end, way.end.node}, spoken + way.spoken)
            for way in state.ways
            if way.end.node not in seen or (way.end.node == state.node and way.end not in seen)
        ]
    return None if best is None else _length(best, exact=not waiting)


def told(ways: Iterable[Way]) -> Iterator[str]:
    """The choices on a way, in words."""
    return (way.choice.label for way in ways if way.choice.step is not None or way.choice.operation)


def as_test(fault: Fault) -> str:
    """A conversation test that walks to the fault. It fails until the flow is mended, for it expects no fault."""
    steps = [way.choice.step for way in fault.way if way.choice.step is not None]
    answers: dict[str, list[Json]] = {}
    for way in fault.way:
        if way.choice.operation:
            answers.setdefault(way.choice.operation, []).append(way.choice.answer)
    lines = [
        f"# Found by `ivr-engine explore`: {_one_line(fault.message)}",
        "# This test fails until the flow is mended; then keep it, with what the caller hears.",
        f"test: {_yaml(f'{fault.flow}, {fault.node}: {fault.code}')}",
        f"number: {_yaml(fault.call.number)}",
        *([f"reroute: {_yaml(fault.call.reroute)}"] if fault.call.reroute else []),
        *([] if fault.call.caller else ['caller: ""']),
        f"at: {_yaml(datetime.fromtimestamp(fault.call.moment / 1_000, UTC).isoformat())}",
        *(["services:"] if answers else []),
        *(f"  {operation}: {_yaml(each)}" for operation, each in answers.items()),
        "steps:" if steps else "steps: []",
        *(f"  - {step if isinstance(step, str) else _yaml(step)}" for step in steps),
    ]
    return "\n".join(lines) + "\n"


def _yaml(value: Json) -> str:
    """JSON in the form that is YAML too."""
    return json.dumps(value, ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join(text.split())

"""What an exploration says about the flows: what no call reaches, and tests for what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from ivr_engine.flows.definition import Node
from ivr_engine.flows.waits import Json
from ivr_engine.testing.exploration.choices import Choice
from ivr_engine.testing.exploration.graph import Exploration, Fault, Way
from ivr_engine.testing.rehearsal.coverage import Coverage, NodeCoverage


def coverage(found: Exploration) -> Coverage:
    """The nodes and exits that some call can come by."""
    covered = Coverage(found.centre)
    for events in found.beginnings:
        covered.add(events)
    for state in found.states:
        for way in state.ways:
            covered.add_turn(dict([state.node]), way.events)
    return covered


def gaps(found: Exploration) -> list[NodeCoverage]:
    """The nodes that no call can come by, and those with an exit that none can take."""
    return [each for each in coverage(found).nodes() if each.visits == 0 or each.missing]


def takes_a_fault(node: Node, exit_name: str) -> bool:
    """Whether only something wrong in the flow, or in an answer, leads out by this exit: a value that cannot be said."""
    facts = node.facts
    optional = not any(exit_name in group for group in facts.required)
    return exit_name == "failed" and optional and not facts.open_exits and not facts.services


def told(ways: Iterable[Way]) -> Iterator[str]:
    """The choices on a way, in words."""
    return (choice.label for choice in _choices(ways) if choice.step is not None or choice.operation)


def _choices(ways: Iterable[Way]) -> Iterator[Choice]:
    return (way.choice for way in ways if way.choice is not None)


def as_test(fault: Fault) -> str:
    """A conversation test that walks to the fault. It fails until the flow is mended, for it expects no fault."""
    steps = [choice.step for choice in _choices(fault.way) if choice.step is not None]
    answers: dict[str, list[Json]] = {}
    for choice in _choices(fault.way):
        if choice.operation:
            answers.setdefault(choice.operation, []).append(choice.answer)
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

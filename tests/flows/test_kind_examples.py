"""Every kind's documentation is executed: its example is read, checked, and walked by a caller to the end of the call."""

from __future__ import annotations

import textwrap
from importlib import import_module

import pytest

from ivr_engine.adapters.flow_files.yaml_tree import parse
from ivr_engine.core.events.flow import NodeEntered
from ivr_engine.core.outcomes import QueueOutcome
from ivr_engine.flows.definition import Flow
from ivr_engine.flows.flow_reader import read_flow
from ivr_engine.flows.graph import check_graph
from ivr_engine.flows.issues import Issue
from ivr_engine.flows.nodes import KINDS
from ivr_engine.flows.tree import Mapping
from ivr_engine.flows.utterances import Prompt
from ivr_engine.testing.builders import centre_of
from ivr_engine.testing.callers import Answer, AssumedAgents, ScriptedCaller, ScriptedServices
from ivr_engine.testing.simulation import Simulation
from ivr_engine.testing.transcript import Ending

# What the caller does, what the service answers, how the queue ends: several calls per kind, to see more than one exit.
CARD = "6222020200112230"
NO_EXIT = (QueueOutcome.ABANDONED, QueueOutcome.FAILED, QueueOutcome.FLOWOUT, QueueOutcome.OVERFLOWED)
CALLS: dict[str, list[tuple[str, str, QueueOutcome]]] = {
    "menu": [
        ("1", "", QueueOutcome.ANSWERED),
        ("2,*,-,-,-", "", QueueOutcome.ANSWERED),
        ("9,8,7", "", QueueOutcome.ANSWERED),
    ],
    "collect": [("6222020200112230#", "", QueueOutcome.ANSWERED), ("1#,2#,3#", "", QueueOutcome.ANSWERED)],
    "flow": [(keys, "", QueueOutcome.ANSWERED) for keys in ("1", "2", "-,-,-")],
    "return": [(keys, "", QueueOutcome.ANSWERED) for keys in ("1", "2")],
    "authenticate": [
        (f"{CARD}#,123456", answer, QueueOutcome.ANSWERED) for answer in ("ok", "locked", "timeout", "unavailable")
    ]
    + [(",".join([f"{CARD}#,123456"] * 3), "wrong", QueueOutcome.ANSWERED), ("-,-,-", "", QueueOutcome.ANSWERED)],
    "survey": [(keys, "", QueueOutcome.ANSWERED) for keys in ("1,5,1", "1,4,1,2", "2", "-", "1,9,9", "1,3,-,-")],
    "notify": [("", answer, QueueOutcome.ANSWERED) for answer in ("ok", "timeout", "refused")],
    "ticket": [("", answer, QueueOutcome.ANSWERED) for answer in ("ok", "timeout", "refused")],
    "request": [("", answer, QueueOutcome.ANSWERED) for answer in ("ok", "not_found", "timeout", "unavailable", "other")],
    "queue": [("", "", outcome) for outcome in QueueOutcome if outcome not in NO_EXIT],
}
ANSWERS: dict[str, Answer] = {
    "host.balance": {"balance": "1"},
    "host.notify": {},
    "host.verify": {"name": "Li"},
    "host.ticket": {"number": "77"},
}
PLAIN = [("", "", QueueOutcome.ANSWERED)]


def example(kind: str) -> str:
    """The first indented block of the kind's module, as a flow file."""
    documentation = import_module(KINDS[kind].__module__).__doc__ or ""
    block = next(part for part in documentation.split("\n\n") if part.startswith("    "))
    nodes = textwrap.dedent(block)
    start = nodes.split(":")[0]
    end = "" if "\nend:" in nodes or " end" not in nodes else "end: {hangup: {}}\n"
    return f"flow: main\nstart: {start}\nnodes:\n" + textwrap.indent(f"{nodes}\n{end}", "  ")


def further(kind: str) -> list[Flow]:
    """The whole flows that the documentation shows besides: blocks that begin with `flow:`."""
    documentation = import_module(KINDS[kind].__module__).__doc__ or ""
    blocks = [textwrap.dedent(part) for part in documentation.split("\n\n") if part.startswith("    ")]
    return [read_text(block, kind) for block in blocks if block.startswith("flow:")]


def read(kind: str) -> Flow:
    return read_text(example(kind), kind)


def read_text(text: str, kind: str) -> Flow:
    issues: list[Issue] = []
    tree = parse(text.encode(), f"{kind}.yaml", issues)
    assert isinstance(tree, Mapping), issues
    flow = read_flow(tree, issues)
    assert issues == []
    assert flow is not None
    return flow


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_of_a_kind_shows_the_kind_and_passes_every_check(kind: str) -> None:
    flow = read(kind)
    assert kind in {node.spec.KIND for node in flow.nodes.values()}
    assert check_graph(flow, lambda node, _word: node.at) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_of_a_kind_can_be_walked_to_the_end(kind: str) -> None:
    definition = centre_of(read(kind), *further(kind))
    for keys, answer, outcome in CALLS.get(kind, PLAIN):
        call = Simulation(
            definition,
            caller=ScriptedCaller.parse(keys),
            services=ScriptedServices({name: body if answer == "ok" else answer for name, body in ANSWERS.items()}),
            agents=AssumedAgents({"cards": outcome}),
        ).run("95500", "13800138000")
        assert call.ending is Ending.FINISHED
        assert any(isinstance(event, NodeEntered) and event.kind == kind for event in call.events)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_kind_says_about_itself_holds(kind: str) -> None:
    for node in read(kind).nodes.values():
        facts = node.spec.facts()
        assert set(facts.secrets) <= set(facts.writes)
        assert set(node.spec.own_exits()) <= set(facts.exits)
        assert set(facts.keys) <= set(facts.exits)
        assert facts.lines == () or set(facts.prompts) == {line.name for line in facts.lines if isinstance(line, Prompt)}
        assert {name for group in facts.required for name in group} <= set(facts.exits)
        assert facts.ends is (facts.exits == ())

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr_engine.core.ids import FlowName, NodeName
from ivr_engine.flows.definition import Flow, Node
from ivr_engine.flows.graph import check_graph
from ivr_engine.flows.nodes.base import NodeFacts, NodeSpec
from ivr_engine.flows.tree import Position

MOST = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(NodeSpec):
    """A node of no kind: it waits or not, and ends or leaves by any of its exits."""

    waiting: bool
    ends: bool

    def facts(self) -> NodeFacts:
        return NodeFacts(exits=(), open_exits=True, waits=self.waiting, ends=self.ends)


def flow_of(steps: list[tuple[bool, set[int]]]) -> Flow:
    """Each step: does it wait, and which nodes does it lead to; one that leads nowhere is an end."""
    nodes = {
        NodeName(f"n{number}"): Node(
            name=NodeName(f"n{number}"),
            spec=Step(waiting=waits, ends=not following),
            exits={f"to {target}": NodeName(f"n{target}") for target in sorted(following)},
            at=Position("f.yaml", number + 1, 1),
        )
        for number, (waits, following) in enumerate(steps)
    }
    return Flow(name=FlowName("f"), start=NodeName("n0"), nodes=nodes, at=Position("f.yaml", 1, 1))


def lines(flow: Flow, code: str) -> list[int]:
    found = check_graph(flow, lambda node, _word: node.at)
    return [issue.at.line - 1 for issue in found if issue.code == code]


def paths(edges: set[tuple[int, int]], size: int) -> set[tuple[int, int]]:
    """Which node leads to which over one step or more (Warshall)."""
    reach = set(edges)
    for middle, begin, end in product(range(size), repeat=3):
        if (begin, middle) in reach and (middle, end) in reach:
            reach.add((begin, end))
    return reach


graphs = st.integers(1, MOST).flatmap(
    lambda size: st.lists(
        st.tuples(st.booleans(), st.sets(st.integers(0, size - 1), max_size=3)), min_size=size, max_size=size
    )
)


@settings(max_examples=300, deadline=None)
@given(graphs)
def test_loops_unreachable_nodes_and_dead_ends_are_those_that_brute_force_finds(steps: list[tuple[bool, set[int]]]) -> None:
    size, flow = len(steps), flow_of(steps)
    edges = {(begin, end) for begin, (_, following) in enumerate(steps) for end in following}
    busy = paths({(a, b) for a, b in edges if not steps[a][0] and not steps[b][0]}, size)
    reach = paths(edges, size) | {(number, number) for number in range(size)}
    ends = {number for number, (_, following) in enumerate(steps) if not following}
    stuck = [n for n in range(size) if (0, n) in reach and not any((n, end) in reach for end in ends)]

    looping = {n for n in range(size) if (n, n) in busy}
    assert set(lines(flow, "G305")) <= looping
    assert bool(lines(flow, "G305")) is bool(looping)
    assert lines(flow, "G302") == [n for n in range(size) if (0, n) not in reach]
    assert lines(flow, "G306") == stuck[:1]


def test_separate_loops_are_each_reported() -> None:
    flow = flow_of([(True, {1, 3}), (False, {2}), (False, {1}), (False, {3, 4}), (True, set())])
    assert lines(flow, "G305") == [1, 3]

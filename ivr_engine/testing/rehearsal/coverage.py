"""Which nodes calls have come to, and by which exits they left them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ivr_engine.core.events import Event
from ivr_engine.core.ids import FlowName, NodeName
from ivr_engine.flows.definition import CentreDefinition, Node
from ivr_engine.testing.rehearsal.outcome import entered


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCoverage:
    """How often calls came to a node, and left by each exit that its file gives it."""

    flow: FlowName
    node: Node
    visits: int
    exits: Mapping[str, int]

    @property
    def missing(self) -> tuple[str, ...]:
        """The exits never taken."""
        return tuple(name for name, count in self.exits.items() if count == 0)


class Coverage:
    """Counts over any number of calls."""

    def __init__(self, definition: CentreDefinition) -> None:
        self._definition = definition
        self._visits: Counter[tuple[FlowName, NodeName]] = Counter()
        self._exits: Counter[tuple[FlowName, NodeName, str]] = Counter()

    def add(self, events: Iterable[Event]) -> None:
        """Count one call."""
        self._count(events, {})

    def add_turn(self, nodes: Mapping[FlowName, NodeName], events: Iterable[Event]) -> None:
        """Count a part of a call that goes on from these nodes, one of each flow that it is in."""
        self._count(events, dict(nodes))

    def _count(self, events: Iterable[Event], last: dict[FlowName, NodeName]) -> None:
        """`last` is by flow: another flow may run between a node and its exit."""
        for event in entered(events):
            if event.by and event.flow in last:
                self._exits[event.flow, last[event.flow], event.by] += 1
            self._visits[event.flow, event.node] += 1
            last[event.flow] = event.node

    def nodes(self) -> Iterator[NodeCoverage]:
        """Every node of the centre, in the order of the files."""
        for flow in self._definition.flows.values():
            for node in flow.nodes.values():
                exits = {name: self._exits[flow.name, node.name, name] for name in node.exits}
                yield NodeCoverage(flow=flow.name, node=node, visits=self._visits[flow.name, node.name], exits=exits)

    def share(self) -> float:
        """Nodes and exits covered, of all there are: 0 to 1; 1 where there are none."""
        counts = [count for each in self.nodes() for count in (each.visits, *each.exits.values())]
        return sum(count > 0 for count in counts) / len(counts) if counts else 1.0

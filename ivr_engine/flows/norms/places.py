"""The nodes of a centre, each where it stands, with every way out of it: written at it, or offered in every menu."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr_engine.core.ids import FlowName, NodeName
from ivr_engine.flows.definition import CentreDefinition, Flow, Node
from ivr_engine.flows.graph import targets
from ivr_engine.flows.nodes.base import NodeFacts

Spot = tuple[FlowName, NodeName]
"""A node of the centre."""

ENTERED = "(entered)"  # no exit of an author's: from a node to the start of the flow that it enters


@dataclass(frozen=True, slots=True)
class Place:
    """A node with where it stands in the centre. Of its exits those in `shared` are keys of the centre for every menu."""

    spot: Spot
    node: Node
    facts: NodeFacts
    exits: Mapping[str, Spot]
    shared: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """`flow/node`."""
        return f"{self.spot[0]}/{self.spot[1]}"

    @property
    def leaves(self) -> bool:
        """Whether this goes back to the flow that entered this one."""
        return self.facts.result != ""

    def exit_for(self, result: str) -> Spot | None:
        """Where the call goes on when the flow entered here comes back with this result."""
        return self.exits.get(result) or self.exits.get("failed")

    @property
    def entered(self) -> Spot | None:
        """The start of the flow that is walked here and comes back."""
        return self.exits.get(ENTERED)

    def back_from_flow(self, result: str) -> Spot | None:
        """Where the call goes on when the flow entered here comes back with this result."""
        return self.exits.get(result) or self.exits.get("failed")

    @property
    def asks_for_a_value(self) -> bool:
        """Whether its keys, two or more, all lead to the same node: a language, a time of day."""
        return len(self.facts.keys) > 1 and len({self.exits[key] for key in self.facts.keys if key in self.exits}) == 1

    @property
    def asks(self) -> bool:
        """Whether the caller must press something here."""
        return self.facts.attempts > 0

    @property
    def speaks(self) -> bool:
        """Whether the caller hears something here."""
        return self.asks or bool(self.facts.lines or self.facts.prompts)


def places_of(centre: CentreDefinition) -> dict[Spot, Place]:
    """Every node of every flow."""
    return {(flow.name, name): _place(centre, flow, name) for flow in centre.flows.values() for name in flow.nodes}


def _place(centre: CentreDefinition, flow: Flow, name: NodeName) -> Place:
    node = flow.nodes[name]
    facts = node.facts
    exits = {exit_name: (flow.name, target) for exit_name, target in targets(node).items()}
    entered = centre.flows.get(FlowName(facts.flow))
    if entered is not None:
        exits[ENTERED] = (entered.name, entered.start)
    shared = _shared(centre, flow) if facts.keys else {}
    return Place((flow.name, name), node, facts, {**shared, **exits}, frozenset(shared.keys() - exits.keys()))


def _shared(centre: CentreDefinition, flow: Flow) -> dict[str, Spot]:
    """The key of the agent in every menu, but not in the flow to the agent itself."""
    keys = centre.keys
    agent = centre.flows.get(keys.agent_flow)
    return {keys.agent: (agent.name, agent.start)} if keys.agent and agent is not None and agent is not flow else {}

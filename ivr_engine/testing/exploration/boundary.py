"""The edge of a flow that is explored by itself: where the flows stand that entered it, whichever they are.

A call in several flows at once has as many states as each of them has, multiplied. So each flow is walked once, below a
frame that stands for all flows that might have entered it; what comes back over the edge is a state of its own, and is taken
up by every flow that entered with the same beginning.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from ivr_engine.core.ids import FlowName, NodeName
from ivr_engine.flows.definition import CentreDefinition, Flow, Node
from ivr_engine.flows.nodes.base import Leave, NodeFacts, NodeSpec, Step
from ivr_engine.flows.session import Frame
from ivr_engine.flows.tree import Position
from ivr_engine.flows.waits import PlayWait, Reply
from ivr_engine.flows.walk import Walk

OUTSIDE = FlowName("(outside)")
EDGE = NodeName("(edge)")  # no name of an author's
_AT = Position("", 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge(NodeSpec):
    """Holds what a flow gives back, and hands it to the flow above."""

    KIND: ClassVar[str] = "edge"

    def facts(self) -> NodeFacts:
        """Nothing that a check would ask for."""
        return NodeFacts(exits=())

    def returned(self, walk: Walk, leave: Leave) -> Step:
        """The explored flow is over."""
        walk.session.memo = {"result": leave.result, "values": leave.values, "secret": leave.secret}
        return PlayWait(prompts=(), language=walk.session.language)

    def resume(self, walk: Walk, reply: Reply) -> Step:
        """The flow above goes on."""
        del reply
        return Leave(**walk.session.memo)


def with_edges(centre: CentreDefinition) -> CentreDefinition:
    """The centre with an edge to stand below its flows: one outside all of them, one within the flow of the agent key."""
    edge = Node(name=EDGE, spec=Edge(), exits={}, at=_AT)
    outside = Flow(name=OUTSIDE, start=EDGE, nodes={EDGE: edge}, at=_AT)
    agent = centre.flows.get(centre.keys.agent_flow)
    inside = {agent.name: replace(agent, nodes={**agent.nodes, EDGE: edge})} if agent else {}
    return replace(centre, flows={**centre.flows, OUTSIDE: outside, **inside})


def edge_below(centre: CentreDefinition, stack: list[Frame], flow: FlowName) -> Frame:
    """What stands for these frames and this flow above them: all that matters is whether the agent's flow is among them."""
    agent = centre.keys.agent_flow
    inside = agent and (flow == agent or any(frame.flow == agent for frame in stack))
    return Frame(flow=agent if inside else OUTSIDE, node=EDGE, variables={}, secrets=frozenset())

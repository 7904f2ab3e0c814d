"""Keys with one meaning everywhere (`keys` of centre.yaml): repeat, back, an agent.

What a question itself takes always wins, so that digits of an entry are never mistaken:

| where                    | the key acts                                                                              |
|--------------------------|-------------------------------------------------------------------------------------------|
| menu, question of survey | when it is no answer                                                                      |
| entry of several keys    | at once as the first key when no entry there can begin with it; otherwise when it is the  |
|                          | whole entry, and alone no answer. After another key it belongs to the entry               |
| prompts of `play`        | at once, unless a question that may come next takes it: then it is typed ahead            |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ivr_engine.core.ids import FlowName, NodeName
from ivr_engine.flows.nodes.base import BACK, Enter, Step
from ivr_engine.flows.walk import Walk

if TYPE_CHECKING:  # a definition is made of nodes
    from ivr_engine.flows.definition import Node

_Spot = tuple[int, FlowName, NodeName]
"""How many flows of the call's stack lie below, the flow, the node."""


def known(walk: Walk) -> str:
    """The keys that mean something everywhere, here: within the flow to the agent, the agent's key means nothing."""
    keys = walk.definition.keys
    agent = keys.agent if keys.agent and not walk.in_flow(keys.agent_flow) else ""
    return keys.repeat + keys.back + agent


def act(walk: Walk, key: str, again: Callable[[], Step]) -> Step | None:
    """Do what the key means everywhere; None when it means nothing. Going back from where no menu was asks `again`."""
    keys = walk.definition.keys
    if not key or key not in known(walk):
        return None
    if key == keys.agent:
        return Enter(flow=keys.agent_flow, variables={}, secrets=frozenset())
    return BACK if key == keys.back and walk.session.menus else again()


def is_typed_ahead(walk: Walk, key: str) -> bool:
    """Whether a question that may come next takes this key, as far as its exits tell before the call has gone there."""
    session = walk.session
    here = len(session.stack), session.flow, session.node
    seen: set[_Spot] = {here}
    waiting = [*_onwards(walk, here)]
    while waiting:
        spot = waiting.pop()
        node = _node(walk, spot)
        if spot in seen or node is None:
            continue
        seen.add(spot)
        if node.facts.attempts == 0:
            waiting += _onwards(walk, spot)
        elif node.spec.takes(key):
            return True
    return False


def _onwards(walk: Walk, spot: _Spot) -> Iterable[_Spot]:
    """Where the call may be next; nowhere from a queue, which throws away what was typed ahead."""
    depth, flow, _name = spot
    node = _node(walk, spot)
    if node is None or node.facts.to_agent:
        return
    yield from ((depth, flow, target) for target in {*node.exits.values(), *node.spec.own_exits().values()})
    entered = walk.definition.flows.get(FlowName(node.facts.flow))
    if entered is not None:  # where it comes back to is among the exits already
        yield -1, entered.name, entered.start
    if node.facts.result and depth > 0:
        frame = walk.session.stack[depth - 1]
        before = _node(walk, (depth - 1, frame.flow, frame.node))
        if before is not None:  # a question whose agent key led here is asked again
            after = (before.name,) if before.facts.attempts else before.exits.values()
            yield from ((depth - 1, frame.flow, each) for each in after)


def _node(walk: Walk, spot: _Spot) -> Node | None:
    """The node; None where the call's version of the flows has none of that name."""
    flow = walk.definition.flows.get(spot[1])
    return flow.nodes.get(spot[2]) if flow else None

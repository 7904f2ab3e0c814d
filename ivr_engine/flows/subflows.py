"""One flow enters another and gets it back: a stack of flows in the session, so that no depth of it leaves the session.

A flow that is entered sees what it is given and nothing else; what it gives back arrives as one value. Language, keys typed
ahead and what the engine knows of the call (`call`, `queue`) belong to the call and are the same in every flow.
"""

from __future__ import annotations

from ivr_engine.core.events.flow import SubflowEntered, SubflowLeft
from ivr_engine.flows import limits
from ivr_engine.flows.definition import Node
from ivr_engine.flows.faults import NodeFault
from ivr_engine.flows.nodes.base import Enter, Leave
from ivr_engine.flows.session import Frame
from ivr_engine.flows.walk import Walk


def enter(walk: Walk, step: Enter) -> Node:
    """Put the present flow aside; the first node of the one to enter.

    Raises:
        NodeFault: there is no such flow, or too many are entered already. The session is unchanged.
    """
    session, flow = walk.session, walk.definition.flows.get(step.flow)
    if flow is None or flow.start not in flow.nodes:
        raise NodeFault("unknown_flow", f"there is no flow `{step.flow}`")
    if len(session.stack) + 1 >= limits.FLOWS_DEEP:
        raise NodeFault(
            "too_many_flows", f"a call is in at most {limits.FLOWS_DEEP} flows at once; `{step.flow}` is one more"
        )
    walk.events.append(SubflowEntered(call=session.facts.call, flow=session.flow, node=session.node, entered=flow.name))
    session.stack.append(
        Frame(
            flow=session.flow,
            node=session.node,
            variables=session.variables,
            secrets=frozenset(session.secrets),
            menus=tuple(session.menus),
            memo=session.memo,
        )
    )
    session.flow, session.variables, session.secrets = flow.name, dict(step.variables), set(step.secrets)
    session.menus = []
    return flow.nodes[flow.start]


def come_back(walk: Walk, step: Leave) -> Node | NodeFault | None:
    """Take the flow before up again: its node that entered the present one; None when this is the first of the call."""
    session = walk.session
    if not session.stack:
        return None
    walk.events.append(SubflowLeft(call=session.facts.call, flow=session.flow, node=session.node, result=step.result))
    frame = session.stack.pop()
    session.flow, session.node = frame.flow, frame.node
    session.variables, session.secrets = frame.variables, set(frame.secrets)
    session.menus, session.memo = list(frame.menus), frame.memo
    flow = walk.definition.flows.get(frame.flow)
    node = flow.nodes.get(frame.node) if flow else None
    return node or NodeFault("node_gone", f"node `{frame.node}` is not in version {session.version} of the flow any more")

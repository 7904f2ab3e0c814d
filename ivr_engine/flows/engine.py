"""Walks a call through a flow: `begin` and `resume` are the only entries, both pure and both ending in one `Turn`.

A turn walks from node to node until one waits for the outside, the flow ends, or it cannot go on. Nothing here sleeps, asks
a clock or does I/O: the host acts on the turn's wait and comes back with the reply.

How a turn ends:

| the last node ...         | events          | effects | wait                                     |
|---------------------------|-----------------|---------|------------------------------------------|
| waits                     |                 |         | its wait                                 |
| is the end                | FlowFinished    | HangUp  | none                                     |
| cannot go on              | FlowFailed      |         | the prompt `system_fault`, then as below |
| ... no such prompt        | FlowFailed      | HangUp  | none                                     |
| was left by the caller    |                 |         | none                                     |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ivr_engine.core.events.flow import FlowFailed, FlowFinished, FlowStarted, NodeEntered, PromptsPlayed
from ivr_engine.core.ids import FlowName, Instant, NodeName
from ivr_engine.errors import DefinitionError, ReplyMismatch
from ivr_engine.flows import limits
from ivr_engine.flows.definition import CentreDefinition, Node
from ivr_engine.flows.effects import HangUp
from ivr_engine.flows.expressions import ExpressionFault
from ivr_engine.flows.faults import NodeFault
from ivr_engine.flows.nodes.base import OVER, Back, Enter, Leave, Over, Step
from ivr_engine.flows.session import CallFacts, Session, Turn
from ivr_engine.flows.subflows import come_back, enter
from ivr_engine.flows.utterances import label
from ivr_engine.flows.waits import (
    CallerGone,
    Keyed,
    KeysWait,
    Played,
    PlayWait,
    QueueLeft,
    QueueWait,
    RecordWait,
    Reply,
    RequestWait,
    Responded,
    ScriptOver,
    ScriptWait,
    TransferOver,
    TransferWait,
    Verified,
    VerifyWait,
    VoiceTaken,
    Wait,
)
from ivr_engine.flows.walk import SYSTEM_FAULT, Walk

ACCEPTS: Mapping[type[Wait], type[Reply]] = {
    PlayWait: Played,
    KeysWait: Keyed,
    RequestWait: Responded,
    QueueWait: QueueLeft,
    VerifyWait: Verified,
    RecordWait: VoiceTaken,
    TransferWait: TransferOver,
    ScriptWait: ScriptOver,
}
"""The reply each wait takes, besides CallerGone."""

SAYING = PlayWait | KeysWait | RecordWait
"""The waits during which something may be said."""


def begin(definition: CentreDefinition, facts: CallFacts, flow: FlowName, now: Instant, *, typed_ahead: str = "") -> Turn:
    """Start a call's walk at the beginning of `flow`; `typed_ahead` are keys that came before it.

    Raises:
        DefinitionError: the centre has no such flow, or the flow no such start (a checked definition has both).
    """
    try:
        start = definition.flows[flow].nodes[definition.flows[flow].start]
    except KeyError as error:
        raise DefinitionError((f"{definition.folder}: flow `{flow}` or its start node does not exist",)) from error
    language = definition.languages[0]
    session = Session(facts=facts, flow=flow, version=definition.version, node=start.name, language=language)
    walk = Walk(definition, session, start, now)
    walk.keep(typed_ahead)
    walk.events.append(FlowStarted(call=facts.call, flow=flow, version=definition.version, language=language))
    return _go_on(walk, _enter(walk, start))


def resume(definition: CentreDefinition, session: Session, reply: Reply, now: Instant, *, typed_ahead: str = "") -> Turn:
    """Go on with the reply to `session.wait`; changes the session in place.

    `typed_ahead` are keys that came while nobody listened for any, as while a service was asked.

    Raises:
        ReplyMismatch: nothing is waited for, or not this kind of reply. The session is unchanged.
    """
    wait = session.wait
    if wait is None or type(reply) not in (ACCEPTS[type(wait)], CallerGone):
        raise ReplyMismatch(f"{type(wait).__name__ if wait else 'a finished flow'} does not accept {type(reply).__name__}")
    session.wait = None
    if isinstance(reply, CallerGone):
        return Turn(session=session, events=(), effects=(), wait=None)
    session.steps = 0
    node = _current(definition, session)
    if node is None:
        return _node_gone(session)
    walk = Walk(definition, session, node, now)
    _note_played(walk, wait, reply)
    if typed_ahead:
        walk.keep_unless_stray(typed_ahead)
    if session.ending:
        return _hung_up(walk)
    try:
        step = node.spec.resume(walk, reply)
    except (ExpressionFault, NodeFault) as fault:
        step = _faulted(walk, fault)
    return _go_on(walk, step)


def enter_again(definition: CentreDefinition, session: Session, now: Instant) -> Turn:
    """Begin the session's present node anew, as when the files changed under a call that had to change engines.

    Raises:
        ReplyMismatch: the definition has no such node.
    """
    node = _current(definition, session)
    if node is None:
        raise ReplyMismatch(f"there is no node {session.node} to go on at")
    session.wait, session.steps, session.ending = None, 0, False
    walk = Walk(definition, session, node, now)
    return _go_on(walk, _enter(walk, node))


def _go_on(walk: Walk, step: Step) -> Turn:
    while (move := MOVES.get(type(step))) is not None:
        step = move(walk, step)
    end = ENDS.get(type(step), _waiting)
    return end(walk, step)


def _follow(walk: Walk, exit_name: str) -> Step:
    exits = walk.node.exits
    taken = exit_name if exit_name in exits else "failed"
    target = exits.get(taken)
    if target is None:
        return NodeFault("no_exit", f"node `{walk.node.name}` ended with `{exit_name}` and has no exit for it")
    node = walk.definition.flows[walk.session.flow].nodes.get(target)
    if node is None:
        return NodeFault("no_node", f"node `{walk.node.name}` leads to `{target}`, which does not exist")
    return _enter(walk, node, by=taken)


def _enter(walk: Walk, node: Node, *, by: str = "") -> Step:
    session = walk.session
    session.steps += 1
    if session.steps > limits.NODES_PER_TURN:
        return NodeFault("too_many_nodes", f"{limits.NODES_PER_TURN} nodes without a wait: the flow goes in a circle")
    walk.node = node
    session.node = node.name
    session.attempt = 0
    if session.memo:
        session.memo = {}
    walk.events.append(
        NodeEntered(call=session.facts.call, flow=session.flow, node=node.name, kind=node.spec.KIND, by=by),
    )
    try:
        return node.spec.run(walk)
    except (ExpressionFault, NodeFault) as fault:
        return _faulted(walk, fault)


def _push(walk: Walk, step: Enter) -> Step:
    try:
        return _enter(walk, enter(walk, step))
    except NodeFault as fault:
        return _faulted(walk, fault)


def _pop(walk: Walk, step: Leave) -> Step:
    node = come_back(walk, step)
    if not isinstance(node, Node):
        return node or OVER
    walk.node = node
    try:
        return node.spec.returned(walk, step)
    except (ExpressionFault, NodeFault) as fault:
        return _faulted(walk, fault)


def _back(walk: Walk, _step: Back) -> Step:
    """To the menu before this node; from the first menu, to itself."""
    menus, here = walk.session.menus, walk.session.node
    before = [name for name in menus if name != here]
    target = before[-1] if before else here
    node = walk.definition.flows[walk.session.flow].nodes.get(target)
    if node is None:
        return NodeFault("node_gone", f"node `{target}` is not in version {walk.session.version} of the flow any more")
    return _enter(walk, node)


def _faulted(walk: Walk, fault: ExpressionFault | NodeFault) -> Step:
    if "failed" not in walk.node.exits:
        return NodeFault(str(fault.code), f"{walk.node.spec.KIND}: {fault}")
    walk.note_fault(fault)
    return "failed"


def _failed(walk: Walk, fault: NodeFault) -> Turn:
    session = walk.session
    session.typed_ahead = ""
    walk.events.append(
        FlowFailed(call=session.facts.call, flow=session.flow, node=session.node, code=fault.code, message=str(fault)),
    )
    apology = walk.prompt(SYSTEM_FAULT)
    if not apology:
        return _hung_up(walk)
    session.ending = True
    return _waiting(walk, PlayWait(prompts=apology, language=session.language, barge_in=False))


def _finished(walk: Walk, _step: Over) -> Turn:
    session = walk.session
    walk.events.append(FlowFinished(call=session.facts.call, flow=session.flow, node=session.node))
    return _hung_up(walk)


def _waiting(walk: Walk, wait: Wait) -> Turn:
    walk.session.wait = wait
    return Turn(session=walk.session, events=tuple(walk.events), effects=tuple(walk.effects), wait=wait)


def _hung_up(walk: Walk) -> Turn:
    return Turn(session=walk.session, events=tuple(walk.events), effects=(*walk.effects, HangUp()), wait=None)


def _current(definition: CentreDefinition, session: Session) -> Node | None:
    flow = definition.flows.get(session.flow)
    return flow.nodes.get(session.node) if flow else None


def _node_gone(session: Session) -> Turn:
    """The session was resumed on another version of the files, in which its node does not exist."""
    name = NodeName(session.node)
    message = f"node `{name}` is not in version {session.version} of the flow any more"
    event = FlowFailed(call=session.facts.call, flow=session.flow, node=name, code="node_gone", message=message)
    return Turn(session=session, events=(event,), effects=(HangUp(),), wait=None)


def _note_played(walk: Walk, wait: Wait, reply: Reply) -> None:
    if not isinstance(wait, SAYING) or not wait.prompts:
        return
    interrupted = bool(reply.key) if isinstance(reply, Played) else isinstance(reply, Keyed) and reply.interrupted
    walk.events.append(
        PromptsPlayed(
            call=walk.session.facts.call,
            node=walk.session.node,
            prompts=tuple(map(label, wait.prompts)),
            language=wait.language,
            interrupted=interrupted,
        ),
    )


MOVES: Mapping[type, Callable[[Walk, Any], Step]] = {str: _follow, Enter: _push, Leave: _pop, Back: _back}
"""What each step that goes on does; the others end the turn."""

ENDS: Mapping[type, Callable[[Walk, Any], Turn]] = {NodeFault: _failed, Over: _finished}
"""How each step ends the turn; any other is a wait."""

"""A flow file's tree becomes a `Flow`: the shape of every node, and the exits between them.

    flow: main
    start: welcome
    nodes:
      welcome: {play: [welcome], next: end}
      end: {hangup: {}}

A node has exactly one kind key. Its exits stand beside it, by name (`next`, `failed`, `no_input`, ...) or under `exits:`.
"""

from __future__ import annotations

from ivr_engine.core.ids import FlowName, NodeName
from ivr_engine.flows import shapes
from ivr_engine.flows.definition import Flow, Node
from ivr_engine.flows.fields import Fields, unknown
from ivr_engine.flows.issues import Issue, Severity
from ivr_engine.flows.messages import Message
from ivr_engine.flows.nodes import KINDS
from ivr_engine.flows.nodes.base import NodeSpec
from ivr_engine.flows.tree import Entry, Mapping


def read_flow(tree: Mapping, issues: list[Issue]) -> Flow | None:
    """The flow of a file, or None when its shape has errors; every problem is added to `issues`."""
    errors_before = _errors(issues)
    flow = read_sound_part(tree, issues)
    return flow if _errors(issues) == errors_before else None


def read_sound_part(tree: Mapping, issues: list[Issue]) -> Flow:
    """The flow with the nodes whose shape is right, so that those can be checked further; `start` may be empty."""
    fields = Fields(tree, issues, where="the flow")
    name = FlowName(fields.name("flow", required=True))
    start = NodeName(fields.name("start", required=True))
    nodes = {node.name: node for entry in fields.entries("nodes", required=True) if (node := _read_node(entry, issues))}
    fields.finish()
    return Flow(name=name, start=start, nodes=nodes, at=tree.at)


def _errors(issues: list[Issue]) -> int:
    return sum(issue.severity is Severity.ERROR for issue in issues)


def _read_node(entry: Entry, issues: list[Issue]) -> Node | None:
    """The node, or None when its shape has errors."""
    errors_before = _errors(issues)
    name = shapes.read(entry.name, shapes.as_name, "", issues)
    mapping = shapes.read(entry.value, shapes.as_mapping, None, issues)
    if mapping is None:
        return None
    fields = Fields(mapping, issues, where=Message.of("node $name", name=entry.key))
    kind = _kind(fields, entry)
    if kind is None:
        return None
    spec = kind.read(fields)
    exits = _exits(fields, spec)
    fields.finish()
    if _errors(issues) > errors_before:
        return None
    return Node(name=NodeName(name), spec=spec, exits=exits, at=entry.key_at)


def _kind(fields: Fields, entry: Entry) -> type[NodeSpec] | None:
    kinds = [kind for key, kind in KINDS.items() if fields.mapping.get(key) is not None]
    if len(kinds) == 1:
        return kinds[0]
    if kinds:
        several = ", ".join(f"`{kind.KIND}`" for kind in kinds)
        message = "node `$node` has $kinds; a node does one thing, make it two nodes"
        fields.error("S321", Message.of(message, node=entry.key, kinds=several), at=entry.key_at)
        return None
    fields.error("S320", _no_kind(fields, entry), at=entry.key_at)
    return None


def _no_kind(fields: Fields, entry: Entry) -> Message:
    strange = [each.key for each in fields.mapping if each.key not in ("next", "failed", "exits")]
    if len(strange) == 1:
        return unknown(Message.of("kind of node in `$node`", node=entry.key), strange[0], KINDS)
    kinds = ", ".join(f"`{kind}`" for kind in KINDS)
    return Message.of("node `$node` says nothing to do; it needs one of $kinds", node=entry.key, kinds=kinds)


def _exits(fields: Fields, spec: NodeSpec) -> dict[str, NodeName]:
    """Those beside the kind, those under `exits:`, and those in the node's own settings (the keys of a menu)."""
    facts, exits = spec.facts(), dict(spec.own_exits())
    names = [name for name in facts.exits if name not in exits]
    beside = [Entry(name, fields.place(name), tree) for name in names if (tree := fields.get(name)) is not None]
    for entry in (*beside, *(fields.entries("exits") if facts.exits else ())):
        if entry.key in exits:
            fields.error("S322", Message.of("exit `$exit` is given twice", exit=entry.key), at=entry.key_at)
        exits[entry.key] = NodeName(shapes.read(entry.value, shapes.as_name, "", fields.issues))
    return exits

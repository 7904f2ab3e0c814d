"""JSON Schemas (draft 7) of the files of a centre, for editors: made from the readers, see `flows.outline`."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from ivr_engine.flows.centre_reader import read_agents, read_centre, read_prompts
from ivr_engine.flows.flow_reader import read_sound_part
from ivr_engine.flows.nodes import KINDS
from ivr_engine.flows.nodes.base import NodeSpec
from ivr_engine.flows.norms.reader import read_norms
from ivr_engine.flows.norms.table import RULES
from ivr_engine.flows.outline import ask, ask_tree
from ivr_engine.flows.schema_notes import annotated
from ivr_engine.flows.shapes import as_name
from ivr_engine.flows.tree import Mapping as TreeMapping

Schema = dict[str, Any]

_DRAFT = "http://json-schema.org/draft-07/schema#"


def schemas() -> Mapping[str, Callable[[], Schema]]:
    """The kinds of files by name, and how the schema of each is made."""
    return {"flow": flow, "centre": centre, "agents": agents, "prompts": prompts, "norms": norms}


def flow() -> Schema:
    """A flow file: its nodes are of one kind each, and have the exits of that kind beside it."""
    found = ask_tree(lambda tree: read_sound_part(tree, []) if isinstance(tree, TreeMapping) else None)
    found["properties"]["nodes"]["additionalProperties"] = {"$ref": "#/definitions/node"}
    kinds = {f"{name} node": _noted(_node(kind), "*") for name, kind in KINDS.items()}
    return titled("A call flow", _noted(found, "flow file") | {"definitions": {"node": _any_node(), **kinds}})


def centre() -> Schema:
    """centre.yaml."""
    return titled("A contact centre", _noted(ask_tree(lambda tree: read_centre(tree, [], default_name="")), "centre"))


def agents() -> Schema:
    """agents.yaml."""
    return titled("The people of a contact centre", _noted(ask_tree(lambda tree: read_agents(tree, [])), "people"))


def prompts() -> Schema:
    """prompts/<language>.yaml."""
    return titled("What callers hear, in one language", _noted(ask_tree(lambda tree: read_prompts(tree, [])), "prompts"))


def norms() -> Schema:
    """norms.yaml."""
    found = ask_tree(lambda tree: read_norms(tree, []))
    for rule in RULES:
        about = {"description": rule.demands, "examples": [{"severity": str(rule.severity)}]}
        found["properties"]["rules"]["properties"][rule.id] |= about
    return titled("The rules of service of a contact centre", _noted(found, "norms"))


def _noted(schema: Schema, name: str) -> Schema:
    """The schema in JSON's own lists, each field with its description and an example."""
    plain: Schema = _as_json(schema)
    return annotated(plain, name)


def titled(title: str, schema: Schema) -> Schema:
    """The schema as a file of its own."""
    return {"$schema": _DRAFT, "title": title, **_as_json(schema)}


def _as_json(value: Any) -> Any:  # noqa: ANN401 - JSON
    """The same with lists for tuples."""
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    return [_as_json(item) for item in value] if isinstance(value, list | tuple) else value


def _any_node() -> Schema:
    """First which kind it is, then that kind's own schema: an editor can say what is wrong within the kind."""
    chosen = [
        {"if": {"type": "object", "required": [name]}, "then": {"$ref": f"#/definitions/{name} node"}} for name in KINDS
    ]
    offered = {name: {"description": _summary(kind)} for name, kind in KINDS.items()}
    one = [{"required": [name]} for name in KINDS]
    return {"type": "object", "properties": offered, "oneOf": one, "allOf": chosen}


def _node(kind: type[NodeSpec]) -> Schema:
    """The settings under the kind's key, and the exits beside it, of which one may also be written under `exits`."""
    specs: list[NodeSpec] = []
    schema = ask(lambda fields: specs.append(kind.read(fields)))
    facts, own = specs[0].facts(), specs[0].own_exits()
    node_name = dict(as_name.schema)
    exits = {name: node_name for name in facts.exits if name not in own}
    if facts.exits:
        names = {} if facts.open_exits else {"propertyNames": {"enum": list(exits)}}
        exits["exits"] = {"type": "object", "additionalProperties": node_name, **names}
    schema["properties"] |= exits
    schema["properties"][kind.KIND] |= {"description": _summary(kind), "examples": [_example(kind)]}
    schema["required"] = [kind.KIND]
    return schema


def _page(kind: type[NodeSpec]) -> str:
    return inspect.cleandoc(sys.modules[kind.__module__].__doc__ or "")


def _summary(kind: type[NodeSpec]) -> str:
    return _page(kind).split("\n", 1)[0]


def _example(kind: type[NodeSpec]) -> str:
    """The example of the kind's own documentation, which a test executes."""
    return next((textwrap.dedent(part) for part in _page(kind).split("\n\n") if part.startswith("    ")), "")

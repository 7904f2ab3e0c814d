"""Values in a flow file: constants as YAML reads them, or texts with `{{ }}` that are evaluated when the node runs."""

from __future__ import annotations

from collections.abc import Iterable

from ivr_engine.flows import shapes
from ivr_engine.flows.expressions import Expression, Template
from ivr_engine.flows.issues import Issue
from ivr_engine.flows.messages import Message
from ivr_engine.flows.shapes import ShapeFault, as_template, as_variable, describe, taking
from ivr_engine.flows.tree import Entry, Scalar, Tree
from ivr_engine.flows.waits import Json

Evaluated = Template | Expression
Setting = Evaluated | Json
RESERVED = frozenset({"call", "identity", "queue"})
"""Names that expressions read and no node may set."""


@taking(type=("string", "integer", "number", "boolean", "null"))
def as_setting(tree: Tree) -> Setting:
    """A plain value, or a text with `{{ }}`."""
    if not isinstance(tree, Scalar):
        message = Message.of("expected one value, or a text with {{ }}, found $found", found=describe(tree))
        raise ShapeFault(tree.at, "S301", message)
    return as_template(tree) if isinstance(tree.value, str) and "{{" in tree.value else tree.value


def reads(settings: Iterable[Setting]) -> frozenset[str]:
    """The names the settings read."""
    return frozenset[str]().union(*(each.names for each in settings if isinstance(each, Evaluated)))


def made_from(assignments: Iterable[tuple[str, Setting]]) -> tuple[tuple[str, str], ...]:
    """Each variable set, with each name that its value reads."""
    return tuple((name, read) for name, setting in assignments for read in sorted(reads((setting,))))


@taking(**as_variable.schema)
def as_target(tree: Tree) -> str:
    """The name of a variable that a node may set."""
    name = as_variable(tree)
    if name in RESERVED:
        raise ShapeFault(tree.at, "S302", Message.of("`$name` belongs to the engine; choose another name", name=name))
    return name


def read_assignments(entries: Iterable[Entry], issues: list[Issue]) -> dict[str, Setting]:
    """`{name: value}` as variables to set, in the order of the file."""
    found: dict[str, Setting] = {}
    for entry in entries:
        name = shapes.read(entry.name, as_target, "", issues)
        found[name] = shapes.read(entry.value, as_setting, None, issues)
    return found

"""Choose the way by conditions.

    who:
      branch:
        - {when: "{{ call.caller == '13800138000' }}", next: known}
        - {when: "{{ call.language == 'en' }}", next: known}
      else: end
    known: {play: [welcome], next: end}

The first condition that holds decides. A condition holds unless it is false, null, zero or empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from ivr_engine.core.ids import NodeName
from ivr_engine.flows import settings, shapes
from ivr_engine.flows.expressions import Expression
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.nodes.base import NodeFacts, NodeSpec, Step
from ivr_engine.flows.tree import Tree
from ivr_engine.flows.walk import Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """If `when` holds, go to `next`."""

    when: Expression
    next: NodeName


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(NodeSpec):
    """The first of `cases` that holds, else the exit `else`."""

    KIND: ClassVar[str] = "branch"
    cases: tuple[Case, ...]

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`branch: [{when, next}, ...]` and `else` beside it."""
        items = node.items(cls.KIND, required=True)
        return cls(cases=tuple(case for item in items if (case := _read_case(item, node)) is not None))

    def facts(self) -> NodeFacts:
        """Leaves by a case, counted from 1, or by `else`."""
        return NodeFacts(
            exits=(*self.own_exits(), "else", "failed"),
            required=(("else",),),
            waits=False,
            conditions={f"case {number}": case.when for number, case in enumerate(self.cases, 1)},
            reads=settings.reads(case.when for case in self.cases),
        )

    def own_exits(self) -> Mapping[str, NodeName]:
        """Each case is an exit of its own: `case 1`, `case 2`, ..."""
        return {f"case {number}": case.next for number, case in enumerate(self.cases, 1)}

    def run(self, walk: Walk) -> Step:
        """Find the first case that holds."""
        for number, case in enumerate(self.cases, 1):
            if walk.value(case.when):
                return f"case {number}"
        return "else"


def _read_case(tree: Tree, node: Fields) -> Case | None:
    mapping = shapes.read(tree, shapes.as_mapping, None, node.issues)
    if mapping is None:
        return None
    fields = Fields(mapping, node.issues, where="a case of branch")
    case = Case(when=fields.expression("when", required=True), next=NodeName(fields.name("next", required=True)))
    fields.finish()
    return case

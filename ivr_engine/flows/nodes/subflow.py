"""Walk another flow and come back with its result.

    ask:
      flow: {name: confirm, with: {amount: "12.50"}, into: answer}
      next: say
      exits: {refused: end}
      failed: end
    say: {play: [{money: "{{ answer.amount }}"}], next: end}

The other flow, in a file of its own, ends with `return` nodes:

    flow: confirm
    start: read_back
    nodes:
      read_back:
        menu: {prompt: [{money: "{{ amount }}"}, welcome], keys: {1: agreed, 2: refused}}
        failed: refused
      agreed: {return: {give: {amount: "{{ amount }}"}}}
      refused: {return: {result: refused}}

It knows the variables of `with` and no others, and its own are forgotten when it returns. A return without a result leaves
by `next`; one with a result by the exit of that name. What it gives arrives in `into`. The call stays the same call:
language, keys typed ahead, `call` and `queue` go along. A `hangup` there ends the call. A flow may enter others, but never
itself again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from ivr_engine.core.ids import FlowName
from ivr_engine.flows import settings
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.nodes.base import Enter, Leave, NodeFacts, NodeSpec, Step
from ivr_engine.flows.settings import Setting, as_target
from ivr_engine.flows.walk import Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class SubFlow(NodeSpec):
    """Enter `name` with `arguments`; keep what it gives in `into`."""

    KIND: ClassVar[str] = "flow"
    name: str
    arguments: Mapping[str, Setting]
    into: str = ""

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`flow: {name, with, into}`."""
        fields = node.fields(cls.KIND)
        if fields is None:
            return cls(name="", arguments={})
        arguments = settings.read_assignments(fields.entries("with"), fields.issues)
        if "language" in arguments:
            fields.error("S302", "`language` goes along anyway; choose another name", at=fields.place("with"))
        spec = cls(
            name=fields.name("name", required=True),
            arguments=arguments,
            into=fields.read("into", as_target, default=""),
        )
        fields.finish()
        return spec

    def facts(self) -> NodeFacts:
        """Leaves by any result of the other flow; which there are is checked across files."""
        given = ((self.into, given_by(self.name)),) if self.into else ()
        return NodeFacts(
            exits=("next", "failed"),
            open_exits=True,
            reads=settings.reads(self.arguments.values()),
            writes=(*self.arguments, *((self.into,) if self.into else ())),
            made_from=(*settings.made_from(self.arguments.items()), *given),
            flow=self.name,
        )

    def run(self, walk: Walk) -> Step:
        """Enter it."""
        return Enter(
            flow=FlowName(self.name),
            variables={name: walk.value(setting) for name, setting in self.arguments.items()},
            secrets=frozenset(name for name, setting in self.arguments.items() if walk.is_secret(setting)),
        )

    def returned(self, walk: Walk, leave: Leave) -> Step:
        """Keep what it gave and leave by its result."""
        if self.into:
            walk.assign(self.into, leave.values, secret=leave.secret)
        return leave.result


def given_by(flow: str) -> str:
    """The name under which the checker follows what a flow gives back; no variable can have it."""
    return f"{flow}()"

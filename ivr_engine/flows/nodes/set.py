"""Give variables values.

    remember:
      set: {greeted: true, short: "{{ last(call.caller, 4) }}", language: en}
      next: end

They are set in the order written; later ones see earlier ones. `language` is special: it switches the language of everything
said from here on. A value made from a secret is secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from ivr_engine.flows import settings
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.nodes.base import NodeFacts, NodeSpec, Step
from ivr_engine.flows.settings import Setting
from ivr_engine.flows.walk import Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Set(NodeSpec):
    """Set `variables`."""

    KIND: ClassVar[str] = "set"
    variables: Mapping[str, Setting]

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`set: {name: value, ...}`."""
        return cls(variables=settings.read_assignments(node.entries(cls.KIND, required=True), node.issues))

    def facts(self) -> NodeFacts:
        """Always leaves by `next`; `failed` when a value cannot be worked out."""
        return NodeFacts(
            exits=("next", "failed"),
            required=(("next",),),
            waits=False,
            reads=settings.reads(self.variables.values()),
            writes=tuple(name for name in self.variables if name != "language"),
            made_from=settings.made_from(self.variables.items()),
        )

    def run(self, walk: Walk) -> Step:
        """Set them all."""
        for name, setting in self.variables.items():
            walk.assign(name, walk.value(setting), secret=walk.is_secret(setting))
        return "next"

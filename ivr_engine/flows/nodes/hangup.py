"""End the flow and the call.

    goodbye: {play: [welcome], next: end}
    end: {hangup: {}}

Every call must be able to reach a node of this kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from ivr_engine.flows.fields import Fields
from ivr_engine.flows.nodes.base import OVER, NodeFacts, NodeSpec, Step
from ivr_engine.flows.walk import Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup(NodeSpec):
    """The end."""

    KIND: ClassVar[str] = "hangup"

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`hangup: {}`."""
        fields = node.fields(cls.KIND)
        if fields is not None:
            fields.finish()
        return cls()

    def facts(self) -> NodeFacts:
        """There is no way out."""
        return NodeFacts(exits=(), ends=True, waits=False)

    def run(self, walk: Walk) -> Step:
        """Stop here."""
        return OVER

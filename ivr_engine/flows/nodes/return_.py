"""End a flow that another one entered, and go back to that.

    sure:
      menu: {prompt: welcome, keys: {1: agreed, 2: refused}}
      failed: refused
    agreed: {return: {give: {confirmed: true}}}
    refused: {return: {result: refused}}

`result` names the exit by which the node before leaves; without one it is `next`. `give` are values for its variable
`into`; one made from a secret makes the whole secret. In a flow that no other one entered, `return` ends the
call, as `hangup` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from ivr_engine.flows import limits, settings
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.messages import Message
from ivr_engine.flows.nodes.base import Leave, NodeFacts, NodeSpec, Step
from ivr_engine.flows.settings import Setting
from ivr_engine.flows.walk import Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Return(NodeSpec):
    """Go back with `result` and the values of `give`."""

    KIND: ClassVar[str] = "return"
    result: str = "next"
    give: Mapping[str, Setting]

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`return: {result, give}`."""
        fields = node.fields(cls.KIND)
        if fields is None:
            return cls(give={})
        give = settings.read_assignments(fields.entries("give"), fields.issues)
        if len(give) > limits.SENT_VALUES:
            message = Message.of("a return gives at most $most values", most=limits.SENT_VALUES)
            fields.error("S313", message, at=fields.place("give"))
        spec = cls(result=fields.name("result", default="next"), give=give)
        fields.finish()
        return spec

    def facts(self) -> NodeFacts:
        """There is no way on within this flow."""
        reads = settings.reads(self.give.values())
        return NodeFacts(exits=(), ends=True, waits=False, reads=reads, result=self.result, gives=reads)

    def run(self, walk: Walk) -> Step:
        """Go back."""
        return Leave(
            result=self.result,
            values={name: walk.value(setting) for name, setting in self.give.items()},
            secret=any(map(walk.is_secret, self.give.values())),
        )

"""Tell other systems that something happened.

    lost:
      emit: {event: card_lost, data: {last_digits: "{{ last(call.caller, 4) }}", blocked: true}}
      next: end

The event stands in the journal and reaches everybody who listens to events. Its values are texts of at most 200
characters, and never secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from ivr_engine.core.events.flow import BusinessEvent, Datum
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.nodes.base import NodeFacts, NodeSpec, Step
from ivr_engine.flows.nodes.serving import read_sent, shown_values
from ivr_engine.flows.settings import Setting, reads
from ivr_engine.flows.walk import Walk, plain_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Emit(NodeSpec):
    """Record the event `name` with `data`."""

    KIND: ClassVar[str] = "emit"
    name: str
    data: Mapping[str, Setting]

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`emit: {event, data}`."""
        fields = node.fields(cls.KIND)
        if fields is None:
            return cls(name="", data={})
        spec = cls(name=fields.name("event", required=True), data=read_sent(fields, "data"))
        fields.finish()
        return spec

    def facts(self) -> NodeFacts:
        """Always leaves by `next`; `failed` when a value cannot be worked out."""
        return NodeFacts(exits=("next", "failed"), required=(("next",),), waits=False, reads=reads(self.data.values()))

    def run(self, walk: Walk) -> Step:
        """Record it."""
        values = shown_values(walk, self.data, "an event")
        data = tuple(Datum(name=name, value=plain_text(name, value)) for name, value in values.items())
        session = walk.session
        walk.events.append(BusinessEvent(call=session.facts.call, node=session.node, name=self.name, data=data))
        return "next"

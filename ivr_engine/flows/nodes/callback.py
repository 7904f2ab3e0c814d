"""Book a call back to the caller instead of waiting.

    book:
      callback: {queue: cards, number: "{{ call.caller }}", skills: {card: 3}, window: morning}
      next: thanks
      failed: end
    thanks: {play: [welcome], next: end}

The booking stands in the journal with queue, skills, priority, language, number and
`window` (when the caller wants to be called, in words of the flow's own), and the call's record ends as
`callback_booked`. A number that is none leaves by `failed`: collect another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from ivr_engine.core.events.acd import CallbackBooked, SkillNeed
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.nodes.base import NodeFacts, NodeSpec, Step
from ivr_engine.flows.nodes.notify import telephone
from ivr_engine.flows.nodes.queue import priority_now, read_needs
from ivr_engine.flows.settings import Setting, as_setting, reads
from ivr_engine.flows.walk import Walk, plain_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback(NodeSpec):
    """Have somebody of `queue` with `needs` call `number`."""

    KIND: ClassVar[str] = "callback"
    queue: Setting
    number: Setting
    needs: tuple[SkillNeed, ...] = ()
    priority: Setting = None
    window: Setting = ""

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`callback: {queue, number, skills, priority, window}`."""
        fields = node.fields(cls.KIND)
        if fields is None:
            return cls(queue="", number="")
        spec = cls(
            queue=fields.read("queue", as_setting, default="", required=True),
            number=fields.read("number", as_setting, default="", required=True),
            needs=read_needs(fields),
            priority=fields.read("priority", as_setting, default=None),
            window=fields.read("window", as_setting, default=""),
        )
        fields.finish()
        return spec

    def facts(self) -> NodeFacts:
        """Leaves by `next`, or by `failed` when the number is none."""
        return NodeFacts(
            exits=("next", "failed"),
            required=(("next",), ("failed",)),
            waits=False,
            queues=(self.queue,) if isinstance(self.queue, str) else (),
            skills=tuple(need.skill for need in self.needs),
            reads=reads((self.queue, self.number, self.priority, self.window)),
        )

    def run(self, walk: Walk) -> Step:
        """Book it."""
        queue = walk.queue(walk.open_value(self.queue, "the queue's name"))
        since, priority = walk.place_in(queue) or (walk.now, 0)
        walk.events.append(
            CallbackBooked(
                call=walk.session.facts.call,
                node=walk.session.node,
                queue=queue,
                number=telephone(walk, self.number),
                needs=self.needs,
                priority=priority if self.priority is None else priority_now(walk, self.priority),
                language=walk.session.language,
                window=plain_text("window", walk.open_value(self.window, "when to call")),
                since=since,
                dialled=walk.session.facts.number,
            ),
        )
        return "next"

"""Say something.

    welcome:
      play: [welcome, {money: "12.50", currency: CNY}]
      next: end

With `play: {prompts: [notice], barge_in: false}` no key interrupts it. A key that does is kept for the next menu or collect,
and until then further plays are passed over: a caller who knows the way dials through. A key with one meaning everywhere
acts at once, unless a question that may come next takes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from ivr_engine.flows import limits
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.nodes import everywhere
from ivr_engine.flows.nodes.base import Leave, NodeFacts, NodeSpec, Step
from ivr_engine.flows.saying import Line, names_read, prompt_names, read_lines, utter
from ivr_engine.flows.tree import Mapping
from ivr_engine.flows.waits import Played, PlayWait, Reply
from ivr_engine.flows.walk import Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Play(NodeSpec):
    """Say `lines`."""

    KIND: ClassVar[str] = "play"
    lines: tuple[Line, ...]
    barge_in: bool = True

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`play: [line, ...]`, `play: line` or `play: {prompts: [line, ...], barge_in: false}`."""
        tree = node.get(cls.KIND)
        if not isinstance(tree, Mapping) or tree.get("prompts") is None:
            return cls(lines=read_lines(node, cls.KIND))
        fields = Fields(tree, node.issues, where=cls.KIND)
        spec = cls(lines=read_lines(fields, "prompts"), barge_in=fields.boolean("barge_in", default=True))
        fields.finish()
        return spec

    def facts(self) -> NodeFacts:
        """Always leaves by `next`; `failed` when a value cannot be said."""
        return NodeFacts(
            exits=("next", "failed"),
            required=(("next",),),
            lines=self.lines,
            prompts=prompt_names(self.lines),
            reads=names_read(self.lines),
        )

    def run(self, walk: Walk) -> Step:
        """Wait for the end of the prompts, unless the caller is typing ahead."""
        session = walk.session
        if session.typed_ahead and self.barge_in and walk.plays_skipped < limits.PLAYS_SKIPPED:
            walk.plays_skipped += 1
            return "next"
        return PlayWait(prompts=utter(walk, self.lines), language=session.language, barge_in=self.barge_in)

    def resume(self, walk: Walk, reply: Reply) -> Step:
        """Keep the key that interrupted; a stray one has the prompts played again."""
        if isinstance(reply, Played) and self.barge_in:
            keys = reply.key
            if keys and walk.is_stray(keys[0]):
                keys = keys[1:]
                if not keys:
                    return self.run(walk)
            if len(keys) == 1 and not everywhere.is_typed_ahead(walk, keys):
                acted = everywhere.act(walk, keys, lambda: self.run(walk))
                if acted is not None:
                    return acted
            walk.keep(keys)
        return "next"

    def returned(self, walk: Walk, leave: Leave) -> Step:
        """Back from the flow of the agent key: say it again."""
        del leave
        return self.run(walk)

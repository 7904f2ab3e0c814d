"""Ask for several keys and keep them in a variable.

    ask_card:
      collect: {prompt: welcome, into: card, digits: 16..19, end_key: "#", check: luhn, secret: true, attempts: 3}
      next: end
      failed: end

Checks: `none`; `luhn` (card numbers); `amount` (`*` is the decimal point, kept as `12.50`); `date` (yyyymmdd, kept as
`2026-03-02`); `id_number` (Chinese identity number, `*` for X); `phone`; or a `pattern` of one's own. With `secret:
true` the value never reaches an event, record or log, keys typed ahead are thrown away first, and every value made from
it is secret too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from ivr_engine.core.ids import Millis
from ivr_engine.flows import limits, shapes
from ivr_engine.flows.checks import CHECKS, FIRSTS, Pattern, compile_pattern
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.messages import Message
from ivr_engine.flows.nodes import asking
from ivr_engine.flows.nodes.base import Leave, NodeFacts, Step
from ivr_engine.flows.saying import names_read, prompt_names, read_lines
from ivr_engine.flows.settings import as_target
from ivr_engine.flows.shapes import ShapeFault
from ivr_engine.flows.tree import Tree
from ivr_engine.flows.walk import Walk

_STARRED = {
    "amount": Message("in an amount `*` is the decimal point; use another end_key"),
    "id_number": Message("in an identity number `*` stands for X; use another end_key"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Collect(asking.Asking):
    """Keep `least` to `most` keys in the variable `into`."""

    KIND: ClassVar[str] = "collect"
    into: str
    least: int = 1
    check: str = "none"
    pattern: Pattern | None = None

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`collect: {prompt, into, digits, end_key, check or pattern, secret, timeouts, attempts, retry, barge_in}`."""
        fields = node.fields(cls.KIND)
        if fields is None:
            return cls(lines=(), into="")
        timeout, attempts = asking.read_patience(fields)
        least, most = fields.number_range("digits", default=(1, 32), least=1, most=limits.KEYS)
        spec = cls(
            lines=read_lines(fields, "prompt"),
            into=fields.read("into", as_target, default="", required=True),
            least=least,
            most=most,
            end_key=fields.choice("end_key", ("#", "*", "none"), default="#").replace("none", ""),
            check=fields.choice("check", CHECKS, default="none"),
            secret=fields.boolean("secret"),
            timeout=timeout,
            key_timeout=fields.span("key_timeout", default=Millis(5_000), least=Millis(500), most=limits.TIMEOUT),
            attempts=attempts,
            pattern=fields.read("pattern", _as_pattern, default=None),
            barge_in=fields.boolean("barge_in", default=True),
            retries=asking.read_retries(fields),
        )
        if spec.check in _STARRED and spec.end_key == "*":
            fields.error("S312", _STARRED[spec.check], at=fields.place("end_key"))
        fields.finish()
        return spec

    def facts(self) -> NodeFacts:
        """Leaves by `next`, or when the attempts are used up."""
        return NodeFacts(
            exits=("next", *asking.EXITS),
            required=(("next",), ("no_input", "failed"), ("no_match", "failed")),
            claims=tuple(self.end_key),
            attempts=self.attempts,
            lines=self.lines,
            prompts=prompt_names(self.all_lines),
            reads=names_read(self.all_lines),
            writes=(self.into,),
            secrets=(self.into,) if self.secret else (),
        )

    def begins(self, key: str) -> bool:
        """See Asking."""
        return key in (self.pattern.firsts if self.pattern else FIRSTS[self.check])

    def returned(self, walk: Walk, leave: Leave) -> Step:
        """Back from the flow of the agent key: ask again."""
        del leave
        return self.run(walk)

    def accept(self, walk: Walk, keys: str) -> Step | None:
        """Keep the keys if they are long enough and pass the check."""
        value = (self.pattern or CHECKS[self.check])(keys) if len(keys) >= self.least else None
        if value is None:
            return None
        walk.assign(self.into, value, secret=self.secret)
        return "next"


@shapes.taking(type="string", pattern=r"^[0-9.*\[\]{}|,-]+$")
def _as_pattern(tree: Tree) -> Pattern:
    text = shapes.as_text(tree)
    check = compile_pattern(text)
    if check is None:
        message = "expected a pattern of digits, `.`, `*`, `[1-4]`, `{n}` and `|`, such as 62.{14}|[45].{15}"
        raise ShapeFault(tree.at, "S316", message)
    return check

"""Ask for several keys and keep them in a variable.

    ask_card:
      collect: {prompt: welcome, into: card, digits: 16..19, end_key: "#", check: luhn, secret: true, attempts: 3}
      next: end
      failed: end

Checks: `none`; `luhn` (card numbers, ISO/IEC 7812-1 annex B); `amount` (`*` is the decimal point, kept as `12.50`); `date`
(yyyymmdd, kept as `2026-03-02`). With `secret: true` the value never reaches an event, record or log, keys typed ahead are
thrown away first, and every value made from it is secret too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Self

from ivr_engine.core.ids import Millis
from ivr_engine.flows import limits
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.nodes import asking
from ivr_engine.flows.nodes.base import NodeFacts, Step
from ivr_engine.flows.saying import names_read, prompt_names, read_lines
from ivr_engine.flows.settings import as_target
from ivr_engine.flows.walk import Walk


def _digits(keys: str) -> str | None:
    return keys if keys.isascii() and keys.isdigit() else None


def _luhn(keys: str) -> str | None:
    if _digits(keys) is None:
        return None
    doubled = [sum(divmod(2 * int(key), 10)) for key in keys[-2::-2]]
    return keys if (sum(map(int, keys[::-2])) + sum(doubled)) % 10 == 0 else None


def _amount(keys: str) -> str | None:
    return keys.replace("*", ".") if re.fullmatch(r"[0-9]{1,12}(\*[0-9]{1,2})?", keys, re.ASCII) else None


def _date(keys: str) -> str | None:
    if not re.fullmatch("[0-9]{8}", keys, re.ASCII):
        return None
    try:
        return date(int(keys[:4]), int(keys[4:6]), int(keys[6:])).isoformat()
    except ValueError:
        return None


CHECKS: Mapping[str, Callable[[str], str | None]] = {"none": _digits, "luhn": _luhn, "amount": _amount, "date": _date}
"""Each gives the value to keep for the caller's keys, or None when they are no such thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collect(asking.Asking):
    """Keep `least` to `most` keys in the variable `into`."""

    KIND: ClassVar[str] = "collect"
    into: str
    least: int = 1
    check: str = "none"

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`collect: {prompt, into, digits, end_key, check, secret, timeout, key_timeout, attempts}`."""
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
        )
        if spec.check == "amount" and spec.end_key == "*":
            fields.error("S312", "in an amount `*` is the decimal point; use another end_key", at=fields.place("end_key"))
        fields.finish()
        return spec

    def facts(self) -> NodeFacts:
        """Leaves by `next`, or when the attempts are used up."""
        return NodeFacts(
            exits=("next", *asking.EXITS),
            required=(("next",), ("no_input", "failed"), ("no_match", "failed")),
            attempts=self.attempts,
            lines=self.lines,
            prompts=prompt_names(self.lines),
            reads=names_read(self.lines),
            writes=(self.into,),
            secrets=(self.into,) if self.secret else (),
        )

    def accept(self, walk: Walk, keys: str) -> Step | None:
        """Keep the keys if they are long enough and pass the check."""
        value = CHECKS[self.check](keys) if len(keys) >= self.least else None
        if value is None:
            return None
        walk.assign(self.into, value, secret=self.secret)
        return "next"

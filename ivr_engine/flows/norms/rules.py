"""What a rule of service is, and what a centre may set about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from ivr_engine.flows.issues import Severity
from ivr_engine.flows.messages import Message
from ivr_engine.flows.norms.ways import Ways
from ivr_engine.flows.tree import Position


@dataclass(frozen=True, slots=True)
class Breach:
    """A place where a rule does not hold. `subject` is what a waiver names: `flow/node`, or a language."""

    at: Position
    subject: str
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `most` is its number, `words` its words; both, and the severity, can be set in norms.yaml."""

    id: str
    severity: Severity
    demands: str
    check: Callable[[Ways, Rule], Iterable[Breach]]
    most: int | None = None
    words: tuple[str, ...] | None = None

    @property
    def bound(self) -> int:
        """The number of a rule that has one."""
        return self.most or 0

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The words of a rule that has some."""
        return self.words or ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """`rule` need not hold at `subject` (empty: anywhere) up to and including the day `until`."""

    rule: str
    subject: str
    reason: str
    until: date
    at: Position

    def covers(self, rule: str, subject: str) -> bool:
        """Whether it speaks of this rule at this place."""
        return rule == self.rule and self.subject in ("", subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class Norms:
    """What norms.yaml says: every rule with the centre's own numbers, and the waivers."""

    rules: tuple[Rule, ...]
    waivers: tuple[Waiver, ...] = ()

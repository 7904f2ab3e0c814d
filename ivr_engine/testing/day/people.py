"""The agents of a rehearsed day: when they work, how fast they are, what their telephones do."""

from __future__ import annotations

from dataclasses import dataclass, field

from ivr_engine.core.ids import AgentId, Instant, Millis
from ivr_engine.testing.day.chance import Fixed, Span

AT_ONCE, A_MINUTE = Fixed(Millis(0)), Fixed(Millis(60_000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """At work, ready, in [begin, end); a call in progress at the end is finished. `end` None: until the day is over."""

    begin: Instant
    end: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Telephone:
    """How an agent's telephone is answered: after `answers`; but a share of the calls rings to its limit.

    An agent whom the engine paused for that says ready again after `returns`.
    """

    answers: Span = AT_ONCE
    missed: float = 0.0
    returns: Span = A_MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An agent. Conversations take `pace` times as long as they would with an ordinary agent."""

    agent: AgentId
    shifts: tuple[Shift, ...]
    pace: float = 1.0
    telephone: Telephone = field(default_factory=Telephone)

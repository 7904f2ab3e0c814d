"""The rules that hold for a centre as a whole, beside those of each queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import Millis, SkillName, WorkKind


@frozen
class CentreRules:
    """`call_rule`: which of the waiting calls a freed agent takes, see `call_choice`.

    `reserve`: so many free agents with the skill are kept from calls that do not ask for it.
    `skills`: those that a supervisor may give; `pause_reasons`: those that a pause may have; empty: any.
    `beside_voice`: kinds of work that may be offered to an agent who talks.
    `start`: the switch says when a telephone begins to ring, and must within this time; None: the switch does not say it.
    """

    call_rule: str = "place"
    reserve: Mapping[SkillName, int] = field(default_factory=dict)
    skills: tuple[SkillName, ...] = ()
    pause_reasons: tuple[str, ...] = ()
    start: Millis | None = None
    beside_voice: tuple[WorkKind, ...] = ()

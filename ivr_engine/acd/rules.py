"""The rules that hold for a centre as a whole, beside those of each queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr_engine.core.ids import Millis, SkillName


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreRules:
    """`call_rule`: which of the waiting calls a freed agent takes, see `call_choice`.

    `reserve`: so many free agents with the skill are kept from calls that do not ask for it.
    `pause_reasons`: the only ones that may be given; empty: any.
    `start`: the switch says when a telephone begins to ring, and must within this time; None: the switch does not say it.
    """

    call_rule: str = "place"
    reserve: Mapping[SkillName, int] = field(default_factory=dict)
    pause_reasons: tuple[str, ...] = ()
    start: Millis | None = None

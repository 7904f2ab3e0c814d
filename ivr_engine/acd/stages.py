"""How a conversation is taken apart and put together again, as a table. See `acd.transitions` for how tables are applied."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Stage(StrEnum):
    """Who hears whom."""

    TALKING = "talking"  # caller and agent
    HELD = "held"  # the caller hears music
    ASKING = "asking"  # the caller hears music, the colleague's telephone rings
    CONSULTING = "consulting"  # the caller hears music, agent and colleague talk
    CONFERENCE = "conference"  # all three
    OVER = "over"


class StageStep(StrEnum):
    """What moves a conversation."""

    HOLD = "hold"
    ASK = "ask"
    REACH = "reach"  # the colleague picks up
    BACK = "back"  # agent and caller alone, whatever was before
    COMPLETE = "complete"  # the caller is left to the colleague
    CONFER = "confer"
    END = "end"


MUSIC_STAGES = frozenset({Stage.HELD, Stage.ASKING, Stage.CONSULTING})
"""In these the caller hears music."""

STAGES: Mapping[tuple[Stage, StageStep], Stage] = MappingProxyType(
    {
        (Stage.TALKING, StageStep.HOLD): Stage.HELD,
        (Stage.TALKING, StageStep.ASK): Stage.ASKING,
        (Stage.TALKING, StageStep.END): Stage.OVER,
        (Stage.HELD, StageStep.BACK): Stage.TALKING,
        (Stage.HELD, StageStep.ASK): Stage.ASKING,
        (Stage.HELD, StageStep.END): Stage.OVER,
        (Stage.ASKING, StageStep.REACH): Stage.CONSULTING,
        (Stage.ASKING, StageStep.BACK): Stage.TALKING,
        (Stage.ASKING, StageStep.END): Stage.OVER,
        (Stage.CONSULTING, StageStep.BACK): Stage.TALKING,
        (Stage.CONSULTING, StageStep.COMPLETE): Stage.TALKING,
        (Stage.CONSULTING, StageStep.CONFER): Stage.CONFERENCE,
        (Stage.CONSULTING, StageStep.END): Stage.OVER,
        (Stage.CONFERENCE, StageStep.BACK): Stage.TALKING,
        (Stage.CONFERENCE, StageStep.COMPLETE): Stage.TALKING,
        (Stage.CONFERENCE, StageStep.END): Stage.OVER,
    }
)

"""What each line of a conversation that was taken apart does at each stage, and how an impossible step is refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from ivr_engine.acd.stages import Stage, StageStep

REFUSALS: Mapping[StageStep, str] = MappingProxyType(
    {
        StageStep.HOLD: "the caller can be held only while talking",
        StageStep.ASK: "somebody is asked already",
        StageStep.BACK: "the caller is not on hold, and nobody is asked",
        StageStep.COMPLETE: "nobody who was asked is on the telephone",
        StageStep.CONFER: "nobody who was asked is on the telephone",
    }
)


class Duty(StrEnum):
    """What a line is to do at a stage."""

    WAIT = "wait"
    ROOM = "room"
    ASK = "ask"
    LEAVE = "leave"


HOLDER: Mapping[Stage, Duty] = MappingProxyType(
    {Stage.HELD: Duty.WAIT, Stage.ASKING: Duty.ASK, Stage.CONSULTING: Duty.ASK, Stage.OVER: Duty.LEAVE}
)
"""Of the line of whoever has the caller; at any other stage the room."""

SECOND: Mapping[Stage, Duty] = MappingProxyType({Stage.CONFERENCE: Duty.ROOM, Stage.CONSULTING: Duty.WAIT})
"""Of the line of whoever is asked; at any other stage it is let go."""

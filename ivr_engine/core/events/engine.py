"""Facts about the engine itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ivr_engine.core.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStarted(Event):
    """A controller came up with the centre's files at `version`."""

    TYPE: ClassVar[str] = "engine.started"
    centre: str
    version: str
    engine: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStopped(Event):
    """The controller was stopped on purpose."""

    TYPE: ClassVar[str] = "engine.stopped"
    centre: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchLost(Event):
    """The connection to the PBX's event stream broke; events may have been missed until `SwitchReached`."""

    TYPE: ClassVar[str] = "engine.switch_lost"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchReached(Event):
    """The event stream is up and its live calls were compared with ours."""

    TYPE: ClassVar[str] = "engine.switch_reached"
    live_calls: int
    closed_calls: int

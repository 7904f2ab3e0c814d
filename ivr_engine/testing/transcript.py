"""What a rehearsed call looks like afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ivr_engine.core.events import Event
from ivr_engine.core.ids import NodeName


class Ending(StrEnum):
    """How a rehearsed call ended."""

    FINISHED = "finished"
    FAILED = "failed"  # the flow could not go on
    CALLER_GONE = "caller_gone"
    SCRIPT_RAN_DRY = "script_ran_dry"  # the flow asks and the caller's script has nothing left
    TOO_LONG = "too_long"  # more turns than MOST_TURNS


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One turn and what came of it.

    `nodes` were walked; `heard` is what was said in words, `said` the same as events name it. A caller is shown the passage
    before `pressed` and `outcome` are known.
    """

    nodes: tuple[NodeName, ...]
    node: NodeName
    said: tuple[str, ...] = ()
    heard: tuple[str, ...] = ()
    pressed: str | None = None  # None: nothing was asked; hidden where the node is secret
    asked: str = ""  # `service.operation`
    queue: str = ""
    outcome: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A whole call. `node` is where it ended."""

    ending: Ending
    node: NodeName
    passages: tuple[Passage, ...]
    events: tuple[Event, ...]

"""What an event is: a recorded fact in the past tense, frozen, made of plain values.

An event class names its stable type in `TYPE` (`family.fact`). Allowed field types: str, int, bool, None, StrEnum, a frozen
dataclass of those, tuples of those. Adding a field with a default is compatible; changing or removing one is not.
One marked `UNSAID` is left out of what is written as long as it has its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import AgentId, CallId, Instant

UNSAID: Mapping[str, bool] = MappingProxyType({"unsaid": True})
"""The metadata of a field that is not written while it has its default; such fields come last."""


@frozen
class Event:
    """Base of every fact. Subclasses are frozen, slotted, keyword-only and set `TYPE`."""

    TYPE: ClassVar[str]


@frozen
class Recorded:
    """An event as the journal holds it: gap-free sequence number, instant, fact."""

    sequence: int
    at: Instant
    event: Event


def call_of(event: Event) -> CallId | None:
    """The call an event is about, or None."""
    call: CallId | None = getattr(event, "call", None)
    return call


def agent_of(event: Event) -> AgentId | None:
    """The agent an event is about, or None."""
    agent: AgentId | None = getattr(event, "agent", None)
    return agent

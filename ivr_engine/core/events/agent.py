"""Facts about agents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ivr_engine.core.events.base import Event
from ivr_engine.core.ids import AgentId, CallId, Millis
from ivr_engine.core.outcomes import Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPresenceChanged(Event):
    """The agent chose, or the engine set after a failed offer, another presence. `reason` is a code."""

    TYPE: ClassVar[str] = "agent.presence_changed"
    agent: AgentId
    presence: Presence
    previous: Presence
    reason: str = ""
    by: str = "agent"  # agent, supervisor or engine


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpBegan(Event):
    """After the conversation the agent has `limit` to finish the paper work."""

    TYPE: ClassVar[str] = "agent.wrap_up_began"
    agent: AgentId
    call: CallId
    limit: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpEnded(Event):
    """The agent is free again: the limit passed, or the agent said ready."""

    TYPE: ClassVar[str] = "agent.wrap_up_ended"
    agent: AgentId
    call: CallId
    took: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSeated(Event):
    """The agent's calls ring at `phone` from now on. `displaced`: whose telephone it was until then; that agent has none.

    `source`: where the login came from: `phone`, `command`.
    """

    TYPE: ClassVar[str] = "agent.seated"
    agent: AgentId
    phone: str
    previous: str
    source: str
    displaced: AgentId | None = None

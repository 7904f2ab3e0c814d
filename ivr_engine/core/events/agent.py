"""Facts about agents."""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar

from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.events.base import UNSAID, Event
from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import VOICE, AgentId, CallId, Millis, QueueName, WorkKind
from ivr_engine.core.outcomes import Presence


@frozen
class AgentPresenceChanged(Event):
    """The agent chose, or the engine set after a failed offer, another presence. `reason` is a code."""

    TYPE: ClassVar[str] = "agent.presence_changed"
    agent: AgentId
    presence: Presence
    previous: Presence
    reason: str = ""
    by: str = "agent"  # agent, supervisor or engine


@frozen
class WrapUpBegan(Event):
    """After the conversation the agent has `limit` to finish the paper work."""

    TYPE: ClassVar[str] = "agent.wrap_up_began"
    agent: AgentId
    call: CallId
    limit: Millis
    kind: WorkKind = field(default=VOICE, metadata=UNSAID)


@frozen
class WrapUpEnded(Event):
    """The agent is free again: the limit passed, or the agent said ready."""

    TYPE: ClassVar[str] = "agent.wrap_up_ended"
    agent: AgentId
    call: CallId
    took: Millis
    kind: WorkKind = field(default=VOICE, metadata=UNSAID)


@frozen
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


@frozen
class WrapUpExtended(Event):
    """The agent may go on with the paper work: `limit` is the new one, counted from the end of the conversation."""

    TYPE: ClassVar[str] = "agent.wrap_up_extended"
    agent: AgentId
    call: CallId
    limit: Millis
    by: str = "agent"


@frozen
class AgentQueuesChanged(Event):
    """From now on the agent serves `queues`, until moved again or the agent's entry in the files changes."""

    TYPE: ClassVar[str] = "agent.queues_changed"
    agent: AgentId
    queues: tuple[QueueName, ...]
    previous: tuple[QueueName, ...]
    by: str = "supervisor"


@frozen
class AgentSkillsChanged(Event):
    """From now on the agent has `skills`, until changed again or the agent's entry in the files changes."""

    TYPE: ClassVar[str] = "agent.skills_changed"
    agent: AgentId
    skills: tuple[SkillNeed, ...]
    previous: tuple[SkillNeed, ...]
    by: str = "supervisor"

"""Facts about distribution: a call's visits to queues, the offers made for it, its conversations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ivr_engine.core.events.base import Event
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, Millis, NodeName, OfferId, QueueName, SkillName
from ivr_engine.core.outcomes import CallbackEnd, EndedBy, OfferOutcome, QueueOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillNeed:
    """A skill that an agent must have at `level` or better (1 lowest .. 10 highest)."""

    skill: SkillName
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Why an agent was not eligible: a code such as `paused`, `talking`, `lacks_skill:card`."""

    agent: AgentId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An eligible agent and the key the rule compared (for longest idle: milliseconds idle)."""

    agent: AgentId
    key: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued(Event):
    """The call entered a queue. `position` counts from 1."""

    TYPE: ClassVar[str] = "acd.call_queued"
    call: CallId
    queue: QueueName
    priority: int
    needs: tuple[SkillNeed, ...]
    language: Language
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackBooked(Event):
    """Somebody of the queue is to call `number`, as if it had waited there since `since`; `window`: when it suits.

    `since` 0: since this instant. The booking is known as `cb` and the sequence number of this event.
    """

    TYPE: ClassVar[str] = "acd.callback_booked"
    call: CallId
    node: NodeName
    queue: QueueName
    number: str
    needs: tuple[SkillNeed, ...]
    priority: int
    language: Language
    window: str = ""
    since: Instant = Instant(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackPlaced(Event):
    """An agent is reserved and the number is called: attempt `attempt` (from 1) of a booking, a call of its own.

    `booked_by` is the call that booked it. `reason`: why an outgoing call was made.
    """

    TYPE: ClassVar[str] = "acd.callback_placed"
    call: CallId
    booking: str
    booked_by: CallId
    queue: QueueName
    number: str
    agent: AgentId
    attempt: int
    reason: str = "callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAttempted(Event):
    """How an attempt ended. `again`: when the next one may come; None: there is none. `cause`: the switch's own word."""

    TYPE: ClassVar[str] = "acd.callback_attempted"
    call: CallId
    booking: str
    outcome: OfferOutcome
    again: Instant | None
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackEnded(Event):
    """The booking is over; exactly one for each. `by`: who cancelled it, else empty."""

    TYPE: ClassVar[str] = "acd.callback_ended"
    booking: str
    booked_by: CallId
    queue: QueueName
    outcome: CallbackEnd
    attempts: int
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitEstimated(Event):
    """How long the caller was estimated to wait on entering: on average, half of such callers, nine in ten of them."""

    TYPE: ClassVar[str] = "acd.wait_estimated"
    call: CallId
    queue: QueueName
    mean: Millis
    p50: Millis
    p90: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLeft(Event):
    """The caller left a spoken message for the people of a queue."""

    TYPE: ClassVar[str] = "acd.message_left"
    call: CallId
    node: NodeName
    queue: QueueName
    recording: str
    lasted: Millis
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMade(Event):
    """An agent was reserved for the call, with the whole reason: the rule, who was eligible, who was not and why."""

    TYPE: ClassVar[str] = "acd.offer_made"
    call: CallId
    agent: AgentId
    offer: OfferId
    queue: QueueName
    rule: str
    candidates: tuple[Candidate, ...]
    excluded: tuple[Exclusion, ...]
    waited: Millis
    deadline: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class NobodyOffered(Event):
    """The call was considered and no agent was eligible: who was excluded and why."""

    TYPE: ClassVar[str] = "acd.nobody_offered"
    call: CallId
    queue: QueueName
    rule: str
    excluded: tuple[Exclusion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEnded(Event):
    """The reservation ended; exactly one for each OfferMade."""

    TYPE: ClassVar[str] = "acd.offer_ended"
    call: CallId
    agent: AgentId
    offer: OfferId
    outcome: OfferOutcome
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationBegan(Event):
    """Caller and agent are joined."""

    TYPE: ClassVar[str] = "acd.conversation_began"
    call: CallId
    agent: AgentId
    queue: QueueName


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationEnded(Event):
    """Caller and agent are parted. `talked` as the switch measured it."""

    TYPE: ClassVar[str] = "acd.conversation_ended"
    call: CallId
    agent: AgentId
    queue: QueueName
    ended_by: EndedBy
    talked: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLeftQueue(Event):
    """The visit to the queue ended; exactly one for each CallQueued. `waited` includes the ringing."""

    TYPE: ClassVar[str] = "acd.call_left_queue"
    call: CallId
    queue: QueueName
    outcome: QueueOutcome
    waited: Millis

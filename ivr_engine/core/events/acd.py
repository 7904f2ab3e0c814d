"""Facts about distribution: a call's visits to queues, the offers made for it, its conversations."""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar

from ivr_engine.core.events.base import UNSAID, Event
from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import (
    VOICE,
    AgentId,
    CallId,
    Instant,
    Language,
    Millis,
    NodeName,
    OfferId,
    QueueName,
    SkillName,
    WorkKind,
)
from ivr_engine.core.outcomes import CallbackEnd, ConsultOutcome, EndedBy, OfferOutcome, QueueOutcome, TransferGoal

_NONE = Millis(0)


@frozen
class SkillNeed:
    """A skill that an agent must have at `level` or better (1 lowest .. 10 highest)."""

    skill: SkillName
    level: int


@frozen
class Exclusion:
    """Why an agent was not eligible: a code such as `paused`, `talking`, `lacks_skill:card`."""

    agent: AgentId
    reason: str


@frozen
class Candidate:
    """An eligible agent and what was compared: `preferred`, `in_hand`, the rule's `key`, then `idle`, in this order.

    More is better, but of `in_hand`: how many pieces of work they had. `preferred`: how many of the skills that the caller
    would like the agent has. `idle`: milliseconds.
    """

    agent: AgentId
    key: int
    preferred: int = 0
    idle: Millis = _NONE
    in_hand: int = field(default=0, metadata=UNSAID)


@frozen
class PassedOver:
    """Another waiting call that the agent could have taken, and the key the rule compared; less is sooner."""

    call: CallId
    queue: QueueName
    key: int


@frozen
class CallQueued(Event):
    """The call entered a queue. `position` counts from 1.

    `prefers`: skills that the caller would like; `wanted`: the agent for whom alone the call waits for at most
    `wanted_for`; `arrived`: from when the wait counts, None: from this event.
    """

    TYPE: ClassVar[str] = "acd.call_queued"
    call: CallId
    queue: QueueName
    priority: int
    needs: tuple[SkillNeed, ...]
    language: Language
    position: int
    prefers: tuple[SkillNeed, ...] = ()
    wanted: AgentId | None = None
    wanted_for: Millis = _NONE
    arrived: Instant | None = None
    kind: WorkKind = field(default=VOICE, metadata=UNSAID)


@frozen
class CallRelaxed(Event):
    """The call has waited long enough to ask for less: what it asks for from now on, and of the agents of which queues."""

    TYPE: ClassVar[str] = "acd.call_relaxed"
    call: CallId
    queue: QueueName
    step: int
    needs: tuple[SkillNeed, ...]
    prefers: tuple[SkillNeed, ...]
    queues: tuple[QueueName, ...]


@frozen
class AgentWaitEnded(Event):
    """The call no longer waits for the one agent it wanted: `reason` is `time`, or what became of the agent."""

    TYPE: ClassVar[str] = "acd.agent_wait_ended"
    call: CallId
    agent: AgentId
    reason: str


@frozen
class CallbackBooked(Event):
    """Somebody of the queue is to call `number`, as if it had waited there since `since`; `window`: when it suits.

    `since` 0: since this instant. `dialled`: the service number they had called. The booking
    is known as `cb` and the sequence number of this event.
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
    dialled: str = ""


@frozen
class CallbackPlaced(Event):
    """An agent is reserved and the number is called: attempt `attempt` (from 1) of a booking, a call of its own.

    `booked_by` is the call that booked it; `shown` the service number shown. `reason`: why an outgoing call was made.
    """

    TYPE: ClassVar[str] = "acd.callback_placed"
    call: CallId
    booking: str
    booked_by: CallId
    queue: QueueName
    number: str
    shown: str
    language: Language
    agent: AgentId
    attempt: int
    reason: str = "callback"


@frozen
class CallbackAttempted(Event):
    """How an attempt ended. `again`: when the next one may come; None: there is none. `cause`: the switch's own word."""

    TYPE: ClassVar[str] = "acd.callback_attempted"
    call: CallId
    booking: str
    outcome: OfferOutcome
    again: Instant | None
    cause: str = ""


@frozen
class CallbackEnded(Event):
    """The booking is over; exactly one for each. `by`: who cancelled it, else empty."""

    TYPE: ClassVar[str] = "acd.callback_ended"
    booking: str
    booked_by: CallId
    queue: QueueName
    outcome: CallbackEnd
    attempts: int
    by: str = ""


@frozen
class WaitEstimated(Event):
    """How long the caller was estimated to wait on entering: on average, half of such callers, nine in ten of them."""

    TYPE: ClassVar[str] = "acd.wait_estimated"
    call: CallId
    queue: QueueName
    mean: Millis
    p50: Millis
    p90: Millis


@frozen
class MessageLeft(Event):
    """The caller left a spoken message for the people of a queue."""

    TYPE: ClassVar[str] = "acd.message_left"
    call: CallId
    node: NodeName
    queue: QueueName
    recording: str
    lasted: Millis
    number: str


@frozen
class OfferMade(Event):
    """An agent was reserved for the call, with the whole reason: the rule, who was eligible, who was not and why.

    `step`: the relaxation step in force, 0: none. `call_rule`: by which rule a free agent's next call is chosen, and
    `passed_over`: the calls with which this one was compared, none when only this one changed.
    """

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
    step: int = 0
    call_rule: str = ""
    passed_over: tuple[PassedOver, ...] = ()
    kind: WorkKind = field(default=VOICE, metadata=UNSAID)


@frozen
class NobodyOffered(Event):
    """The call was considered and no agent was eligible: who was excluded and why. Recorded when the reasons change."""

    TYPE: ClassVar[str] = "acd.nobody_offered"
    call: CallId
    queue: QueueName
    rule: str
    excluded: tuple[Exclusion, ...]
    step: int = 0


@frozen
class OfferEnded(Event):
    """The reservation ended; exactly one for each OfferMade."""

    TYPE: ClassVar[str] = "acd.offer_ended"
    call: CallId
    agent: AgentId
    offer: OfferId
    outcome: OfferOutcome
    cause: str = ""
    kind: WorkKind = field(default=VOICE, metadata=UNSAID)


@frozen
class ConversationBegan(Event):
    """Caller and agent are joined."""

    TYPE: ClassVar[str] = "acd.conversation_began"
    call: CallId
    agent: AgentId
    queue: QueueName
    kind: WorkKind = field(default=VOICE, metadata=UNSAID)


@frozen
class ConversationEnded(Event):
    """Caller and agent are parted. `talked` as the switch measured it."""

    TYPE: ClassVar[str] = "acd.conversation_ended"
    call: CallId
    agent: AgentId
    queue: QueueName
    ended_by: EndedBy
    talked: Millis
    kind: WorkKind = field(default=VOICE, metadata=UNSAID)


@frozen
class CallLeftQueue(Event):
    """The visit to the queue ended; exactly one for each CallQueued. `waited` includes the ringing."""

    TYPE: ClassVar[str] = "acd.call_left_queue"
    call: CallId
    queue: QueueName
    outcome: QueueOutcome
    waited: Millis


@frozen
class CallTransferred(Event):
    """The agent passed the caller on: `to` is a queue, an agent, a flow, or the name in the files of a number outside.

    `consulted`: after having talked with whoever has the caller now.
    """

    TYPE: ClassVar[str] = "acd.call_transferred"
    call: CallId
    agent: AgentId
    goal: TransferGoal
    to: str
    consulted: bool = False


@frozen
class HoldBegan(Event):
    """The caller hears music while the agent is away from the conversation."""

    TYPE: ClassVar[str] = "acd.hold_began"
    call: CallId
    agent: AgentId


@frozen
class HoldEnded(Event):
    """The caller no longer hears music; exactly one for each HoldBegan of a call that goes on."""

    TYPE: ClassVar[str] = "acd.hold_ended"
    call: CallId
    agent: AgentId
    held: Millis


@frozen
class ColleagueAsked(Event):
    """An agent who talks with a caller wants to ask somebody: a colleague, or `outside` by the name in the files."""

    TYPE: ClassVar[str] = "acd.colleague_asked"
    call: CallId
    agent: AgentId
    colleague: AgentId | None = None
    outside: str = ""


@frozen
class ColleagueReached(Event):
    """Whoever was asked picked up; the caller does not hear them."""

    TYPE: ClassVar[str] = "acd.colleague_reached"
    call: CallId
    agent: AgentId
    colleague: AgentId | None = None
    outside: str = ""


@frozen
class ColleagueReleased(Event):
    """Whoever was asked has the caller now, or has no more part in the call; exactly one for each ColleagueAsked."""

    TYPE: ClassVar[str] = "acd.colleague_released"
    call: CallId
    agent: AgentId
    outcome: ConsultOutcome
    colleague: AgentId | None = None
    outside: str = ""


@frozen
class ConferenceBegan(Event):
    """Caller, agent and whoever was asked all hear each other."""

    TYPE: ClassVar[str] = "acd.conference_began"
    call: CallId
    agent: AgentId
    colleague: AgentId | None = None
    outside: str = ""


@frozen
class OutsideParted(Event):
    """Connecting the caller with a telephone outside is over. `talked` 0 unless `outcome` is answered."""

    TYPE: ClassVar[str] = "acd.outside_parted"
    call: CallId
    to: str
    outcome: OfferOutcome
    talked: Millis


@frozen
class CallerMoved(Event):
    """A supervisor took the waiting caller to another queue. `by`: who, and from where."""

    TYPE: ClassVar[str] = "acd.caller_moved"
    call: CallId
    queue: QueueName
    to: QueueName
    by: str


@frozen
class PriorityChanged(Event):
    """A supervisor put the waiting caller before or behind others. `by`: who, and from where."""

    TYPE: ClassVar[str] = "acd.priority_changed"
    call: CallId
    queue: QueueName
    priority: int
    previous: int
    by: str

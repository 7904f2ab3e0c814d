"""What happens to a centre. Each is handled at an instant; none is ever refused by the shell.

Commands (LogIn, SetReady, Pause, LogOut, ExtendWrapUp, MoveAgent, SetSkill, Transfer, Consult, Reconfigure) may be refused
by the centre with `CommandRefused`. `by` is who asked: `agent`, `supervisor`, or who it was, for the record.
"""

from __future__ import annotations

from dataclasses import field

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.queues import QueuePolicy
from ivr_engine.acd.rules import CentreRules
from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import (
    VOICE,
    AgentId,
    CallId,
    Instant,
    Language,
    Millis,
    OfferId,
    QueueName,
    SkillName,
    WorkKind,
)
from ivr_engine.core.outcomes import ConsultOutcome, EndedBy, OfferOutcome


@frozen
class LogIn:
    """The agent starts work, paused until SetReady."""

    agent: AgentId
    by: str = "agent"


@frozen
class SetReady:
    """The agent takes calls. It ends whatever wrap-up there is."""

    agent: AgentId
    by: str = "agent"


@frozen
class Pause:
    """The agent takes no new calls, for `reason`; a call in progress goes on."""

    agent: AgentId
    reason: str
    by: str = "agent"


@frozen
class LogOut:
    """The agent stops work; a call in progress goes on to its end."""

    agent: AgentId
    by: str = "agent"


@frozen
class ExtendWrapUp:
    """The agent needs `more` for the paper work, as far as the queue allows. `call`: after which; None: their only one."""

    agent: AgentId
    more: Millis
    call: CallId | None = None
    by: str = "agent"


@frozen
class MoveAgent:
    """The agent serves these queues too from now on, and those no longer."""

    agent: AgentId
    into: tuple[QueueName, ...] = ()
    out_of: tuple[QueueName, ...] = ()
    by: str = "supervisor"


@frozen
class SetSkill:
    """The agent has the skill at `level` from now on, or no longer when None."""

    agent: AgentId
    skill: SkillName
    level: int | None
    by: str = "supervisor"


@frozen
class MoveCaller:
    """The waiting caller waits in this queue from now on."""

    call: CallId
    queue: QueueName
    by: str = "supervisor"


@frozen
class SetPriority:
    """The waiting caller has this priority from now on."""

    call: CallId
    priority: int
    by: str = "supervisor"


@frozen
class CallEntered:
    """A call enters a queue.

    `prefers`: skills that the caller would like; who has more of them comes first. `agent`: the one for whom alone the call
    waits for at most `agent_wait`, and who comes first afterwards. `arrived`: from when the wait counts (a call back that
    keeps its place), None: from now. `reach`: the caller is not on the line, and once an agent is reserved it may take so
    long to call them; nothing is announced to such a caller, and no limit of the queue holds. `kind`: what kind of work it
    is; a queue takes one kind only.
    """

    call: CallId
    queue: QueueName
    needs: tuple[SkillNeed, ...]
    priority: int
    language: Language
    prefers: tuple[SkillNeed, ...] = ()
    agent: AgentId | None = None
    agent_wait: Millis = Millis(0)
    arrived: Instant | None = None
    reach: Millis = Millis(0)
    kind: WorkKind = VOICE


@frozen
class FlowedOut:
    """The waiting caller pressed a key that leaves the queue. Changes nothing once a telephone rings for them."""

    call: CallId


@frozen
class HoursChanged:
    """From now on the calendars of these queues say closed, and those of all others open."""

    closed: tuple[QueueName, ...]


@frozen
class CallerLeft:
    """The caller hung up, in whatever state the call is in."""

    call: CallId


@frozen
class LineLost:
    """The line to the caller broke, not the call: it comes back (CallEntered again), or is known to be over (CallerLeft)."""

    call: CallId


@frozen
class OfferRinging:
    """The agent's telephone rings."""

    offer: OfferId


@frozen
class OfferPickedUp:
    """The agent picked up; caller and agent are not joined yet, as while the agent is told who it is."""

    offer: OfferId


@frozen
class OfferAnswered:
    """The agent picked up: caller and agent are joined."""

    offer: OfferId


@frozen
class OfferFailed:
    """The telephone of the offered agent did not give a conversation. `cause`: the switch's own word, for the record."""

    offer: OfferId
    outcome: OfferOutcome
    cause: str = ""


@frozen
class JoinedElsewhere:
    """Caller and agent talk although this centre never joined them: the switch did, while no engine answered."""

    call: CallId
    agent: AgentId


@frozen
class ConversationOver:
    """Caller and agent are parted."""

    call: CallId
    ended_by: EndedBy
    talked: Millis


@frozen
class Transfer:
    """The agent passes the caller on: to a colleague, whose telephone is to ring at once, or to a queue.

    With neither, the caller goes back to the queue of this conversation. The wait counts from the first arrival.
    `call`: what is passed on; None: the agent's call.
    """

    agent: AgentId
    talked: Millis
    colleague: AgentId | None = None
    queue: QueueName | None = None
    call: CallId | None = None


@frozen
class Consult:
    """The agent, talking with a caller, wants to ask a colleague, who is reserved from now on. `call`: as in Transfer."""

    agent: AgentId
    colleague: AgentId
    call: CallId | None = None


@frozen
class ConsultAnswered:
    """The colleague picked up."""

    call: CallId


@frozen
class ConsultOver:
    """The colleague has no more part in the call. `rang`: how ringing them ended, when they were not reached."""

    call: CallId
    outcome: ConsultOutcome
    rang: OfferOutcome | None = None


@frozen
class HandedOver:
    """The colleague has the caller now, the agent who had is out of it after having `talked` so long."""

    call: CallId
    talked: Millis


@frozen
class TimePassed:
    """Nothing happened but time: handle what is due."""


@frozen
class Reconfigure:
    """From now on these are the queues and the people; callers keep their places, agents their state."""

    queues: tuple[QueuePolicy, ...]
    agents: tuple[AgentProfile, ...]
    rules: CentreRules = field(default_factory=CentreRules)


Stimulus = (
    LogIn
    | SetReady
    | Pause
    | LogOut
    | ExtendWrapUp
    | MoveAgent
    | MoveCaller
    | SetPriority
    | SetSkill
    | HoursChanged
    | CallEntered
    | CallerLeft
    | FlowedOut
    | LineLost
    | OfferRinging
    | OfferPickedUp
    | OfferAnswered
    | OfferFailed
    | JoinedElsewhere
    | ConversationOver
    | Transfer
    | Consult
    | ConsultAnswered
    | ConsultOver
    | HandedOver
    | TimePassed
    | Reconfigure
)

"""Queues: the rules of each (configuration), the calls in it, and their order."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ivr_engine.acd.demands import NO_DEMAND, Demand
from ivr_engine.acd.transitions import CALL, CallPhase, CallStep, advance
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
from ivr_engine.core.outcomes import QueueOutcome

Place = tuple[int, Instant, int, CallId]
"""A call's place: the arrival less what the priority is worth, then arrival and sequence number.

It does not depend on the time, so lines that are in order stay in order. A caller with priority p is overtaken only by those
with a higher one, p', who arrive less than (p' - p) * worth later: the bound after which nobody new comes in between.
"""

PRIORITY_WORTH = Millis(30_000)
STRICTLY = Millis(10**12)
"""As `priority_worth`: no wait makes up for one point (it is 31 years)."""


@frozen
class RelaxStep:
    """What a call that has waited for `after` asks for from then on; steps add up.

    `lower`: the needed level of a skill becomes this one, if it was higher. `drop`: skills neither needed nor preferred any
    more; a language may stand here too. `also`: the agents of these queues may take the call as well.
    """

    after: Millis
    lower: Mapping[SkillName, int] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    also: tuple[QueueName, ...] = ()


@frozen
class QueuePolicy:
    """The rules of one queue. Spans in milliseconds; None: no limit, or never for announcements.

    `comfort`: prompts said in turn, every `comfort_every`.
    `ring`, `join`: how long a telephone rings, and how long it may take from picking up until the two are joined.
    `whisper`: how much longer that may take, while the agent hears what call it is.
    `wrap_up` 0: none; `wrap_up_most`: up to which it can be extended, None: it cannot.
    `priority_worth`: how much waiting one point of priority is worth; 0: priority counts for nothing.
    `rate`, `share`: what the call rules `accumulating` and `share` (percent of all who wait) go by.
    `relax`: steps by rising `after`. `overflow`: for an outcome TIMEOUT, FULL, CLOSED or UNSTAFFED the queue in which the
    caller waits on, keeping the arrival.
    `kind`: of all the work of the queue.
    `staffed_only`: a caller whom nobody logged in could ever take is released at once as UNSTAFFED; `leave_unstaffed`: so is
    one who waits when the last who could logs out. `leave_closed`: who waits when the queue closes is released as CLOSED.
    """

    name: QueueName
    kind: WorkKind = VOICE
    ring: Millis = Millis(15_000)
    wrap_up: Millis = Millis(10_000)
    max_wait: Millis | None = None
    max_length: int | None = None
    strategy: str = "most_idle"
    announce_position: Millis | None = None
    announce_wait: Millis | None = None
    comfort_every: Millis | None = None
    comfort: tuple[str, ...] = ()
    open: bool = True
    staffed_only: bool = False
    leave_unstaffed: bool = False
    leave_closed: bool = False
    join: Millis = Millis(3_000)
    whisper: Millis = Millis(0)
    wrap_up_most: Millis | None = None
    priority_worth: Millis = PRIORITY_WORTH
    rate: int = 1
    share: int = 0
    relax: tuple[RelaxStep, ...] = ()
    overflow: Mapping[QueueOutcome, QueueName] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class WaitingCall:
    """A call, or a piece of work of another `kind`, from entering the queue until caller and agent are parted.

    `arrived` and `sequence` never change, so a failed offer costs no place; `worth` is the queue's `priority_worth` of then.
    `entered`: when this visit began. `answered`: when, if it was. `overdue`: max_wait passed while an offer was not settled.
    `tried`: agents not to be tried again just now; `again`: those whose line was full once. `step`: the relaxation step in
    force. `wanted`: the agent whom the caller asked for, and while `alone` nobody else is offered. `told`: the reasons that
    were recorded last for offering nobody. `limit`: what it means when the deadline of the offer passes.
    `reach`: how long calling an absent caller may take (0: on the line). `comforted`: comfort prompts said.
    `second`: the colleague whom the agent asks, or who talks with the two.
    """

    call: CallId
    queue: QueueName
    needs: tuple[SkillNeed, ...]
    priority: int
    language: Language
    arrived: Instant
    sequence: int
    kind: WorkKind = VOICE
    prefers: tuple[SkillNeed, ...] = ()
    worth: Millis = STRICTLY
    entered: Instant = Instant(0)
    phase: CallPhase = CallPhase.WAITING
    agent: AgentId | None = None
    offer: OfferId | None = None
    answered: Instant = Instant(0)
    overdue: bool = False
    reach: Millis = Millis(0)
    comforted: int = 0
    tried: set[AgentId] = field(default_factory=set)
    second: AgentId | None = None
    again: set[AgentId] = field(default_factory=set)
    step: int = 0
    wanted: AgentId | None = None
    alone: bool = False
    told: str = ""
    limit: str = ""
    demand: Demand = NO_DEMAND
    place: Place = field(init=False)

    def __post_init__(self) -> None:
        self.place = (self.arrived - self.priority * self.worth, self.arrived, self.sequence, self.call)

    def change_priority(self, priority: int) -> None:
        """Before or behind others; for a call that is in no line at this moment."""
        self.priority = priority
        self.__post_init__()

    def change_phase(self, step: CallStep) -> None:
        """Move on.

        Raises:
            IllegalTransition: not from here; nothing changed.
        """
        self.phase = advance(CALL, self.phase, step)


@dataclass(slots=True)
class Line:
    """The calls of one queue in order, those being offered included: they keep their place until answered."""

    places: list[Place] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[Place]:
        return iter(self.places)

    def add(self, call: WaitingCall) -> None:
        """Take the call in at its place."""
        insort(self.places, call.place)

    def remove(self, call: WaitingCall) -> None:
        """Let the call go."""
        del self.places[bisect_left(self.places, call.place)]

    def position(self, call: WaitingCall) -> int:
        """The call's position, counted from 1; for a call not in line, the one it would get."""
        return bisect_left(self.places, call.place) + 1

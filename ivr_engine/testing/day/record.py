"""What a journal tells of a day: who came when, who was at work, how each offer, conversation and wrap-up went."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ivr_engine.acd.stimuli import (
    CallEntered,
    ExtendWrapUp,
    LogIn,
    LogOut,
    MoveAgent,
    Pause,
    SetReady,
    SetSkill,
    Stimulus,
)
from ivr_engine.core.events import (
    AgentPresenceChanged,
    AgentQueuesChanged,
    AgentSkillsChanged,
    AgentWaitEnded,
    CallLeftQueue,
    CallQueued,
    CallRelaxed,
    ConversationBegan,
    ConversationEnded,
    EngineStarted,
    NobodyOffered,
    OfferEnded,
    OfferMade,
    Recorded,
    VersionLoaded,
    WrapUpBegan,
    WrapUpEnded,
    WrapUpExtended,
)
from ivr_engine.core.ids import AgentId, CallId, Instant, Millis, OfferId, QueueName, between
from ivr_engine.core.outcomes import EndedBy, OfferOutcome, Presence, QueueOutcome

BY_DEADLINE = "deadline"
"""The cause with which the centre withdraws an offer of which the switch said nothing in time."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened, and its rank among what happened at the same instant: the sequence number of the event."""

    at: Instant
    rank: int


@dataclass(slots=True, kw_only=True)
class Visit:
    """One visit to a queue, with those into which it overflowed. `waited` counts from its begin.

    `outcome` None: it was not over when the record ends; `waited` then counts up to that end.
    """

    entered: CallEntered
    began: Moment
    ended: Moment
    outcome: QueueOutcome | None = None
    waited: Millis = Millis(0)


@dataclass(slots=True, kw_only=True)
class Ring:
    """One offer. `settled`: word that came after the offer was withdrawn: when, and whether it was answered after all."""

    began: Moment
    deadline: Instant
    ended: Moment | None = None
    outcome: OfferOutcome | None = None
    cause: str = ""
    settled: tuple[Moment, bool] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One conversation, from joined to parted."""

    lasted: Millis
    talked: Millis
    ended_by: EndedBy
    rank: int
    agent: AgentId
    queue: QueueName


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUp:
    """One wrap-up. `early`: the agent ended it before its limit."""

    took: Millis
    early: bool
    rank: int


@dataclass(slots=True, kw_only=True)
class DayRecord:
    """A day as recorded. Lists are in the order of what happened; `alarms`: when time alone brought something.

    `lateness`: by how much the engine was late, at most, with what was due and whose instant the record tells.
    """

    visits: dict[CallId, list[Visit]] = field(default_factory=dict)
    rings: dict[tuple[CallId, AgentId], list[Ring]] = field(default_factory=dict)
    talks: dict[CallId, list[Talk]] = field(default_factory=dict)
    wrap_ups: dict[tuple[AgentId, CallId], list[WrapUp]] = field(default_factory=dict)
    commands: list[tuple[Moment, Stimulus]] = field(default_factory=list)
    engine_pauses: list[Millis] = field(default_factory=list)
    alarms: list[tuple[Instant, int]] = field(default_factory=list)
    lateness: Millis = Millis(0)
    events: list[Recorded] = field(default_factory=list)
    starts: int = 0
    versions: int = 0


class Recording:
    """Takes a journal's events in and gives the day they tell of."""

    def __init__(self) -> None:
        self._day = DayRecord()
        self._open_visits: dict[CallId, Visit] = {}
        self._open_rings: dict[OfferId, Ring] = {}
        self._unsettled: dict[CallId, Ring] = {}
        self._talking: dict[CallId, Moment] = {}
        self._wrapping: dict[tuple[AgentId, CallId], Millis] = {}
        self._paused_by_engine: dict[AgentId, Instant] = {}
        self._offer_failed: tuple[CallId, Instant] | None = None
        self._previous: Recorded | None = None
        self._readers: Mapping[type, Callable[[Any, Moment], None]] = MappingProxyType(
            {
                CallQueued: self._queued,
                CallLeftQueue: self._left,
                OfferMade: self._offered,
                OfferEnded: self._offer_ended,
                NobodyOffered: self._nobody,
                ConversationBegan: self._joined,
                ConversationEnded: self._parted,
                WrapUpBegan: self._wrap_up,
                WrapUpEnded: self._wrap_up_over,
                WrapUpExtended: self._wrap_up_extended,
                AgentPresenceChanged: self._presence,
                AgentQueuesChanged: self._moved,
                AgentSkillsChanged: self._skilled,
                CallRelaxed: self._time_alone,
                AgentWaitEnded: self._time_alone,
            }
        )

    def take_in(self, journal: Iterable[Recorded]) -> DayRecord:
        """All of it, in order. What does not concern distribution is passed over."""
        for recorded in journal:
            self._count(recorded)
            reader = self._readers.get(type(recorded.event))
            if reader is not None:
                self._day.events.append(recorded)
                reader(recorded.event, Moment(recorded.at, recorded.sequence))
                self._previous = recorded
        self._close()
        return self._day

    def _count(self, recorded: Recorded) -> None:
        self._day.starts += isinstance(recorded.event, EngineStarted)
        self._day.versions += isinstance(recorded.event, VersionLoaded)

    def _close(self) -> None:
        """Visits that were still open are known to have lasted up to the last event."""
        if self._previous is not None:
            for visit in self._open_visits.values():
                visit.waited = between(visit.began.at, self._previous.at)

    def _queued(self, event: CallQueued, moment: Moment) -> None:
        if event.call in self._open_visits:
            return  # it overflowed into this queue, which the centre does by itself
        entered = CallEntered(
            call=event.call,
            queue=event.queue,
            needs=event.needs,
            priority=event.priority,
            language=event.language,
            prefers=event.prefers,
            agent=event.wanted,
            agent_wait=event.wanted_for,
            arrived=event.arrived,
            kind=event.kind,
        )
        visit = self._open_visits[event.call] = Visit(entered=entered, began=moment, ended=moment)
        self._day.visits.setdefault(event.call, []).append(visit)

    def _left(self, event: CallLeftQueue, moment: Moment) -> None:
        if event.outcome in {QueueOutcome.TIMEOUT, QueueOutcome.OVERFLOWED}:
            self._time_was_up(event.call, moment)
        if event.outcome is not QueueOutcome.OVERFLOWED:
            visit = self._open_visits.pop(event.call, None)
            if visit is not None:
                visit.ended, visit.outcome, visit.waited = moment, event.outcome, between(visit.began.at, moment.at)
            self._unsettled.pop(event.call, None)

    def _time_was_up(self, call: CallId, moment: Moment) -> None:
        """At once, or, while an offer was not settled, when that brought no conversation."""
        if call in self._unsettled:
            self._settle(call, moment, answered=False)
        elif self._offer_failed != (call, moment.at):
            self._alarm(moment)

    def _offered(self, event: OfferMade, moment: Moment) -> None:
        self._considered(event.call, moment)
        ring = self._open_rings[event.offer] = Ring(began=moment, deadline=event.deadline)
        self._day.rings.setdefault((event.call, event.agent), []).append(ring)

    def _nobody(self, event: NobodyOffered, moment: Moment) -> None:
        self._considered(event.call, moment)

    def _considered(self, call: CallId, moment: Moment) -> None:
        """Nothing recorded led to it: the switch settled an offer of this caller, or a time to try again had come."""
        if call in self._unsettled:
            self._settle(call, moment, answered=False)
        elif self._previous is None or self._previous.at != moment.at:
            self._alarm(moment)

    def _settle(self, call: CallId, moment: Moment, *, answered: bool) -> None:
        ring = self._unsettled.pop(call, None)
        if ring is not None:
            ring.settled = moment, answered

    def _offer_ended(self, event: OfferEnded, moment: Moment) -> None:
        ring = self._open_rings.pop(event.offer, None)
        if ring is None:
            return
        ring.ended, ring.outcome, ring.cause = moment, event.outcome, event.cause
        self._offer_failed = event.call, moment.at
        if event.outcome is OfferOutcome.WITHDRAWN:
            self._unsettled[event.call] = ring
            if event.cause == BY_DEADLINE:
                self._alarm(moment, due=ring.deadline)

    def _joined(self, event: ConversationBegan, moment: Moment) -> None:
        self._settle(event.call, moment, answered=True)
        self._talking[event.call] = moment

    def _parted(self, event: ConversationEnded, moment: Moment) -> None:
        began = self._talking.pop(event.call, None)
        if began is not None:
            talk = Talk(
                lasted=between(began.at, moment.at),
                talked=event.talked,
                ended_by=event.ended_by,
                rank=moment.rank,
                agent=event.agent,
                queue=event.queue,
            )
            self._day.talks.setdefault(event.call, []).append(talk)

    def _wrap_up(self, event: WrapUpBegan, _moment: Moment) -> None:
        self._wrapping[event.agent, event.call] = event.limit

    def _wrap_up_over(self, event: WrapUpEnded, moment: Moment) -> None:
        limit = self._wrapping.pop((event.agent, event.call), Millis(0))
        early = event.took < limit
        wrap_up = WrapUp(took=event.took, early=early, rank=moment.rank)
        self._day.wrap_ups.setdefault((event.agent, event.call), []).append(wrap_up)
        if not early:
            self._alarm(moment, due=Instant(moment.at - event.took + limit))

    def _presence(self, event: AgentPresenceChanged, moment: Moment) -> None:
        paused = self._paused_by_engine.pop(event.agent, None)
        if event.by == "engine":
            self._paused_by_engine[event.agent] = moment.at
            return
        if paused is not None and event.presence is Presence.READY:
            self._day.engine_pauses.append(between(paused, moment.at))
        self._day.commands.append((moment, _command(event)))

    def _wrap_up_extended(self, event: WrapUpExtended, moment: Moment) -> None:
        before = self._wrapping.get((event.agent, event.call), event.limit)
        self._wrapping[event.agent, event.call] = event.limit
        more = Millis(event.limit - before)
        self._day.commands.append((moment, ExtendWrapUp(agent=event.agent, more=more, by=event.by, call=event.call)))

    def _moved(self, event: AgentQueuesChanged, moment: Moment) -> None:
        into = tuple(queue for queue in event.queues if queue not in event.previous)
        out_of = tuple(queue for queue in event.previous if queue not in event.queues)
        self._day.commands.append((moment, MoveAgent(agent=event.agent, into=into, out_of=out_of, by=event.by)))

    def _skilled(self, event: AgentSkillsChanged, moment: Moment) -> None:
        before, after = ({need.skill: need.level for need in needs} for needs in (event.previous, event.skills))
        for skill in sorted(before | after):
            if before.get(skill) != after.get(skill):
                command = SetSkill(agent=event.agent, skill=skill, level=after.get(skill), by=event.by)
                self._day.commands.append((moment, command))

    def _time_alone(self, _event: CallRelaxed | AgentWaitEnded, moment: Moment) -> None:
        self._alarm(moment)

    def _alarm(self, moment: Moment, due: Instant | None = None) -> None:
        self._day.alarms.append((moment.at, moment.rank))
        if due is not None:
            self._day.lateness = max(self._day.lateness, between(due, moment.at))


def _command(event: AgentPresenceChanged) -> Stimulus:
    if event.presence is Presence.READY:
        return SetReady(agent=event.agent, by=event.by)
    if event.presence is Presence.LOGGED_OUT:
        return LogOut(agent=event.agent, by=event.by)
    if event.previous is Presence.LOGGED_OUT:
        return LogIn(agent=event.agent, by=event.by)
    return Pause(agent=event.agent, reason=event.reason, by=event.by)


def read_day(journal: Iterable[Recorded]) -> DayRecord:
    """The day a journal tells of."""
    return Recording().take_in(journal)

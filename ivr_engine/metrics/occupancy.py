"""What agents did with their time: a fold of the events about agents, and how evenly the work fell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from ivr_engine.core.events import (
    AgentPresenceChanged,
    ConversationBegan,
    ConversationEnded,
    Event,
    OfferEnded,
    OfferMade,
    WrapUpBegan,
    WrapUpEnded,
)
from ivr_engine.core.ids import VOICE, AgentId, CallId, Instant, Millis
from ivr_engine.core.outcomes import Activity, OfferOutcome, Presence

AVAILABLE = "available"

_OfWork = OfferMade | OfferEnded | ConversationBegan | ConversationEnded | WrapUpBegan | WrapUpEnded


@dataclass(slots=True, kw_only=True)
class Worked:
    """Milliseconds of one agent: available (ready and idle), ringing, talking, wrap-up, paused; and calls answered.

    Who has several pieces of work in hand does what is most of these: talking before wrap-up before ringing. `beside`: how
    long each piece beyond the first was worked on.
    """

    available: int = 0
    offered: int = 0
    talking: int = 0
    wrap_up: int = 0
    paused: int = 0
    answered: int = 0
    beside: int = 0

    @property
    def busy(self) -> int:
        """With callers and their paper work."""
        return self.talking + self.wrap_up

    @property
    def occupancy(self) -> float | None:
        """(Talking + wrap-up) / (talking + wrap-up + available); ringing is neither. None: no such time at all."""
        return _share(self.busy, self.busy + self.available)

    @property
    def at_a_time(self) -> float | None:
        """How many pieces of work were in hand on average while there were any: 1 with calls alone. None: no such time."""
        return _share(self.busy + self.beside, self.busy)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


_NOTHING = ""
_FIELDS = {activity: activity.value for activity in Activity}
_WHEN_IDLE = {Presence.READY: AVAILABLE, Presence.PAUSED: "paused", Presence.LOGGED_OUT: _NOTHING}


@dataclass(slots=True)
class _Standing:
    """An agent: `doing` is the field of Worked that time goes to, `until` the end of the interval that `now` counts.

    `activity` is of calls, `others` what is done with other work; `beside`: so many pieces beyond the first are worked on.
    """

    presence: Presence = Presence.LOGGED_OUT
    activity: Activity = Activity.IDLE
    others: dict[CallId, Activity] = field(default_factory=dict)
    beside: int = 0
    doing: str = _NOTHING
    since: Instant = Instant(0)
    until: Instant = Instant(0)
    now: Worked = field(default_factory=Worked)
    worked: dict[Instant, Worked] = field(default_factory=dict)


_MOST_FIRST = (Activity.TALKING, Activity.WRAP_UP, Activity.OFFERED)
_WORKED_ON = frozenset({Activity.TALKING, Activity.WRAP_UP})


def _presence(standing: _Standing, event: AgentPresenceChanged) -> None:
    if standing.presence is Presence.LOGGED_OUT:  # paper work ends with a logout; of a lost engine no end is recorded
        standing.others = {call: doing for call, doing in standing.others.items() if doing is not Activity.WRAP_UP}
    standing.presence = event.presence


def _does(standing: _Standing, event: _OfWork, activity: Activity) -> None:
    """The agent does this with a piece of work."""
    if event.kind == VOICE:
        standing.activity = activity
    elif activity is Activity.IDLE:
        standing.others.pop(event.call, None)
    else:
        standing.others[event.call] = activity


def _offered(standing: _Standing, event: OfferMade) -> None:
    _does(standing, event, Activity.OFFERED)


def _offer_ended(standing: _Standing, event: OfferEnded) -> None:
    _does(standing, event, Activity.TALKING if event.outcome is OfferOutcome.ANSWERED else Activity.IDLE)


def _talking(standing: _Standing, event: ConversationBegan) -> None:
    _does(standing, event, Activity.TALKING)
    standing.now.answered += 1


def _wrap_up(standing: _Standing, event: WrapUpBegan) -> None:
    _does(standing, event, Activity.WRAP_UP)


def _idle(standing: _Standing, event: ConversationEnded | WrapUpEnded) -> None:
    _does(standing, event, Activity.IDLE)


def _in_all(standing: _Standing) -> Activity:
    """What an agent with other work in hand does, all together; and how many pieces are worked on."""
    in_hand = [standing.activity, *standing.others.values()]
    standing.beside = max(0, sum(each in _WORKED_ON for each in in_hand) - 1)
    return next((each for each in _MOST_FIRST if each in in_hand), Activity.IDLE)


_CHANGES: Mapping[type[Event], Callable[[_Standing, Any], None]] = MappingProxyType(
    {
        AgentPresenceChanged: _presence,
        OfferMade: _offered,
        OfferEnded: _offer_ended,
        ConversationBegan: _talking,
        ConversationEnded: _idle,
        WrapUpBegan: _wrap_up,
        WrapUpEnded: _idle,
    }
)
_FOR_EVER = Instant(1 << 62)


class AgentsTime:
    """The fold. Time is split by overlap: each interval gets the milliseconds that passed in it."""

    def __init__(self, interval: Millis | None = None) -> None:
        self._interval = interval
        self._agents: dict[AgentId, _Standing] = {}

    def apply(self, event: Event, at: Instant) -> None:
        """Take in what happened at `at`; events of other kinds change nothing."""
        change = _CHANGES.get(type(event))
        if change is None:
            return
        agent: AgentId = event.agent  # type: ignore[attr-defined]  # every kind in the table has one
        standing = self._agents.get(agent)
        if standing is None:
            standing = self._agents[agent] = _Standing(since=at)
        self._pass(standing, at)
        change(standing, event)
        activity = _in_all(standing) if standing.others or standing.beside else standing.activity
        standing.doing = _WHEN_IDLE[standing.presence] if activity is Activity.IDLE else _FIELDS[activity]

    def close(self, at: Instant) -> None:
        """Count what still goes on, up to `at`."""
        for standing in self._agents.values():
            self._pass(standing, at)

    def going_on(self) -> AgentsTime:
        """Another fold for what comes: agents stand as they do here, with no time counted yet."""
        successor = AgentsTime(self._interval)
        for agent, each in self._agents.items():
            successor._agents[agent] = replace(each, until=Instant(0), now=Worked(), worked={}, others=dict(each.others))
        return successor

    def by_interval(self) -> dict[Instant, list[Worked]]:
        """Of each interval, by its begin, what each agent did in it."""
        begins = sorted({begin for standing in self._agents.values() for begin in standing.worked})
        return {
            begin: [standing.worked[begin] for standing in self._agents.values() if begin in standing.worked]
            for begin in begins
        }

    def agents(self) -> dict[AgentId, Worked]:
        """Each agent over all intervals, by id."""
        return {agent: together(self._agents[agent].worked.values()) for agent in sorted(self._agents)}

    def _pass(self, standing: _Standing, now: Instant) -> None:
        """Count the time up to `now`, and let `standing.now` be the interval that `now` is in."""
        begin, standing.since = standing.since, now
        while now >= standing.until:
            self._count(standing, standing.until - begin)
            begin = max(begin, standing.until)
            self._next_interval(standing, begin if standing.doing else now)
        if now > begin:
            self._count(standing, now - begin)

    def _count(self, standing: _Standing, span: int) -> None:
        if span > 0 and standing.doing:
            setattr(standing.now, standing.doing, getattr(standing.now, standing.doing) + span)
            if standing.beside:
                standing.now.beside += span * standing.beside

    def _next_interval(self, standing: _Standing, at: Instant) -> None:
        begin = Instant(0 if self._interval is None else at - at % self._interval)
        standing.until = _FOR_EVER if self._interval is None else Instant(begin + self._interval)
        standing.now = standing.worked.setdefault(begin, Worked())


def together(parts: Iterable[Worked]) -> Worked:
    """The sum."""
    whole = Worked()
    for part in parts:
        whole.available += part.available
        whole.offered += part.offered
        whole.talking += part.talking
        whole.wrap_up += part.wrap_up
        whole.paused += part.paused
        whole.answered += part.answered
        whole.beside += part.beside
    return whole


def gini(shares: Sequence[float]) -> float:
    """How unevenly something is shared: 0 all alike, towards 1 one has everything. 0 of nothing.

    Half of the mean difference between any two, over the mean.
    """
    ordered, whole = sorted(shares), sum(shares)
    if not whole:
        return 0.0
    size = len(ordered)
    return 2 * sum(place * share for place, share in enumerate(ordered, start=1)) / (size * whole) - (size + 1) / size

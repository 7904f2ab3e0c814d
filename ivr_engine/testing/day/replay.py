"""A recorded day once more, over a centre that may have other rules.

Callers come when they came and agents are there when they were. Telephones, conversations and wrap-ups go as they went,
where the same caller meets the same agent again; what was never recorded is estimated (see `estimates`). Under unchanged
rules every decision is the recorded one, at the same instant.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from types import MappingProxyType
from typing import Any

from ivr_engine.acd.effects import Decision, RingAgent
from ivr_engine.acd.offers import GRACE
from ivr_engine.acd.stimuli import (
    CallerLeft,
    ConversationOver,
    OfferAnswered,
    OfferFailed,
    SetReady,
    Stimulus,
)
from ivr_engine.core.events import (
    AgentPresenceChanged,
    CallLeftQueue,
    CallQueued,
    ConversationBegan,
    Event,
    NobodyOffered,
    OfferMade,
    Recorded,
    WrapUpBegan,
    agent_of,
    call_of,
)
from ivr_engine.core.ids import CallId, Instant, Millis, between, later
from ivr_engine.core.outcomes import EndedBy, OfferOutcome, Presence, QueueOutcome
from ivr_engine.testing.day.drive import Happening
from ivr_engine.testing.day.estimates import Estimates, rung
from ivr_engine.testing.day.record import DayRecord, Ring, Visit

_DECISIONS = (OfferMade, NobodyOffered, CallLeftQueue)
_AFTER_THE_RECORD = 1 << 60  # ranks of what the record does not have: after all that it has at that instant


@dataclass(frozen=True, slots=True)
class Difference:
    """The first decision that is another one. None: there was none, or there is none any more."""

    recorded: tuple[Instant, Event] | None
    replayed: tuple[Instant, Event] | None


class Comparison:
    """Holds the decisions of a replay against the recorded ones, one by one: instant, kind, caller and agent."""

    def __init__(self, events: Iterable[Recorded]) -> None:
        self._expected = [(each.at, each.event) for each in events if isinstance(each.event, _DECISIONS)]
        self.alike = 0
        self.difference: Difference | None = None

    @property
    def of(self) -> int:
        """How many decisions were recorded."""
        return len(self._expected)

    @property
    def same(self) -> bool:
        """Whether nothing has differed so far."""
        return self.difference is None

    def take_in(self, events: Sequence[Event], at: Instant) -> None:
        """Compare; after the last recorded decision, and after the first difference, there is nothing to compare with."""
        for event in events:
            if isinstance(event, _DECISIONS) and self.same and self.alike < len(self._expected):
                recorded = self._expected[self.alike]
                if _key(*recorded) == _key(at, event):
                    self.alike += 1
                else:
                    self.difference = Difference(recorded, (at, event))

    def close(self) -> None:
        """The replay is over."""
        if self.same and self.alike < len(self._expected):
            self.difference = Difference(self._expected[self.alike], None)


def _key(at: Instant, event: Event) -> tuple[object, ...]:
    return at, event.TYPE, call_of(event), agent_of(event), getattr(event, "outcome", None)


class Replay:
    """Implements `drive.World`."""

    def __init__(self, day: DayRecord, estimates: Estimates) -> None:
        self._day, self.estimates = day, estimates
        self.comparison = Comparison(day.events)
        self._visits = {call: iter(visits) for call, visits in day.visits.items()}
        self._rings = {pair: iter(rings) for pair, rings in day.rings.items()}
        self._talks = {call: iter(talks) for call, talks in day.talks.items()}
        self._wrap_ups = {pair: iter(each) for pair, each in day.wrap_ups.items()}
        self._current: dict[CallId, Visit] = {}
        self._came: dict[CallId, Instant] = {}
        self._leaving: dict[CallId, CallerLeft] = {}
        self._guessed: set[CallId] = set()
        self._late = count(_AFTER_THE_RECORD)
        self.not_come_again = 0
        self._reactions: Mapping[type, Callable[[Any, Instant], Iterator[Happening]]] = MappingProxyType(
            {
                CallQueued: self._wait,
                CallLeftQueue: self._left,
                ConversationBegan: self._talk,
                WrapUpBegan: self._wrap_up,
                AgentPresenceChanged: self._paused,
            }
        )

    def first(self) -> Iterator[Happening]:
        """What agents asked for, and each caller's first visit."""
        for moment, command in self._day.commands:
            yield moment.at, moment.rank, command
        for call in self._day.visits:
            yield from self._next_visit(call, None)

    def still(self, stimulus: Stimulus) -> bool:
        """A caller who has left the queue does not give up in it."""
        if not isinstance(stimulus, CallerLeft):
            return True
        if self._leaving.get(stimulus.call) is not stimulus:
            return False
        self.estimates.used["gave up"] += stimulus.call in self._guessed
        return True

    def follow(self, decision: Decision, now: Instant) -> list[Happening]:
        """What the record, or else an estimate, says comes of it."""
        self.comparison.take_in(decision.events, now)
        happenings: list[Happening] = []
        for event in decision.events:
            reaction = self._reactions.get(type(event))
            if reaction is not None:
                happenings.extend(reaction(event, now))
        for effect in decision.effects:
            if isinstance(effect, RingAgent):
                happenings.extend(self._ring(effect, now))
        return happenings

    def wake(self, alarm: Instant) -> tuple[Instant, int]:
        """As late as the engine was, while nothing differs; else punctually."""
        if self.comparison.same:
            place = bisect_left(self._day.alarms, (alarm, -1))
            if place < len(self._day.alarms) and self._day.alarms[place][0] - alarm <= self._day.lateness:
                return self._day.alarms[place]
        return alarm, -1

    def _next_visit(self, call: CallId, left: Instant | None) -> Iterator[Happening]:
        """The caller's next visit to a queue: when it was, or as long after the last one as it was."""
        previous, visit = self._current.get(call), next(self._visits[call], None)
        if visit is None:
            return
        self._current[call] = visit
        after = 0 if previous is None or left is None else left - previous.ended.at
        yield Instant(visit.began.at + after), visit.began.rank, visit.entered

    def _wait(self, event: CallQueued, now: Instant) -> Iterator[Happening]:
        if event.call in self._leaving:
            return  # overflowed: the same wait goes on in another queue
        visit = self._current[event.call]
        self._came[event.call] = now
        left = self._leaving[event.call] = CallerLeft(call=event.call)
        if visit.outcome is QueueOutcome.ABANDONED:
            self._guessed.discard(event.call)
            yield later(now, visit.waited), visit.ended.rank, left
            return
        self._guessed.add(event.call)
        patience = self.estimates.patience_beyond(visit)
        if patience is not None:
            yield later(now, patience), next(self._late), left

    def _left(self, event: CallLeftQueue, now: Instant) -> Iterator[Happening]:
        if event.outcome is QueueOutcome.OVERFLOWED:
            return
        self._leaving.pop(event.call, None)
        visit, waited = self._current[event.call], between(self._came[event.call], now)
        if visit.outcome is not QueueOutcome.ABANDONED and waited > visit.waited:
            self.estimates.used["patience"] += 1
        if visit.outcome is event.outcome:
            yield from self._next_visit(event.call, now)
        else:
            self.not_come_again += sum(1 for _ in self._visits[event.call])

    def _talk(self, event: ConversationBegan, now: Instant) -> Iterator[Happening]:
        talk = next(self._talks.get(event.call, iter(())), None)
        if talk is not None:
            over = ConversationOver(call=event.call, ended_by=talk.ended_by, talked=talk.talked)
            yield later(now, talk.lasted), talk.rank, over
            return
        lasted = self.estimates.talk(event.call, event.queue)
        over = ConversationOver(call=event.call, ended_by=EndedBy.CALLER, talked=lasted)
        yield later(now, lasted), next(self._late), over

    def _ring(self, effect: RingAgent, now: Instant) -> Iterator[Happening]:
        ring = next(self._rings.get((effect.call, effect.agent), iter(())), None)
        if ring is None or ring.ended is None or ring.outcome is OfferOutcome.CALLER_GONE:
            yield self._guess(effect, now, ring)
        elif ring.outcome is OfferOutcome.WITHDRAWN:
            yield from self._settle(effect, now, ring)
        else:
            after, outcome = self._within(effect, *rung(ring))
            yield self._rung(effect, outcome, later(now, after), ring.ended.rank, ring.cause)

    def _within(self, effect: RingAgent, after: Millis, outcome: OfferOutcome) -> tuple[Millis, OfferOutcome]:
        """The telephone rings as long as the rules say now; while nothing differs, the engine's own delay is kept."""
        most = Millis(effect.ring + GRACE) if self.comparison.same else effect.ring
        if outcome is OfferOutcome.NO_ANSWER:
            return (after if effect.ring <= after < most else effect.ring), outcome
        return (after, outcome) if after < most else (effect.ring, OfferOutcome.NO_ANSWER)

    def _guess(self, effect: RingAgent, now: Instant, ring: Ring | None) -> Happening:
        """Never recorded, or cut short by the caller: then it would have rung longer than it did."""
        rang = 0 if ring is None or ring.ended is None else ring.ended.at - ring.began.at + 1
        after, outcome = self.estimates.ring(effect.call, effect.agent)
        after, outcome = self._within(effect, Millis(rang + after), outcome)
        return self._rung(effect, outcome, later(now, Millis(max(rang, after))), next(self._late))

    def _rung(self, effect: RingAgent, outcome: OfferOutcome, at: Instant, rank: int, cause: str = "") -> Happening:
        if outcome is OfferOutcome.ANSWERED:
            return at, rank, OfferAnswered(offer=effect.offer)
        return at, rank, OfferFailed(offer=effect.offer, outcome=outcome, cause=cause)

    def _settle(self, effect: RingAgent, now: Instant, ring: Ring) -> Iterator[Happening]:
        """The switch said nothing in time; what it said later, if it did."""
        if ring.settled is not None:
            moment, answered = ring.settled
            outcome = OfferOutcome.ANSWERED if answered else OfferOutcome.FAILED
            yield self._rung(effect, outcome, later(now, Millis(moment.at - ring.began.at)), moment.rank)

    def _wrap_up(self, event: WrapUpBegan, now: Instant) -> Iterator[Happening]:
        wrap_up = next(self._wrap_ups.get((event.agent, event.call), iter(())), None)
        if wrap_up is not None and wrap_up.early and wrap_up.took < event.limit:
            yield later(now, wrap_up.took), wrap_up.rank, SetReady(agent=event.agent)

    def _paused(self, event: AgentPresenceChanged, now: Instant) -> Iterator[Happening]:
        """Whom the engine paused said ready again in the record; where it does not know of this pause, as usual."""
        if event.presence is Presence.PAUSED and event.by == "engine" and not self.comparison.same:
            yield later(now, self.estimates.returns), next(self._late), SetReady(agent=event.agent)

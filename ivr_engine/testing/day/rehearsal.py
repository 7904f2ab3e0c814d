"""A day that never was: callers by chance or from a list, agents by their shifts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from typing import Any

from ivr_engine.acd.effects import Decision, RingAgent
from ivr_engine.acd.stimuli import (
    CallEntered,
    CallerLeft,
    ConversationOver,
    LogIn,
    LogOut,
    OfferAnswered,
    OfferFailed,
    SetReady,
    Stimulus,
)
from ivr_engine.core.events import AgentPresenceChanged, CallLeftQueue, CallQueued, ConversationBegan
from ivr_engine.core.ids import CallId, Instant, Millis, later
from ivr_engine.core.outcomes import EndedBy, OfferOutcome, Presence, QueueOutcome
from ivr_engine.testing.day.callers import Caller, again
from ivr_engine.testing.day.chance import Chance
from ivr_engine.testing.day.drive import Happening
from ivr_engine.testing.day.people import Person

_GOES_ON = frozenset({QueueOutcome.ANSWERED, QueueOutcome.OVERFLOWED})
"""The conversation begins, or the wait goes on in another queue, in the same decision."""


class Rehearsal:
    """Implements `drive.World`.

    Args:
        callers: in order of time; taken one after another.
        people: those of the centre's agents who come to work.
        chance: for what happens in the course of the day; the callers have brought theirs along.
    """

    def __init__(self, *, callers: Iterable[Caller], people: Iterable[Person], chance: Chance) -> None:
        self._coming = iter(callers)
        self._people = {person.agent: person for person in people}
        self._telephones, self._redials = chance.stream("telephones"), chance.stream("redials")
        self._last_dialled = CallId("")
        self._dialled: dict[CallId, Caller] = {}
        self._in_line: dict[CallId, Caller] = {}
        self._ranks = count()
        self._reactions: Mapping[type, Callable[[Any, Instant], Iterable[Happening]]] = {
            CallQueued: self._queued,
            ConversationBegan: self._talk,
            CallLeftQueue: self._left,
            AgentPresenceChanged: self._paused,
        }

    def first(self) -> Iterator[Happening]:
        """The shifts and the first caller."""
        for person in self._people.values():
            for shift in person.shifts:
                yield shift.begin, next(self._ranks), LogIn(agent=person.agent)
                yield shift.begin, next(self._ranks), SetReady(agent=person.agent)
                if shift.end is not None:
                    yield shift.end, next(self._ranks), LogOut(agent=person.agent)
        yield from self._next_caller()

    def still(self, stimulus: Stimulus) -> bool:
        """A caller with an agent does not hang up out of impatience; all else happens."""
        return type(stimulus) is not CallerLeft or stimulus.call in self._in_line

    def follow(self, decision: Decision, now: Instant) -> list[Happening]:
        """Telephones answered, conversations over, callers gone or calling again."""
        happenings: list[Happening] = []
        for event in decision.events:
            reaction = self._reactions.get(type(event))
            if reaction is not None:
                happenings.extend(reaction(event, now))
        for effect in decision.effects:
            if type(effect) is RingAgent:
                happenings.append(self._ring(effect, now))  # noqa: PERF401 - a generator for each decision costs more
        return happenings

    def wake(self, alarm: Instant) -> tuple[Instant, int]:
        """Punctually, before all else of that instant."""
        return alarm, -1

    def _next_caller(self) -> Iterator[Happening]:
        caller = next(self._coming, None)
        if caller is not None:
            self._last_dialled = caller.call
            yield self._dial(caller)

    def _dial(self, caller: Caller) -> Happening:
        self._dialled[caller.call] = caller
        kind = caller.kind
        entered = CallEntered(
            call=caller.call,
            queue=kind.queue,
            needs=kind.needs,
            prefers=kind.prefers,
            priority=kind.priority,
            language=kind.language,
            kind=kind.work,
        )
        return caller.at, next(self._ranks), entered

    def _queued(self, event: CallQueued, now: Instant) -> Iterator[Happening]:
        if event.call in self._in_line:
            return  # overflowed: the same wait goes on in another queue
        caller = self._in_line[event.call] = self._dialled.pop(event.call)
        if caller.patience is not None:
            yield later(now, caller.patience), next(self._ranks), CallerLeft(call=caller.call)
        if caller.call == self._last_dialled:
            yield from self._next_caller()

    def _left(self, event: CallLeftQueue, now: Instant) -> Iterator[Happening]:
        if event.outcome in _GOES_ON:
            return
        caller = self._in_line.pop(event.call)
        repeated = again(caller, now, self._redials) if event.outcome is QueueOutcome.ABANDONED else None
        if repeated is not None:
            yield self._dial(repeated)

    def _talk(self, event: ConversationBegan, now: Instant) -> Iterator[Happening]:
        talked = Millis(round(self._in_line.pop(event.call).talk * self._people[event.agent].pace))
        over = ConversationOver(call=event.call, ended_by=EndedBy.CALLER, talked=talked)
        yield later(now, talked), next(self._ranks), over

    def _ring(self, effect: RingAgent, now: Instant) -> Happening:
        telephone = self._people[effect.agent].telephone
        after = telephone.answers.draw(self._telephones)
        missed = telephone.missed > 0 and self._telephones.draw() < telephone.missed
        if missed or after >= effect.ring > 0:
            failed = OfferFailed(offer=effect.offer, outcome=OfferOutcome.NO_ANSWER)
            return later(now, effect.ring), next(self._ranks), failed
        return later(now, after), next(self._ranks), OfferAnswered(offer=effect.offer)

    def _paused(self, event: AgentPresenceChanged, now: Instant) -> Iterator[Happening]:
        if event.presence is Presence.PAUSED and event.by == "engine":
            back = self._people[event.agent].telephone.returns.draw(self._telephones)
            yield later(now, back), next(self._ranks), SetReady(agent=event.agent)

"""The history of a run against the invariants: what the journal, the records and the switch's list say must agree.

A fold of its own, which shares no code with the engine but the assembling of records from facts. Every breach is a line of
text that begins with the invariant's number; a whole history has none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivr_engine.cdr.open_calls import assemble
from ivr_engine.cdr.record import CallRecord
from ivr_engine.core.events import (
    CallArrived,
    CallEnded,
    CallLeftQueue,
    CallQueued,
    CallResumed,
    ConversationBegan,
    ConversationEnded,
    EngineStarted,
    Event,
    OfferEnded,
    OfferMade,
    Recorded,
    call_of,
)
from ivr_engine.core.ids import AgentId, CallId, Instant, OfferId, QueueName

LATE_MS = 2_000
"""I5: so long after its deadline an offer may still stand."""


@dataclass(frozen=True, kw_only=True)
class History:
    """What a run left. `live`: calls that the switch lists at the end. `written`: files by name; none may hold a secret."""

    journal: Sequence[Recorded]
    records: Sequence[CallRecord]
    live: frozenset[CallId] = frozenset()
    written: Mapping[str, bytes] = field(default_factory=dict)
    secrets: Sequence[str] = ()

    def breaches(self) -> list[str]:
        """Every breach of an invariant, in the order of the journal where there is one."""
        fold = _Fold()
        for recorded in self.journal:
            fold.take(recorded)
        return [*_gaps(self.journal), *fold.breaches, *fold.left_over(self.live), *self._books(), *self._leaks()]

    def _books(self) -> Iterator[str]:
        """I3: one call, one end, one record, which is what its facts add up to; I9: nothing is open that is not there."""
        facts: dict[CallId, list[Recorded]] = {}
        for recorded in self.journal:
            call = call_of(recorded.event)
            if call is not None:
                facts.setdefault(call, []).append(recorded)
        rows = Counter(record.call for record in self.records)
        by_call = {record.call: record for record in self.records}
        for call, story in facts.items():
            yield from _one_call(call, story, rows[call], by_call.get(call), alive=call in self.live)
        yield from (f"I3 {call}: a record without a call" for call in rows.keys() - facts.keys())
        yield from (f"I9 {call}: the switch has it, the journal does not" for call in self.live - facts.keys())

    def _leaks(self) -> Iterator[str]:
        """I15."""
        for name, content in self.written.items():
            for number, secret in enumerate(self.secrets):
                if secret.encode() in content:
                    yield f"I15 {name}: holds secret {number}"


def _gaps(journal: Sequence[Recorded]) -> Iterator[str]:
    """I14: the numbers have no gap."""
    for before, after in zip(journal, journal[1:], strict=False):
        if after.sequence != before.sequence + 1:
            yield f"I14: {after.sequence} follows {before.sequence}"


def _one_call(call: CallId, story: list[Recorded], rows: int, record: CallRecord | None, *, alive: bool) -> Iterator[str]:
    arrivals = sum(isinstance(each.event, CallArrived) for each in story)
    ends = sum(isinstance(each.event, CallEnded) for each in story)
    if arrivals != 1:
        yield f"I3 {call}: arrived {arrivals} times"
    if alive:
        if ends or rows:
            yield f"I9 {call}: lives at the switch, and has {ends} ends and {rows} records"
        return
    if ends != 1 or rows != 1:
        yield f"I3 {call}: {ends} ends, {rows} records"
    if arrivals == ends == rows == 1 and record != assemble(story):
        yield f"I3 {call}: the record is not what its facts add up to"
    if record is not None and record.ended < record.arrived:
        yield f"I11 {call}: ended before it arrived"


@dataclass
class _Visit:
    """A call in line. `here`: its line is with this engine. `rung`: a telephone has rung for it before."""

    queued: CallQueued
    order: int
    here: bool = True
    rung: bool = False


@dataclass
class _Fold:
    """Who talks, who is rung, who waits, as the journal goes on."""

    breaches: list[str] = field(default_factory=list)
    offers: dict[OfferId, tuple[OfferMade, Instant]] = field(default_factory=dict)
    ended: set[OfferId] = field(default_factory=set)
    talking: dict[CallId, AgentId] = field(default_factory=dict)
    waiting: dict[CallId, _Visit] = field(default_factory=dict)
    came: Counter[QueueName] = field(default_factory=Counter)
    left: Counter[QueueName] = field(default_factory=Counter)
    at: Instant = Instant(0)
    started: Instant = Instant(0)
    order: int = 0

    def take(self, recorded: Recorded) -> None:
        self.at, self.order = recorded.at, recorded.sequence
        step = self._steps().get(type(recorded.event))
        if step is not None:
            step(recorded.event)

    def _steps(self) -> dict[type[Event], Callable[[Any], None]]:
        return {
            EngineStarted: self._start,
            CallResumed: self._resumed,
            CallQueued: self._queued,
            CallLeftQueue: self._left_queue,
            OfferMade: self._offered,
            OfferEnded: self._offer_over,
            ConversationBegan: self._joined,
            ConversationEnded: self._parted,
        }

    def _breach(self, text: str) -> None:
        self.breaches.append(f"{text} (sequence {self.order})")

    def _start(self, _: EngineStarted) -> None:
        self.started = self.at
        for visit in self.waiting.values():
            visit.here = False

    def _resumed(self, event: CallResumed) -> None:
        if event.call in self.waiting:
            self.waiting[event.call].here = True

    def _queued(self, event: CallQueued) -> None:
        if event.call in self.waiting:
            self._breach(f"I7 {event.call}: queued while it waits")
        self.came[event.queue] += 1
        self.waiting[event.call] = _Visit(event, self.order)

    def _left_queue(self, event: CallLeftQueue) -> None:
        if self.waiting.pop(event.call, None) is None:
            self._breach(f"I13 {event.call}: left a queue it was not in")
        self.left[event.queue] += 1

    def _offered(self, event: OfferMade) -> None:
        held = {made.agent for made, _ in self.offers.values()} | set(self.talking.values())
        if event.agent in held:
            self._breach(f"I2 {event.agent}: offered {event.call}, and held already")
        if any(made.call == event.call for made, _ in self.offers.values()):
            self._breach(f"I8 {event.call}: two offers at once")
        self.offers[event.offer] = (event, self.at)
        visit = self.waiting.get(event.call)
        if visit is None:
            self._breach(f"I8 {event.call}: offered, and does not wait")
            return
        self._look_for_overtaken(event, visit)
        visit.rung = True

    def _look_for_overtaken(self, event: OfferMade, visit: _Visit) -> None:
        """I7, for callers who ask for the same: who came first and is here is offered first, but for failed offers."""
        for call, other in self.waiting.items():
            alike = (other.queued.queue, other.queued.priority, other.queued.needs) == (
                visit.queued.queue,
                visit.queued.priority,
                visit.queued.needs,
            )
            if alike and other.here and not other.rung and other.order < visit.order:
                self._breach(f"I7 {call}: overtaken by {event.call}")

    def _offer_over(self, event: OfferEnded) -> None:
        held = self.offers.pop(event.offer, None)
        if held is None or event.offer in self.ended:
            self._breach(f"I8 {event.offer}: ended, and did not stand")
            return
        self.ended.add(event.offer)
        made, since = held
        if self.at > made.deadline + LATE_MS and self.started < since:  # else an engine was lost in between
            self._breach(f"I5 {event.offer}: stood {self.at - made.deadline} ms too long")

    def _joined(self, event: ConversationBegan) -> None:
        if event.call in self.talking:
            self._breach(f"I1 {event.call}: joined with {event.agent} and {self.talking[event.call]}")
        if event.agent in self.talking.values():
            self._breach(f"I1 {event.agent}: joined with two callers")
        self.talking[event.call] = event.agent

    def _parted(self, event: ConversationEnded) -> None:
        if self.talking.pop(event.call, None) != event.agent:
            self._breach(f"I1 {event.call}: parted from {event.agent}, and was not joined")

    def left_over(self, live: frozenset[CallId]) -> Iterator[str]:
        """I8, I9, I13: what still stands at the end is of calls that live."""
        for offer, (made, _) in self.offers.items():
            if made.call not in live:
                yield f"I8 {offer}: never ended"
        yield from (
            f"I9 {call}: talks with {agent}, and is gone" for call, agent in self.talking.items() if call not in live
        )
        yield from (f"I9 {call}: waits, and is gone" for call in self.waiting if call not in live)
        waiting = Counter(visit.queued.queue for visit in self.waiting.values())
        for queue, came in self.came.items():
            if came != self.left[queue] + waiting[queue]:
                yield f"I13 {queue}: {came} came, {self.left[queue]} left, {waiting[queue]} wait"

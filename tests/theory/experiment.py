"""Simulated days against values of theory: the real centre, fixed seeds, honest confidence intervals.

A steady state is measured in one long run cut into batches, after a warm-up; batches are long against the time in which the
queue forgets, so they are nearly independent. A day that begins empty is repeated with other seeds instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import pytest

from ivr_engine.acd.agents import Agent, AgentProfile
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.queues import QueuePolicy, WaitingCall
from ivr_engine.acd.ranking import STRATEGIES
from ivr_engine.acd.rules import CentreRules
from ivr_engine.core.events import CallLeftQueue, CallQueued, Event
from ivr_engine.core.ids import AgentId, CallId, Instant, Millis, QueueName
from ivr_engine.core.outcomes import QueueOutcome
from ivr_engine.metrics.confidence import Estimate, estimate
from ivr_engine.metrics.occupancy import AgentsTime, together
from ivr_engine.metrics.visits import Tally, total
from ivr_engine.testing.clock import START
from ivr_engine.testing.day.callers import Caller, CallerKind, Traffic, poisson
from ivr_engine.testing.day.chance import Chance, Exponential
from ivr_engine.testing.day.drive import drive
from ivr_engine.testing.day.people import Person, Shift
from ivr_engine.testing.day.rehearsal import Rehearsal

MINUTE = 60_000
QUEUE = QueueName("queue")
FEWEST = 10_000  # callers of any experiment


def exponential(per_minute: float) -> Exponential:
    return Exponential(MINUTE / per_minute)


def instant(minutes: float) -> Instant:
    return Instant(START + round(minutes * MINUTE))


def steady(kind: CallerKind, per_minute: float, minutes: float) -> Traffic:
    return Traffic(kind=kind, begin=START, end=instant(minutes), calls=per_minute * minutes)


def policy(name: str = QUEUE, **rules: Any) -> QueuePolicy:  # noqa: ANN401 - fields of QueuePolicy
    return QueuePolicy(name=QueueName(name), **{"wrap_up": Millis(0)} | rules)


def by_chance(agent: Agent, call: WaitingCall, _now: Instant) -> int:
    """Whoever the dice say, the same each time the same two meet. The engine has no such rule: it explains nothing."""
    dice = sha256(f"{call.call} {agent.agent}".encode())  # a checksum would not do: it orders agents alike for many calls
    return int.from_bytes(dice.digest()[:8], "big")


@contextmanager
def chance_decides() -> Iterator[str]:
    """While it lasts there is a strategy by that name."""
    known = MappingProxyType({**STRATEGIES, "by_chance": by_chance})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ivr_engine.acd.matching.STRATEGIES", known)
        patch.setattr("ivr_engine.acd.state.STRATEGIES", known)
        yield "by_chance"


def agents(prefix: str, number: int, *queues: str, **more: Any) -> list[AgentProfile]:  # noqa: ANN401 - fields
    names = tuple(map(QueueName, queues or (QUEUE,)))
    return [AgentProfile(agent=AgentId(f"{prefix}{place:03}"), queues=names, **more) for place in range(number)]


@dataclass(kw_only=True)
class Setting:
    """A centre, its people (default: everybody all day, at ordinary pace), and its callers."""

    queues: Sequence[QueuePolicy]
    staff: Sequence[AgentProfile]
    traffic: Sequence[Traffic]
    people: Sequence[Person] | None = None
    pace: Mapping[AgentId, float] = field(default_factory=dict)
    rules: CentreRules = field(default_factory=CentreRules)

    def world(self, seed: str, factor: float = 1.0) -> Rehearsal:
        chance = Chance(seed)
        return Rehearsal(callers=self.callers(chance, factor), people=self.workers(), chance=chance)

    def centre(self) -> Centre:
        return Centre(queues=self.queues, agents=self.staff, rules=self.rules, brief=True)

    def callers(self, chance: Chance, factor: float = 1.0) -> Iterable[Caller]:
        return poisson(self.traffic, chance, factor=factor)

    def workers(self) -> Sequence[Person]:
        shifts = (Shift(begin=START),)
        everybody = [Person(agent=each.agent, shifts=shifts, pace=self.pace.get(each.agent, 1.0)) for each in self.staff]
        return everybody if self.people is None else self.people


@dataclass(kw_only=True)
class Batch:
    """What became of the callers who came in one stretch, by queue and priority. `cleared`: sent away when the day ended."""

    by_kind: dict[tuple[str, int], Tally] = field(default_factory=dict)
    cleared: int = 0
    work: AgentsTime = field(default_factory=AgentsTime)

    def tally(self, queue: str = QUEUE, priority: int = 0) -> Tally:
        return self.by_kind.setdefault((queue, priority), Tally())

    @property
    def everybody(self) -> Tally:
        return total(self.by_kind.values())


class Batches:
    """Cuts a run into batches by the instant of arrival."""

    def __init__(self, cuts: Sequence[Instant], closes: Instant | None = None) -> None:
        self._cuts = cuts
        self._closes = closes
        self._place = 0
        self._open: dict[CallId, tuple[Batch, Tally]] = {}
        self.batches = [Batch() for _ in cuts]

    def record(self, events: Sequence[Event], at: Instant) -> None:
        while self._place + 1 < len(self._cuts) and at >= self._cuts[self._place + 1]:
            self.batches[self._place].work.close(self._cuts[self._place + 1])
            self._place += 1
            self.batches[self._place].work = self.batches[self._place - 1].work.going_on()
        batch = self.batches[self._place]
        for event in events:
            batch.work.apply(event, at)
            if isinstance(event, CallQueued):
                tally = batch.tally(event.queue, event.priority)
                tally.offered += 1
                self._open[event.call] = batch, tally
            elif isinstance(event, CallLeftQueue):
                self._left(event, at)

    def _left(self, event: CallLeftQueue, at: Instant) -> None:
        batch, tally = self._open.pop(event.call)
        if at == self._closes and event.outcome is QueueOutcome.ABANDONED:
            batch.cleared += 1
        else:
            tally.left(event.outcome, event.waited)


def batches(setting: Setting, *, warm_up: float, batch: float, number: int, seed: str = "1") -> list[Batch]:
    """`number` batches of `batch` minutes each, after `warm_up` minutes and before what is left of the traffic."""
    cuts = [START, *(instant(warm_up + batch * place) for place in range(number + 1))]
    kept = Batches(cuts)
    drive(setting.centre(), setting.world(seed), kept.record)
    found = kept.batches[1:-1]
    assert sum(each.everybody.offered for each in found) >= FEWEST
    return found


def one_run(setting: Setting, seed: str, factor: float = 1.0, closes: Instant | None = None) -> Batch:
    """A day that begins empty; see `Batch.cleared` for `closes` and `poisson` for `factor`."""
    kept = Batches([START], closes)
    drive(setting.centre(), setting.world(seed, factor), kept.record)
    return kept.batches[0]


def days(setting: Setting, number: int, *, closes: Instant | None = None) -> list[Batch]:
    """So many days, each with its own seed."""
    found = [one_run(setting, str(seed), closes=closes) for seed in range(number)]
    assert sum(each.everybody.offered for each in found) >= FEWEST
    return found


def figure(batches: Iterable[Batch], of: Callable[[Batch], float]) -> Estimate:
    return estimate([of(batch) for batch in batches])


def agree(found: Estimate, expected: float | Sequence[float], *, within: float) -> None:
    """The interval of `found` holds (or meets the published interval of) the expected value, and is narrow.

    `within`: how wide, as a share of the expected value, it may be: an interval that holds everything shows nothing.
    """
    low, high = (expected, expected) if isinstance(expected, int | float) else expected
    middle = (low + high) / 2
    assert found.margin <= within * middle, f"{found.margin / middle:.3f} of the value: more callers are needed"
    assert found.mean - found.margin <= high, (found, expected)
    assert found.mean + found.margin >= low, (found, expected)


def waits(tally: Tally) -> list[Millis]:
    """Of everybody, however the visit ended."""
    return [*tally.answered_after, *tally.abandoned_after]


def mean_wait(tally: Tally) -> float:
    """Minutes, over everybody."""
    return sum(waits(tally)) / MINUTE / tally.offered


def delayed(tally: Tally) -> float:
    """The share of callers who waited at all."""
    return sum(wait > 0 for wait in waits(tally)) / tally.offered


def occupancy(batch: Batch, prefix: str = "") -> float:
    """Of the agents whose ids begin so."""
    found = together(worked for agent, worked in batch.work.agents().items() if agent.startswith(prefix)).occupancy
    assert found is not None
    return found

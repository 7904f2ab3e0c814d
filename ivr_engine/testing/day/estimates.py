"""What a record does not tell and a changed centre needs: estimated from the rest of the record, each use counted.

The patience of a caller who was answered after w is only known to exceed w. It is drawn from the curve of Kaplan and Meier
over all callers of the queue, given that it exceeds w; beyond the longest wait seen, as memoryless with the queue's mean.
Conversations and telephones are drawn from those recorded, of the same queue and the same agent where there are any.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import TypeVar

from ivr_engine.core.ids import AgentId, Millis, QueueName
from ivr_engine.core.outcomes import OfferOutcome, QueueOutcome
from ivr_engine.metrics.patience import PatienceCurve, mean_patience, patience_curve
from ivr_engine.testing.day.chance import Chance
from ivr_engine.testing.day.record import DayRecord, Ring, Talk, Visit

ENOUGH = 30
"""Callers of a queue who gave up, below which the curve of all queues together is used."""

USUAL_TALK = Millis(180_000)
USUAL_ANSWER = Millis(3_000)
USUAL_RETURN = Millis(60_000)

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

_NOT_OF_THE_TELEPHONE = frozenset({OfferOutcome.CALLER_GONE, OfferOutcome.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Patience:
    """A curve, and the mean with which it goes on beyond the longest wait."""

    curve: PatienceCurve
    mean: float

    def draw(self, chance: Chance, *, beyond: Millis) -> Millis:
        """One that exceeds `beyond`."""
        left = self.curve.share(beyond)
        wait = self.curve.quantile(1.0 - left * chance.draw()) if left > 0.0 else None
        if wait is not None and wait > beyond:
            return wait
        longest = self.curve.waits[-1] if self.curve.waits else beyond
        return Millis(max(beyond, longest) + max(1, round(self.mean * chance.exponential())))


def patience_of(visits: Iterable[Visit]) -> Patience | None:
    """From visits, those answered or sent away being censored; None: nobody gave up, so patience has no bound known."""
    gave_up: list[Millis] = []
    others: list[Millis] = []
    for visit in visits:
        (gave_up if visit.outcome is QueueOutcome.ABANDONED else others).append(visit.waited)
    mean = mean_patience(gave_up, others)
    return None if mean is None else Patience(patience_curve(gave_up, others), mean)


@dataclass(kw_only=True)
class Estimates:
    """Draws, and how often each kind was used."""

    chance: Chance
    patience: Mapping[QueueName, Patience | None]
    any_patience: Patience | None
    talks: Mapping[QueueName, list[Talk]]
    rings: Mapping[AgentId, list[Ring]]
    all_rings: list[Ring]
    returns: Millis
    used: Counter[str] = field(default_factory=Counter)

    def patience_beyond(self, visit: Visit) -> Millis | None:
        """How long a caller would have waited who was not seen to give up. None: no end known."""
        patience = self.patience.get(visit.entered.queue) or self.any_patience
        stream = self.chance.stream(f"patience/{visit.entered.call}/{visit.began.rank}")
        return None if patience is None else patience.draw(stream, beyond=visit.waited)

    def talk(self, call: str, queue: QueueName) -> Millis:
        """How long a conversation would have lasted that never was."""
        self.used["talk"] += 1
        stream, found = self.chance.stream(f"talk/{call}"), self.talks.get(queue) or _together(self.talks)
        return _pick(found, stream).lasted if found else USUAL_TALK

    def ring(self, call: str, agent: AgentId) -> tuple[Millis, OfferOutcome]:
        """How a telephone would have been answered that never rang for this caller."""
        self.used["ring"] += 1
        stream, found = self.chance.stream(f"ring/{call}/{agent}"), self.rings.get(agent) or self.all_rings
        if not found:
            return USUAL_ANSWER, OfferOutcome.ANSWERED
        return rung(_pick(found, stream))


def rung(ring: Ring) -> tuple[Millis, OfferOutcome]:
    """After how long a recorded offer ended and how."""
    assert ring.ended is not None and ring.outcome is not None  # noqa: S101, PT018 - only ended ones are asked
    return Millis(ring.ended.at - ring.began.at), ring.outcome


def estimates_from(day: DayRecord, chance: Chance) -> Estimates:
    """All that can be learnt from a day."""
    visits = _by((visit.entered.queue, visit) for each in day.visits.values() for visit in each)
    rings = _by(
        (agent, ring)
        for (_, agent), each in day.rings.items()
        for ring in each
        if ring.outcome is not None and ring.outcome not in _NOT_OF_THE_TELEPHONE
    )
    return Estimates(
        chance=chance,
        patience={queue: patience_of(each) for queue, each in visits.items() if _gave_up(each) >= ENOUGH},
        any_patience=patience_of(_together(visits)),
        talks=_by((talk.queue, talk) for each in day.talks.values() for talk in each),
        rings=rings,
        all_rings=_together(rings),
        returns=Millis(round(median(day.engine_pauses))) if day.engine_pauses else USUAL_RETURN,
    )


def _gave_up(visits: list[Visit]) -> int:
    return sum(visit.outcome is QueueOutcome.ABANDONED for visit in visits)


def _by(pairs: Iterable[tuple[K, T]]) -> dict[K, list[T]]:
    found: dict[K, list[T]] = {}
    for key, item in pairs:
        found.setdefault(key, []).append(item)
    return found


def _together(groups: Mapping[K, list[T]]) -> list[T]:
    return [item for each in groups.values() for item in each]


def _pick(items: list[T], chance: Chance) -> T:
    return items[int(chance.draw() * len(items))]

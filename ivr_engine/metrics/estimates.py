"""How good the estimates of the wait were, per queue, as a fold of events: what is announced to callers answers for itself.

Only callers who had to wait, got an estimate on entering and were answered are judged; who gave up never learnt their wait.
Beside the engine's error stands that of Asterisk's own figure for the same callers: its moving average, to which each answer
counts a quarter, in whole seconds (app_queue: the first wait is copied, then (3 * old + new) >> 2).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from ivr_engine.core.events import CallLeftQueue, CallQueued, Event, WaitEstimated
from ivr_engine.core.ids import CallId, Millis, QueueName
from ivr_engine.core.outcomes import QueueOutcome

HEARD: frozenset[type[Event]] = frozenset({CallQueued, WaitEstimated, CallLeftQueue})
"""What the fold needs; a journal has much else."""


@dataclass(slots=True, kw_only=True)
class Accuracy:
    """Of one queue. `given`: callers who were estimated; `callers`: those judged. Sums in seconds and seconds squared."""

    given: int = 0
    callers: int = 0
    within_p50: int = 0
    within_p90: int = 0
    error: float = 0.0
    squared: float = 0.0
    squared_average: float = 0.0

    @property
    def p90_kept(self) -> float:
        """The share answered within their P90; 0.9 is right."""
        return self.within_p90 / self.callers if self.callers else 0.0

    @property
    def p50_kept(self) -> float:
        """The share answered within their P50; 0.5 is right."""
        return self.within_p50 / self.callers if self.callers else 0.0

    @property
    def bias_s(self) -> float:
        """How much longer than estimated callers waited on average, in seconds."""
        return self.error / self.callers if self.callers else 0.0

    @property
    def typical_error_s(self) -> float:
        """The root of the mean squared error, in seconds."""
        return math.sqrt(self.squared / self.callers) if self.callers else 0.0

    @property
    def typical_error_of_average_s(self) -> float:
        """The same of Asterisk's moving average, told to the same callers."""
        return math.sqrt(self.squared_average / self.callers) if self.callers else 0.0

    @property
    def ratio_to_average(self) -> float:
        """Mean squared error over that of Asterisk's moving average; 0 where nothing is known."""
        return self.squared / self.squared_average if self.squared_average else 0.0


def together(queues: Iterable[Accuracy]) -> Accuracy:
    """Several queues as one."""
    each = tuple(queues)
    return Accuracy(**{part.name: sum(getattr(one, part.name) for one in each) for part in fields(Accuracy)})


@dataclass(slots=True)
class EstimateAccuracy:
    """The fold. `queues`: every queue in which an estimate was given."""

    queues: dict[QueueName, Accuracy] = field(default_factory=dict)
    _averages: dict[QueueName, int] = field(default_factory=dict)
    _told: dict[CallId, int] = field(default_factory=dict)
    _estimated: dict[CallId, WaitEstimated] = field(default_factory=dict)

    def apply(self, event: Event) -> None:
        """Fold one event of the journal, in its order."""
        match event:
            case CallQueued():
                self._told[event.call] = self._averages.get(event.queue, 0)
            case WaitEstimated():
                self._estimated[event.call] = event
                self.queues.setdefault(event.queue, Accuracy()).given += 1
            case CallLeftQueue():
                self._left(event)
            case _:
                pass

    def count_from_here(self) -> None:
        """Forget the judgements so far, not what the average learnt, nor who waits."""
        self.queues.clear()

    def _left(self, event: CallLeftQueue) -> None:
        told, estimated = self._told.pop(event.call, 0), self._estimated.pop(event.call, None)
        if event.outcome is not QueueOutcome.ANSWERED:
            return
        if estimated is not None:
            self._judge(self.queues.setdefault(event.queue, Accuracy()), estimated, event.waited, told)
        waited = event.waited // 1_000
        old = self._averages.get(event.queue, 0)
        self._averages[event.queue] = (3 * old + waited) >> 2 if old else waited

    def _judge(self, accuracy: Accuracy, estimated: WaitEstimated, waited: Millis, told: int) -> None:
        error = (waited - estimated.mean) / 1_000
        accuracy.callers += 1
        accuracy.within_p50 += waited <= estimated.p50
        accuracy.within_p90 += waited <= estimated.p90
        accuracy.error += error
        accuracy.squared += error * error
        accuracy.squared_average += (waited / 1_000 - told) ** 2

"""How callers fared in queues: a fold of the events of visits, by queue and interval of arrival."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil

from ivr_engine.core.events import CallLeftQueue, CallQueued, Event
from ivr_engine.core.ids import CallId, Instant, Millis, QueueName
from ivr_engine.core.outcomes import QueueOutcome
from ivr_engine.metrics.service_level import ServiceCounts

HALF_HOUR = Millis(1_800_000)
SHORT = Millis(5_000)
"""Who gives up within this may have called by mistake."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """Visits of one queue, or of one interval: how many came, how they ended, and every wait in milliseconds.

    offered = the sum over outcomes + visits still open. Waits include the ringing.
    """

    offered: int = 0
    outcomes: Counter[QueueOutcome] = field(default_factory=Counter)
    answered_after: list[Millis] = field(default_factory=list)
    abandoned_after: list[Millis] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """Callers who reached an agent."""
        return self.outcomes[QueueOutcome.ANSWERED]

    @property
    def abandoned(self) -> int:
        """Callers who gave up."""
        return self.outcomes[QueueOutcome.ABANDONED]

    def left(self, outcome: QueueOutcome, waited: Millis) -> None:
        """One visit ended."""
        self.outcomes[outcome] += 1
        if outcome is QueueOutcome.ANSWERED:
            self.answered_after.append(waited)
        elif outcome is QueueOutcome.ABANDONED:
            self.abandoned_after.append(waited)

    def counts(self, threshold: Millis, short: Millis = SHORT) -> ServiceCounts:
        """What the service level is made of; a wait of exactly the threshold is within it."""
        return ServiceCounts(
            answered=self.answered,
            abandoned=self.abandoned,
            answered_in_time=sum(wait <= threshold for wait in self.answered_after),
            abandoned_in_time=sum(wait <= threshold for wait in self.abandoned_after),
            short=sum(wait <= short for wait in self.abandoned_after),
        )

    @property
    def mean_answer(self) -> float | None:
        """Average speed of answer in milliseconds: over those answered, those who did not wait included."""
        return mean(self.answered_after)

    def answer_quantile(self, share: float) -> Millis | None:
        """The wait within which this share of those answered was answered; None when nobody was."""
        return quantile(self.answered_after, share)


def mean(spans: list[Millis]) -> float | None:
    """The mean, or None of nothing."""
    return sum(spans) / len(spans) if spans else None


def quantile(spans: list[Millis], share: float) -> Millis | None:
    """The smallest span that at least `share` of them do not exceed."""
    return sorted(spans)[max(0, ceil(share * len(spans)) - 1)] if spans else None


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them together: sums of counts, never means of shares."""
    whole = Tally()
    for tally in tallies:
        whole.offered += tally.offered
        whole.outcomes.update(tally.outcomes)
        whole.answered_after += tally.answered_after
        whole.abandoned_after += tally.abandoned_after
    return whole


_OF_A_VISIT = frozenset[type]({CallQueued, CallLeftQueue})


class Visits:
    """The fold. A visit counts in the interval in which the caller came, however late it ends."""

    def __init__(self, interval: Millis = HALF_HOUR) -> None:
        self._interval = interval
        self._open: dict[CallId, Tally] = {}
        self.by_interval: dict[tuple[QueueName, Instant], Tally] = {}

    @property
    def open(self) -> int:
        """Visits that have not ended."""
        return len(self._open)

    def apply(self, event: Event, at: Instant) -> None:
        """Take in what happened at `at`; events of other kinds change nothing."""
        if type(event) not in _OF_A_VISIT:  # most events of a day
            return
        if isinstance(event, CallQueued):
            began = Instant(at - at % self._interval)
            tally = self.by_interval.setdefault((event.queue, began), Tally())
            tally.offered += 1
            self._open[event.call] = tally
        elif isinstance(event, CallLeftQueue):
            # A visit that began before the first event is nobody's: it was not counted as offered either.
            left = self._open.pop(event.call, None)
            if left is not None:
                left.left(event.outcome, event.waited)

    def queues(self) -> dict[QueueName, Tally]:
        """Each queue over all intervals, by name."""
        names = sorted({queue for queue, _ in self.by_interval})
        return {name: total(tally for (queue, _), tally in self.by_interval.items() if queue == name) for name in names}

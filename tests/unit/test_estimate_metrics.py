"""The error of the estimates as a fold: what was kept, the bias, and Asterisk's moving average beside it."""

from __future__ import annotations

from ivr_engine.core.events import CallLeftQueue, CallQueued, Event, WaitEstimated
from ivr_engine.core.ids import CallId, Language, Millis, QueueName
from ivr_engine.core.outcomes import QueueOutcome
from ivr_engine.metrics.estimates import Accuracy, EstimateAccuracy

CARDS = QueueName("cards")


def visit(call: str, waited_s: int, estimated_s: int | None, outcome: QueueOutcome = QueueOutcome.ANSWERED) -> list[Event]:
    """One caller; the P50 is what was estimated, the P90 twice that."""
    events: list[Event] = [
        CallQueued(call=CallId(call), queue=CARDS, priority=0, needs=(), language=Language("zh"), position=1)
    ]
    if estimated_s is not None:
        mean = Millis(estimated_s * 1_000)
        events.append(WaitEstimated(call=CallId(call), queue=CARDS, mean=mean, p50=mean, p90=Millis(2 * mean)))
    waited = Millis(waited_s * 1_000)
    return [*events, CallLeftQueue(call=CallId(call), queue=CARDS, outcome=outcome, waited=waited)]


def folded(*visits: list[Event]) -> Accuracy:
    fold = EstimateAccuracy()
    for event in (each for events in visits for each in events):
        fold.apply(event)
    return fold.queues.get(CARDS, Accuracy())


def test_the_average_beside_it_is_asterisks_own() -> None:
    """Waits 10, 20, 5, 100, 0, 3 give 10, 12, 10, 32, 24, 18: what it says before each is the figure before."""
    waits = (10, 20, 5, 100, 0, 3)
    told = (0, 10, 12, 10, 32, 24)
    found = folded(*(visit(str(number), waited, 0) for number, waited in enumerate(waits)))
    assert found.squared_average == sum((waited - said) ** 2 for waited, said in zip(waits, told, strict=True))


def test_shares_and_bias_are_those_of_the_answered_who_had_an_estimate() -> None:
    found = folded(
        visit("a", 10, 20),
        visit("b", 30, 20),
        visit("c", 50, 20),
        visit("gave up", 500, 20, QueueOutcome.ABANDONED),
        visit("was told nothing", 500, None),
    )
    assert (found.callers, found.p50_kept, found.p90_kept) == (3, 1 / 3, 2 / 3)
    assert found.bias_s == (-10 + 10 + 30) / 3
    assert found.squared == 100 + 100 + 900


def test_a_queue_of_which_nothing_is_known_has_no_figures() -> None:
    assert (folded().p90_kept, folded().ratio_to_average, folded().bias_s) == (0.0, 0.0, 0.0)

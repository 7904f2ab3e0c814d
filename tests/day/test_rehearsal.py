"""A rehearsed day: the same seed gives the same day, and what the files say happens."""

from __future__ import annotations

from collections import Counter
from statistics import fmean, variance

import pytest

from ivr_engine.core.events import CallLeftQueue, OfferEnded
from ivr_engine.core.ids import Millis
from ivr_engine.core.outcomes import OfferOutcome, QueueOutcome
from ivr_engine.metrics.occupancy import AgentsTime
from ivr_engine.metrics.visits import Visits
from ivr_engine.testing.clock import START
from ivr_engine.testing.day.callers import Traffic, poisson
from ivr_engine.testing.day.chance import Chance, Exponential, Fixed, Gamma, Observed, Span, Uniform
from tests.day.bank_day import CALLERS, HOUR, rehearsed


def test_the_same_seed_gives_the_same_journal_and_another_one_another() -> None:
    day = rehearsed("7", hours=1)
    assert rehearsed("7", hours=1) == day
    assert rehearsed("8", hours=1) != day


def test_numbers_of_a_seed_are_the_same_on_every_machine_and_python() -> None:
    chance = Chance("seed")
    assert [round(chance.draw(), 6) for _ in range(3)] == [0.138236, 0.236709, 0.86503]


def test_streams_do_not_disturb_each_other() -> None:
    one, other = Chance("seed"), Chance("seed")
    one.stream("a").draw()
    assert one.draw() == other.draw()
    assert one.stream("a").draw() != one.stream("b").draw()


@pytest.mark.parametrize(
    ("span", "mean", "squared"),
    [
        (Fixed(Millis(500)), 500, 0),
        (Exponential(1_000), 1_000, 1_000**2),
        (Uniform(1_000, 3_000), 2_000, 2_000**2 / 12),
        (Gamma(4.0, 2_000), 2_000, 2_000**2 / 4),
        (Gamma(0.5, 2_000), 2_000, 2_000**2 / 0.5),
        (Observed((Millis(100), Millis(300))), 200, 100**2),
    ],
    ids=["fixed", "exponential", "uniform", "gamma", "gamma of small shape", "observed"],
)
def test_spans_have_their_mean_and_scatter(span: Span, mean: float, squared: float) -> None:
    chance = Chance("spans")
    drawn = [float(span.draw(chance)) for _ in range(40_000)]
    assert fmean(drawn) == pytest.approx(mean, rel=0.03)  # over four standard errors of the widest of them
    assert variance(drawn) == pytest.approx(squared, rel=0.12, abs=1)


def test_a_mixed_day_is_higher_or_lower_as_a_whole() -> None:
    traffic = [Traffic(kind=CALLERS, begin=START, end=HOUR + START, calls=1_000)]  # type: ignore[arg-type]
    counts = [len(list(poisson(traffic, Chance("1"), factor=factor))) for factor in (0.5, 1.0, 2.0)]
    assert [abs(count - expected) < 4 * expected**0.5 for count, expected in zip(counts, (500, 1_000, 2_000), strict=True)]


def test_everything_a_replay_needs_happens_in_the_lively_day() -> None:
    journal = rehearsed("7")
    outcomes = Counter(each.event.outcome for each in journal if isinstance(each.event, CallLeftQueue))
    offers = Counter(each.event.outcome for each in journal if isinstance(each.event, OfferEnded))
    not_of_days = {QueueOutcome.FLOWOUT, QueueOutcome.MOVED}  # keys while waiting, and supervisors' hands
    lively = {*QueueOutcome} - {QueueOutcome.CLOSED, QueueOutcome.UNSTAFFED, QueueOutcome.FAILED} - not_of_days
    assert lively <= outcomes.keys()
    assert {OfferOutcome.ANSWERED, OfferOutcome.NO_ANSWER, OfferOutcome.CALLER_GONE} <= offers.keys()


def test_figures_of_the_parts_add_up_to_the_day() -> None:
    journal = rehearsed("7")
    visits, parts, whole = Visits(), AgentsTime(Millis(1_800_000)), AgentsTime()
    for recorded in journal:
        for fold in (visits, parts, whole):
            fold.apply(recorded.event, recorded.at)
    for time in (parts, whole):
        time.close(journal[-1].at)
    assert visits.open == 0
    assert all(tally.offered == tally.outcomes.total() for tally in visits.by_interval.values())
    assert sum(tally.offered for tally in visits.queues().values()) == sum(
        tally.offered for tally in visits.by_interval.values()
    )
    assert parts.agents() == whole.agents()
    assert all(
        sum((each.available, each.offered, each.talking, each.wrap_up, each.paused)) <= 1_800_000 * len(whole.agents())
        for interval in parts.by_interval().values()
        for each in interval
    )

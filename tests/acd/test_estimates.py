"""Waits are estimated as they turn out: in the simulator for five kinds of day, and by hand for the sums behind it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from math import isclose

import pytest

from ivr_engine.acd import estimates
from ivr_engine.acd.estimates import Meter, Wait, estimate
from ivr_engine.core.events import AgentPresenceChanged, CallLeftQueue, CallQueued, Event, OfferMade
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, Millis, OfferId, QueueName
from ivr_engine.core.outcomes import Presence, QueueOutcome
from ivr_engine.testing.one_queue import QueueDay

HOUR = 3_600_000
SERVICE = Millis(180_000)
AGENTS = 20
CALLS = QueueName("calls")
ABLE = AGENTS * 1_000 / SERVICE  # callers a second that the agents bear


@dataclass(frozen=True)
class Load:
    """A kind of day: callers by the hour of it, their patience, and how many agents leave from when on."""

    callers: Callable[[float], float]
    patience: Millis | None
    leaving: int = 0


LOADS = {
    "steady, nine tenths": Load(lambda _hour: 0.9, None),
    "steady, full": Load(lambda _hour: 0.98, None),
    "overload, many give up": Load(lambda _hour: 1.4, SERVICE),
    "a ramp in the morning": Load(lambda hour: 0.5 + 0.75 * min(1.0, (hour % 8) / 2), Millis(300_000)),
    "agents leave": Load(lambda _hour: 0.95, Millis(300_000), leaving=8),
}


def lived(load: Load, *, seed: int = 1, hours: int = 48) -> QueueDay:
    day = QueueDay(seed=seed, service=SERVICE, patience=load.patience, agents=AGENTS, probes=4)
    for shift in range(0, hours, 8):
        day.staff(AGENTS, at=Instant(shift * HOUR))
        for gone in range(load.leaving):
            day.staff(AGENTS - gone - 1, at=Instant(shift * HOUR + 4 * HOUR + gone * HOUR // 4))
    day.callers(lambda at: ABLE * load.callers(at / HOUR), until=Instant(hours * HOUR), most=1.5 * ABLE)
    day.run()
    return day


@pytest.mark.parametrize("name", LOADS)
def test_nine_in_ten_are_answered_within_their_p90_and_half_within_their_p50(name: str) -> None:
    judged = [each for each in lived(LOADS[name]).outcomes if each.probe and each.answered]
    known = [(each.waited, each.estimated) for each in judged if each.estimated is not None]
    assert len(known) > 1_000
    assert abs(sum(waited <= wait.p90 for waited, wait in known) / len(known) - 0.9) <= 0.03
    assert abs(sum(waited <= wait.p50 for waited, wait in known) / len(known) - 0.5) <= 0.05


def test_equal_seeds_give_equal_days_and_others_do_not() -> None:
    load = LOADS["overload, many give up"]
    first, again, other = (lived(load, seed=seed, hours=8) for seed in (1, 1, 2))
    assert first.journal == again.journal
    assert first.journal != other.journal


# --- by hand ---------------------------------------------------------------------------------------------------------


def meter(**sums: float) -> Meter:
    """Two agents who drain one caller a minute each, with so much known that the rate itself is certain."""
    known: dict[str, float] = {"staff": 2, "served": 1e9, "manned": 1e9 * 60_000}
    return Meter(**{**known, **sums})  # type: ignore[arg-type] # sums by name


def test_the_mean_is_that_of_a_line_that_drains_at_the_measured_rate() -> None:
    first, third = estimate(meter(), 0), estimate(meter(), 2)
    assert first is not None
    assert third is not None
    assert (first.mean, third.mean) == (30_000, 90_000)


def test_those_ahead_who_give_up_shorten_the_wait() -> None:
    # One in a minute gives up: 1/2 + 1/3 + 1/4 minutes.
    wait = estimate(meter(lost=1e6, waited=1e6 * 60_000), 2)
    assert wait is not None
    assert wait.mean == 65_000


def test_the_quantiles_of_one_stage_are_those_of_the_exponential() -> None:
    wait = estimate(meter(), 0)
    assert wait is not None
    assert isclose(wait.p50, 30_000 * 0.6931, rel_tol=0.02)
    assert isclose(wait.p90, 30_000 * 2.3026, rel_tol=0.02)


def test_a_long_line_is_summed_as_exactly_as_a_short_one() -> None:
    leaving = meter(lost=1e6, waited=1e6 * 6_000_000)
    drain, gives_up = 2 / 60_000, 1 / 6_000_000
    for ahead in (59, 60, 61, 400, 5_000):
        wait = estimate(leaving, ahead)
        assert wait is not None
        assert isclose(wait.mean, sum(1 / (drain + index * gives_up) for index in range(ahead + 1)), rel_tol=1e-6)


@pytest.mark.parametrize("unknown", [{"served": 4.9}, {"staff": 0}, {"manned": 0.0}])
def test_nothing_is_estimated_when_nothing_is_known(unknown: dict[str, float]) -> None:
    assert estimate(meter(**unknown), 0) is None


def test_twice_the_agents_halve_the_wait_at_once() -> None:
    before, after = estimate(meter(staff=2), 3), estimate(meter(staff=4), 3)
    assert before is not None
    assert after is not None
    assert before.mean == 2 * after.mean


def queued(call: str) -> Event:
    return CallQueued(call=CallId(call), queue=CALLS, priority=0, needs=(), language=Language("zh"), position=1)


def left(call: str, outcome: QueueOutcome = QueueOutcome.ANSWERED) -> Event:
    return CallLeftQueue(call=CallId(call), queue=CALLS, outcome=outcome, waited=Millis(0))


def offered(call: str) -> Event:
    return OfferMade(
        call=CallId(call), agent=AgentId("a"), offer=OfferId("o"), queue=CALLS, rule="", candidates=(), excluded=(),
        waited=Millis(0), deadline=Instant(0),
    )  # fmt: skip


def follow(*facts: tuple[int, Event]) -> Meter:
    """The meter of the queue after these facts, with two agents ready at 0."""
    meters = {CALLS: Meter()}
    ready = [
        AgentPresenceChanged(agent=AgentId(name), presence=Presence.READY, previous=Presence.PAUSED, reason="", by="agent")
        for name in "ab"
    ]
    for at, event in [*((0, each) for each in ready), *facts]:
        estimates.follow(meters, event, Instant(at), queues=(CALLS,))
    assert json.loads(json.dumps(estimates.save(meters))) == estimates.save(estimates.load([CALLS], estimates.save(meters)))
    return meters[CALLS]


def test_a_caller_served_at_once_says_nothing_of_how_the_line_moves() -> None:
    found = follow((0, queued("c1")), (0, offered("c1")), (9_000, left("c1")))
    assert (found.served, found.manned, found.waiting) == (0, 0, {})


def test_agents_count_only_while_somebody_waits() -> None:
    found = follow((1_000, queued("c1")), (5_000, left("c1")), (90_000, queued("c2")), (91_000, left("c2")))
    assert found.served > 1.9
    assert isclose(found.manned, 2 * (4_000 + 1_000), rel_tol=0.01)


@pytest.mark.parametrize("outcome", [each for each in QueueOutcome if each is not QueueOutcome.ANSWERED])
def test_whoever_leaves_unanswered_shortens_the_line_and_drains_nothing(outcome: QueueOutcome) -> None:
    found = follow((0, queued("c1")), (4_000, left("c1", outcome)))
    assert (found.served, found.lost, found.waited) == (0, 1, 4_000)


def test_a_wait_longer_than_estimated_raises_the_next_estimate() -> None:
    start = meter(served=100, manned=100 * 60_000)
    start.waiting[CallId("c")] = estimates.Forecast(since=Instant(0), p50=Millis(1), p90=Millis(2))
    before = estimate(start, 0)
    estimates.follow({CALLS: start}, left("c"), Instant(10))
    after = estimate(start, 0)
    assert isinstance(before, Wait)
    assert isinstance(after, Wait)
    assert after.p90 > before.p90
    assert after.p50 > before.p50

"""The centre under the manual clock behaves as theory says of the same rules: no second implementation stands between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import sqrt
from statistics import mean
from typing import Any

import pytest

from ivr_engine.acd.queues import STRICTLY
from ivr_engine.acd.rules import CentreRules
from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.ids import AgentId, Instant, Millis, QueueName, SkillName
from ivr_engine.core.outcomes import QueueOutcome
from ivr_engine.metrics.confidence import Estimate
from ivr_engine.metrics.erlang import PatientQueue
from ivr_engine.testing.clock import START
from ivr_engine.testing.day.callers import Caller, CallerKind, Redial, Traffic
from ivr_engine.testing.day.chance import Chance, Fixed, Uniform
from ivr_engine.testing.day.people import Person, Shift
from tests.theory.experiment import (
    MINUTE,
    QUEUE,
    Batch,
    Setting,
    agents,
    agree,
    batches,
    chance_decides,
    days,
    delayed,
    exponential,
    figure,
    instant,
    mean_wait,
    occupancy,
    one_run,
    policy,
    steady,
)
from tests.theory.values import named

BATCHES = 20
LAST_IN_LINE = 0.6  # for those last in line one busy hour outweighs a quiet day, so their interval is wide


def one_queue(agents_: int, calls: float, talk: float, patience: float | None, callers: int) -> list[Batch]:
    """Rates per minute; `callers` measured, after a twentieth of as many that are not."""
    minutes = callers / calls
    kind = CallerKind(
        name="caller",
        queue=QUEUE,
        talk=exponential(1 / talk),
        patience=None if patience is None else exponential(1 / patience),
    )
    traffic = [steady(kind, calls, minutes * 1.06)]
    setting = Setting(queues=[policy()], staff=agents("a", agents_), traffic=traffic)
    return batches(setting, warm_up=minutes / 20, batch=minutes / BATCHES, number=BATCHES)


@pytest.mark.parametrize(("agents_", "within"), [(12, 0.35), (14, 0.35)])
def test_callers_who_wait_for_ever(agents_: int, within: float) -> None:
    found = one_queue(agents_, calls=10 / 3, talk=3, patience=None, callers=40_000)
    expected = PatientQueue(calls=10 / 3, talk=3, agents=agents_)
    agree(figure(found, lambda batch: delayed(batch.tally())), expected.delayed, within=within)
    agree(figure(found, lambda batch: mean_wait(batch.tally())), expected.mean_wait, within=within)
    agree(figure(found, occupancy), expected.occupancy, within=0.04)


@pytest.mark.parametrize(
    "identity",
    ["erlA_3.333_0.3333_0.2_10", "erlA_3.333_0.3333_0.2_14", "erlA_13_0.25_0.3333_50", "gkm_MMnM"],
)
def test_callers_who_give_up(identity: str) -> None:
    value = named(identity, "erlang_a")
    given, expected = value.given, value.expected
    found = one_queue(given["n"], given["lam"], 1 / given["mu"], 1 / given["theta"], callers=40_000)
    in_time = Millis(round(given["T"] * MINUTE))

    def level(batch: Batch) -> float:
        return batch.tally().counts(in_time).answered_in_time / batch.tally().offered

    agree(figure(found, lambda batch: delayed(batch.tally())), expected["PW"], within=0.3)
    agree(figure(found, lambda batch: batch.tally().abandoned / batch.tally().offered), expected["Pab"], within=0.3)
    agree(figure(found, lambda batch: mean_wait(batch.tally())), expected["EW"], within=0.3)
    agree(figure(found, level), expected["SLall"], within=0.1)
    agree(figure(found, occupancy), expected["occ"], within=0.04)


def test_strict_priority_among_callers_who_wait_for_ever() -> None:
    value = named("cobham_3_4_2", "static_priority_MMN")
    high_to_low, talk = value.given["lam_high_to_low"], 1 / value.given["mu"]
    minutes = 60_000 / sum(high_to_low)
    kinds = [
        CallerKind(name=f"kind{place}", queue=QUEUE, talk=exponential(1 / talk), priority=3 - place) for place in range(3)
    ]
    traffic = [steady(kind, calls, minutes * 1.06) for kind, calls in zip(kinds, high_to_low, strict=True)]
    setting = Setting(queues=[policy(priority_worth=STRICTLY)], staff=agents("a", value.given["N"]), traffic=traffic)
    found = batches(setting, warm_up=minutes / 20, batch=minutes / BATCHES, number=BATCHES)
    for place, expected in enumerate(value.expected["W"]):
        agree(
            figure(found, lambda batch, place=place: mean_wait(batch.tally(priority=3 - place))),  # type: ignore[misc]
            expected,
            within=LAST_IN_LINE,
        )


@pytest.mark.parametrize(
    ("identity", "strategy", "first"),
    [
        ("slow_server_LISF", "longest_idle", "fast"),
        ("slow_server_FAST", "top_down", "fast"),
        ("slow_server_SLOW", "top_down", "slow"),
    ],
)
def test_two_agents_one_of_them_slow(identity: str, strategy: str, first: str) -> None:
    value = named(identity, "two_server")
    fast, slow = value.given["mu"]
    minutes = 40_000 / value.given["lam"]
    traffic = [steady(CallerKind(name="caller", queue=QUEUE, talk=exponential(1.0)), value.given["lam"], minutes * 1.06)]
    staff = [*agents("fast", 1, rank=1 + (first != "fast")), *agents("slow", 1, rank=1 + (first != "slow"))]
    setting = Setting(
        queues=[policy(strategy=strategy)],
        staff=staff,
        traffic=traffic,
        pace={staff[0].agent: 1 / fast, staff[1].agent: 1 / slow},
    )
    found = batches(setting, warm_up=minutes / 20, batch=minutes / BATCHES, number=BATCHES)
    agree(figure(found, lambda batch: delayed(batch.tally())), value.expected["PW"], within=0.05)
    agree(figure(found, lambda batch: mean_wait(batch.tally())), value.expected["EW"], within=0.2)
    agree(figure(found, lambda batch: occupancy(batch, "fast")), value.expected["util_fast"], within=0.05)
    agree(figure(found, lambda batch: occupancy(batch, "slow")), value.expected["util_slow"], within=0.05)


def one_day(patience: float | None, **rules: Any) -> list[Batch]:  # noqa: ANN401 - fields of QueuePolicy
    """The published eight hours: 12 agents, 4.2 calls a minute of 2 minutes each, who is in line at the end is served."""
    given = named("sim_MMC", "transient_day").given
    kind = CallerKind(
        name="caller",
        queue=QUEUE,
        talk=exponential(given["mu"]),
        patience=None if patience is None else exponential(1 / patience),
    )
    traffic = [steady(kind, given["lam"], given["day_min"])]
    return days(Setting(queues=[policy(**rules)], staff=agents("a", given["N"]), traffic=traffic), 50)


def in_target(batch: Batch) -> float:
    return batch.tally().counts(Millis(20_000)).answered_in_time


def test_a_day_that_begins_empty() -> None:
    expected = named("sim_MMC", "transient_day").expected
    found = one_day(patience=None)
    agree(figure(found, in_target), expected["in_target"], within=0.02)
    agree(figure(found, lambda batch: in_target(batch) / batch.tally().offered), expected["SL"], within=0.02)
    agree(figure(found, lambda batch: (batch.tally().mean_answer or 0) / MINUTE), expected["ASA_min"], within=0.25)


def test_a_day_whose_callers_give_up() -> None:
    expected = named("sim_MMCAb", "transient_day").expected
    found = one_day(patience=1.0)

    def of_served(batch: Batch) -> float:
        return in_target(batch) / batch.tally().answered

    def late_abandoned_against(batch: Batch) -> float:
        tally = batch.tally()
        return in_target(batch) / (tally.offered - tally.counts(Millis(20_000)).abandoned_in_time)

    agree(figure(found, lambda batch: batch.tally().abandoned), expected["abandoned"], within=0.15)
    agree(figure(found, in_target), expected["in_target"], within=0.02)
    agree(figure(found, of_served), expected["SL_served_only"], within=0.01)
    agree(figure(found, late_abandoned_against), expected["SL_g1"], within=0.01)


def test_a_day_with_five_places_in_the_queue() -> None:
    expected = named("sim_MMCBlocked", "transient_day").expected
    found = one_day(patience=None, max_length=5)
    agree(figure(found, lambda batch: batch.tally().outcomes[QueueOutcome.FULL]), expected["blocked"], within=0.3)
    agree(figure(found, in_target), expected["in_target"], within=0.02)
    agree(figure(found, lambda batch: in_target(batch) / batch.tally().offered), expected["SL_incl_blocked"], within=0.02)


@dataclass(kw_only=True)
class Closing(Setting):
    """Whoever still waits at `closes` is sent away."""

    closes: Instant

    def callers(self, chance: Chance, factor: float = 1.0) -> list[Caller]:
        return [
            replace(caller, patience=Millis(min(caller.patience or 0, self.closes - caller.at)))
            for caller in super().callers(chance, factor)
        ]


def test_a_week_of_evenings_with_a_message_after_two_minutes() -> None:
    # 5 evenings of 4 hours; 50 calls an hour; 12 agents and 24 lines: 12 in the queue, as the agents are never away.
    expected = named("sim_Telethon", "voicemail_week").expected
    closes = instant(4 * 60)
    kind = CallerKind(name="caller", queue=QUEUE, talk=exponential(1 / 10), patience=exponential(1 / 2))
    setting = Closing(
        queues=[policy(max_wait=Millis(2 * MINUTE), max_length=12)],
        staff=agents("a", 12),
        traffic=[Traffic(kind=kind, begin=START, end=closes, calls=200)],
        closes=closes,
    )
    found = days(setting, 200, closes=closes)
    evenings = 5
    agree(figure(found, lambda batch: evenings * batch.tally().answered), expected["served"], within=0.02)
    agree(figure(found, lambda batch: evenings * batch.tally().abandoned), expected["abandoned"], within=0.25)
    timeouts = figure(found, lambda batch: evenings * batch.tally().outcomes[QueueOutcome.TIMEOUT])
    agree(timeouts, expected["messages"], within=0.4)


def test_priority_that_grows_with_the_wait() -> None:
    value = named("apq_1_2_4", "linear_apq_MMN")
    talk = 1 / value.given["mu"]
    minutes = 60_000 / sum(value.given["lam"])
    queues = [policy(f"rate{rate}", rate=rate) for rate in value.given["b"]]
    traffic = [
        steady(CallerKind(name=queue.name, queue=queue.name, talk=exponential(1 / talk)), calls, minutes * 1.06)
        for queue, calls in zip(queues, value.given["lam"], strict=True)
    ]
    setting = Setting(
        queues=queues,
        staff=agents("a", value.given["N"], *(queue.name for queue in queues)),
        traffic=traffic,
        rules=CentreRules(call_rule="accumulating"),
    )
    found = batches(setting, warm_up=minutes / 20, batch=minutes / BATCHES, number=BATCHES)
    for queue, expected in zip(queues, value.expected["W"], strict=True):
        agree(figure(found, lambda batch, q=queue.name: mean_wait(batch.tally(q))), expected, within=LAST_IN_LINE)  # type: ignore[misc]


def test_two_languages_and_agents_who_speak_both() -> None:
    """The published week lets chance choose among free agents, and so do the agents here; see `chance_decides`."""
    expected = named("sim_Bilingual", "multiskill_week").expected
    closes = instant(9 * 60)
    english = CallerKind(
        name="english",
        queue=QueueName("english"),
        talk=Uniform(3 * MINUTE, 7 * MINUTE),
        patience=exponential(1 / 2),
        redial=Redial(share=0.75, after=Fixed(Millis(20 * MINUTE))),
    )
    spanish = replace(english, name="spanish", queue=QueueName("spanish"), talk=Uniform(4 * MINUTE, 6 * MINUTE))
    traffic = [
        Traffic(kind=kind, begin=instant(hour * 60), end=instant(hour * 60 + 60), calls=100 if hour == 0 else 50)
        for kind in (english, spanish)
        for hour in range(9)
    ]
    setting = Closing(
        queues=[policy(language, strategy="by_chance") for language in ("english", "spanish")],
        staff=[*agents("e", 7, "english"), *agents("s", 7, "spanish"), *agents("both", 4, "english", "spanish")],
        traffic=traffic,
        closes=closes,
    )
    with chance_decides():
        found = days(setting, 40, closes=closes)
    week = 5
    agree(figure(found, lambda batch: week * batch.everybody.offered), expected["arrived"], within=0.02)
    agree(figure(found, lambda batch: week * batch.everybody.answered), expected["served"], within=0.02)
    agree(figure(found, lambda batch: week * batch.everybody.abandoned), expected["abandoned"], within=0.25)
    for group, known in (("both", "occ_bilingual"), ("e", "occ_single"), ("s", "occ_single")):
        share = figure(found, lambda batch, g=group: 100 * busy(batch, g) / (closes - START))  # type: ignore[misc]
        agree(share, expected[known], within=0.05)
    redials = figure(found, lambda batch: week * (batch.everybody.offered - 1_000))
    assert abs(redials.mean - sum(expected["retrials"]) / 2) <= redials.margin


def busy(batch: Batch, prefix: str) -> float:
    """Milliseconds of talk of an agent whose name begins so, on average."""
    return mean(worked.busy for agent, worked in batch.work.agents().items() if agent.startswith(prefix))


PERIOD = 120.0
RATES = ((4.2, 5.3, 3.2), (5.1, 4.3, 4.8), (6.3, 5.2, 4.8))  # of each type, a minute, in each period
SERVED = (0.5, 0.6, 0.4)  # a minute, by the period of arrival
IMPATIENT = (0.3, 0.4, 0.2)  # a minute, by type
STAFF = {"g0-": (12, 18, 9), "g1-": (15, 20, 11)}
LEVELS = {"g0-": {"t0": 1, "t1": 2}, "g1-": {"t1": 1, "t2": 1}}  # type 1 prefers the first group
STRATA = 6


def skilled_day() -> Setting:
    """Three types of callers, two groups, three periods; whoever's shift ends finishes the call."""
    kinds = [
        (place, period, SkillName(f"t{place}"), rate)
        for place, rates in enumerate(RATES)
        for period, rate in enumerate(rates)
    ]
    traffic = [
        Traffic(
            kind=CallerKind(
                name=skill,
                queue=QueueName(skill),
                talk=exponential(SERVED[period]),
                patience=exponential(IMPATIENT[place]),
                needs=(SkillNeed(skill=skill, level=1),),
            ),
            begin=instant(period * PERIOD),
            end=instant((period + 1) * PERIOD),
            calls=rate * PERIOD,
        )
        for place, period, skill, rate in kinds
    ]
    staff = [
        profile
        for prefix, numbers in STAFF.items()
        for profile in agents(
            prefix, max(numbers), *LEVELS[prefix], skills={SkillName(k): v for k, v in LEVELS[prefix].items()}
        )
    ]
    people = [person for prefix, numbers in STAFF.items() for person in _group_at_work(prefix, numbers)]
    queues = [policy(f"t{place}", strategy="best_skill") for place in range(3)]
    return Setting(queues=queues, staff=staff, traffic=traffic, people=people)


def _group_at_work(prefix: str, numbers: tuple[int, int, int]) -> Iterator[Person]:
    """The last period's number stays until everybody is served."""
    for place in range(max(numbers)):
        there = [period for period, number in enumerate(numbers) if place < number]
        end = None if there[-1] == 2 else instant((there[-1] + 1) * PERIOD)
        shift = Shift(begin=instant(there[0] * PERIOD), end=end)
        yield Person(agent=AgentId(f"{prefix}{place:03}"), shifts=(shift,))


def day_factors() -> list[tuple[float, float]]:
    """Two factors from each sixth of the days, from the quietest to the busiest: Gamma with mean 1 and shape 28.7."""
    chance, shape = Chance("days"), 28.7
    factors = sorted(chance.gamma(shape) / shape for _ in range(1_000 * STRATA))
    sixths = [factors[1_000 * place : 1_000 * (place + 1)] for place in range(STRATA)]
    return [(sixth[int(1_000 * chance.draw())], sixth[int(1_000 * chance.draw())]) for sixth in sixths]


def test_three_types_of_callers_and_days_of_different_size() -> None:
    """Days are drawn by sixths of their size, two from each; the interval comes from the differences within the pairs."""
    expected = named("sim_SimpleMSK", "multiskill_day").expected
    pairs = [
        tuple(one_run(skilled_day(), f"{place}/{number}", factor) for number, factor in enumerate(factors))
        for place, factors in enumerate(day_factors())
    ]

    def both(of: Callable[[Batch], float]) -> Estimate:
        values = [(of(one), of(other)) for one, other in pairs]
        spread = sqrt(sum((one - other) ** 2 for one, other in values)) / (2 * STRATA)
        return Estimate(sum(map(sum, values)) / (2 * STRATA), 3.707 * spread)  # Student's t, 99 %, 6 degrees of freedom

    def in_time(batch: Batch) -> float:
        return batch.everybody.counts(Millis(19_999)).answered_in_time

    def counted(batch: Batch) -> float:
        return batch.everybody.offered - batch.everybody.counts(Millis(19_999)).abandoned_in_time

    agree(both(lambda batch: batch.everybody.answered), expected["served"], within=0.03)
    agree(both(lambda batch: batch.everybody.abandoned), expected["abandoned"], within=0.2)
    level = both(in_time).mean / both(counted).mean  # of sums: a busy day counts for more
    margin = both(lambda batch: in_time(batch) - level * counted(batch)).margin / both(counted).mean
    agree(Estimate(level, margin), expected["SL_g1"], within=0.1)

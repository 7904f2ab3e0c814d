"""The centre under the manual clock behaves as theory says of the same rules: no second implementation stands between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from ivr_engine.acd.queues import STRICTLY
from ivr_engine.core.ids import Instant, Millis
from ivr_engine.core.outcomes import QueueOutcome
from ivr_engine.metrics.erlang import PatientQueue
from ivr_engine.testing.clock import START
from ivr_engine.testing.day.callers import Caller, CallerKind, Traffic
from ivr_engine.testing.day.chance import Chance
from tests.theory.experiment import (
    MINUTE,
    QUEUE,
    Batch,
    Setting,
    agents,
    agree,
    batches,
    days,
    delayed,
    exponential,
    figure,
    instant,
    mean_wait,
    occupancy,
    policy,
    steady,
)
from tests.theory.values import named

BATCHES = 20


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
            within=0.6,  # for the last in line one busy hour outweighs a quiet day
        )


def test_two_agents_one_of_them_slow_longest_idle_first() -> None:
    value = named("slow_server_LISF", "two_server")
    fast, slow = value.given["mu"]
    minutes = 60_000 / value.given["lam"]
    traffic = [steady(CallerKind(name="caller", queue=QUEUE, talk=exponential(1.0)), value.given["lam"], minutes * 1.06)]
    staff = agents("fast", 1) + agents("slow", 1)
    setting = Setting(
        queues=[policy()],
        staff=staff,
        traffic=traffic,
        pace={staff[0].agent: 1 / fast, staff[1].agent: 1 / slow},
    )
    found = batches(setting, warm_up=minutes / 20, batch=minutes / BATCHES, number=BATCHES)
    agree(figure(found, lambda batch: delayed(batch.tally())), value.expected["PW"], within=0.05)
    agree(figure(found, lambda batch: mean_wait(batch.tally())), value.expected["EW"], within=0.15)
    agree(figure(found, lambda batch: occupancy(batch, "fast")), value.expected["util_fast"], within=0.04)
    agree(figure(found, lambda batch: occupancy(batch, "slow")), value.expected["util_slow"], within=0.04)


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

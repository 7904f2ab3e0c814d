"""A month of a bank's real calls, through the folds that live figures come from: known figures, to the digit.

The data file is not part of this repository (41,768 calls of an anonymous bank, August 1999, published by the Technion).
IVR_ENGINE_DATA names the folder that holds it; without it these tests are skipped.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr_engine.core.events import CallLeftQueue, CallQueued, ConversationBegan, ConversationEnded, Event
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, Millis, QueueName
from ivr_engine.core.outcomes import EndedBy, QueueOutcome
from ivr_engine.metrics.patience import mean_patience, patience_curve
from ivr_engine.metrics.service_level import Definition, service_level
from ivr_engine.metrics.visits import Tally, Visits, total
from tests.theory.values import Value, each

DATA = Path(os.environ.get("IVR_ENGINE_DATA", "nowhere")) / "anonymous_bank_1999_08_calls.csv"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"needs {DATA.name}; IVR_ENGINE_DATA names its folder")

NOT_QUEUED = "0:00:00"
IN_TIME = Millis(20_000)


@dataclass
class Month:
    """What the file says beside its events."""

    rows: int = 0
    phantom: int = 0
    left_in_ivr: int = 0
    at_once: int = 0
    queued_answered: list[Millis] | None = None
    service: list[int] | None = None


def dated(day: str, clock: str) -> Instant:
    hours, minutes, seconds = map(int, clock.split(":"))
    at = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return Instant(round(at.timestamp() * 1000))


def events(month: Month) -> Iterator[tuple[Instant, Event]]:
    """Each call of the file as the engine would have recorded it; whoever never asked for an agent enters no queue."""
    month.queued_answered, month.service = [], []
    with DATA.open(encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file)):
            month.rows += 1
            waited = Millis(1000 * int(row["q_time"]))
            queued = row["q_start"] != NOT_QUEUED or waited > 0
            if row["outcome"] == "PHANTOM":
                month.phantom += 1
            elif row["outcome"] == "HANG" and not queued:
                month.left_in_ivr += 1
            else:
                yield from _visit(month, row, CallId(f"call-{number}"), waited if queued else Millis(0))
                month.at_once += row["outcome"] == "AGENT" and (not queued or waited == 0)
                if row["outcome"] == "AGENT" and queued:
                    month.queued_answered.append(waited)


def _visit(month: Month, row: dict[str, str], call: CallId, waited: Millis) -> Iterator[tuple[Instant, Event]]:
    queue, at = QueueName(row["type"]), dated(row["date"], row["vru_exit"])
    yield at, CallQueued(call=call, queue=queue, priority=int(row["priority"]), needs=(), language=HEBREW, position=1)
    end = Instant(at + waited)
    if row["outcome"] == "HANG":
        yield end, CallLeftQueue(call=call, queue=queue, outcome=QueueOutcome.ABANDONED, waited=waited)
        return
    talked, agent = Millis(1000 * int(row["ser_time"])), AgentId(row["server"])
    assert month.service is not None
    month.service.append(int(row["ser_time"]))
    yield end, CallLeftQueue(call=call, queue=queue, outcome=QueueOutcome.ANSWERED, waited=waited)
    yield end, ConversationBegan(call=call, agent=agent, queue=queue)
    ended = ConversationEnded(call=call, agent=agent, queue=queue, ended_by=EndedBy.UNKNOWN, talked=talked)
    yield Instant(end + talked), ended


HEBREW = Language("he")


@pytest.fixture(scope="module")
def month() -> tuple[Month, Visits]:
    known, visits = Month(), Visits()
    for at, event in events(known):
        visits.apply(event, at)
    return known, visits


@each("metrics_gold")
def test_the_month_has_its_known_figures(value: Value, month: tuple[Month, Visits]) -> None:
    known, visits = month
    whole = total(visits.queues().values())
    counts = whole.counts(IN_TIME)
    levels = {definition: service_level(counts, definition) for definition in Definition}
    gave_up, answered = whole.abandoned_after, known.queued_answered
    assert answered is not None
    assert known.service is not None
    curve = patience_curve(gave_up, answered)
    patience = mean_patience(gave_up, answered)
    assert patience is not None
    figures = {
        "rows": known.rows,
        "phantom": known.phantom,
        "calls": known.rows - known.phantom,
        "answered": whole.answered,
        "answered_no_wait": known.at_once,
        "abandoned_in_queue": whole.abandoned,
        "hung_up_in_vru": known.left_in_ivr,
        "offered": whole.offered,
        "answer_rate": whole.answered / whole.offered,
        "answered_in_20": counts.answered_in_time,
        "abandoned_in_20": counts.abandoned_in_time,
        "SL20_negative": levels[Definition.ABANDONED_COUNT_AGAINST],
        "SL20_ignore": levels[Definition.EARLY_ABANDONED_LEFT_OUT],
        "SL20_positive": levels[Definition.EARLY_ABANDONED_COUNT_FOR],
        "SL20_answered_only": levels[Definition.ANSWERED_ONLY],
        "short_aband_le5": counts.short,
        "ASA_s": (whole.mean_answer or 0) / 1000,
        "wait_abandoned_s": sum(gave_up) / len(gave_up) / 1000,
        "mean_wait_all_s": (sum(gave_up) + sum(whole.answered_after)) / whole.offered / 1000,
        "max_wait_answered": max(whole.answered_after) / 1000,
        "service_mean_s": sum(known.service) / len(known.service),
        "service_median_s": sorted(known.service)[len(known.service) // 2],
        "exp_patience_s": patience / 1000,
        "km_median_s": (curve.quantile(0.5) or 0) / 1000,
    }
    assert figures == {name: value.same(name) for name in figures}
    assert {span: curve.share(Millis(1000 * int(span))) for span in value.expected["km"]} == {
        span: pytest.approx(share, abs=5e-6) for span, share in value.expected["km"].items()
    }
    assert set(value.expected) - {"km"} == set(figures)


@pytest.mark.parametrize(
    ("kind", "rate"), [("PS", 0.8564), ("NW", 0.6201), ("NE", 0.9241), ("IN", 0.6957), ("PE", 0.7095), ("TT", 0.9130)]
)
def test_share_answered_of_each_kind_of_caller(kind: str, rate: float, month: tuple[Month, Visits]) -> None:
    tally = month[1].queues()[QueueName(kind)]
    assert tally.answered / tally.offered == pytest.approx(rate, abs=5e-5)


@pytest.mark.parametrize(
    ("clock", "offered", "answered", "abandoned"),
    [("9:00", 56, 46, 10), ("9:30", 75, 45, 30), ("10:00", 87, 70, 17), ("15:00", 63, 36, 27), ("15:30", 74, 38, 36)],
)
def test_half_hours_of_a_monday(
    clock: str, offered: int, answered: int, abandoned: int, month: tuple[Month, Visits]
) -> None:
    begin = dated("1999-08-09", f"{clock}:00")
    tally: Tally = total(each for (_, at), each in month[1].by_interval.items() if at == begin)
    assert (tally.offered, tally.answered, tally.abandoned) == (offered, answered, abandoned)

"""`ivr-engine estimates` as people use it: a day of known waits, a rehearsed day, wrong input."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ivr_engine.adapters.store import SqlStore
from ivr_engine.core.events import CallLeftQueue, CallQueued, WaitEstimated
from ivr_engine.core.ids import CallId, Instant, Language, Millis, QueueName
from ivr_engine.core.outcomes import QueueOutcome
from tests.command_line import Run, Said, command_line

BANK = Path(__file__).parents[1] / "small_bank"
MIDNIGHT = 1_772_409_600_000  # 2026-03-02T00:00:00Z
HOUR = 3_600_000
# when it ended (hours from midnight), queue, seconds waited, seconds estimated (the P90 is twice that), how it ended
KNOWN = (
    (-26, "cards", 1_000, 1, "answered"),  # before the day on which the average learns
    (-2, "cards", 8, 1, "answered"),  # the average learns: 8
    (9, "cards", 10, 20, "answered"),  # told 8 by the average, which is then (3 * 8 + 10) >> 2 = 8
    (10, "cards", 30, 20, "answered"),  # told 8, then 13
    (11, "cards", 50, 20, "answered"),  # told 13
    (12, "cards", 500, 20, "abandoned"),
    (13, "loans", 5, None, "answered"),
    (14, "loans", 6, 4, "answered"),  # told 5
    (24, "cards", 900, 1, "answered"),  # the next day
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("IVR_ENGINE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("TZ", "UTC")
    asyncio.run(_known(tmp_path / "engine.sqlite3"))
    return command_line(monkeypatch, capsys)


async def _known(path: Path) -> None:
    async with SqlStore(path) as store:
        for number, (hours, queue, waited, estimated, outcome) in enumerate(KNOWN):
            call, name, left = CallId(f"c.{number}"), QueueName(queue), Instant(MIDNIGHT + hours * HOUR)
            queued = CallQueued(call=call, queue=name, priority=0, needs=(), language=Language("zh"), position=1)
            store.append((queued,), Instant(left - waited * 1_000))
            if estimated is not None:
                mean = Millis(estimated * 1_000)
                wait = WaitEstimated(call=call, queue=name, mean=mean, p50=mean, p90=Millis(2 * mean))
                store.append((wait,), Instant(left - waited * 1_000))
            gone = CallLeftQueue(call=call, queue=name, outcome=QueueOutcome(outcome), waited=Millis(waited * 1_000))
            store.append((gone,), left)
        await store.flush()


def rows(said: Said) -> dict[str | None, dict[str, Any]]:
    return {row.pop("queue"): row for row in map(json.loads, said.out.splitlines())}


def test_a_day_of_known_waits_has_the_figures_worked_out_by_hand(run: Run) -> None:
    found = rows(run("estimates", "2026-03-02", "--json"))
    assert found["cards"] == {
        "given": 5,  # one of them is answered the next day
        "judged": 3,
        "p50_kept": 0.333333,
        "p90_kept": 0.666667,
        "bias_ms": 10_000,  # (-10 + 10 + 30) / 3
        "error_ms": 19_149,  # sqrt((100 + 100 + 900) / 3)
        "average_error_ms": 24_880,  # sqrt((2**2 + 22**2 + 37**2) / 3): told 8, 8, 13
        "ratio": 0.592353,
    }
    assert found["loans"]["average_error_ms"] == 1_000
    assert (found[None]["given"], found[None]["judged"]) == (6, 4)


def test_the_table_tells_the_same_for_people(run: Run) -> None:
    head, cards, *_ = run("estimates", "2026-03-02").out.splitlines()
    assert " ".join(head.split()) == "queue given judged P50 kept P90 kept bias s error s average s ratio"
    assert " ".join(cards.split()) == "cards 5 3 33.3 % 66.7 % +10.0 19.1 24.9 0.59"


@pytest.mark.parametrize(
    ("words", "judged"),
    [
        ((), {"cards": 6, "loans": 1}),
        (("--queue", "loans"), {"loans": 1}),
        (("--since", "2026-03-02T10:30"), {"cards": 2, "loans": 1}),
        (("--since", "2026-03-02T09:00", "--until", "2026-03-02T10:30"), {"cards": 2}),
    ],
)
def test_a_span_and_a_queue_may_be_chosen(run: Run, words: tuple[str, ...], judged: dict[str, int]) -> None:
    found = rows(run("estimates", *words, "--json"))
    assert {queue: row["judged"] for queue, row in found.items() if queue} == judged


def test_a_rehearsed_day_can_be_judged(run: Run, tmp_path: Path) -> None:
    day = str(tmp_path / "day.db")
    assert run("rehearse", str(BANK), "--arrivals", "60/h", "--seed", "5", "--journal", day).code == 0
    found = rows(run("estimates", "--journal", day, "--json"))[None]
    assert found["given"] > found["judged"] > 50
    assert 0 < found["p50_kept"] < found["p90_kept"] <= 1
    assert found["error_ms"] > 0


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--queue", "crads"), 1, "no wait was estimated in 'crads' in this time; estimates were given in: cards, loans"),
        (("2020-01-01",), 1, "no wait was estimated in this time"),
        (("tomorrow",), 2, "'tomorrow' is no day; write 2026-03-02"),
        (("--since", "noon"), 2, "'noon' is no time"),
        (("2026-03-02", "--until", "2h"), 2, "give a day, or --since and --until, not both"),
        (("--journal", "nowhere.db"), 1, "nowhere.db: no database there"),
    ],
)
def test_what_cannot_be_told_is_said_plainly(run: Run, words: tuple[str, ...], code: int, told: str) -> None:
    said = run("estimates", *words)
    assert said.code == code
    assert told in " ".join(said.err.replace("│", " ").split())


def test_the_help_has_an_example(run: Callable[..., Said]) -> None:
    assert "Example: ivr-engine estimates 2026-03-02" in " ".join(run("estimates", "--help").out.split())

"""Ten times as many callers as the engine lets in: those let in are served as ever, the others are declined at once."""

from __future__ import annotations

import asyncio

import pytest

from ivr_engine.core.outcomes import Disposition
from tests.nemesis import bank
from tests.nemesis.conftest import TIMES, Stands
from tests.nemesis.stand import DIGITS, People
from tests.system import sipp

pytestmark = pytest.mark.system

NOBODY = People(menu=0, secret=0, story=0, request=0, counter=0, desk=0, line=0)
NOMINAL = 10
"""New calls a second that are let in."""
OFFERED = 10 * NOMINAL
GOODPUT = 0.9
STAY_MS = 1_000


@pytest.mark.parametrize(
    ("runs", "seconds"),
    [(1, 6), pytest.param(5 * TIMES, 20, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])],
    ids=["once", "long"],
)
async def test_ten_times_the_load_leaves_nine_tenths_of_the_nominal_calls_whole(
    stand_for: Stands, runs: int, seconds: int
) -> None:
    stand = await asyncio.to_thread(stand_for, NOBODY, calls_per_s_limit=NOMINAL)
    for number in range(runs):
        seen = len(stand.history().records)
        async with sipp.crowd(
            f"menu{number}",
            to=bank.MENU,
            pbx=stand.site.address,
            folder=stand.site.folder,
            steps=(sipp.hear(STAY_MS), sipp.hang_up()),
            digits=DIGITS["menu"],
            at_once=OFFERED * seconds,
            rate=OFFERED,
            calls=OFFERED * seconds,
        ) as callers:
            run = await callers.is_through()
        await stand.quiet()
        history = stand.history()
        kinds = [record.disposition for record in history.records]
        refused = kinds.count(Disposition.REJECTED_OVERLOAD)
        print(  # noqa: T201 - what a soak did is its result
            f"offered {OFFERED * seconds} at {OFFERED}/s, whole {run.succeeded}, nominal {NOMINAL * seconds},"
            f" refused {refused}"
        )
        assert not (found := history.breaches()), "\n".join(found)
        assert run.succeeded >= GOODPUT * NOMINAL * seconds
        assert len(kinds) - seen == run.succeeded + run.failed, "everybody has a record, served or not"

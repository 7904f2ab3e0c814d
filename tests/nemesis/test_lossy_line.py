"""Events lost, doubled and shuffled under a busy centre whose engine is lost now and then: no invariant breaks."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.nemesis.conftest import TIMES
from tests.nemesis.fake_switch import FakeSwitch
from tests.nemesis.proxy import Faults

BAD_LINE = Faults(lose=0.01, double=0.10, shuffle_s=0.2)
STEPS = 400

COUNTS = pytest.mark.parametrize(
    ("events", "races"),
    [(1_000, 20), pytest.param(100_000 * TIMES, 2_000 * TIMES, marks=[pytest.mark.soak, pytest.mark.timeout(7200)])],
    ids=["some", "a hundred thousand"],
)


@COUNTS
async def test_no_invariant_breaks_on_a_bad_line(seed: int, events: int, races: int) -> None:
    counted: Counter[str] = Counter()
    day = 0
    while counted["events"] < events or counted["raced"] < races:
        switch = FakeSwitch(seed + day, faults=BAD_LINE)
        assert not (found := await switch.run(STEPS)), "\n".join([f"seed {seed + day}", *found])
        counted += switch.counted
        day += 1
    print(f"seed={seed} days={day} {dict(counted)}")  # noqa: T201 - what a soak did is its result
    assert min(counted["lost"], counted["doubled"], counted["kill"], counted["forge"]) > 0

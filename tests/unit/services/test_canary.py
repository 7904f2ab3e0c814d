"""Which calls a version on trial gets, and when it has to go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.core.ids import CallId
from ivr_engine.services.canary import Tally, is_chosen, is_worse

SHARES = st.integers(1, 99)


@given(call=st.text(min_size=1), version=st.text(), share=SHARES)
def test_a_call_is_always_answered_alike_and_stays_chosen_when_the_share_grows(call: str, version: str, share: int) -> None:
    chosen = is_chosen(CallId(call), version, share)
    assert chosen == is_chosen(CallId(call), version, share)
    assert not chosen or is_chosen(CallId(call), version, share + 1)


@pytest.mark.parametrize("share", [1, 5, 50, 95])
def test_of_ten_thousand_calls_the_share_is_met_within_a_percent(share: int) -> None:
    chosen = sum(is_chosen(CallId(f"1772416800.{number}"), "3f2a", share) for number in range(10_000))
    assert abs(chosen - share * 100) <= 100


def test_all_and_none() -> None:
    assert is_chosen(CallId("1"), "v", 100)
    assert not is_chosen(CallId("1"), "v", 0)


@pytest.mark.parametrize(
    ("trial", "others", "goes"),
    [
        ((0, 0), (0, 0), False),
        ((4, 4), (100, 0), False),  # too few to tell
        ((5, 2), (100, 0), False),
        ((5, 3), (100, 0), True),  # most of the first five
        ((5, 5), (10, 6), False),  # the other fails as well: the host is down
        ((19, 2), (100, 0), False),
        ((20, 1), (100, 0), False),  # five points are allowed
        ((20, 2), (100, 0), True),
        ((20, 2), (100, 6), False),
        ((20, 2), (0, 0), True),  # nobody to compare with: an old version without calls has no failures
    ],
)
def test_when_a_version_on_trial_has_to_go(trial: tuple[int, int], others: tuple[int, int], goes: bool) -> None:
    assert is_worse(Tally(*trial), Tally(*others)) is goes


def test_a_tally_counts_calls_and_failures() -> None:
    assert Tally().with_call(failed=True).with_call(failed=False) == Tally(calls=2, failed=1)

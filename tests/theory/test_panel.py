"""Routing policies side by side, in short; `make soak` runs the whole panel long enough to tell 0.01 of service level."""

from __future__ import annotations

import pytest

from tests.theory.experiment import agree, chance_decides
from tests.theory.panel import CHANCE, PANEL, Policy, levels, run

SHORT = [
    policy for policy in PANEL if policy.name in {"longest idle", "most idle", "reserve 1, least skilled, strict priority"}
]


def test_agents_chosen_by_chance_do_to_a_bank_what_is_known_of_it() -> None:
    with chance_decides():
        test_a_policy_does_to_a_bank_what_is_known_of_it(CHANCE)


@pytest.mark.parametrize("policy", SHORT, ids=lambda policy: policy.name)
def test_a_policy_does_to_a_bank_what_is_known_of_it(policy: Policy) -> None:
    everybody, *kinds = levels(run(policy, 30_000))
    low, high = policy.levels[0] - policy.margin, policy.levels[0] + policy.margin
    agree(everybody, (low, high), within=0.07)
    for found, published in zip(kinds, policy.levels[1:], strict=True):
        agree(found, (published - 0.01, published + 0.01), within=0.45)

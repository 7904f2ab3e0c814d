"""The whole panel of routing policies: each within 0.01 of the known service level, or within its published interval."""

from __future__ import annotations

import os

import pytest

from tests.theory.panel import PANEL, Policy, levels, row, run

pytestmark = pytest.mark.soak

CALLERS = 300_000 * int(os.environ.get("IVR_ENGINE_SOAK", "1"))
TOLD = 0.01
OF_A_KIND = 0.025  # VIP and English callers are few


@pytest.mark.parametrize("policy", PANEL, ids=lambda policy: policy.name)
def test_a_policy_does_to_a_bank_what_is_known_of_it(policy: Policy) -> None:
    found = run(policy, CALLERS)
    print(row(policy, found))  # noqa: T201 - the table is what `make soak` shows
    everybody, *kinds = levels(found)
    assert abs(everybody.mean - policy.levels[0]) <= max(TOLD, policy.margin)
    assert all(abs(each.mean - known) <= OF_A_KIND for each, known in zip(kinds, policy.levels[1:], strict=True))

"""The tables of docs/acd.md are those of the code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

import pytest

from ivr_engine.acd.matching import LISTED
from ivr_engine.acd.offers import FAILURES_ALLOWED, GRACE, RETRY_AFTER
from ivr_engine.acd.transitions import ACTIVITY, AFTERMATH, CALL, PRESENCE, ActivityStep, CallPhase, CallStep, PresenceStep
from ivr_engine.core.outcomes import Activity, Presence

PAGE = (Path(__file__).parents[2] / "docs" / "acd.md").read_text(encoding="utf-8")


def machine(
    table: Mapping[tuple[StrEnum, StrEnum], StrEnum], states: Iterable[StrEnum], steps: Iterable[StrEnum], missing: str
) -> str:
    columns = list(steps)
    rows = [
        [state.value, *(table[state, step].value if (state, step) in table else missing for step in columns)]
        for state in states
    ]
    return rendered(["from", *(step.value for step in columns)], rows)


def rendered(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, *rows)).replace(
        "\n", "\n" + "|---" * len(head) + "|\n", 1
    )


EXPECTED = {
    "presence": machine(PRESENCE, Presence, PresenceStep, "refused"),  # type: ignore[arg-type] # keys are invariant
    "activity": machine(ACTIVITY, Activity, ActivityStep, "-"),  # type: ignore[arg-type] # keys are invariant
    "call": machine(CALL, CallPhase, CallStep, "-"),  # type: ignore[arg-type] # keys are invariant
    "aftermath": rendered(
        ["the offer ended as", "the agent is then"],
        [[outcome.value, f"paused:{after.pause}" if after.pause else "ready"] for outcome, after in AFTERMATH.items()],
    ),
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_page_has_the_table_of_the_code(name: str) -> None:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- end -->", PAGE, re.DOTALL)
    assert found is not None
    assert found[1] == EXPECTED[name]


def test_the_page_has_the_figures_of_the_code() -> None:
    text = " ".join(PAGE.split())
    assert f"says nothing for {GRACE // 1000} s after that" in text
    assert f"not offered to that agent for {RETRY_AFTER // 1000} s" in text
    assert f"happens with {FAILURES_ALLOWED} different callers" in text
    assert f"At most {LISTED} eligible agents" in text

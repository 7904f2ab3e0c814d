"""The sample bank's own tests: they pass, and they leave no node and no exit untried."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr_engine.cli.test import load_tests
from ivr_engine.testing.rehearsal.coverage import Coverage
from ivr_engine.testing.rehearsal.performance import perform
from ivr_engine.testing.rehearsal.script import ConversationTest

BANK = Path(__file__).parents[2] / "flows" / "sample-bank"
DEFINITION, TESTS = load_tests(BANK)


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.name)
def test_the_conversation_goes_as_written(test: ConversationTest) -> None:
    assert perform(DEFINITION, test).failure is None


def test_every_node_is_reached_and_every_exit_taken() -> None:
    coverage = Coverage(DEFINITION)
    for test in TESTS:
        coverage.add(perform(DEFINITION, test).events)
    gaps = {each.node.name: each.missing for each in coverage.nodes() if each.visits == 0 or each.missing}
    assert gaps == {}
    assert coverage.share() == 1.0

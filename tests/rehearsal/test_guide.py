"""The guide for those who write tests says what is so: its tests pass, its words are the program's."""

from __future__ import annotations

import re
from pathlib import Path

from ivr_engine.adapters.flow_files import load_centre, parse
from ivr_engine.flows.issues import Issue
from ivr_engine.testing.rehearsal.performance import perform
from ivr_engine.testing.rehearsal.reader import read_tests
from ivr_engine.testing.rehearsal.steps import AGENT_DOES, QUEUE_ENDS, READERS

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/testing-flows.md").read_text(encoding="utf-8")


def test_every_test_of_the_guide_passes() -> None:
    definition = load_centre(ROOT / "flows/sample-bank").definition
    assert definition is not None
    examples = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    assert len(examples) == 3
    for text in examples:
        issues: list[Issue] = []
        tree = parse(text.encode(), "guide.yaml", issues)
        assert tree is not None
        tests = read_tests(tree, definition, issues)
        assert issues == []
        assert [perform(definition, test).failure for test in tests] == [None] * len(tests)


def test_every_word_of_the_language_is_explained() -> None:
    words = {*READERS, *AGENT_DOES, *QUEUE_ENDS, "who", "after", "ends", "faults", "services"}
    assert [word for word in sorted(words) if not re.search(rf"[`\s{{\[]{word}\b", GUIDE)] == []

"""Problems of a tests file: all of them at once, each at its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.adapters.flow_files import parse
from ivr_engine.flows.issues import Issue
from ivr_engine.testing.rehearsal.reader import read_tests
from tests.rehearsal.bank import bank, read

HEAD = "test: it\nnumber: '95500'\nsteps: "
BROKEN = {
    "a number that is not served": ("test: it\nnumber: '95501'\nsteps: []", ["2:9 T502"]),
    "an unknown prompt": (HEAD + "[{hears: welcom}]", ["3:17 T503"]),
    "no keys": (HEAD + "[{press: 1a}]", ["3:17 T504"]),
    "two keys interrupt": (HEAD + "[{interrupts: '12'}]", ["3:9 T504"]),
    "a moment without a zone": ("test: it\nat: 2026-03-02T10:00\nnumber: '95500'\nsteps: []", ["2:5 T505"]),
    "an unknown service": (HEAD + "[]\nservices: {hots.get: {}}", ["4:12 T506"]),
    "no operation": (HEAD + "[]\nservices: {host: {}}", ["4:12 T506"]),
    "no kind of step": (HEAD + "[{pres: '1'}]", ["3:9 T507"]),
    "two kinds of step": (HEAD + "[{press: '1', hears: menu}]", ["3:9 T507"]),
    "a step that is a word": (HEAD + "[press]", ["3:9 T507"]),
    "an unknown node": (HEAD + "[{expects: {node: men}}]\nends: {node: ned}", ["3:26 T508", "4:14 T508"]),
    "a name given twice": (
        "- {test: a, number: '95500', steps: []}\n- {test: a, number: '95500', steps: []}",
        ["2:10 T509"],
    ),
    "an answer that no record keeps": (HEAD + "[]\nends: {answers: {y: 1}}", ["4:18 T510"]),
    "an unknown agent": (HEAD + "[{agent: answers, who: '3'}]\nends: {agent: '4'}", ["3:31 T511", "4:15 T511"]),
    "an unknown queue": (HEAD + "[]\nends: {queue: card}", ["4:15 T512"]),
    "nothing to hear": (HEAD + "[{hears: []}, {hears: {mony: '1'}}]", ["3:9 T513", "3:30 T513"]),
    "an unknown place outside": (
        HEAD + "[]\nrecords: {nowhere: 1s}\ntransfers: {desk: busy}\nscripts: {old: {}}",
        ["4:11 T508", "5:13 T516", "6:11 T516"],
    ),
    "no way that a recording can end": (HEAD + "[]\nrecords: {bye: soon, sorry: [1s, 2]}", ["4:16 S206", "4:34 S206"]),
    "no way that a script can end": (HEAD + "[]\nscripts: {old: 1}", ["4:11 T516", "4:16 T517"]),
    "an unknown language": (HEAD + "[]\nends: {language: de}", ["4:18 T514"]),
    "a reroute to no flow": ("test: it\nreroute: emergncy\nnumber: '95500'\nsteps: []", ["2:10 T515"]),
    "an unknown word": (
        HEAD + "[{agent: naps}, {queue: gone}]\nends: {disposition: ok}",
        ["3:17 S210", "3:32 S210", "4:21 S210"],
    ),
    "keys of another place": (HEAD + "[{press: '1', who: '1'}]\nend: {}", ["3:22 S212", "4:1 S212"]),
    "no name, number or steps": ("at: 2026-03-02T10:00:00Z", ["1:1 S211", "1:1 S211", "1:1 S211"]),
    "no test at all": ("[1]", ["1:2 S201"]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_every_problem_is_reported_at_its_place(name: str) -> None:
    text, problems = BROKEN[name]
    assert read(text)[0] == problems


def test_a_file_holds_one_test_or_a_list_of_them() -> None:
    assert [result.test.name for result in read(HEAD + "[]")[1]] == ["it"]
    two = "- {test: a, number: '95500', steps: []}\n- {test: b, number: '95500', steps: [hangs_up]}"
    assert [result.test.name for result in read(two)[1]] == ["a", "b"]


def test_a_moment_is_taken_with_its_zone() -> None:
    text = "test: it\nnumber: '95500'\nat: 2026-03-02T10:00:00+08:00\nsteps: [hangs_up]"
    (result,) = read(text)[1]
    assert result.test.instant == 1_772_416_800_000


@given(
    st.recursive(
        st.sampled_from(
            ["test", "hears", "press", "1", "agent", "answers", "waits", "ends", "~", "{{", "95500", "menu", "9h"]
        ),
        lambda inner: (
            st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]")
            | st.lists(
                st.tuples(
                    st.sampled_from(["test", "number", "at", "steps", "services", "ends", "hears", "agent", "waits"]), inner
                ),
                max_size=5,
                unique_by=lambda pair: pair[0],
            ).map(lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}")
        ),
        max_leaves=12,
    )
)
def test_no_file_ends_in_a_traceback(text: str) -> None:
    issues: list[Issue] = []
    tree = parse(text.encode(), "t.yaml", issues)
    if tree is not None:
        read_tests(tree, bank(), issues)

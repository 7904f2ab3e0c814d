from __future__ import annotations

import pytest

from ivr_engine.adapters.flow_files import parse
from ivr_engine.core.ids import Millis
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.issues import Issue
from ivr_engine.flows.shapes import spoken
from ivr_engine.flows.tree import Mapping


def fields(text: str) -> Fields:
    issues: list[Issue] = []
    tree = parse(text.encode(), "f.yaml", issues)
    assert isinstance(tree, Mapping)
    assert not issues
    return Fields(tree, issues, where="test")


def reported(read: Fields) -> list[str]:
    return [f"{issue.code} {issue.at.line}:{issue.at.column}" for issue in read.issues]


@pytest.mark.parametrize(
    ("written", "millis"), [("0s", 0), ("500ms", 500), ("5s", 5_000), ("2m", 120_000), ("1h", 3_600_000), ('"5s"', 5_000)]
)
def test_a_span_is_a_number_and_a_unit(written: str, millis: int) -> None:
    read = fields(f"t: {written}")
    assert (read.span("t", default=None), reported(read)) == (millis, [])


@pytest.mark.parametrize("written", ["5", "5 s", "5S", "1.5s", "-5s", "s", "5d", "5s5", "[5s]", "", "999h", "５s"])
def test_what_is_no_span_is_reported_and_becomes_the_default(written: str) -> None:
    read = fields(f"t: {written}")
    assert read.span("t", default=Millis(7)) == 7
    assert len(read.issues) == 1


@pytest.mark.parametrize(("written", "meant"), [("6", (6, 6)), ("16..19", (16, 19)), ('"4..4"', (4, 4))])
def test_a_range_is_one_number_or_two(written: str, meant: tuple[int, int]) -> None:
    read = fields(f"d: {written}")
    assert (read.number_range("d", default=(1, 1)), reported(read)) == (meant, [])


@pytest.mark.parametrize("millis", [0, 1, 999, 1_000, 61_000, 60_000, 3_600_000, 90_000])
def test_a_span_in_a_message_reads_back_as_the_same_span(millis: int) -> None:
    assert fields(f"t: {spoken(Millis(millis))}").span("t", default=None) == millis


def test_reading_goes_on_after_each_problem_and_unknown_keys_come_last() -> None:
    read = fields("a: [1]\nb: maybe\nc: 99\nd: 1-2\nextra: 1\n")
    assert read.text("a") == ""
    assert read.boolean("b") is False
    assert read.integer("c", default=5, most=10) == 5
    assert read.number_range("d", default=(1, 2)) == (1, 2)
    assert read.name("e", required=True) == ""
    read.finish()
    assert reported(read) == ["S203 1:4", "S205 2:4", "S207 3:4", "S208 4:4", "S211 1:1", "S212 5:1"]


def test_an_unknown_key_is_answered_with_the_nearest_known_one() -> None:
    read = fields("timeot: 5s\n")
    read.span("timeout", default=None)
    read.finish()
    assert "did you mean `timeout`?" in str(read.issues[0].message)


def test_a_text_keeps_what_was_written_without_quotes() -> None:
    read = fields("a: 1001\nb: 1.50\nc: yes\nd: true\n")
    assert [read.text(key) for key in "abcd"] == ["1001", "1.50", "yes", "true"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: 1 +", "1:7"),
        ('a: "1 + "', "1:8"),
        ('a: "{{ 1 = 2 }}"', "1:10"),
        ('a: " {{ n } }"', "1:6"),
        ("a: |\n  1 +\n  = 2\n", "1:4"),
    ],
)
def test_a_mistake_in_an_expression_is_placed_within_its_line(text: str, place: str) -> None:
    read = fields(text)
    read.expression("a")
    assert reported(read) == [f"S220 {place}"]


def test_an_expression_may_stand_with_or_without_braces() -> None:
    read = fields('a: n > 1\nb: "{{ n > 1 }}"\n')
    assert read.expression("a").evaluate({"n": 2}) is read.expression("b").evaluate({"n": 2}) is True
    assert read.issues == []

"""What counts as a card number, an identity number, a telephone number, or what a pattern says."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.flows.checks import CHECKS, compile_pattern, id_number
from ivr_engine.flows.utterances import Prompt
from ivr_engine.flows.waits import KeysWait
from tests.unit.flows.walking import ENGINE_PROMPTS, keyed, silence, walk


@pytest.mark.parametrize(
    ("check", "keys", "kept"),
    [
        ("id_number", "11010519491231002*", "11010519491231002X"),  # the example of GB 11643-1999
        ("id_number", "440524188001010014", "440524188001010014"),  # another of the same standard
        ("id_number", "440524188001010015", None),
        ("id_number", "110105194902310021", None),  # born on 31 February
        ("id_number", "11010519491231002", None),
        ("id_number", "*10105194912310021", None),
        ("phone", "13800138000", "13800138000"),
        ("phone", "12800138000", None),
        ("phone", "1380013800", None),
        ("phone", "01095559000", "01095559000"),
        ("phone", "00861380013", None),
        ("luhn", "6222020200112230", "6222020200112230"),
    ],
)
def test_built_in_checks(check: str, keys: str, kept: str | None) -> None:
    assert CHECKS[check](keys) == kept


@given(st.from_regex(r"[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])[0-9]{3}", fullmatch=True))
def test_each_identity_number_has_exactly_one_check_digit(body: str) -> None:
    assert len([last for last in "0123456789*" if id_number(body + last)]) == 1


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("62.{14}", ["6222020200112230"], ["6322020200112230", "622202020011223"]),
        ("[1-4]{2}|9", ["14", "9"], ["15", "1", "99"]),
        ("[159]*", ["5*"], ["5", "2*"]),
        ("0", ["0"], ["", "00"]),
    ],
)
def test_patterns(pattern: str, good: list[str], bad: list[str]) -> None:
    check = compile_pattern(pattern)
    assert check is not None
    assert [check(keys) for keys in good] == good
    assert [check(keys) for keys in bad] == [None] * len(bad)


@pytest.mark.parametrize(
    "text", ["", "|", "1|", "(1+)+", "1+", "a", "[9-1]", "[]", "[^1]", "{3}", "1{100}", ".{2}{2}", "1" * 201]
)
def test_whatever_could_take_long_or_mean_nothing_is_no_pattern(text: str) -> None:
    assert compile_pattern(text) is None


@given(st.text(alphabet="0159.*[]-{}|", max_size=12), st.text(alphabet="0159*", max_size=6))
def test_a_pattern_decides_every_entry_and_takes_only_keys(text: str, keys: str) -> None:
    check = compile_pattern(text)
    if check is not None and check(keys) is not None:
        assert re.fullmatch(r"[0-9*]+", keys)


MENU: dict[str, Any] = {
    "prompt": "ask",
    "keys": {"1": "end", "2": {"say": "adviser", "when": "{{ vip }}", "next": "lost"}},
    "retry": {"no_input": "hurry", "no_match": ["sorry", "ask"]},
}
SPOKEN = dict.fromkeys(("zh", "en"), ENGINE_PROMPTS)


def said(wait: object) -> tuple[str, ...]:
    assert isinstance(wait, KeysWait)
    return tuple(each.name for each in wait.prompts if isinstance(each, Prompt))


def menu(*, vip: bool) -> dict[str, Any]:
    return {"s": {"set": {"vip": vip}, "next": "m"}, "m": {"menu": MENU, "failed": "end"}}


def test_a_key_with_a_condition_is_there_only_while_it_holds() -> None:
    assert said(walk(menu(vip=True)).turn.wait) == ("ask", "adviser")
    assert walk(menu(vip=True), keyed("2")).turn.session.node == "lost"
    assert said(walk(menu(vip=False)).turn.wait) == ("ask",)
    assert walk(menu(vip=False), keyed("2")).turn.session.attempt == 1


def test_a_retry_has_words_of_its_own() -> None:
    assert said(walk(menu(vip=True), silence(), prompts=SPOKEN).turn.wait) == ("hurry",)
    assert said(walk(menu(vip=True), keyed("7"), prompts=SPOKEN).turn.wait) == ("sorry", "ask")


@pytest.mark.parametrize(
    "node",
    [
        {"menu": {**MENU, "barge_in": False}, "failed": "end"},
        {"collect": {"prompt": "ask", "into": "x", "barge_in": False}, "next": "end", "failed": "end"},
    ],
)
def test_a_question_may_have_to_be_heard_to_its_end(node: dict[str, Any]) -> None:
    wait = walk({"s": {"set": {"vip": True}, "next": "m"}, "m": node}).turn.wait
    assert isinstance(wait, KeysWait)
    assert not wait.barge_in


def test_a_collect_may_have_a_pattern_of_its_own() -> None:
    node = {"collect": {"prompt": "ask", "into": "x", "pattern": "[1-4]{2}"}, "next": "lost", "failed": "end"}
    assert walk({"c": node}, keyed("14")).turn.session.variables == {"x": "14"}
    assert walk({"c": node}, keyed("15")).turn.session.attempt == 1

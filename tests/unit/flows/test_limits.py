"""Every limit has a name and a test, and reaching it is a readable failure."""

from __future__ import annotations

from typing import Any

import pytest

from ivr_engine.core.events.flow import AuthorFault, FlowFailed, NodeEntered
from ivr_engine.errors import DefinitionError
from ivr_engine.flows import limits
from ivr_engine.flows.waits import Played
from ivr_engine.testing.builders import flow
from tests.unit.flows.walking import answered, walk

REQUEST: dict[str, Any] = {"request": {"service": "h", "operation": "x", "into": "a"}, "next": "end", "failed": "lost"}


def test_a_circle_without_a_wait_fails_after_the_most_nodes_of_a_turn() -> None:
    call = walk({"a": {"set": {"x": 1}, "next": "b"}, "b": {"branch": [], "else": "a"}})
    assert call.one(FlowFailed).code == "too_many_nodes"
    assert len(call.all(NodeEntered)) == limits.NODES_PER_TURN


def test_the_count_starts_anew_with_every_turn() -> None:
    call = walk({"a": {"play": ["hello"], "next": "b"}, "b": {"set": {"x": 1}, "next": "a"}})
    for _ in range(limits.NODES_PER_TURN):
        call.reply(Played())
    assert call.all(FlowFailed) == []


def test_a_failing_node_that_fails_into_itself_ends_too() -> None:
    call = walk({"a": {"set": {"x": "{{ nothing }}"}, "next": "end", "failed": "a"}})
    assert call.one(FlowFailed).code == "too_many_nodes"


def test_no_more_keys_are_kept_than_may_be_typed_ahead() -> None:
    notice = {"a": {"play": ["hello"], "next": "a"}}
    call = walk(notice)
    for _ in range(10):
        call.reply(Played(key="0123456789"))
    assert call.turn.session.typed_ahead == ("0123456789" * 4)[: limits.TYPED_AHEAD]


def test_what_is_no_key_is_not_kept() -> None:
    assert walk({"a": {"play": ["hello"], "next": "a"}}, Played(key="x1\n#é")).turn.session.typed_ahead == "1#"


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "body",
    [
        "x" * (limits.VALUE_SIZE + 1),
        ["x"] * limits.VALUE_SIZE,
        {"k" * limits.VALUE_SIZE: 1},
        10**5000,
        float("nan"),
        -float("inf"),
        nested(limits.VALUE_DEPTH + 1),
    ],
    ids=["text", "list", "key", "number", "nan", "infinity", "depth"],
)
def test_an_answer_too_large_for_a_variable_is_not_kept(body: Any) -> None:  # noqa: ANN401 - JSON of any shape
    call = walk({"r": REQUEST}, answered(body))
    assert call.one(AuthorFault).code == "value_too_large"
    assert call.turn.session.node == "lost"
    assert call.turn.session.variables == {}


def test_a_value_just_small_enough_is_kept() -> None:
    assert limits.fits("x" * limits.VALUE_SIZE)
    assert limits.fits(nested(limits.VALUE_DEPTH))


def test_there_is_a_most_of_variables() -> None:
    many = {f"v{number}": number for number in range(limits.VARIABLES + 1)}
    assert walk({"s": {"set": many, "next": "end"}}).one(FlowFailed).code == "too_many_variables"


@pytest.mark.parametrize(
    "node",
    [
        {"play": ["hello"] * (limits.PROMPTS + 1), "next": "end"},
        {"menu": {"prompt": "ask", "keys": {"1": "end"}, "attempts": limits.ATTEMPTS + 1}, "failed": "end"},
        {"menu": {"prompt": "ask", "keys": {"1": "end"}, "timeout": "11m"}, "failed": "end"},
        {"collect": {"prompt": "ask", "into": "x", "digits": f"1..{limits.KEYS + 1}"}, "next": "end", "failed": "end"},
        {"queue": {"name": "q", "skills": {"s": limits.SKILL_LEVEL + 1}}, "next": "end", "failed": "end"},
        {
            "request": {"service": "h", "operation": "x", "send": {f"v{n}": n for n in range(limits.SENT_VALUES + 1)}},
            "next": "end",
            "failed": "end",
        },
    ],
)
def test_settings_beyond_a_limit_do_not_load(node: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError):
        flow({"n": node, "end": {"hangup": {}}})

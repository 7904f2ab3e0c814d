"""No value that an expression can have crashes a node: it is used, or it is the author's fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ivr_engine.flows.session_codec import from_plain, to_plain
from ivr_engine.flows.waits import KeysWait
from tests.unit.flows.walking import keyed, walk

ODD = (
    "{{ [1] }}",
    "{{ [[[1]]] }}",
    "{{ null }}",
    "{{ true }}",
    "{{ 1.5 }}",
    "{{ -1 }}",
    "{{ call }}",
    "{{ missing }}",
    "{{ '' }}",
    "{{ 'x' * 2 }}",
    "{{ 1000000 * 1000000000 * 10 }}",
    "{{ '\u0661' }}",
    "{{ '2026-02-30' }}",
)


def uses(value: str) -> Iterator[dict[str, Any]]:
    """A node for every place where an expression may stand."""
    yield {"set": {"language": value}, "next": "end"}
    yield {"set": {"kept": value}, "next": "end"}
    yield {"queue": {"name": value}, "next": "end"}
    yield {"queue": {"name": "q", "priority": value}, "next": "end"}
    yield {"request": {"service": "s", "operation": "o", "send": {"a": value}}, "next": "end"}
    yield {"branch": [{"when": value, "next": "end"}], "else": "end"}
    yield {"menu": {"prompt": {"text": value}, "keys": {1: "end"}}, "failed": "end"}
    yield {"menu": {"prompt": "ask", "keys": {1: {"set": {"kept": value}, "next": "end"}}}, "failed": "end"}
    yield {"play": [{"money": "1", "currency": value}], "next": "end"}
    for kind in ("text", "money", "digits", "number", "date", "time"):
        yield {"play": [{kind: value}], "next": "end"}
        yield {"play": [{kind: f"{value}x"}], "next": "end"}


@pytest.mark.parametrize("value", ODD)
def test_an_odd_value_never_crashes_the_call(value: str) -> None:
    for node in uses(value):
        call = walk({"n": node}, answers=("kept",))
        if isinstance(call.turn.wait, KeysWait):
            call.reply(keyed("1"))
        session = call.turn.session
        assert from_plain(json.loads(json.dumps(to_plain(session), allow_nan=False))) == session
        assert (call.turn.wait is None) is (call.turn.effects != ())

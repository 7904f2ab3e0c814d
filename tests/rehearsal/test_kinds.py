"""Every kind of node can be rehearsed and explored: its example reaches an end by every exit that is written."""

from __future__ import annotations

import pytest

from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.testing.builders import centre_of, flow
from ivr_engine.testing.exploration.choices import Examples
from ivr_engine.testing.exploration.findings import coverage
from ivr_engine.testing.exploration.walker import explore
from tests.rehearsal.bank import play

END: dict[str, object] = {"end": {"hangup": {}}}
ENTRY = {"prompt": "ask", "digits": 4}
MAIN: dict[str, object] = {
    "record": {"record": {"prompt": "speak", "into": "voice"}, "next": "transfer", "exits": {"empty": "transfer"}},
    "transfer": {"transfer": {"to": "branch_office"}, "next": "script", "failed": "script"},
    "script": {"agi": {"script": "old"}, "next": "who", "failed": "who"},
    "who": {
        "authenticate": {"service": "host", "operation": "verify", "id": ENTRY, "pin": ENTRY, "tries": 2},
        "next": "rate",
        "exits": {"locked": "end", "refused": "end"},
        "failed": "end",
    },
    "rate": {
        "survey": {"name": "s", "questions": [{"prompt": "q", "into": "a", "scale": "1..5"}], "attempts": 1},
        "next": "confirm",
        "exits": {"partial": "end"},
    },
    "confirm": {"flow": {"name": "sure"}, "exits": {"yes": "end"}, "failed": "end"},
    **END,
}
SURE = {
    "ask": {"menu": {"prompt": "sure", "keys": {"1": "yes", "2": "no"}, "attempts": 1}, "failed": "no"},
    "yes": {"return": {"result": "yes"}},
    "no": {"return": {"result": "no"}},
}


@pytest.fixture
def definition() -> CentreDefinition:
    return centre_of(flow(MAIN), flow(SURE, name="sure"))


def test_every_way_through_them_is_explored(definition: CentreDefinition) -> None:
    found = explore(definition, Examples())
    gaps = {each.node.name: each.missing for each in coverage(found).nodes() if each.visits == 0 or each.missing}
    assert (gaps, found.faults) == ({}, [])


def test_a_test_says_what_comes_of_each(definition: CentreDefinition) -> None:
    steps = """
    - hears: speak
    - speaks: 20s
    - transfer: no_answer
    - script: {}
    - press: "12345678"
    - hears: ask
    - press: "12345679"
    - hears: q
    - press: "5"
    - press: "1"
    """
    result = play(steps, header="services: {host.verify: [wrong, {name: Li}]}", ends="{node: end}", definition=definition)
    assert result.failure is None, result.failure
    assert result.path == (
        "record -> transfer (next) -> script (failed) -> who (next) -> rate (next) -> confirm (next) -> ask -> yes (1) "
        "-> end (yes)"
    )


def test_what_does_not_come_is_told(definition: CentreDefinition) -> None:
    for step, expected in (("transfer: answers", "a transfer"), ("script: failed", "a script")):
        failure = play(f"- {step}", definition=definition).failure
        assert failure is not None
        assert (failure.expected, failure.found) == (expected, "the flow records the caller at node `record`")

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


def outside(lines: str) -> str:
    return f"services: {{host.verify: [wrong, wrong]}}\n{lines}"


TWICE_WRONG = """
- press: "12345678"
- press: "12345678"
"""


@pytest.mark.parametrize(
    ("lines", "way"),
    [
        ("records: {record: 20s}\ntransfers: {branch_office: busy}\nscripts: {old: failed}", ("next", "failed", "failed")),
        (
            "records: {record: empty}\ntransfers: {branch_office: [answers]}\nscripts: {old: [{A: 1}]}",
            ("empty", "next", "next"),
        ),
        (
            "records: {record: [0s]}\ntransfers: {branch_office: unreachable}\nscripts: {old: {}}",
            ("empty", "failed", "next"),
        ),
    ],
)
def test_what_comes_of_them_can_be_said_beside_the_steps(
    lines: str, way: tuple[str, str, str], definition: CentreDefinition
) -> None:
    result = play(TWICE_WRONG, header=outside(lines), ends="{node: end}", definition=definition)
    assert result.failure is None, result.failure
    taken = "record -> transfer ({}) -> script ({}) -> who ({}) -> end (refused)".format(*way)
    assert result.path == taken


def test_a_line_that_nothing_takes_fails_the_test(definition: CentreDefinition) -> None:
    lines = "records: {record: 20s}\ntransfers: {branch_office: [busy, busy]}\nscripts: {old: failed}"
    failure = play(TWICE_WRONG, header=outside(lines), definition=definition).failure
    assert failure is not None
    assert failure.expected == "every answer of the test to be asked for"
    assert failure.found == "nothing in the call took this one"


def test_a_list_that_is_used_up_fails_the_test() -> None:
    nodes = {
        "first": {"transfer": {"to": "desk"}, "next": "second", "failed": "second"},
        "second": {"transfer": {"to": "desk"}, "next": "end", "failed": "end"},
        **END,
    }
    failure = play("[]", header="transfers: {desk: [busy]}", definition=centre_of(flow(nodes))).failure
    assert failure is not None
    assert (failure.expected, failure.found) == (
        "the test to say what comes of `desk`",
        "it has no line left under `transfers`",
    )


def test_a_caller_does_not_speak_longer_than_is_recorded() -> None:
    nodes = {
        "speak": {
            "record": {"prompt": "speak", "into": "voice", "longest": "10s"},
            "next": "say",
            "exits": {"empty": "end"},
        },
        "say": {"play": [{"number": "{{ voice.seconds }}"}], "next": "end"},
        **END,
    }
    steps = '- hears: {number: "10"}'
    result = play(steps, header="records: {speak: 60s}", ends="{node: end}", definition=centre_of(flow(nodes)))
    assert result.failure is None, result.failure

"""What set, branch, request, queue and play do beside waiting."""

from __future__ import annotations

from typing import Any

import pytest

from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.events.flow import AnswerGiven, AuthorFault, FlowFailed, LanguageChosen, RequestAnswered
from ivr_engine.core.ids import AgentId, Millis
from ivr_engine.core.outcomes import QueueOutcome, RequestOutcome
from ivr_engine.flows.definition import ServiceDefinition
from ivr_engine.flows.utterances import Date, Digits, Money, Number, Text, Time, Utterance
from ivr_engine.flows.waits import PlayWait, QueueLeft, QueueWait, RequestWait, Responded
from tests.unit.flows.walking import answered, refused, walk

STOP = {"stop": {"play": ["hello"], "next": "end"}}
REQUEST: dict[str, Any] = {"service": "host", "operation": "balance", "send": {"who": "{{ call.caller }}"}, "into": "a"}
QUEUE: dict[str, Any] = {"name": "cards", "skills": {"card": 3}, "priority": "{{ 50 if vip else 0 }}"}


def test_set_works_in_order_and_later_values_see_earlier_ones() -> None:
    call = walk({"s": {"set": {"a": 1, "b": "{{ a + 1 }}", "c": "x{{ b }}"}, "next": "stop"}, **STOP})
    assert call.turn.session.variables == {"a": 1, "b": 2, "c": "x2"}


def test_setting_the_language_switches_what_is_said_next() -> None:
    call = walk({"s": {"set": {"language": "en"}, "next": "stop"}, **STOP})
    assert call.one(LanguageChosen).language == "en"
    assert isinstance(call.turn.wait, PlayWait)
    assert call.turn.wait.language == "en"
    assert call.turn.session.variables == {}


def test_a_language_the_centre_lacks_is_the_authors_fault() -> None:
    call = walk({"s": {"set": {"language": "fr"}, "next": "stop", "failed": "stop"}, **STOP})
    assert call.one(AuthorFault).code == "unknown_language"
    assert call.turn.session.language == "zh"


@pytest.mark.parametrize(
    ("value", "kept"), [(5, "5"), ("good", "good"), (True, "true"), (1.5, "1.5"), ("x" * 900, "x" * 200)]
)
def test_an_answer_is_recorded_as_text(value: object, kept: str) -> None:
    call = walk({"s": {"set": {"score": value}, "next": "stop"}, **STOP}, answers=("score",))
    assert (call.one(AnswerGiven).name, call.one(AnswerGiven).value) == ("score", kept)


@pytest.mark.parametrize(
    ("condition", "target"),
    [("{{ n > 2 }}", "stop"), ("n == 3", "stop"), ("{{ n == 4 }}", "end"), ("{{ '' }}", "end"), ("{{ 0 }}", "end")],
)
def test_branch_takes_the_first_case_that_holds(condition: str, target: str) -> None:
    cases = [
        {"when": "{{ false }}", "next": "lost"},
        {"when": condition, "next": "stop"},
        {"when": "n == 4", "next": "lost"},
    ]
    call = walk({"s": {"set": {"n": 3}, "next": "b"}, "b": {"branch": cases, "else": "end"}, **STOP})
    assert call.turn.session.node == target


def test_expressions_see_the_call() -> None:
    text = "{{ call.number }} {{ call.caller }} {{ call.language }}"
    call = walk({"s": {"set": {"all": text}, "next": "stop"}, **STOP})
    assert call.turn.session.variables["all"] == "95500 13800138000 zh"


def test_request_waits_with_what_is_to_be_sent() -> None:
    call = walk({"r": {"request": REQUEST, "next": "end", "failed": "end"}})
    wait = RequestWait(service="host", operation="balance", send={"who": "13800138000"}, timeout=Millis(3000))
    assert call.turn.wait == wait


@pytest.mark.parametrize(("written", "millis"), [({}, 7000), ({"timeout": "2s"}, 2000)])
def test_a_request_has_the_services_timeout_unless_it_says_otherwise(written: dict[str, Any], millis: int) -> None:
    services = {"host": ServiceDefinition(name="host", url="http://localhost", timeout=Millis(7000))}
    call = walk({"r": {"request": {**REQUEST, **written}, "next": "end", "failed": "end"}}, services=services)
    assert isinstance(call.turn.wait, RequestWait)
    assert call.turn.wait.timeout == millis


def trouble(outcome: RequestOutcome) -> Responded:
    return Responded(outcome=outcome, took=Millis(40))


@pytest.mark.parametrize(
    ("reply", "exits", "target"),
    [
        (answered({"x": 1}), {}, "stop"),
        (refused("not_found"), {"not_found": "end"}, "end"),
        (refused("not_found"), {"other": "end"}, "lost"),
        (refused("next"), {}, "lost"),
        (refused("timeout"), {"timeout": "end"}, "lost"),
        (refused("not a name"), {}, "lost"),
        (trouble(RequestOutcome.TIMEOUT), {"timeout": "end"}, "end"),
        (trouble(RequestOutcome.TIMEOUT), {}, "lost"),
        (trouble(RequestOutcome.UNAVAILABLE), {"unavailable": "end"}, "end"),
        (trouble(RequestOutcome.INVALID), {}, "lost"),
    ],
)
def test_a_request_leaves_by_the_services_result_or_by_failed(reply: Responded, exits: dict[str, str], target: str) -> None:
    call = walk({"r": {"request": REQUEST, "next": "stop", "failed": "lost", "exits": exits}, **STOP}, reply)
    assert call.turn.session.node == target
    assert call.one(RequestAnswered).outcome is reply.outcome
    assert call.turn.session.variables == ({"a": {"x": 1}} if target == "stop" else {})


def test_a_result_that_is_no_name_never_reaches_an_event() -> None:
    call = walk({"r": {"request": REQUEST, "next": "end", "failed": "end"}}, refused("Li Wei, card 6222"))
    assert call.one(RequestAnswered).result == ""


def test_queue_waits_with_skills_priority_and_language() -> None:
    call = walk({"s": {"set": {"vip": True}, "next": "q"}, "q": {"queue": QUEUE, "next": "end", "failed": "end"}})
    assert call.turn.wait == QueueWait(
        queue=call.definition.queues["cards"].name,  # type: ignore[index]  # a name is a text
        needs=(SkillNeed(skill=call.definition.skills[0], level=3),),
        priority=50,
        language=call.definition.languages[0],
    )


@pytest.mark.parametrize("priority", ["{{ nobody.vip }}", "{{ 1.5 }}", "{{ 'high' }}", "{{ true }}", 10**7])
def test_a_priority_that_cannot_be_worked_out_is_reported_and_counts_as_none(priority: object) -> None:
    call = walk({"q": {"queue": {**QUEUE, "priority": priority}, "next": "end"}})
    assert isinstance(call.turn.wait, QueueWait)
    assert call.turn.wait.priority == 0
    assert call.one(AuthorFault).node == "q"


@pytest.mark.parametrize(
    ("outcome", "exits", "target"),
    [
        (QueueOutcome.ANSWERED, {}, "stop"),
        (QueueOutcome.TIMEOUT, {"timeout": "end"}, "end"),
        (QueueOutcome.FULL, {"timeout": "end"}, "lost"),
        (QueueOutcome.CLOSED, {"closed": "end"}, "end"),
        (QueueOutcome.UNSTAFFED, {"closed": "end"}, "end"),
        (QueueOutcome.UNSTAFFED, {"closed": "lost", "unstaffed": "end"}, "end"),
        (QueueOutcome.UNSTAFFED, {}, "lost"),
        (QueueOutcome.FAILED, {"closed": "end"}, "lost"),
    ],
)
def test_a_queue_leaves_by_its_outcome(outcome: QueueOutcome, exits: dict[str, str], target: str) -> None:
    nodes = {"q": {"queue": {"name": "cards"}, "next": "stop", "failed": "lost", "exits": exits}, **STOP}
    call = walk(nodes, QueueLeft(outcome=outcome, agent=AgentId("1001")))
    assert call.turn.session.node == target
    assert call.turn.session.given["queue"] == {"outcome": str(outcome), "agent": "1001"}


@pytest.mark.parametrize("name", ["{{ 'no' + 'where' }}", "{{ [1] }}", "{{ null }}", 7])
def test_a_queue_that_does_not_exist_is_the_authors_fault(name: object) -> None:
    call = walk({"q": {"queue": {"name": name}, "next": "stop", "failed": "stop"}, **STOP})
    assert call.one(AuthorFault).code == "unknown_queue"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"text": "Hello {{ v }}"}, Text("Hello 12")),
        ({"money": "{{ v }}"}, Money("12", "CNY")),
        ({"money": "1234.50", "currency": "USD"}, Money("1234.50", "USD")),
        ({"digits": "007"}, Digits("007")),
        ({"digits": "{{ last('13800138000', 4) }}"}, Digits("8000")),
        ({"number": 3}, Number("3")),
        ({"number": "{{ v / 8 }}"}, Number("1.5")),
        ({"date": "2026-03-02"}, Date("2026-03-02")),
        ({"time": "{{ '14:05' }}"}, Time("14:05")),
    ],
)
def test_values_are_said_as_their_kind(line: dict[str, object], said: Utterance) -> None:
    call = walk({"s": {"set": {"v": 12}, "next": "p"}, "p": {"play": [line], "next": "end"}})
    assert isinstance(call.turn.wait, PlayWait)
    assert call.turn.wait.prompts == (said,)


@pytest.mark.parametrize("line", [{"money": "{{ v }}"}, {"digits": "{{ v }}"}, {"date": "{{ v }}"}, {"text": "{{ null }}"}])
def test_a_value_that_cannot_be_said_is_the_authors_fault_and_the_message_does_not_show_it(line: dict[str, str]) -> None:
    call = walk({"s": {"set": {"v": "Li Wei"}, "next": "p"}, "p": {"play": [line], "next": "end"}})
    assert call.one(FlowFailed).code == "unspeakable"
    assert "Li Wei" not in call.one(FlowFailed).message

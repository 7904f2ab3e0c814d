"""What steps do, and what a failure says: where, what was expected, what came instead, what was heard, which way it went."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr_engine.core.events import AgentPresenceChanged
from ivr_engine.core.ids import AgentId, Millis, QueueName, SkillName
from ivr_engine.flows.definition import QueueDefinition
from tests.rehearsal.bank import bank, play

ENDLESS = QueueDefinition(name=QueueName("cards"), announce_position=None)

PASSING = {
    "the whole way": (
        """
        - hears: [welcome, menu]
        - press: "1"
        - press: "1234"
        - hears: [is, {money: "12.50", currency: CNY}, goodbye]
        """,
        "services: {host.get: {sum: '12.50'}}",
        "{node: end, disposition: self_served, language: en}",
    ),
    "answers in turn": (
        """
        - press: "1"
        - press: "1234"
        - hears: enter_pin
        - press: "1235"
        - hears: {money: "1"}
        """,
        "services: {host.get: [wrong_pin, {sum: 1}]}",
        "{disposition: self_served}",
    ),
    "keys that one question leaves go to the next": (
        "- press: '11234'",
        "services: {host.get: {sum: 1}}",
        "{disposition: self_served}",
    ),
    "a key during a prompt answers the next question": (
        "[{interrupts: '0'}, {agent: answers}, {talks: 30s}]",
        "",
        "{disposition: answered_agent, agent: '1', queue: cards}",
    ),
    "a key during the question itself": ("[{hears: menu}, {interrupts: '0'}, {agent: answers}]", "", "{agent: '1'}"),
    "silence until the menu gives up": ("[waits, {hears: menu}, waits, {hears: goodbye}]", "", "{disposition: self_served}"),
    "agents who do not take it are passed over": (
        "[{press: '0'}, {agent: declines, who: '1'}, {agent: answers, who: '2', after: 9s}]",
        "",
        "{agent: '2'}",
    ),
    "an agent comes back while the caller waits": (
        "[{press: '0'}, {waits: 20s}, {agent: answers}]",
        "",
        "{disposition: answered_agent}",
    ),
    "the caller leaves while they talk": (
        "[{press: '0'}, {agent: answers}, hangs_up]",
        "",
        "{disposition: answered_agent, node: agent}",
    ),
    "waited too long": ("[{press: '0'}, {waits: 20s}, {queue: timeout}, {hears: sorry}]", "", "{disposition: overflowed}"),
    "a fault that the test knows of": ("- press: '9'", "", "{faults: [wrong_type], disposition: failed_system}"),
    "no end is asked for: the caller hangs up": ("- expects: {node: hello, language: en}", "", ""),
    "a variable": (
        "[{press: '1'}, {press: '1234'}, {expects: {variables: {account.sum: 12, account.none: null}}}]",
        "services: {host.get: {sum: 12}}",
        "",
    ),
}


@pytest.mark.parametrize("name", PASSING)
def test_a_test_passes_when_everything_comes_as_it_says(name: str) -> None:
    steps, header, ends = PASSING[name]
    result = play(steps, header=header, ends=ends)
    assert result.failure is None
    assert result.record is not None


@pytest.mark.parametrize("outcome", ["timeout", "full", "closed", "unstaffed", "failed"])
def test_every_ending_of_a_visit_to_a_queue_can_be_brought_about(outcome: str) -> None:
    result = play(f"[{{press: '0'}}, {{queue: {outcome}}}, {{hears: sorry}}]", ends="{node: end}")
    assert result.failure is None
    assert result.record is not None
    assert [leg.outcome for leg in result.record.legs if leg.queue] == [outcome]


# steps, header, ends -> where, expected, found
FAILING = {
    "another prompt": ("- hears: sorry", "", "", "4:5", "to hear sorry", "the flow waits for keys at node `menu`"),
    "another amount": (
        "[{press: '1'}, {press: '1234'}, {hears: {money: '2'}}]",
        "services: {host.get: {sum: 1}}",
        "",
        "4:36",
        "to hear {money: 2}",
        "the call is over; its last node was `end`",
    ),
    "a step after the end": (
        "[waits, waits, waits]",
        "",
        "",
        "4:18",
        "a question, or a queue",
        "the call is over; its last node was `end`",
    ),
    "keys nobody takes": (
        "[{press: '7777'}]",
        "",
        "",
        "4:5",
        "a question that takes keys",
        "the call is over; its last node was `end`",
    ),
    "no answer": (
        "[{press: '11234'}]",
        "",
        "",
        "4:5",
        "every request to be answered by the test",
        "the flow asks host.get, and the test has no answer under `services`",
    ),
    "no answer left": (
        "[{press: '11234'}, {press: '1234'}]",
        "services: {host.get: [wrong_pin]}",
        "",
        "4:23",
        "every request to be answered by the test",
        "the flow asks host.get, and the test has no answer left under `services`",
    ),
    "an answer nobody asks for": (
        "[waits, waits]",
        "services: {host.get: [wrong_pin]}",
        "",
        "5:23",
        "every answer of the test to be asked for",
        "nothing in the call took this one",
    ),
    "the call goes on": (
        "[{hears: menu}]",
        "",
        "{node: end}",
        "6:7",
        "the call to come to its end",
        "the flow waits for keys at node `menu`, and the test has no step left",
    ),
    "another disposition": (
        "[waits, waits]",
        "",
        "{disposition: answered_agent}",
        "6:7",
        "the disposition: answered_agent",
        "self_served",
    ),
    "a fault": ("[{press: '9'}]", "", "", "4:5", "faults: none", "wrong_type"),
    "another agent": (
        "[{press: '0'}, {agent: answers, who: '2'}]",
        "",
        "",
        "4:19",
        "the telephone of agent 2 to ring",
        "that of agent 1 rings",
    ),
    "no agent is left": (
        "[{press: '0'}, {agent: declines}, {agent: declines}, {agent: answers, after: 1m}]",
        "",
        "",
        "4:57",
        "the telephone to ring 60000 ms",
        "the queue lets it ring 15000 ms",
    ),
    "keys in a queue": (
        "[{press: '0'}, {waits: 1s}, {press: '1'}]",
        "",
        "",
        "4:32",
        "a question that takes keys",
        "the caller waits in queue `cards`",
    ),
    "an agent without a queue": (
        "[{agent: answers}]",
        "",
        "",
        "4:5",
        "a caller in a queue",
        "the flow waits for keys at node `menu`",
    ),
    "silence in a queue": (
        "[{press: '0'}, waits]",
        "",
        "",
        "4:18",
        "a question",
        "the caller waits in queue `cards`; say how long, such as `waits: 30s`",
    ),
    "a prompt that no key interrupts": (
        "[{press: '0'}, {queue: full}, {interrupts: '1'}]",
        "",
        "",
        "4:34",
        "a prompt that a key interrupts",
        "the flow plays at node `sorry`, with barge_in: false",
    ),
    "a secret": (
        "[{press: '1'}, {press: '1234'}, {expects: {variables: {pin: '1234'}}}]",
        "services: {host.get: {sum: 1}}",
        "",
        "4:36",
        "variable `pin` to be looked at",
        "it is secret",
    ),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_failure_says_where_what_was_expected_and_what_came_instead(name: str) -> None:
    steps, header, ends, *told = FAILING[name]
    failure = play(steps, header=header, ends=ends).failure
    assert failure is not None
    assert [f"{failure.at.line}:{failure.at.column}", failure.expected, failure.found] == told


def test_a_failure_shows_what_was_heard_since_the_caller_last_acted_and_the_way_so_far() -> None:
    result = play("[{press: '1'}, {hears: sorry}]")
    assert result.failure is not None
    assert result.failure.heard == ("enter_pin: enter_pin",)
    assert result.path == "hello -> menu (next) -> pin (1)"


def test_nobody_who_could_take_the_call_is_named_with_the_reason() -> None:
    novice = replace(bank().agents[AgentId("1")], skills={SkillName("card"): 1})
    failure = play("[{press: '0'}, {agent: answers}]", definition=bank(agents={novice.agent: novice})).failure
    assert failure is not None
    assert failure.found == "nobody can take the call: 1 level_too_low:card"


def test_a_queue_that_lets_callers_wait_for_ever_never_times_out_and_is_never_full() -> None:
    endless = bank(queues={QueueName("cards"): ENDLESS})
    timeout = play("[{press: '0'}, {queue: timeout}]", definition=endless).failure
    full = play("[{press: '0'}, {queue: full}]", definition=endless).failure
    assert timeout is not None
    assert timeout.found == "queue `cards` lets callers wait for ever"
    assert full is not None
    assert full.found == "queue `cards` has no max_length, so it never is"


def test_the_keys_of_a_secret_question_are_nowhere_in_the_result() -> None:
    result = play("[{press: '18642'}, {hears: sorry}]", header="services: {host.get: {sum: 1}}")
    assert result.failure is not None
    assert "8642" not in repr(result)


def test_the_clock_moves_by_what_is_said_pressed_and_waited() -> None:
    record = play("[{press: '0'}, {waits: 30s}, {agent: answers, after: 5s}, {talks: 2m}]", ends="{node: end}").record
    assert record is not None
    assert (record.waited, record.talked) == (Millis(35_000), Millis(120_000))


def test_agents_are_really_logged_in_and_paused_by_what_happens() -> None:
    result = play("[{press: '0'}, {agent: no_answer}, {agent: answers}]")
    assert result.failure is None
    assert not any(isinstance(event, AgentPresenceChanged) for event in result.events)  # no event of the call

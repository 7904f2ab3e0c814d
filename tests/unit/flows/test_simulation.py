"""A rehearsed call: what the transcript says, how it ends, and the outside that is made up for it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ivr_engine.core.ids import Instant, Language, Millis
from ivr_engine.core.outcomes import GatherEnd, QueueOutcome, RequestOutcome
from ivr_engine.flows.definition import PromptText
from ivr_engine.flows.waits import Keyed, KeysWait, RequestWait, Responded
from ivr_engine.testing.builders import centre
from ivr_engine.testing.callers import Answer, AssumedAgents, ScriptedCaller, ScriptedServices, ScriptError, take
from ivr_engine.testing.clock import START, ManualClock
from ivr_engine.testing.keyboard import KeyboardCaller
from ivr_engine.testing.simulation import NumberNotServed, Simulation
from ivr_engine.testing.transcript import Ending, Transcript

NODES: dict[str, Any] = {
    "menu": {"menu": {"prompt": "menu", "keys": {"1": "pin", "0": "agent"}, "attempts": 2}, "failed": "end"},
    "pin": {
        "collect": {"prompt": "pin", "into": "pin", "digits": 4, "secret": True},
        "next": "ask",
        "failed": "end",
    },
    "ask": {
        "request": {"service": "host", "operation": "get", "send": {"pin": "{{ pin }}"}, "into": "a"},
        "next": "say",
        "exits": {"wrong_pin": "pin"},
        "failed": "agent",
    },
    "say": {"play": ["balance", {"money": "{{ a.sum }}"}, {"digits": "{{ pin }}"}], "next": "end"},
    "agent": {"queue": {"name": "cards"}, "next": "end", "failed": "end"},
    "end": {"hangup": {}},
}
WORDS = {name: PromptText(text=f"{name}!") for name in ("menu", "pin", "balance")}
DEFINITION = centre(NODES, languages=(Language("en"),), prompts={"en": WORDS})


def rehearse(keys: str, *, service: Answer | tuple[Answer, ...] = "unavailable", **queues: QueueOutcome) -> Transcript:
    return Simulation(
        DEFINITION,
        caller=ScriptedCaller.parse(keys),
        services=ScriptedServices({"host.get": service}),
        agents=AssumedAgents(queues),
    ).run("95500", "1")


def test_the_transcript_says_what_was_heard_pressed_asked_and_where() -> None:
    call = rehearse("1,1234", service=("wrong_pin", {"sum": "12.50"}))
    assert call.ending is Ending.SCRIPT_RAN_DRY
    call = rehearse("1,1234,1235", service=("wrong_pin", {"sum": "12.50"}))
    assert (call.ending, call.node) == (Ending.FINISHED, "end")
    shown = [(each.node, each.pressed, each.asked, each.outcome) for each in call.passages]
    assert shown == [
        ("menu", "1", "", "complete"),
        ("pin", "***", "", "complete"),
        ("ask", None, "host.get", "wrong_pin"),
        ("pin", "***", "", "complete"),
        ("ask", None, "host.get", "ok"),
        ("say", None, "", ""),
        ("end", None, "", ""),
    ]
    assert call.passages[5].said == ("balance", "{money}", "{digits}")
    assert call.passages[5].heard == ("balance!", "twelve yuan and fifty fen", "***")


@pytest.mark.parametrize(
    ("keys", "ending", "node"),
    [
        ("-,-", Ending.FINISHED, "end"),
        ("!", Ending.CALLER_GONE, "menu"),
        ("1,!", Ending.CALLER_GONE, "pin"),
        ("0", Ending.FINISHED, "end"),
        ("1", Ending.SCRIPT_RAN_DRY, "pin"),
        ("", Ending.SCRIPT_RAN_DRY, "menu"),
        ("11234", Ending.FINISHED, "end"),
    ],
)
def test_a_script_decides_how_the_call_ends(keys: str, ending: Ending, node: str) -> None:
    call = rehearse(keys)
    assert (call.ending, call.node) == (ending, node)


def test_a_failing_flow_is_an_ending_of_its_own() -> None:
    broken = centre({"a": {"set": {"x": "{{ y }}"}, "next": "end"}, "end": {"hangup": {}}})
    call = Simulation(broken, caller=ScriptedCaller([]), services=ScriptedServices({}), agents=AssumedAgents())
    assert call.run("95500").ending is Ending.FAILED


def test_a_flow_that_never_ends_is_stopped() -> None:
    endless = centre({"a": {"play": ["x"], "next": "a"}})
    call = Simulation(endless, caller=ScriptedCaller([]), services=ScriptedServices({}), agents=AssumedAgents())
    assert call.run("95500").ending is Ending.TOO_LONG


def test_a_number_the_centre_does_not_serve_is_refused_by_name() -> None:
    call = Simulation(DEFINITION, caller=ScriptedCaller([]), services=ScriptedServices({}), agents=AssumedAgents())
    with pytest.raises(NumberNotServed, match="95500"):
        call.run("1")


@pytest.mark.parametrize("script", ["1x", "+", "--", "1 2", "１"])
def test_a_script_that_no_caller_can_follow_is_refused(script: str) -> None:
    with pytest.raises(ScriptError):
        ScriptedCaller.parse(script)


LISTEN = KeysWait(
    prompts=(), language=Language("en"), most=4, end_key="#", first_timeout=Millis(5000), next_timeout=Millis(3000)
)


@pytest.mark.parametrize(
    ("keys", "taken", "ended", "rest"),
    [
        ("12#3", "12", GatherEnd.END_KEY, "3"),
        ("12345", "1234", GatherEnd.COMPLETE, "5"),
        ("12", "12", GatherEnd.TIMEOUT, ""),
        ("", "", GatherEnd.TIMEOUT, ""),
        ("1234#", "1234", GatherEnd.COMPLETE, "#"),
    ],
)
def test_keys_are_taken_as_a_telephone_would(keys: str, taken: str, ended: GatherEnd, rest: str) -> None:
    assert take(LISTEN, keys) == (Keyed(keys=taken, ended=ended), rest)


@pytest.mark.parametrize(
    ("answer", "outcome", "result"),
    [
        ({"x": 1}, RequestOutcome.OK, ""),
        ("not_found", RequestOutcome.REFUSED, "not_found"),
        ("timeout", RequestOutcome.TIMEOUT, ""),
        (Responded(outcome=RequestOutcome.INVALID), RequestOutcome.INVALID, ""),
    ],
)
def test_services_answer_as_scripted(answer: Answer, outcome: RequestOutcome, result: str) -> None:
    wait = RequestWait(service="host", operation="get", send={}, timeout=Millis(1))
    reply = ScriptedServices({"host.get": answer}).ask(wait)
    assert (reply.outcome, reply.result) == (outcome, result)
    assert ScriptedServices({}).ask(wait).outcome is RequestOutcome.UNAVAILABLE


def test_a_person_at_the_keyboard_can_be_the_caller() -> None:
    typed, seen = iter(["1 please", "12-34"]), list[str]()
    caller = KeyboardCaller(ask=lambda _prompt: next(typed), show=seen.append)
    call = Simulation(
        DEFINITION, caller=caller, services=ScriptedServices({"host.get": {"sum": "1"}}), agents=AssumedAgents()
    )
    assert call.run("95500").ending is Ending.FINISHED
    assert [line.split("hears")[1].strip() for line in seen] == ["menu!", "pin!", "balance!", "one yuan", "***"]


async def test_the_manual_clock_wakes_sleepers_in_the_order_of_their_instants() -> None:
    clock, woken = ManualClock(), list[str]()

    async def sleep(name: str, instant: int) -> None:
        await clock.sleep_until(Instant(instant))
        woken.append(name)

    async with asyncio.TaskGroup() as group:
        for name, after in (("late", 500), ("soon", 100), ("past", -1), ("cancelled", 50)):
            task = group.create_task(sleep(name, START + after))
        for _ in range(3):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        assert (woken, clock.jump()) == (["past"], START + 100)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert woken == ["past", "soon"]
        clock.advance(Millis(10_000))
    assert woken == ["past", "soon", "late"]
    assert (clock.jump(), clock.now()) == (None, START + 10_100)

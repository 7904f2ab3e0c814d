"""Versions under live calls: a call stays on its own, a load is whole or nothing, a version that fails goes by itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr_engine.core.events import (
    FlowStarted,
    NodeEntered,
    SwitchConfigured,
    VersionLoaded,
    VersionRefused,
    VersionWithdrawn,
)
from ivr_engine.core.ids import AgentId, CallId, Millis, QueueName
from ivr_engine.core.outcomes import OfferOutcome
from ivr_engine.errors import CommandRefused
from ivr_engine.flows.definition import AgentDefinition, CentreDefinition, PromptText, QueueDefinition
from ivr_engine.ports.inbound import Arrival
from ivr_engine.services.trial import standing_trial
from ivr_engine.services.versions import LOOK_EVERY
from ivr_engine.testing.builders import centre
from ivr_engine.testing.line import AgentDoes, HangUpNow, Listen, Press, ScriptedLine
from tests.unit.services.office import Office, settle

NUMBER = "95500"
PATIENCE = Millis(60_000)
SERVICE = QueueName("service")


def edition(version: str, *, leads_to: str = "bye", **parts: Any) -> CentreDefinition:  # noqa: ANN401 - fields of the centre
    """A menu whose key 1 leads to the node `leads_to`; `words` are those of the prompt `goodbye`."""
    words = parts.pop("words", "")
    plain = centre(
        {
            "ask": {"menu": {"prompt": "menu", "keys": {"1": leads_to, "2": "wait"}, "timeout": "60s"}, "failed": leads_to},
            "bye": {"play": ["goodbye"], "next": "end"},
            "other": {"play": ["goodbye"], "next": "end"},
            "wait": {"queue": {"name": "service"}, "next": "end"},
            "broken": {"set": {"x": "{{ 1 / 0 }}"}, "next": "end"},
            "end": {"hangup": {}},
        },
        version=version,
        agents={AgentId("1001"): person("1001")},
        **parts,
    )
    spoken = {language: {**each, "goodbye": PromptText(text=words)} for language, each in plain.prompts.items()}
    return replace(plain, prompts=spoken) if words else plain


def person(name: str, *, phone: str = "") -> AgentDefinition:
    return AgentDefinition(agent=AgentId(name), name=name, phone=phone or f"phone{name}", skills={}, queues=(SERVICE,))


def nodes(office: Office, call: str) -> list[str]:
    entered = [event for event in office.facts(NodeEntered) if isinstance(event, NodeEntered)]
    return [event.node for event in entered if event.call == call]


async def test_a_call_in_the_menu_goes_on_with_the_old_words_and_exit_and_the_next_call_has_the_new_ones() -> None:
    office = Office(definition=edition("v1"))
    first, second = ScriptedLine(Listen(), clock=office.clock), ScriptedLine(Press("1"))
    async with office.open(), asyncio.TaskGroup() as calls:
        calls.create_task(office.serve(first, call="1", number=NUMBER))
        await settle()
        assert nodes(office, "1") == ["ask"]
        office.files.definition = edition("v2", leads_to="other", words="edited words")
        assert (await office.versions.reload()).outcome == "loaded"
        await office.serve(second, call="2", number=NUMBER)
        for _ in range(3):  # three times nobody presses a key
            office.clock.advance(PATIENCE)
            await settle()
    assert (nodes(office, "1")[-2:], first.heard[-1]) == (["bye", "end"], "zh:goodbye")
    assert (nodes(office, "2")[-2:], second.heard[-1]) == (["other", "end"], "zh:goodbye edited words")
    assert (office.record("1").version, office.record("2").version) == ("v1", "v2")
    assert office.surroundings.forgotten == ["v1"]  # once its last call was over


async def test_files_with_problems_change_nothing_and_every_problem_is_reported() -> None:
    office = Office(definition=edition("v1"))
    office.files.problems = ("main.yaml:3:5: error S201 one", "main.yaml:9:1: error R404 two")
    answer = await office.versions.reload()
    assert (answer.outcome, answer.version, answer.problems) == ("refused", "v1", office.files.problems)
    assert office.versions.current.version == "v1"
    (refused,) = office.facts(VersionRefused)
    assert isinstance(refused, VersionRefused)
    assert (refused.problems, refused.by) == (office.files.problems, "command")
    assert office.log.lines.count("version_refused") == 2
    assert office.facts(VersionLoaded) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"agents": {}}, "agent 1001 is at work and cannot be taken away; first: ivr-engine agent logout 1001"),
        (
            {"queues": {QueueName("other"): QueueDefinition(name=QueueName("other"))}, "agents": {}},
            "queue service cannot be taken away while the engine runs: this needs a restart",
        ),
    ],
)
async def test_what_cannot_be_done_under_live_calls_is_refused_as_a_whole(change: dict[str, Any], reason: str) -> None:
    office = Office(definition=edition("v1"))
    office.staff("1001")
    office.files.definition = replace(edition("v2", words="edited words"), **change)
    answer = await office.versions.reload()
    assert (answer.outcome, office.versions.current.version) == ("refused", "v1")
    assert reason in answer.problems
    assert [status.agent for status in office.centre.centre.agents()] == ["1001"]
    assert office.surroundings.forgotten == ["v2"]


async def test_services_that_cannot_be_asked_refuse_the_version() -> None:
    office = Office(definition=edition("v1"))
    office.files.definition = edition("v2")
    office.surroundings.unaskable = "services.host: no such address"
    assert (await office.versions.reload()).problems == ("services.host: no such address",)
    assert office.versions.current.version == "v1"


async def test_a_caller_who_waits_gets_an_agent_who_came_with_a_later_version() -> None:
    office = Office(definition=edition("v1"))
    line = ScriptedLine(Press("2"), AgentDoes(OfferOutcome.ANSWERED, talked=Millis(5)))
    async with office.open(), asyncio.TaskGroup() as calls:
        calls.create_task(office.serve(line, call="1", number=NUMBER))
        await settle()
        people = {AgentId(name): person(name) for name in ("1001", "1002")}
        office.files.definition = replace(edition("v2"), agents=people)
        answer = await office.versions.reload()
        assert (answer.remarks, office.surroundings.told) == ((), ["v2"])
        office.staff("1002")
        await settle()
    assert line.rung == ["1002"]
    assert (office.record("1").agent, office.record("1").version) == ("1002", "v1")


async def test_the_same_files_again_are_no_new_version() -> None:
    office = Office(definition=edition("v1"))
    office.files.definition = edition("v1")
    assert (await office.versions.reload()).outcome == "unchanged"
    assert office.facts(VersionLoaded) == []


async def test_a_folder_that_changes_is_loaded_when_it_lies_still_and_a_bad_one_only_once() -> None:
    office = Office(definition=edition("v1"))
    office.files.stamps = ["a", "b", "c", "c", "c", "c", "d", "d", "d", "d"]
    office.files.definition = edition("v2")
    async with asyncio.TaskGroup() as tasks:
        watch = tasks.create_task(office.versions.keep_watch())
        loads = []
        for look in range(9):
            await settle()
            if look == 4:
                office.files.problems = ("broken",)
            office.clock.advance(LOOK_EVERY)
            await settle()
            loads.append(office.files.loads)
        watch.cancel()
    assert loads == sorted(loads)
    assert office.files.loads == 2
    assert [event.by for event in office.facts(VersionLoaded) if isinstance(event, VersionLoaded)] == ["change"]
    assert len(office.facts(VersionRefused)) == 1
    assert office.versions.current.version == "v2"


async def on_trial(office: Office, trial: CentreDefinition, *, share: int = 50) -> None:
    office.files.definition = trial
    assert (await office.versions.reload(share=share)).outcome == "loaded"


async def calls(office: Office, first: int, count: int) -> list[str]:
    """The versions that so many calls had, one after the other."""
    async with office.open():
        for number in range(first, first + count):
            await office.serve(ScriptedLine(Press("1")), call=f"c{number}", number=NUMBER)
    return [str(office.record(f"c{number}").version) for number in range(first, first + count)]


async def test_a_version_on_trial_that_fails_its_callers_is_withdrawn_by_itself() -> None:
    office = Office(definition=edition("v1"))
    await on_trial(office, edition("v2", leads_to="broken"))
    versions = await calls(office, 0, 40)
    assert versions.count("v2") == 5  # the first limit
    (withdrawn,) = office.facts(VersionWithdrawn)
    assert isinstance(withdrawn, VersionWithdrawn)
    assert (withdrawn.calls, withdrawn.failed, withdrawn.back_to, withdrawn.by) == (5, 5, "v1", "failures")
    assert (await office.versions.versions()).trial == ""


async def test_a_good_version_on_trial_gets_its_share_and_then_all_calls_when_it_is_promoted() -> None:
    office = Office(definition=edition("v1"))
    await on_trial(office, edition("v2"), share=30)
    before = await calls(office, 0, 100)
    assert 15 <= before.count("v2") <= 45
    view = await office.versions.versions()
    assert (view.on_trial.calls, view.others.calls) == (before.count("v2"), before.count("v1"))
    assert (await office.versions.promote()).version == "v2"
    assert set(await calls(office, 200, 10)) == {"v2"}


async def test_a_withdrawn_version_gets_no_new_calls() -> None:
    office = Office(definition=edition("v1"))
    await on_trial(office, edition("v2"), share=99)
    await office.versions.withdraw()
    assert set(await calls(office, 0, 10)) == {"v1"}


async def test_a_trial_is_limited_to_its_numbers() -> None:
    office = Office(definition=edition("v1", numbers={NUMBER: "main", "95501": "main"}))
    office.files.definition = edition("v2", numbers={NUMBER: "main", "95501": "main"})
    await office.versions.reload(share=99, numbers=["95501"])
    assert set(await calls(office, 0, 10)) == {"v1"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"agents": {}}, "agents change for every call at once: load them without --canary"),
        ({"services": {}, "queues": {}}, "queues change for every call at once: load them without --canary"),
        ({"numbers": {}}, "number 95500 is gone: load this without --canary"),
    ],
)
async def test_what_is_for_every_call_cannot_be_tried_on_some(change: dict[str, Any], reason: str) -> None:
    office = Office(definition=edition("v1"))
    office.files.definition = replace(edition("v2"), **change)
    answer = await office.versions.reload(share=5)
    assert reason in answer.problems
    assert (await office.versions.versions()).trial == ""


@pytest.mark.parametrize("command", ["promote", "withdraw"])
async def test_without_a_trial_there_is_nothing_to_end(command: str) -> None:
    office = Office(definition=edition("v1"))
    with pytest.raises(CommandRefused, match="no version is on trial"):
        await getattr(office.versions, command)()


async def test_a_second_load_during_a_trial_is_refused() -> None:
    office = Office(definition=edition("v1"))
    await on_trial(office, edition("v2"))
    with pytest.raises(CommandRefused, match="version v2 is on trial; promote or withdraw it first"):
        await office.versions.reload()


@pytest.mark.parametrize("share", [0, 101, -5])
async def test_a_share_that_is_none_is_refused(share: int) -> None:
    with pytest.raises(CommandRefused, match="percent"):
        await Office(definition=edition("v1")).versions.reload(share=share)


COMMANDS = st.sampled_from(["call", "load", "break", "trial", "promote", "withdraw", "time"])


@settings(max_examples=40)
@given(steps=st.lists(COMMANDS, max_size=25))
def test_every_call_has_one_loaded_version_from_its_first_node_to_its_record(steps: list[str]) -> None:
    asyncio.run(_any_order(steps))


async def _any_order(steps: list[str]) -> None:
    office, loaded, begun = Office(definition=edition("v1")), {"v1"}, 0
    async with office.open(), asyncio.TaskGroup() as going:
        for number, step in enumerate(steps, start=2):
            office.files.definition = edition(f"v{number}", leads_to="other" if number % 2 else "bye")
            office.files.problems = ("broken",) if step == "break" else ()
            if step == "call":
                begun += 1
                going.create_task(office.serve(ScriptedLine(clock=office.clock), call=f"c{begun}", number=NUMBER))
            elif step == "time":
                office.clock.advance(PATIENCE)
            else:
                loaded |= await _versions_after(office, step)
            await settle()
        for _ in range(4):
            office.clock.advance(PATIENCE)
            await settle()
    started = {event.call: event.version for event in office.facts(FlowStarted) if isinstance(event, FlowStarted)}
    for number in range(1, begun + 1):
        record = office.record(f"c{number}")
        assert record.version == started[CallId(f"c{number}")]
        assert record.version in loaded
        assert nodes(office, f"c{number}")[-2] == (
            "other" if int(record.version[1:]) % 2 and record.version != "v1" else "bye"
        )


async def _versions_after(office: Office, step: str) -> set[str]:
    versions = office.versions
    act = {"trial": lambda: versions.reload(share=50), "promote": versions.promote, "withdraw": versions.withdraw}
    try:
        answer = await act.get(step, versions.reload)()
    except CommandRefused:
        return set()
    return {answer.version} if answer.outcome == "loaded" else set()


async def test_a_caller_who_hangs_up_counts_for_no_failure() -> None:
    office = Office(definition=edition("v1"))
    await on_trial(office, edition("v2"), share=99)
    async with office.open():
        for number in range(30):
            await office.serve(ScriptedLine(HangUpNow()), call=f"c{number}", number=NUMBER)
    assert office.facts(VersionWithdrawn) == []


async def test_the_switch_is_told_after_a_change_and_that_is_recorded() -> None:
    office = Office(definition=edition("v1"))
    office.files.definition = edition("v2")
    await office.versions.reload()
    (told,) = office.facts(SwitchConfigured)
    assert isinstance(told, SwitchConfigured)
    assert (told.version, told.changed) == ("v2", ("pjsip.conf",))


async def test_a_switch_that_cannot_be_told_is_remarked_and_the_version_is_used_all_the_same() -> None:
    office = Office(definition=edition("v1"))
    office.files.definition = edition("v2")
    office.surroundings.untellable = "it does not answer"
    answer = await office.versions.reload()
    assert (answer.outcome, "it does not answer" in answer.remarks[0]) == ("loaded", True)
    assert office.facts(SwitchConfigured) == []


async def test_a_version_on_trial_reaches_the_switch_when_all_calls_get_it() -> None:
    office = Office(definition=edition("v1"))
    office.files.definition = edition("v2", words="edited words")
    await office.versions.reload(share=50)
    assert office.surroundings.told == []
    await office.versions.promote()
    assert office.surroundings.told == ["v2"]


async def test_a_trial_and_its_counts_survive_a_restart() -> None:
    office = Office(definition=edition("v1"))
    office.files.definition = edition("v2", leads_to="broken")
    await office.versions.reload(share=50, numbers=[NUMBER])
    calls = [str(number) for number in range(6)]
    for call in calls:
        await office.serve(ScriptedLine(Press("1")), call=call, number=NUMBER)
    before = await office.versions.versions()
    assert before.on_trial.calls + before.others.calls == len(calls)

    again = Office(office.store, definition=edition("v1"), clock=office.clock)
    standing = standing_trial(office.store, office.store, version="v2")
    assert standing is not None
    again.versions.take_up(standing, edition("v2", leads_to="broken"))
    assert await again.versions.versions() == before
    arrivals = [Arrival(call=CallId(f"later-{n}"), number=NUMBER, caller="") for n in range(40)]
    assert [again.versions.of_call(each).version for each in arrivals] == [
        office.versions.of_call(each).version for each in arrivals
    ]


@pytest.mark.parametrize("end", ["promote", "withdraw"])
async def test_a_trial_that_has_ended_is_not_taken_up(end: str) -> None:
    office = Office(definition=edition("v1"))
    office.files.definition = edition("v2")
    await office.versions.reload(share=50)
    await getattr(office.versions, end)()
    assert standing_trial(office.store, office.store, version="v2") is None


async def test_files_that_were_edited_while_the_engine_was_down_are_on_no_trial() -> None:
    office = Office(definition=edition("v1"))
    office.files.definition = edition("v2")
    await office.versions.reload(share=50)
    assert standing_trial(office.store, office.store, version="v3") is None

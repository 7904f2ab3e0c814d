"""Agents who refuse, ring on or are not there, callers in a row, and agents at work by feature code and command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ivr_engine.adapters.softphone.lines import Answering
from ivr_engine.core.events import AgentPresenceChanged, CallQueued, NobodyOffered, OfferEnded, OfferMade, PromptsPlayed
from ivr_engine.core.outcomes import OfferOutcome, Presence
from tests.system import sipp
from tests.system.day import Caller, Day, ending, legs

pytestmark = pytest.mark.system

NEXT_AGENT = ("ivr", "waiting: answered, 2 offered", "agent 1002: ended by caller")


def offers(caller: Caller) -> list[tuple[str, str]]:
    """Whom the caller was offered, and what came of it."""
    return [(each.agent, str(each.outcome)) for each in caller.kinds(OfferEnded)]


@pytest.mark.parametrize(
    ("policy", "outcome"),
    [
        (Answering.decline(), OfferOutcome.DECLINED),
        (Answering.busy(), OfferOutcome.BUSY),
        (Answering.ring(), OfferOutcome.NO_ANSWER),
    ],
    ids=["declines", "is busy", "does not answer"],
)
async def test_when_an_agent_fails_the_next_one_gets_the_caller(day: Day, policy: Answering, outcome: OfferOutcome) -> None:
    await day.agent("1001", policy)
    await day.agent("1002")
    caller = await day.caller()
    await caller.asks_for_an_agent()
    await caller.talks()
    await caller.hangs_up()
    record = await caller.record()
    assert offers(caller) == [("1001", outcome), ("1002", OfferOutcome.ANSWERED)]
    assert (ending(record), legs(record), record.agent) == ("answered_agent, ended by caller", NEXT_AGENT, "1002")
    await day.comes_to(_1001=f"paused idle {outcome}", _1002="ready idle")


async def test_an_agent_whose_telephone_is_not_registered_is_passed_over(day: Day) -> None:
    await day.present("1001")
    await day.agent("1002")
    caller = await day.caller()
    await caller.asks_for_an_agent()
    await caller.talks()
    await caller.hangs_up()
    record = await caller.record()
    assert offers(caller) == [("1001", OfferOutcome.UNREACHABLE), ("1002", OfferOutcome.ANSWERED)]
    assert legs(record) == NEXT_AGENT
    await day.comes_to(_1001="paused idle unreachable", _1002="ready idle")


async def test_a_sipp_agent_declines_and_a_sipp_agent_answers(day: Day, tmp_path: Path) -> None:
    at = {"pbx": day.site.address, "folder": tmp_path}
    secrets = day.site.secrets
    async with (
        sipp.agent("agent1001", secrets["agent1001"], behaviour=sipp.refuse(603), **at),  # type: ignore[arg-type]
        sipp.agent("agent1002", secrets["agent1002"], behaviour=sipp.answer(talk=300), **at),  # type: ignore[arg-type]
    ):
        await day.present("1001")
        await day.present("1002")
        caller = await day.caller()
        await caller.asks_for_an_agent()
        await caller.reaches("survey")
        await caller.presses("1")
        await caller.is_let_go()
    record = await caller.record()
    assert offers(caller) == [("1001", OfferOutcome.DECLINED), ("1002", OfferOutcome.ANSWERED)]
    assert legs(record) == ("ivr", "waiting: answered, 2 offered", "agent 1002: ended by agent", "survey")
    assert record.answers == (("satisfaction", "very_satisfied"),)


async def test_a_caller_whom_an_agent_did_not_take_keeps_the_place_in_the_queue(day: Day) -> None:
    wang = await day.agent("1001", Answering.ring(), ready=False)
    first, second = await day.caller(), await day.caller()
    await first.asks_for_an_agent()
    await first.sees(CallQueued)
    await second.asks_for_an_agent()
    await second.sees(CallQueued)
    await day.site.ask("agent.ready", agent="1001")
    await wang.rings()
    await first.sees(OfferEnded)
    await day.comes_to(_1001="paused idle no_answer")
    await wang.phone.answering(Answering.answer())
    await day.site.ask("agent.ready", agent="1001")
    await first.talks()
    await second.hangs_up()
    await first.hangs_up()
    served, left = await first.record(), await second.record()
    assert offers(first) == [("1001", OfferOutcome.NO_ANSWER), ("1001", OfferOutcome.ANSWERED)]
    assert legs(served) == ("ivr", "waiting: answered, 2 offered", "agent 1001: ended by caller")
    assert served.waited >= 2_000
    assert legs(left) == ("ivr", "waiting: abandoned, 0 offered")


async def test_two_callers_and_one_agent_are_served_in_order_the_second_right_after_wrap_up(day: Day) -> None:
    wang = await day.agent("1001", Answering.answer(talk=500), ready=False)
    first, second = await day.caller(), await day.caller()
    await first.asks_for_an_agent()
    queued_first = await first.sees(CallQueued)
    await second.asks_for_an_agent()
    queued_second = await second.sees(CallQueued)
    assert (queued_first.position, queued_second.position) == (1, 2)
    await second.sees(PromptsPlayed, lambda each: "queue_position" in each.prompts)
    await day.site.ask("agent.ready", agent="1001")
    assert (await wang.answers()).number == first.telephone
    assert (await wang.answers()).number == second.telephone
    for caller in (first, second):
        await caller.reaches("survey")
        await caller.hangs_up()
    records = [await first.record(), await second.record()]
    served = ("ivr", "waiting: answered, 1 offered", "agent 1001: ended by agent", "survey")
    assert [legs(record) for record in records] == [served, served]
    talk_first, talk_second = (next(leg for leg in record.legs if leg.agent) for record in records)
    assert talk_second.began - talk_first.ended >= 1_000  # the wrap-up
    assert records[1].waited >= 1_000 + records[0].talked


async def test_a_queue_without_an_agent_tells_the_position_and_why_nobody_was_offered(day: Day) -> None:
    caller = await day.caller()
    await caller.asks_for_an_agent()
    nobody = await caller.sees(NobodyOffered)
    await caller.sees(PromptsPlayed, lambda each: "queue_position" in each.prompts)
    await caller.hangs_up()
    record = await caller.record()
    assert {each.agent: each.reason for each in nobody.excluded} == {"1001": "logged_out", "1002": "logged_out"}
    assert record.waited > 0


async def test_feature_codes_from_the_agents_telephone_change_the_state(day: Day) -> None:
    phone = await day.phones.agent("agent1001")
    for code, state in {
        "*11": "paused idle login",
        "*12": "ready idle",
        "*13": "paused idle break",
        "*134": "paused idle 4",
        "*14": "logged_out idle",
    }.items():
        call = await day.phones.feature(phone, code)
        assert call.heard.sound > 0, f"no confirmation of {code}"
        await day.comes_to(_1001=state)
    listed = day.site.command("agent", "list", "--json")
    rows = {row["agent"]: row["presence"] for row in map(json.loads, listed.stdout.splitlines())}
    assert rows == {"1001": "logged_out", "1002": "logged_out"}


async def test_a_feature_code_that_may_not_be_done_changes_nothing(day: Day) -> None:
    phone = await day.phones.agent("agent1001")
    call = await day.phones.feature(phone, "*12")
    assert call.heard.sound > 0
    assert (await day.states())["1001"] == "logged_out idle"


async def test_commands_change_the_state_and_refusals_say_why(day: Day) -> None:
    def at_the_command_line(*arguments: str) -> tuple[int, str]:
        done = day.site.command("agent", *arguments)
        return done.returncode, (done.stdout + done.stderr).strip()

    assert at_the_command_line("login", "1001") == (0, "1001: login done")
    assert at_the_command_line("ready", "agent1001") == (0, "agent1001: ready done")
    assert (await day.states())["1001"] == "ready idle"
    assert at_the_command_line("pause", "1001", "--reason", "lunch") == (0, "1001: pause done")
    assert (await day.states())["1001"] == "paused idle lunch"
    assert at_the_command_line("logout", "1001") == (0, "1001: logout done")
    code, said = at_the_command_line("ready", "1001")
    assert (code, "1001" in said) == (1, True), said
    code, said = at_the_command_line("extend", "1001", "--by", "60")
    assert (code, "1001 is not in wrap-up" in said) == (1, True), said
    code, said = at_the_command_line("login", "nobody")
    assert (code, "1001, 1002" in said) == (1, True), said
    changed = [
        await day.fact(AgentPresenceChanged, lambda each, presence=presence: each.presence is presence)  # type: ignore[misc]
        for presence in Presence
    ]
    assert {each.agent for each in changed} == {"1001"}


async def test_an_agent_who_is_talking_is_offered_no_second_call(day: Day) -> None:
    wang = await day.agent("1001")
    first, second = await day.caller(), await day.caller()
    await first.asks_for_an_agent()
    await wang.answers()
    await first.talks()
    await second.asks_for_an_agent()
    nobody = await second.sees(NobodyOffered)
    await second.hangs_up()
    await first.hangs_up()
    assert ("1001", "talking") in [(each.agent, each.reason) for each in nobody.excluded]
    assert second.kinds(OfferMade) == []
    assert legs(await second.record()) == ("ivr", "waiting: abandoned, 0 offered")
    assert legs(await first.record()) == ("ivr", "waiting: answered, 1 offered", "agent 1001: ended by caller")

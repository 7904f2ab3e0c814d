"""What agents do with a caller they talk to: hold, pass on, ask, confer; by command and from the telephone."""

from __future__ import annotations

import asyncio

import pytest

from ivr_engine.adapters.softphone.lines import Answering
from ivr_engine.adapters.softphone.softphones import SoftphoneCall
from ivr_engine.core.events import (
    CallLeftQueue,
    CallQueued,
    CallTransferred,
    ColleagueReached,
    ColleagueReleased,
    ConferenceBegan,
    ConversationBegan,
    HoldBegan,
    HoldEnded,
    OfferEnded,
    OfferMade,
)
from ivr_engine.core.outcomes import ConsultOutcome, OfferOutcome, QueueOutcome
from ivr_engine.errors import CommandRefused
from tests.system.day import Agent, Caller, Day, legs, ready, until

pytestmark = pytest.mark.system

TALK_MS = 600


async def in_conversation(day: Day) -> tuple[Caller, Agent, SoftphoneCall]:
    """A caller who talks with agent 1001."""
    wang = await day.agent("1001")
    caller = await day.caller()
    await caller.asks_for_an_agent()
    talk = await wang.answers()
    await caller.talks()
    return caller, wang, talk


async def a_moment() -> None:
    """They talk; nothing announces that two people hear each other."""
    await asyncio.sleep(TALK_MS / 1000)


async def test_a_caller_who_is_held_hears_music_and_comes_back_to_the_same_agent(day: Day) -> None:
    caller, _, talk = await in_conversation(day)
    await day.site.ask("agent.hold", agent="1001")
    await caller.sees(HoldBegan)
    await a_moment()
    assert not talk.over
    assert (await day.states())["1001"].startswith("ready talking")
    await day.site.ask("agent.resume", agent="1001")
    held = await caller.sees(HoldEnded)
    await a_moment()
    await talk.hang_up()
    await caller.reaches("survey")
    await caller.hangs_up()
    record = await caller.record()
    assert legs(record) == ("ivr", "waiting: answered, 1 offered", "agent 1001: ended by agent", "survey")
    leg = record.legs[2]
    assert held.held >= TALK_MS
    assert abs(leg.held - held.held) <= 50
    assert abs(leg.lasted - leg.held - leg.talked) <= 200


async def test_the_hold_key_of_the_telephone_itself_gives_the_caller_music_and_stands_in_the_record(day: Day) -> None:
    wang = await day.agent("1001", speaks=False)
    caller = await day.caller()
    await caller.asks_for_an_agent()
    talk = await wang.answers()
    await caller.talks()
    await until(lambda: ready(not caller.phone.sounding), lambda: "the caller hears somebody although nobody speaks")
    talk.hold(on=True)
    await caller.sees(HoldBegan)
    await until(lambda: ready(caller.phone.sounding), lambda: "the caller on hold hears no music")
    await a_moment()
    assert not talk.over
    talk.hold(on=False)
    held = await caller.sees(HoldEnded)
    await until(lambda: ready(not caller.phone.sounding), lambda: "the music goes on")
    await talk.hang_up()
    await caller.reaches("survey")
    await caller.hangs_up()
    record = await caller.record()
    assert legs(record) == ("ivr", "waiting: answered, 1 offered", "agent 1001: ended by agent", "survey")
    assert held.held >= TALK_MS
    assert abs(record.legs[2].held - held.held) <= 50  # two readings of the clock
    assert abs(record.legs[2].lasted - record.legs[2].held - record.legs[2].talked) <= 200


async def test_a_caller_is_passed_on_to_a_free_colleague(day: Day) -> None:
    caller, _, talk = await in_conversation(day)
    li = await day.agent("1002")
    done = day.site.command("agent", "transfer", "1001", "1002")
    assert (done.returncode, done.stdout.strip()) == (0, "1001: transfer done")
    await talk.ended()
    second = await li.answers()
    await caller.sees(ConversationBegan, lambda each: each.agent == "1002")
    await second.hang_up()
    await caller.reaches("survey")
    await caller.hangs_up()
    record = await caller.record()
    assert legs(record) == (
        "ivr",
        "waiting: answered, 1 offered",
        "agent 1001: ended by transfer",
        "waiting: answered, 1 offered",
        "agent 1002: ended by agent",
        "survey",
    )
    assert caller.kinds(CallTransferred)[0].agent == "1001"
    assert caller.kinds(OfferMade)[1].rule == "transfer"


async def test_a_colleague_who_does_not_answer_costs_the_caller_nothing(day: Day) -> None:
    caller, _, talk = await in_conversation(day)
    await day.agent("1002", Answering.ring())
    await day.site.ask("agent.transfer", agent="1001", to="1002")
    await talk.ended()
    outcome = await caller.sees(OfferEnded, lambda each: each.agent == "1002")
    assert outcome.outcome is OfferOutcome.NO_ANSWER
    await day.comes_to(_1002="paused idle no_answer")
    await caller.sees(ConversationBegan)
    await caller.day.fact(
        OfferMade, lambda each: each.call == caller.call and each.agent == "1001" and each.rule != "transfer"
    )
    await caller.hangs_up()
    record = await caller.record()
    first, again = caller.kinds(CallQueued)
    assert first.queue == again.queue
    assert record.waited >= 2_000


async def test_a_caller_is_passed_on_to_another_queue_with_the_first_arrival(day: Day) -> None:
    caller, _, talk = await in_conversation(day)
    await day.site.ask("agent.transfer", agent="1001", to="loan")
    await talk.ended()
    moved = await caller.sees(CallQueued, lambda each: each.queue == "loan")
    left = await caller.sees(CallLeftQueue, lambda each: each.queue == "loan")
    await caller.hangs_up()
    record = await caller.record()
    assert moved.position == 1
    assert left.outcome in (QueueOutcome.ANSWERED, QueueOutcome.TIMEOUT)
    assert legs(record)[2] == "agent 1001: ended by transfer"


async def test_asking_a_colleague_and_leaving_the_caller_to_them(day: Day) -> None:
    caller, _, talk = await in_conversation(day)
    li = await day.agent("1002")
    await day.site.ask("agent.consult", agent="1001", to="1002")
    second = await li.answers()
    await caller.sees(ColleagueReached)
    await day.comes_to(_1001="ready talking", _1002="ready talking")
    await a_moment()
    await day.site.ask("agent.complete", agent="1001")
    await talk.ended()
    await a_moment()
    assert not second.over
    await caller.hangs_up()
    await second.ended()
    record = await caller.record()
    assert legs(record)[1:] == (
        "waiting: answered, 1 offered",
        "agent 1001: ended by transfer",
        "agent 1002: ended by caller",
    )
    transferred = caller.kinds(CallTransferred)[0]
    assert (transferred.agent, transferred.to, transferred.consulted) == ("1001", "1002", True)


async def test_an_agent_who_hangs_up_while_asking_leaves_the_caller_to_the_colleague(day: Day) -> None:
    caller, _, talk = await in_conversation(day)
    li = await day.agent("1002")
    await day.site.ask("agent.consult", agent="1001", to="1002")
    second = await li.answers()
    await caller.sees(ColleagueReached)
    await talk.hang_up()
    await caller.sees(ConversationBegan, lambda each: each.agent == "1002")
    await a_moment()
    assert not second.over
    await second.hang_up()
    await caller.reaches("survey")
    await caller.hangs_up()
    assert legs(await caller.record())[3:] == ("agent 1002: ended by agent", "survey")


@pytest.mark.parametrize(
    ("answering", "outcome", "state"),
    [
        (Answering.busy(), ConsultOutcome.NOT_REACHED, "paused idle busy"),
        (Answering.answer(talk=300), ConsultOutcome.LEFT, "ready idle"),
    ],
    ids=["busy", "hangs up"],
)
async def test_a_colleague_who_is_not_there_gives_the_agent_back_the_caller(
    day: Day, answering: Answering, outcome: ConsultOutcome, state: str
) -> None:
    caller, _, talk = await in_conversation(day)
    await day.agent("1002", answering)
    await day.site.ask("agent.consult", agent="1001", to="1002")
    released = await caller.sees(ColleagueReleased)
    assert released.outcome is outcome
    await caller.sees(HoldEnded)
    await day.comes_to(_1001="ready talking", _1002=state)
    await a_moment()
    assert not talk.over
    await talk.hang_up()
    await caller.reaches("survey")
    await caller.hangs_up()
    assert legs(await caller.record())[2] == "agent 1001: ended by agent"


async def test_going_back_to_the_caller_hangs_the_colleague_up(day: Day) -> None:
    caller, _, talk = await in_conversation(day)
    li = await day.agent("1002")
    await day.site.ask("agent.consult", agent="1001", to="1002")
    second = await li.answers()
    await caller.sees(ColleagueReached)
    await day.site.ask("agent.resume", agent="1001")
    await second.ended()
    await a_moment()
    assert not talk.over
    await caller.hangs_up()
    await talk.ended()
    assert legs(await caller.record())[2:] == ("agent 1001: ended by caller",)


async def test_three_talk_until_one_leaves_and_the_others_go_on(day: Day) -> None:
    caller, _, talk = await in_conversation(day)
    li = await day.agent("1002")
    await day.site.ask("agent.consult", agent="1001", to="1002")
    second = await li.answers()
    await caller.sees(ColleagueReached)
    await day.site.ask("agent.conference", agent="1001")
    await caller.sees(ConferenceBegan)
    await a_moment()
    assert not talk.over
    assert not second.over
    await talk.hang_up()
    await caller.sees(ConversationBegan, lambda each: each.agent == "1002")
    await a_moment()
    assert not second.over
    await second.hang_up()
    await caller.reaches("survey")
    await caller.hangs_up()
    assert legs(await caller.record())[2:] == (
        "agent 1001: ended by transfer",
        "agent 1002: ended by agent",
        "survey",
    )


async def test_an_agent_who_hangs_up_while_the_caller_is_held_strands_nobody(day: Day) -> None:
    caller, _, talk = await in_conversation(day)
    await day.site.ask("agent.hold", agent="1001")
    await caller.sees(HoldBegan)
    await talk.hang_up()
    queued = await caller.day.fact(
        CallQueued, lambda each: each.call == caller.call, after=(await caller.day.recorded(HoldEnded, lambda _: True))[0]
    )
    assert queued.position == 1
    await caller.hangs_up()
    assert legs(await caller.record())[2] == "agent 1001: ended by transfer"


async def test_a_caller_who_leaves_while_the_agent_asks_ends_it_for_both(day: Day) -> None:
    caller, _, talk = await in_conversation(day)
    li = await day.agent("1002")
    await day.site.ask("agent.consult", agent="1001", to="1002")
    second = await li.answers()
    await caller.sees(ColleagueReached)
    await caller.hangs_up()
    await talk.ended()
    await second.ended()
    assert legs(await caller.record())[2:] == ("agent 1001: ended by caller",)


async def test_an_agent_passes_a_caller_into_a_flow_and_the_record_has_the_legs_in_order(own_day: Day) -> None:
    day = own_day
    path = day.site.folder / "bank" / "centre.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(f'{text}\nagent_flows: {{identify: {{code: "91"}}}}\n', encoding="utf-8")
    done = day.site.command("flow", "reload")
    assert done.returncode == 0, done.stdout + done.stderr
    caller, wang, talk = await in_conversation(day)
    refused = day.site.command("agent", "transfer", "1001", "--flow", "main")
    assert refused.returncode == 1
    assert "`agent_flows` of the call: identify" in refused.stderr
    await day.phones.feature(wang.phone, "*2591")
    await talk.ended()
    await caller.reaches("by_what")
    await caller.presses("1")
    await caller.reaches("by_card")
    await caller.hangs_up()
    record = await caller.record()
    assert legs(record)[1:] == ("waiting: answered, 1 offered", "agent 1001: ended by transfer", "survey")
    assert record.legs[3].to == "identify"
    assert caller.kinds(CallTransferred)[0].to == "identify"
    told = day.site.command("why", caller.call).stdout
    assert "passed on by 1001 to flow identify" in told


async def test_everything_can_be_dialled_on_a_second_line(day: Day) -> None:
    caller, wang, talk = await in_conversation(day)
    li = await day.agent("1002")
    for code, kind in {"*20": HoldBegan, "*21": HoldEnded, "*241002": ColleagueReached}.items():
        await day.phones.feature(wang.phone, code)
        await caller.sees(kind)
    second = await li.answers()
    await day.phones.feature(wang.phone, "*23")
    await caller.sees(ConferenceBegan)
    await day.phones.feature(wang.phone, "*22")
    await talk.ended()
    await a_moment()
    assert not second.over
    await second.hang_up()
    await caller.reaches("survey")
    await caller.hangs_up()
    assert legs(await caller.record())[2:4] == ("agent 1001: ended by transfer", "agent 1002: ended by agent")


REFUSED = {
    "hold": ({}, "is not talking"),
    "resume": ({}, "is not talking"),
    "complete": ({}, "is not talking"),
    "conference": ({}, "is not talking"),
    "transfer": ({"to": "1002"}, "is not talking"),
    "consult": ({"to": "1002"}, "is not talking"),
}


@pytest.mark.parametrize("verb", REFUSED)
async def test_without_a_caller_it_is_refused_and_nothing_changes(day: Day, verb: str) -> None:
    fields, says = REFUSED[verb]
    await day.agent("1001")
    with pytest.raises(CommandRefused, match=says):
        await day.site.ask(f"agent.{verb}", agent="1001", **fields)
    assert (await day.states())["1001"] == "ready idle"


@pytest.mark.parametrize(
    ("verb", "to", "says"),
    [
        ("transfer", "1002", "1002 cannot take the call now: logged_out"),
        ("transfer", "1001", "the same agent"),
        ("transfer", "nobody", "no agent, queue or entry"),
        ("consult", "1002", "1002 cannot take the call now: logged_out"),
        ("consult", "loan", "is a queue"),
        ("resume", "", "not on hold"),
        ("complete", "", "nobody who was asked"),
    ],
)
async def test_what_cannot_be_done_leaves_the_two_talking(day: Day, verb: str, to: str, says: str) -> None:
    caller, _, talk = await in_conversation(day)
    with pytest.raises(CommandRefused, match=says):
        await day.site.ask(f"agent.{verb}", agent="1001", to=to)
    assert (await day.states())["1001"] == "ready talking"
    assert not talk.over
    await caller.hangs_up()
    assert legs(await caller.record())[2:] == ("agent 1001: ended by caller",)

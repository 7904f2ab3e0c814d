"""Whole calls through the sample bank on a scripted line: every ending leaves exactly one record that says what happened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from ivr_engine.core.events import AuthorFault, CallArrived, CallEnded, CallResumed, OfferEnded, SwitchLost
from ivr_engine.core.ids import AgentId, CallId, Millis
from ivr_engine.core.outcomes import Disposition, EndedBy, OfferOutcome, Presence, RequestOutcome
from ivr_engine.errors import CommandRefused, SwitchError
from ivr_engine.flows.waits import CallerGone, Played, Responded
from ivr_engine.ports.switch import Joined, Sound
from ivr_engine.testing.line import AgentDoes, HangUpNow, LineBreaks, Listen, Press, ScriptedLine
from ivr_engine.testing.memory import MemoryStore
from tests.unit.services.office import Office, settle

CARD, PIN = Press("6299990000100015#"), Press("123456")
TALK = AgentDoes(OfferOutcome.ANSWERED, talked=Millis(5000))
TO_AGENT = (Listen(), Press("2"), Press("0"))


async def test_balance_then_agent_then_one_satisfaction_key() -> None:
    office = Office()
    office.staff("1001")
    line = ScriptedLine(Listen(), Press("2"), Press("1"), CARD, PIN, Listen(), Press("0"), TALK, Press("1"), Listen())
    async with office.open():
        await office.serve(line)
    record = office.record()
    assert record.disposition is Disposition.ANSWERED_AGENT
    assert [leg.kind for leg in record.legs if leg.kind != "ivr"][:2] == ["waiting", "agent"]
    assert record.answers == (("satisfaction", "very_satisfied"),)
    assert (record.agent, record.talked, record.ended_by) == ("1001", 5000, EndedBy.ENGINE)
    assert "en:{money}" in line.heard
    assert line.hung_up


@pytest.mark.parametrize(
    ("where", "script", "disposition"),
    [
        ("greeting", (HangUpNow(),), Disposition.ABANDONED_IVR),
        ("menu", (Listen(), Press("2"), HangUpNow()), Disposition.ABANDONED_IVR),
        ("queue", (*TO_AGENT, HangUpNow()), Disposition.ABANDONED_QUEUE),
    ],
)
async def test_a_caller_who_leaves_is_recorded_where_they_left(
    where: str, script: tuple[Listen | Press | HangUpNow, ...], disposition: Disposition
) -> None:
    office = Office()
    async with office.open():
        await office.serve(ScriptedLine(*script))
    record = office.record()
    assert (record.disposition, record.ended_by) == (disposition, EndedBy.CALLER), where


@pytest.mark.parametrize(
    ("agent", "disposition"),
    [
        (AgentDoes(OfferOutcome.CALLER_GONE, caller_gone=True), Disposition.ABANDONED_RINGING),
        (AgentDoes(OfferOutcome.ANSWERED, talked=Millis(900), caller_gone=True), Disposition.ANSWERED_AGENT),
    ],
)
async def test_a_caller_who_leaves_while_ringing_or_talking(agent: AgentDoes, disposition: Disposition) -> None:
    office = Office()
    office.staff("1001")
    async with office.open():
        await office.serve(ScriptedLine(*TO_AGENT, agent))
    assert office.record().disposition is disposition
    (status,) = (each for each in office.centre.centre.agents() if each.agent == "1001")
    assert status.call is None or status.activity == "wrap_up"


@pytest.mark.parametrize(
    ("outcome", "presence"),
    [
        (OfferOutcome.NO_ANSWER, Presence.PAUSED),
        (OfferOutcome.DECLINED, Presence.PAUSED),
        (OfferOutcome.BUSY, Presence.PAUSED),
        (OfferOutcome.UNREACHABLE, Presence.PAUSED),
    ],
)
async def test_an_agent_who_does_not_take_the_offer_is_passed_over(outcome: OfferOutcome, presence: Presence) -> None:
    office = Office()
    office.staff("1001", "1002")
    line = ScriptedLine(*TO_AGENT, AgentDoes(outcome), TALK)
    async with office.open():
        await office.serve(line)
    assert line.rung == ["1001", "1002"]
    assert office.record().agent == "1002"
    first, second = office.facts(OfferEnded)
    assert isinstance(first, OfferEnded)
    assert isinstance(second, OfferEnded)
    assert (first.outcome, second.outcome) == (outcome, OfferOutcome.ANSWERED)
    assert office.centre.centre.agents()[0].presence is presence


async def test_an_answer_that_the_switch_takes_back_is_no_conversation_and_leaves_nobody_behind() -> None:
    office = Office()
    office.staff("1001")
    async with office.open():
        await office.serve(ScriptedLine(*TO_AGENT, AgentDoes(OfferOutcome.BUSY, said_answered=True), HangUpNow()))
    record = office.record()
    assert (record.talked, record.ended_by) == (0, EndedBy.CALLER)
    assert office.centre.centre.calls() == ()
    assert office.centre.centre.agents()[0].activity != "talking"


async def test_a_waiting_caller_is_offered_as_soon_as_an_agent_is_ready() -> None:
    office = Office()
    line = ScriptedLine(*TO_AGENT, TALK)
    async with office.open(), asyncio.TaskGroup() as tasks:
        served = tasks.create_task(office.serve(line))
        await settle()
        assert line.rung == []
        office.staff("1001")
        await served
    assert line.rung == ["1001"]


async def test_max_wait_releases_the_caller_into_the_flow() -> None:
    office = Office()
    line = ScriptedLine(*TO_AGENT)
    async with office.open(), asyncio.TaskGroup() as tasks:
        served = tasks.create_task(office.serve(line))
        while not served.done():
            await settle()
            office.clock.jump()
    assert office.record().disposition is Disposition.OVERFLOWED
    assert "en:all_agents_busy" in line.heard
    assert line.heard.count("en:queue_position") > 1


async def test_an_unknown_number_is_told_so_and_recorded() -> None:
    office = Office()
    line = ScriptedLine()
    await office.serve(line, number="999")
    assert office.record().disposition is Disposition.REJECTED_POLICY
    assert line.heard == ["zh-CN:number_not_served", "en:number_not_served"]
    assert line.hung_up


@pytest.mark.parametrize("outcome", [RequestOutcome.TIMEOUT, RequestOutcome.UNAVAILABLE, RequestOutcome.INVALID])
async def test_a_host_that_fails_leads_to_an_agent(outcome: RequestOutcome) -> None:
    office = Office()
    office.host.answer = Responded(outcome=outcome)
    office.staff("1001")
    line = ScriptedLine(Listen(), Press("2"), Press("1"), CARD, PIN, Listen(), TALK)
    async with office.open():
        await office.serve(line)
    assert "en:system_busy" in line.heard
    assert office.record().disposition is Disposition.ANSWERED_AGENT


async def test_a_prompt_that_cannot_be_spoken_is_skipped_and_recorded() -> None:
    office = Office()
    office.voices.broken = {"welcome"}
    await office.serve(ScriptedLine(Listen(), Press("2"), HangUpNow()))
    (fault,) = office.facts(AuthorFault)
    assert isinstance(fault, AuthorFault)
    assert (fault.code, fault.node) == ("prompt_missing", "greeting")


async def test_a_fault_of_ours_is_told_recorded_and_reaches_no_other_call() -> None:
    office = Office()
    office.host.fault = RuntimeError("planted")
    line = ScriptedLine(Listen(), Press("2"), Press("1"), CARD, PIN)
    await office.serve(line)
    record = office.record()
    assert (record.disposition, record.faults) == (Disposition.FAILED_SYSTEM, ("engine_fault",))
    assert line.heard[-2:] == ["zh-CN:system_fault", "en:system_fault"]
    await office.serve(ScriptedLine(HangUpNow()), call="1.2")
    assert office.record("1.2").disposition is Disposition.ABANDONED_IVR


async def test_a_line_that_breaks_leaves_the_call_open_until_it_comes_back() -> None:
    office = Office()
    await office.serve(ScriptedLine(Listen(), LineBreaks()))
    assert office.facts(CallEnded) == []
    await office.serve(ScriptedLine(HangUpNow()))
    assert len(office.facts(CallArrived)) == len(office.facts(CallResumed)) == len(office.facts(CallEnded)) == 1
    assert office.record().resumed == 1


async def test_a_restarted_controller_closes_calls_that_are_gone_and_keeps_the_live_ones() -> None:
    store = MemoryStore()
    before = Office(store)
    await before.serve(ScriptedLine(Listen(), LineBreaks()), call="1.1")
    await before.serve(ScriptedLine(Listen(), LineBreaks()), call="1.2")
    after = Office(store)
    after.watch.switch_reached(frozenset({CallId("1.2")}))
    assert after.record("1.1").disposition is Disposition.UNKNOWN_RECONCILED
    assert store.get(CallId("1.2")) is None
    after.calls.call_over(CallId("1.2"), ended_by=EndedBy.CALLER, talked=None, cause="16", certain=True)
    assert after.record("1.2").ended_by is EndedBy.CALLER


async def test_a_second_session_for_a_call_being_served_is_refused() -> None:
    office = Office()
    async with office.open(), asyncio.TaskGroup() as tasks:
        first = ScriptedLine(*TO_AGENT)
        served = tasks.create_task(office.serve(first))
        await settle()
        second = ScriptedLine()
        await office.serve(second)
        assert second.heard == []
        first.caller_hangs_up()
        await served
    assert len(office.facts(CallEnded)) == 1


async def test_commands_for_agents_name_them_by_id_or_telephone_and_say_what_is_wrong() -> None:
    office = Office()
    await office.desk.login("agent1001")  # type: ignore[arg-type]  # a telephone's name, as a feature code sends it
    await office.desk.ready("1001")  # type: ignore[arg-type]  # a plain text, as the command line sends it
    first = (await office.desk.agents())[0]
    assert (first.agent, first.presence, first.name) == ("1001", "ready", "王芳 Wang Fang")
    with pytest.raises(CommandRefused, match="no agent '9999'"):
        await office.desk.login("9999")  # type: ignore[arg-type]  # same


async def test_a_switch_that_dies_closes_its_calls_frees_the_agents_and_works_again_when_it_is_back() -> None:
    office = Office()
    office.staff("1001")
    async with office.open():
        office.watch.switch_reached(frozenset())
        await office.serve(ScriptedLine(*TO_AGENT, LineBreaks()))
        office.watch.switch_lost("Asterisk closed the connection")
        broken = office.clock.now()
        office.clock.advance(Millis(3_000))
        await settle()
        assert office.facts(CallEnded) == [], "it may still come back"
        for _ in range(2):
            office.clock.advance(Millis(1_000))
            await settle()
        record = office.record()
        assert (record.disposition, record.ended_by) == (Disposition.LOST_PBX_CRASH, EndedBy.SWITCH)
        assert record.ended == broken, "not when it was understood"
        assert office.centre.centre.agents()[0].activity == "idle"
        office.watch.switch_reached(frozenset())
        await office.serve(ScriptedLine(*TO_AGENT, TALK), call="1.2")
    assert office.record("1.2").disposition is Disposition.ANSWERED_AGENT
    assert len(office.facts(CallEnded)) == 2


async def test_a_switch_that_died_and_is_back_at_once_is_told_from_calls_ended_unheard() -> None:
    office = Office()
    await office.serve(ScriptedLine(Listen(), LineBreaks()))
    office.watch.switch_lost("reset")
    office.watch.switch_reached(frozenset())
    assert office.record().disposition is Disposition.LOST_PBX_CRASH


async def test_a_call_whose_line_broke_long_before_the_switch_was_lost_is_given_the_same_time_to_come_back() -> None:
    office = Office()
    async with office.open():
        office.watch.switch_reached(frozenset())
        await office.serve(ScriptedLine(Listen(), LineBreaks()))
        office.clock.advance(Millis(60_000))
        office.watch.switch_lost("Asterisk does not answer Ping")
        lost = office.clock.now()
        for _ in range(3):
            office.clock.advance(Millis(1_000))
            await settle()
        assert office.facts(CallEnded) == [], "caller and agent may talk on while only we hear nothing"
        for _ in range(2):
            office.clock.advance(Millis(1_000))
            await settle()
    assert (office.record().disposition, office.record().ended) == (Disposition.LOST_PBX_CRASH, lost)


async def test_a_call_that_comes_back_on_a_new_line_is_not_given_up() -> None:
    office = Office()
    async with office.open(), asyncio.TaskGroup() as tasks:
        await office.serve(ScriptedLine(Listen(), LineBreaks()))
        office.watch.switch_lost("reset")
        line = ScriptedLine(*TO_AGENT)
        served = tasks.create_task(office.serve(line))
        await settle()
        office.clock.advance(Millis(20_000))
        await settle()
        assert office.facts(CallEnded) == []
        line.caller_hangs_up()
        await served
    assert office.record().disposition is Disposition.ABANDONED_QUEUE


async def test_the_switchs_word_on_an_end_counts_when_the_line_breaks_in_the_same_moment() -> None:
    office = Office()

    class EndsAndBreaks(ScriptedLine):
        async def play(self, sounds: Sequence[Sound], *, barge_in: bool) -> Played | CallerGone:
            del sounds, barge_in
            office.calls.call_over(CallId("1.1"), ended_by=EndedBy.CALLER, talked=None, cause="16", certain=True)
            raise SwitchError("broke")

    await office.serve(EndsAndBreaks())
    assert office.record().ended_by is EndedBy.CALLER


async def test_a_switch_that_stays_away_is_told_once_for_each_reason() -> None:
    office = Office()
    for reason in ("refused", "refused", "no such password", "no such password"):
        office.watch.switch_lost(reason)
    assert len(office.facts(SwitchLost)) == 2
    assert office.log.lines.count("switch_lost") == 2


class TalksOn(ScriptedLine):
    """Joined with an agent, then the engine dies: the conversation goes on without it."""

    async def join(
        self,
        *,
        agent: AgentId,
        phone: str,
        ring: Millis,
        music: str,
        on_answer: Callable[[], None],
        whisper: Sequence[Sound] = (),
    ) -> Joined:
        del agent, phone, ring, music, whisper
        on_answer()
        return await asyncio.Future()


@asynccontextmanager
async def restarted_while_talking() -> AsyncIterator[Office]:
    """The office after a restart of the engine in the middle of a conversation with agent 1001."""
    before = Office()
    before.staff("1001", "1002")
    await before.desk.pause(AgentId("1002"), "lunch")
    frozen = MemoryStore()
    async with before.open(), asyncio.TaskGroup() as tasks:
        served = tasks.create_task(before.serve(TalksOn(*TO_AGENT)))
        await settle()
        frozen.append([recorded.event for recorded in before.store.read()], before.clock.now())
        before.centre.let_calls_go_on()  # a stop in order: nothing more is said about the calls
        served.cancel()
        await settle()
        assert len(list(before.store.read())) == len(list(frozen.read()))
    after = Office(frozen)
    async with after.open():
        yield after


async def test_after_a_restart_agents_stand_where_they_stood_and_who_talks_is_offered_nothing() -> None:
    async with restarted_while_talking() as office, asyncio.TaskGroup() as tasks:
        first, second = office.centre.centre.agents()
        assert (first.presence, first.activity, first.call) == ("ready", "talking", "1.1")
        assert (second.presence, second.reason, second.activity) == ("paused", "lunch", "idle")
        line = ScriptedLine(*TO_AGENT, TALK)
        served = tasks.create_task(office.serve(line, call="1.2"))
        await settle()
        assert line.rung == []
        office.clock.advance(Millis(30_000))
        office.calls.call_over(CallId("1.1"), ended_by=EndedBy.CALLER, talked=None, cause="16", certain=True)
        await office.desk.ready(AgentId("1001"))  # ends the wrap-up
        await served
        assert line.rung == ["1001"]
    record = office.record("1.1")
    assert (record.disposition, record.talked, record.agent) == (Disposition.ANSWERED_AGENT, 30_000, "1001")


async def test_a_caller_whom_the_agent_left_while_the_engine_was_away_frees_the_agent() -> None:
    async with restarted_while_talking() as office:
        await office.serve(ScriptedLine(HangUpNow()))
        assert office.centre.centre.agents()[0].activity == "wrap_up"
    assert [leg.outcome for leg in office.record().legs if leg.kind == "agent"] == ["agent"]


async def test_an_agent_may_have_more_time_after_a_conversation_as_far_as_the_queue_allows() -> None:
    office, agent = Office(), AgentId("1001")
    office.staff("1001")
    with pytest.raises(CommandRefused, match="1001 is not in wrap-up"):
        await office.desk.extend(agent, Millis(30_000))
    async with office.open():
        await office.serve(ScriptedLine(*TO_AGENT, TALK, HangUpNow()))
        await office.desk.extend(agent, Millis(30_000))
        office.clock.advance(Millis(39_000))
        await settle()
        assert office.centre.centre.agents()[0].activity == "wrap_up"
        await office.desk.extend(agent, Millis(600_000))
        with pytest.raises(CommandRefused, match="as long as the queue allows: 120s"):
            await office.desk.extend(agent, Millis(30_000))


async def test_a_conversation_that_ended_unheard_frees_the_agent_when_the_switch_is_reached() -> None:
    async with restarted_while_talking() as office:
        office.watch.switch_reached(frozenset())
        assert office.centre.centre.agents()[0].activity == "wrap_up"
    assert office.record().disposition is Disposition.UNKNOWN_RECONCILED


async def test_a_pause_without_a_reason_has_the_same_one_from_the_telephone_and_the_command_line() -> None:
    office = Office()
    office.staff("1001")
    await office.desk.pause(AgentId("1001"), "")  # what *13 sends
    (agent,) = [view for view in await office.desk.agents() if view.agent == "1001"]
    assert (agent.presence, agent.reason) == ("paused", "break")

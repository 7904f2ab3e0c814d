"""An engine is lost and the next one takes over: places, conversations and menus are as they were, each call has one record.

The first engine's store is all that the second gets: what it decided and wrote, and nothing else.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from ivr_engine.acd.transitions import CallPhase
from ivr_engine.core.events import (
    CallArrived,
    CallEnded,
    CallLeftQueue,
    CallQueued,
    CallReconciled,
    CallResumed,
    ConversationEnded,
    FlowResumed,
    OfferEnded,
    OfferMade,
    call_of,
)
from ivr_engine.core.ids import AgentId, CallId, Instant, Millis, later
from ivr_engine.core.outcomes import Disposition, EndedBy, OfferOutcome, QueueOutcome
from ivr_engine.flows.waits import CallerGone, Keyed, KeysWait
from ivr_engine.ports.inbound import Arrival, LineState, LiveLine, Rang
from ivr_engine.ports.switch import Joined, Sound
from ivr_engine.ports.switch_notes import NotedCall
from ivr_engine.services.admission import Limits
from ivr_engine.testing.line import AgentDoes, HangUpNow, LineBreaks, Listen, Press, ScriptedLine
from ivr_engine.testing.memory import MemoryStore
from tests.unit.services.office import Office, SwitchNotes, settle

CARD, PIN = Press("6299990000100015#"), Press("123456")
TO_AGENT = (Listen(), Press("2"), Press("0"))
TALK = AgentDoes(OfferOutcome.ANSWERED, talked=Millis(5000))
ANSWERED = Rang(outcome=OfferOutcome.ANSWERED, cause="ANSWER/16", phone="agent1001")
RANG_OUT = Rang(outcome=OfferOutcome.NO_ANSWER, cause="NOANSWER/0")


class Hanging(ScriptedLine):
    """A line on which, once the script is used up, nothing happens any more: whatever the engine does takes for ever."""

    async def gather(self, sounds: Sequence[Sound], wait: KeysWait) -> Keyed | CallerGone:
        if not self._script and not self._keys:
            self.heard.extend(sound.words for sound in sounds)
            return await asyncio.Future()
        return await super().gather(sounds, wait)

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
        self.rung.append(agent)
        if self._script and isinstance(act := self._script[0], AgentDoes) and act.outcome is OfferOutcome.ANSWERED:
            on_answer()
        return await asyncio.Future()


class Killed:
    """An engine that is killed while it serves calls; `store` is what had reached the disk."""

    def __init__(self, office: Office, tasks: list[asyncio.Task[None]]) -> None:
        self.office = office
        self._tasks = tasks

    async def kill(self) -> MemoryStore:
        left = copy.deepcopy(self.office.store)
        self.office.centre.let_calls_go_on()
        for task in self._tasks:
            task.cancel()
        await settle()
        return left


@asynccontextmanager
async def serving(office: Office, **lines: ScriptedLine) -> AsyncIterator[Killed]:
    """Each line is a call, named by its id with an underscore before."""
    async with office.open(), asyncio.TaskGroup() as group:
        tasks = []
        for name, line in lines.items():
            tasks.append(group.create_task(office.serve(line, call=name.removeprefix("_"))))
            office.clock.advance(Millis(1_000))
            await settle()
        yield Killed(office, tasks)
        for task in tasks:
            task.cancel()


async def after_a_kill(*agents: str, **lines: ScriptedLine) -> Office:
    """The office that takes over from one that was killed when these lines had come as far as their scripts say."""
    first = Office()
    first.staff(*agents)
    async with serving(first, **lines) as engine:
        store = await engine.kill()
    return Office(store, clock=first.clock)


async def come_back(office: Office, line: ScriptedLine, *, call: str = "1.1", rang: Rang | None = None) -> None:
    await office.calls.handle_call(Arrival(call=CallId(call), number="80000", caller="13800138000", rang=rang), line)


async def test_a_caller_in_a_menu_hears_one_moment_and_the_menu_again() -> None:
    office = await after_a_kill(_1=Hanging(Listen(), Press("2")))
    line = Hanging()
    async with serving_again(office, line, "1"):
        assert line.heard == ["en:one_moment", "en:main_menu"]


@asynccontextmanager
async def serving_again(office: Office, line: ScriptedLine, call: str, rang: Rang | None = None) -> AsyncIterator[None]:
    async with office.open(), asyncio.TaskGroup() as group:
        task = group.create_task(come_back(office, line, call=call, rang=rang))
        await settle()
        yield
        task.cancel()


async def test_the_language_and_what_was_asked_for_are_not_asked_again_and_one_record_tells_it() -> None:
    office = await after_a_kill(_1=Hanging(Listen(), Press("2"), Press("1"), CARD, PIN, Listen()))
    line = ScriptedLine(Listen(), Press("#"))
    async with office.open():
        await come_back(office, line, call="1")
    assert line.heard[:2] == ["en:one_moment", "en:anything_else"]
    record = office.record("1")
    assert (record.resumed, record.disposition, record.language) == (1, Disposition.SELF_SERVED, "en")
    (resumed,) = office.facts(FlowResumed)
    assert isinstance(resumed, FlowResumed)
    assert (resumed.node, resumed.version) == ("after_balance", resumed.previous)


async def test_a_pin_is_asked_for_again_from_the_card_on() -> None:
    office = await after_a_kill(_1=Hanging(Listen(), Press("2"), Press("1"), CARD))
    line = Hanging()
    async with serving_again(office, line, "1"):
        assert line.heard == ["en:one_moment", "en:enter_card"]
    assert "6299990000100015" not in repr(office.store.kept())


async def test_waiting_callers_keep_their_order_whatever_the_order_in_which_they_come_back() -> None:
    calls = {f"_{n}": Hanging(*TO_AGENT) for n in range(1, 5)}
    office = await after_a_kill(**calls)
    order = [status.call for status in office.centre.centre.calls()]
    assert order == ["1", "2", "3", "4"]
    assert {status.phase for status in office.centre.centre.calls()} == {CallPhase.AWAY}
    async with office.open(), asyncio.TaskGroup() as group:
        tasks = []
        for call in ("3", "1", "4", "2"):
            tasks.append(group.create_task(come_back(office, Hanging(), call=call)))
            await settle()
        assert [status.call for status in office.centre.centre.calls()] == order
        arrived = [each.at for each in office.store.read() if isinstance(each.event, CallQueued)]
        assert [status.arrived for status in office.centre.centre.calls()] == arrived
        assert len(office.facts(CallQueued)) == 4, "nobody entered the queue a second time"
        for task in tasks:
            task.cancel()


async def test_nobody_is_offered_to_an_agent_before_their_line_is_back() -> None:
    office = await after_a_kill(_1=Hanging(*TO_AGENT), _2=Hanging(*TO_AGENT))
    async with office.open(), asyncio.TaskGroup() as group:
        office.staff("1001")
        assert office.facts(OfferMade) == []
        line = ScriptedLine(TALK, HangUpNow())
        second = group.create_task(come_back(office, line, call="2"))
        await second
        assert line.rung == ["1001"], "the first in line was not there"
        assert [status.call for status in office.centre.centre.calls()] == ["1"]
    assert office.record("2").disposition is Disposition.ANSWERED_AGENT
    assert office.record("2").resumed == 1


async def test_a_telephone_that_rang_out_meanwhile_costs_the_caller_no_place_and_the_agent_a_pause() -> None:
    office = await after_a_kill("1001", _1=Hanging(*TO_AGENT), _2=Hanging(*TO_AGENT))
    (status, _) = office.centre.centre.calls()
    assert (status.call, status.phase, status.agent) == ("1", CallPhase.OFFERED, "1001")
    line = Hanging()
    async with serving_again(office, line, "1", RANG_OUT):
        agent = office.centre.centre.agents()[0]
        assert (agent.presence, agent.reason, agent.activity) == ("paused", "no_answer", "idle")
        assert [(each.call, each.phase) for each in office.centre.centre.calls()] == [("1", "waiting"), ("2", "away")]


async def test_an_agent_who_picked_up_meanwhile_is_found_talking_and_the_caller_goes_on_to_the_survey() -> None:
    office = await after_a_kill("1001", _1=Hanging(*TO_AGENT))
    office.watch.switch_reached(frozenset({CallId("1")}))
    office.watch.lines_seen([LiveLine(call=CallId("1"), state=LineState.TALKING, phone="agent1001")])
    agent = office.centre.centre.agents()[0]
    assert (agent.presence, agent.activity, agent.call) == ("ready", "talking", "1")
    (found,) = office.facts(CallReconciled)
    assert found == CallReconciled(call=CallId("1"), found="talking")
    line = ScriptedLine(Press("1"), Listen())
    async with office.open():
        await come_back(office, line, call="1", rang=ANSWERED)
    assert len(office.facts(ConversationEnded)) == 1
    record = office.record("1")
    assert (record.disposition, record.agent) == (Disposition.ANSWERED_AGENT, "1001")
    assert record.answers == (("satisfaction", "very_satisfied"),)
    assert [leg.kind for leg in record.legs] == ["waiting", "agent"], "the others took no time"


async def test_a_conversation_of_which_nobody_heard_at_all_is_told_by_the_line_that_comes_back() -> None:
    office = await after_a_kill("1001", _1=Hanging(*TO_AGENT))
    async with office.open():
        await come_back(office, ScriptedLine(Press("1"), Listen()), call="1", rang=ANSWERED)
    assert [leg.outcome for leg in office.record("1").legs] == ["answered", "agent"]
    assert office.record("1").answers == (("satisfaction", "very_satisfied"),)


async def test_an_agent_who_talks_to_a_caller_of_the_fallback_is_offered_nobody() -> None:
    office = await after_a_kill("1001", _1=Hanging(Listen(), Press("2")))
    office.watch.lines_seen([LiveLine(call=CallId("1"), state=LineState.TALKING, phone="agent1001")])
    assert office.centre.centre.agents()[0].activity == "talking"
    async with office.open(), asyncio.TaskGroup() as group:
        line = Hanging(*TO_AGENT)
        served = group.create_task(office.serve(line, call="2"))
        await settle()
        assert line.rung == []
        served.cancel()
    office.calls.call_over(CallId("1"), ended_by=EndedBy.CALLER, talked=None, cause="16", certain=True)
    assert office.record("1").disposition is Disposition.ANSWERED_AGENT


async def test_a_line_that_breaks_keeps_the_callers_place_until_it_is_back() -> None:
    office = Office()
    async with office.open(), asyncio.TaskGroup() as group:
        breaks = ScriptedLine(*TO_AGENT, LineBreaks())
        await office.serve(breaks, call="1")
        behind = group.create_task(office.serve(Hanging(*TO_AGENT), call="2"))
        await settle()
        office.staff("1001")
        await settle()
        assert [(each.call, each.phase) for each in office.centre.centre.calls()] == [("1", "away"), ("2", "offered")]
        office.staff("1002")
        line = ScriptedLine(TALK, HangUpNow())
        await come_back(office, line, call="1")
        assert line.rung == ["1002"]
        behind.cancel()
    assert len([each for each in office.facts(CallQueued) if isinstance(each, CallQueued) and each.call == "1"]) == 1


async def test_max_wait_that_ran_out_meanwhile_counts_when_the_line_is_back() -> None:
    office = await after_a_kill(_1=Hanging(*TO_AGENT))
    async with office.open():
        office.clock.advance(Millis(11 * 60_000))
        await settle()
        assert office.facts(CallLeftQueue) == []
        line = ScriptedLine(HangUpNow())
        await come_back(office, line, call="1")
    (left,) = office.facts(CallLeftQueue)
    assert isinstance(left, CallLeftQueue)
    assert left.outcome is QueueOutcome.TIMEOUT
    assert left.waited >= 11 * 60_000


async def test_an_event_that_tells_of_an_end_is_believed_only_when_the_list_says_so_too() -> None:
    office = await after_a_kill(_1=Hanging(*TO_AGENT), _2=Hanging(*TO_AGENT))
    over = {"ended_by": EndedBy.CALLER, "talked": None, "cause": "16", "certain": False}
    assert office.calls.call_over(CallId("1"), **over)  # type: ignore[arg-type] # spelt out above
    assert office.calls.call_over(CallId("2"), **over)  # type: ignore[arg-type] # same
    heard = office.clock.now()
    office.clock.advance(Millis(500))
    office.watch.lines_seen([LiveLine(call=CallId("1"), state=LineState.SERVED)])
    assert [status.call for status in office.centre.centre.calls()] == ["1"]
    record = office.record("2")
    assert (record.disposition, record.ended) == (Disposition.ABANDONED_QUEUE, heard)
    assert "end_not_confirmed" in office.log.lines


async def test_a_call_that_the_list_lacks_is_closed_once_that_is_sure() -> None:
    office = await after_a_kill(_1=Hanging(*TO_AGENT))
    office.watch.lines_seen([])
    office.clock.advance(Millis(3_900))
    office.watch.lines_seen([])
    assert office.facts(CallReconciled) == []
    office.clock.advance(Millis(200))
    office.watch.lines_seen([])
    assert office.facts(CallReconciled) == [CallReconciled(call=CallId("1"), found="gone")]
    assert office.record("1").disposition is Disposition.UNKNOWN_RECONCILED


async def test_lines_that_the_switch_holds_are_fetched_at_once_and_strays_when_it_is_sure() -> None:
    office = Office()
    held = LiveLine(call=CallId("1"), state=LineState.HELD)
    stray = LiveLine(call=CallId("2"), state=LineState.STRAY)
    rings = LiveLine(call=CallId("3"), state=LineState.RINGING, phone="agent1001")
    office.watch.lines_seen([held, stray, rings])
    assert office.lines.fetched == ["1"]
    office.clock.advance(Millis(4_000))
    office.watch.lines_seen([stray, rings])
    assert office.lines.fetched == ["1", "2"]


async def test_a_caller_who_comes_back_after_two_kills_still_has_one_record_and_one_place() -> None:
    office = await after_a_kill(_1=Hanging(*TO_AGENT))
    async with serving_again(office, Hanging(), "1"):
        store = copy.deepcopy(office.store)
        office.centre.let_calls_go_on()
    third = Office(store, clock=office.clock)
    async with third.open():
        third.staff("1001")
        await come_back(third, ScriptedLine(TALK, HangUpNow()), call="1")
    record = third.record("1")
    assert (record.resumed, record.disposition) == (2, Disposition.ANSWERED_AGENT)
    assert len(third.facts(CallQueued)) == 1
    assert len(third.facts(CallResumed)) == 2


@pytest.mark.parametrize("hours", [1, 13])
async def test_who_chose_long_ago_is_logged_out_at_a_start(hours: int) -> None:
    first = Office()
    first.staff("1001")
    first.clock.advance(Millis(hours * 3_600_000))
    second = Office(copy.deepcopy(first.store), clock=first.clock)
    assert second.centre.centre.agents()[0].presence == ("ready" if hours == 1 else "logged_out")


def at(office: Office, seconds: int) -> Instant:
    return later(office.clock.now(), Millis(seconds * 1000))


async def test_calls_that_ended_while_no_engine_was_there_have_their_records_afterwards() -> None:
    first = Office()
    async with serving(first, _1=Hanging(*TO_AGENT), _2=Hanging(Listen(), Press("2"))) as engine:
        store = await engine.kill()
    answered = NotedCall(
        call=CallId("1"),
        held=at(first, 10),
        answered=at(first, 20),
        phone="agent1001",
        parted=at(first, 50),
        parted_by_agent=True,
        ended=at(first, 50),
        ended_by=EndedBy.AGENT,
    )
    hung_up = NotedCall(call=CallId("2"), number="80000", caller="138", ended=at(first, 5))
    came = NotedCall(call=CallId("3"), number="80000", caller="139", held=at(first, 30), ended=at(first, 40))
    notes = SwitchNotes({each.call: each for each in (answered, hung_up, came)})
    first.clock.advance(Millis(60_000))
    second = Office(store, clock=first.clock, notes=notes)
    talked = second.record("1")
    assert (talked.disposition, talked.agent, talked.talked) == (Disposition.ANSWERED_AGENT, "1001", 30_000)
    assert (talked.ended, talked.legs[-1].began) == (answered.ended, answered.answered)
    assert (second.record("2").disposition, second.record("2").ended) == (Disposition.ABANDONED_IVR, hung_up.ended)
    record = second.record("3")
    assert (record.caller, record.arrived, record.ended) == ("139", came.held, came.ended)
    assert second.centre.centre.calls() == ()
    assert [agent.activity for agent in second.centre.centre.agents()] == ["idle", "idle"]
    third = Office(second.store, clock=first.clock, notes=notes)
    assert len(third.facts(CallEnded)) == 3, "written down once, recorded once"


class SlowStore(MemoryStore):
    """Shows no record: the disk has not taken it yet."""

    def recorded(self, calls: Collection[CallId]) -> frozenset[CallId]:
        del calls
        return frozenset()


async def test_a_call_whose_record_the_disk_has_not_taken_yet_does_not_arrive_again() -> None:
    office = Office(SlowStore())
    async with office.open():
        await office.serve(ScriptedLine(HangUpNow()), call="1")
    office.notes.noted[CallId("1")] = NotedCall(call=CallId("1"), number="80000", caller="139", ended=at(office, 0))
    office.watch.lines_seen([])
    assert len(office.facts(CallEnded)) == 1


async def test_a_talk_at_the_fallback_that_is_over_is_not_the_end_of_the_call() -> None:
    first = Office()
    talk = NotedCall(call=CallId("1"), held=at(first, -20), answered=at(first, -15), parted=at(first, -10))
    async with serving(first, _1=Hanging(*TO_AGENT)) as engine:
        store = await engine.kill()
    second = Office(store, clock=first.clock, notes=SwitchNotes({CallId("1"): talk}))
    assert second.facts(CallEnded) == []
    assert [status.call for status in second.centre.centre.calls()] == ["1"]


async def test_what_a_frozen_engine_heard_late_does_not_move_the_end_that_the_switch_noted() -> None:
    first = Office()
    async with serving(first, _1=Hanging(*TO_AGENT)) as engine:
        ended = at(first, 0)
        first.clock.advance(Millis(9_000))
        first.recorder.record(CallResumed(call=CallId("1")))
        store = await engine.kill()
    notes = SwitchNotes({CallId("1"): NotedCall(call=CallId("1"), ended=ended)})
    record = Office(store, clock=first.clock, notes=notes).record("1")
    assert (record.disposition, record.ended, record.ended_by) == (Disposition.ABANDONED_QUEUE, ended, EndedBy.CALLER)


async def test_on_reaching_the_switch_its_notes_say_how_missing_calls_ended() -> None:
    office = await after_a_kill(_1=Hanging(*TO_AGENT), _2=Hanging(Listen(), Press("2")))
    ended = at(office, 2)
    office.clock.advance(Millis(60_000))
    for call, by in (("1", EndedBy.CALLER), ("3", EndedBy.ENGINE)):
        office.notes.noted[CallId(call)] = NotedCall(
            call=CallId(call), number="80000", caller="139", began=at(office, -70), ended=ended, ended_by=by
        )
    office.watch.switch_reached(frozenset())
    await office.noted.look_up()
    assert (office.record("1").disposition, office.record("1").ended) == (Disposition.ABANDONED_QUEUE, ended)
    assert office.record("2").disposition is Disposition.UNKNOWN_RECONCILED, "of it nothing was written down"
    unheard = office.record("3")
    assert (unheard.caller, unheard.ended, unheard.ended_by) == ("139", ended, EndedBy.ENGINE)
    assert office.centre.centre.calls() == ()


async def test_a_note_is_better_than_the_event_that_told_of_the_end_late() -> None:
    office = await after_a_kill(_1=Hanging(*TO_AGENT))
    ended = at(office, 1)
    office.clock.advance(Millis(8_000))
    assert office.calls.call_over(CallId("1"), ended_by=EndedBy.SWITCH, talked=None, cause="16", certain=False)
    office.notes.noted[CallId("1")] = NotedCall(call=CallId("1"), ended=ended)
    office.watch.lines_seen([])
    assert (office.record("1").ended, office.record("1").ended_by) == (ended, EndedBy.CALLER)


async def test_a_call_whose_line_broke_and_whose_end_the_switch_noted_was_not_lost_with_the_switch() -> None:
    office = Office()
    async with office.open():
        await office.serve(ScriptedLine(LineBreaks()), call="1")
        office.watch.switch_lost("gone")
        office.notes.noted[CallId("1")] = NotedCall(call=CallId("1"), ended=at(office, 1))
        await settle()
        office.clock.advance(Millis(6_000))
        await settle()
    assert office.record("1").disposition is Disposition.ABANDONED_IVR


async def test_the_note_of_a_call_is_forgotten_once_the_call_has_its_record() -> None:
    office, call = Office(), CallId("1")
    async with office.open():
        await office.serve(ScriptedLine(HangUpNow()), call=call)
    office.notes.noted[call] = NotedCall(call=call, ended=at(office, 0))
    office.watch.lines_seen([])
    assert office.record(call).disposition is Disposition.ABANDONED_IVR
    assert office.notes.noted == {}


async def test_a_call_that_was_closed_from_a_note_is_neither_declined_nor_served_when_its_connection_is_heard() -> None:
    office = Office(limits=Limits(calls=0, calls_per_s=0, lag=Millis(10**9)))
    office.notes.noted[CallId("1")] = NotedCall(
        call=CallId("1"), number="80000", caller="139", began=at(office, -2), ended=at(office, -1)
    )
    office.watch.lines_seen([])
    await office.noted.look_up()
    await office.serve(ScriptedLine(), call="1")
    assert len(office.facts(CallArrived)) == len(office.facts(CallEnded)) == 1
    assert "call_already_served" in office.log.lines


async def test_the_end_of_a_call_that_another_engine_had_is_noted_for_that_engine_unless_the_call_is_open_here() -> None:
    office = Office()
    async with office.open():
        await office.serve(ScriptedLine(LineBreaks()), call="1")
        for call in ("1", "2"):
            office.notes.noted[CallId(call)] = NotedCall(
                call=CallId(call), number="80000", caller="139", began=at(office, -2), ended=at(office, 1), elsewhere=True
            )
        office.watch.switch_reached(frozenset())
        for _ in range(2):
            office.watch.lines_seen([])
            office.clock.advance(Millis(6_000))
    assert [call_of(each) for each in office.facts(CallEnded)] == ["1"]


async def test_a_caller_who_came_meanwhile_and_talks_at_the_fallback_is_taken_up() -> None:
    office = Office()
    office.staff("1001")
    office.notes.noted[CallId("7")] = NotedCall(call=CallId("7"), number="80000", caller="139", held=at(office, -30))
    talks = LiveLine(call=CallId("7"), state=LineState.TALKING, phone="agent1001")
    office.watch.lines_seen([talks])
    assert await office.noted.look_up(), "it goes on: the lines are to be listed again"
    office.watch.lines_seen([talks])
    assert office.centre.centre.agents()[0].activity == "talking"
    office.calls.call_over(CallId("7"), ended_by=EndedBy.CALLER, talked=None, cause="16", certain=True)
    record = office.record("7")
    assert (record.disposition, record.agent, record.arrived) == (Disposition.ANSWERED_AGENT, "1001", at(office, -30))


async def test_a_talk_at_the_fallback_of_an_agent_who_is_rung_by_our_account_is_recorded_once_it_is_over() -> None:
    """The agent's telephone had answered another caller before; that becomes known when that line is back."""
    office = await after_a_kill("1001", _1=Hanging(*TO_AGENT))
    ended = at(office, 9)
    talk = NotedCall(
        call=CallId("7"),
        number="80000",
        caller="139",
        began=at(office, -20),
        held=at(office, -10),
        answered=at(office, 1),
        phone="agent1001",
    )
    office.notes.noted[CallId("7")] = talk
    talks = [LiveLine(call=CallId("7"), state=LineState.TALKING, phone="agent1001")]
    office.watch.lines_seen(talks)
    await office.noted.look_up()
    office.watch.lines_seen(talks)
    assert office.facts(CallReconciled) == []
    assert office.recorder.is_open(CallId("7"))
    office.clock.advance(Millis(10_000))
    over = replace(talk, parted=ended, parted_by_agent=True, ended=ended, ended_by=EndedBy.AGENT)
    office.notes.noted[CallId("7")] = over
    assert office.calls.call_over(CallId("7"), ended_by=EndedBy.SWITCH, talked=None, cause="16", certain=False)
    office.watch.lines_seen([LiveLine(call=CallId("1"), state=LineState.RINGING, phone="agent1001")])
    record = office.record("7")
    assert (record.disposition, record.agent, record.ended) == (Disposition.ANSWERED_AGENT, "1001", ended)
    assert (record.talked, record.legs[-1].began) == (8_000, talk.answered)
    assert office.centre.centre.agents()[0].activity == "offered"


@pytest.mark.parametrize(
    ("joined", "offer", "disposition"),
    [
        ("agent1001", OfferOutcome.ANSWERED, Disposition.ANSWERED_AGENT),
        ("", OfferOutcome.CALLER_GONE, Disposition.ABANDONED_RINGING),
        ("agent1002", OfferOutcome.CALLER_GONE, Disposition.ABANDONED_RINGING),
    ],
)
@pytest.mark.parametrize("at_start", [True, False], ids=["before the start", "after it"])
async def test_an_offer_that_stood_when_the_engine_was_lost_ends_with_the_call_as_the_switch_noted(
    joined: str, offer: OfferOutcome, disposition: Disposition, *, at_start: bool
) -> None:
    first = Office()
    first.staff("1001")
    async with serving(first, _1=Hanging(*TO_AGENT)) as engine:
        store = await engine.kill()
    notes, over = SwitchNotes(), NotedCall(call=CallId("1"), ended=at(first, 5), joined=joined)
    first.clock.advance(Millis(9_000))
    if at_start:
        notes.noted[over.call] = over
    office = Office(store, clock=first.clock, notes=notes)
    notes.noted[over.call] = over
    office.watch.switch_reached(frozenset())
    (ended,) = office.facts(OfferEnded)
    assert isinstance(ended, OfferEnded)
    assert (ended.agent, ended.outcome) == ("1001", offer)
    record = office.record("1")
    assert (record.disposition, record.ended) == (disposition, over.ended)
    assert (record.agent or "") == ("1001" if offer is OfferOutcome.ANSWERED else "")
    assert len(office.facts(CallLeftQueue)) == 1
    assert office.centre.centre.agents()[0].activity in ("idle", "wrap_up")


async def test_a_waiting_call_that_ended_with_its_agent_leaves_the_line() -> None:
    office = await after_a_kill(_1=Hanging(*TO_AGENT))
    office.notes.noted[CallId("1")] = NotedCall(call=CallId("1"), ended=at(office, 1), ended_by=EndedBy.AGENT)
    office.clock.advance(Millis(2_000))
    office.watch.switch_reached(frozenset())
    assert office.record("1").ended_by is EndedBy.AGENT
    assert office.centre.centre.calls() == ()


async def test_a_caller_who_leaves_while_the_returning_line_is_answered_does_not_arrive_again() -> None:
    office = await after_a_kill(_1=Hanging(Listen(), Press("2")))
    late = ScriptedLine(Listen(), Press("2"))
    async with office.open():
        office.calls.call_over(CallId("1"), ended_by=EndedBy.CALLER, talked=None, cause="16", certain=True)
        await come_back(office, late, call="1")
    assert late.heard == []
    assert len(office.facts(CallArrived)) == len(office.facts(CallEnded)) == 1

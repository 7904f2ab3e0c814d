"""What agents do with a caller they talk to, without a switch: hold, pass on, ask, confer, and who hangs up in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType

import pytest

from ivr_engine.cdr.record import CallRecord
from ivr_engine.core.events import (
    CallQueued,
    CallTransferred,
    ColleagueReached,
    ColleagueReleased,
    ConferenceBegan,
    HoldBegan,
    HoldEnded,
    OutsideParted,
    SubflowEntered,
)
from ivr_engine.core.ids import AgentId, CallId, FlowName, Millis
from ivr_engine.core.outcomes import ConsultOutcome, EndedBy, OfferOutcome, TransferGoal
from ivr_engine.errors import CommandRefused
from ivr_engine.testing.line import Listen, Press
from tests.unit.services.office import Office, settle
from tests.unit.services.telephones import Switch, SwitchedLine

WANG, LI = AgentId("1001"), AgentId("1002")
WANGS_PHONE, LIS_PHONE = "agent1001", "agent1002"
OUTSIDE, NUMBER = "second_site", "02155550000"
CALL = CallId("1.1")
FREE, TALKING, WRAP_UP = "ready idle", "ready talking", "ready wrap_up"


@dataclass
class Talk:
    """A caller who talks with Wang; Li is at work where the test says so."""

    office: Office
    switch: Switch
    caller: SwitchedLine

    async def does(self, verb: str, *to: str) -> None:
        """Wang commands; then everything takes its course."""
        await getattr(self.office.conversations, verb)(WANG, *to)
        await settle()

    async def refuses(self, verb: str, *to: str) -> str:
        with pytest.raises(CommandRefused) as refusal:
            await getattr(self.office.conversations, verb)(WANG, *to)
        await settle()
        return str(refusal.value)

    async def picks_up(self, phone: str) -> None:
        self.switch.picks_up(phone)
        await settle()

    async def hangs_up(self, phone: str = "") -> None:
        """A telephone, or the caller."""
        if phone:
            self.switch.hangs_up(phone)
        else:
            self.caller.caller_hangs_up()
        await settle()

    async def asks_li(self) -> None:
        """Wang asks Li, who picks up."""
        await self.does("consult", LI)
        await self.picks_up(LIS_PHONE)

    def state(self, agent: AgentId) -> str:
        found = next(each for each in self.office.centre.centre.agents() if each.agent == agent)
        return " ".join(filter(None, (found.presence, found.activity, found.reason)))

    def legs(self) -> list[str]:
        """Of the record, after the flow: the kind, and who it was with."""
        record = self.record()
        return [" ".join(filter(None, (leg.kind, leg.agent or leg.to or ""))) for leg in record.legs if leg.kind != "ivr"]

    def record(self) -> CallRecord:
        return self.office.record()


@asynccontextmanager
async def talk_with_wang(
    *colleagues: AgentId, carrier: bool = False, flows: Mapping[FlowName, str] = MappingProxyType({})
) -> AsyncIterator[Talk]:
    office = Office(carrier=carrier, definition=replace(Office().definition, agent_flows=flows))
    office.staff(WANG)
    async with office.open(), asyncio.TaskGroup() as tasks:
        switch = Switch(CALL, tasks, office.conversations)
        caller = SwitchedLine(switch, Listen(), Press("2"), Press("0"))
        served = tasks.create_task(office.serve(caller))
        await settle()
        office.clock.advance(Millis(1_000))
        switch.picks_up(WANGS_PHONE)
        await settle()
        office.staff(*colleagues)
        yield Talk(office, switch, caller)
        caller.caller_hangs_up()
        await served
        for line in switch.lines.values():
            line.caller_hangs_up()


async def test_a_caller_who_is_held_hears_music_and_the_telephone_waits_in_silence_without_being_asked_again() -> None:
    async with talk_with_wang() as talk:
        await talk.does("hold")
        for _ in range(10):
            await settle()
        assert talk.switch.lines[WANGS_PHONE].holds == 1
        assert talk.state(WANG) == TALKING


async def test_a_held_caller_comes_back_and_the_record_counts_music_and_talk_apart() -> None:
    async with talk_with_wang() as talk:
        talk.office.clock.advance(Millis(5_000))
        await talk.does("hold")
        talk.office.clock.advance(Millis(20_000))
        await talk.does("resume")
        talk.office.clock.advance(Millis(3_000))
        await talk.hangs_up(WANGS_PHONE)
    (leg,) = (leg for leg in talk.record().legs if leg.kind == "agent")
    assert (leg.held, leg.talked, leg.outcome) == (20_000, 8_000, EndedBy.AGENT)


async def test_a_caller_who_hangs_up_on_hold_frees_the_agent() -> None:
    async with talk_with_wang() as talk:
        await talk.does("hold")
        agents_line = talk.switch.lines[WANGS_PHONE]
        await talk.hangs_up()
        assert agents_line.hung_up
        assert talk.state(WANG) == WRAP_UP
    assert talk.record().ended_by is EndedBy.CALLER


async def test_an_agent_who_hangs_up_while_the_caller_is_held_puts_them_back_into_the_line() -> None:
    async with talk_with_wang(LI) as talk:
        await talk.does("hold")
        await talk.hangs_up(WANGS_PHONE)
        first, again = talk.office.facts(CallQueued)
        assert isinstance(first, CallQueued)
        assert isinstance(again, CallQueued)
        assert (again.queue, again.position) == (first.queue, 1)
        assert again.arrived is not None
        await talk.picks_up(LIS_PHONE)
        assert talk.state(LI) == TALKING
    assert talk.legs() == ["waiting", "agent 1001", "waiting", "agent 1002"]


async def test_a_caller_is_passed_on_to_a_colleague_whose_telephone_rings_at_once() -> None:
    async with talk_with_wang(LI) as talk:
        await talk.does("transfer", LI)
        assert talk.caller.rung == [WANG, LI]
        assert talk.state(WANG) == WRAP_UP
        await talk.picks_up(LIS_PHONE)
        assert talk.state(LI) == TALKING
        await talk.hangs_up(LIS_PHONE)
    assert talk.legs()[:4] == ["waiting", "agent 1001", "waiting", "agent 1002"]
    assert talk.record().ended_by is not EndedBy.UNKNOWN


async def test_a_caller_on_hold_can_be_passed_on_as_well() -> None:
    async with talk_with_wang(LI) as talk:
        await talk.does("hold")
        await talk.does("transfer", LI)
        await talk.picks_up(LIS_PHONE)
        assert talk.state(LI) == TALKING
        assert WANGS_PHONE not in talk.switch.lines
    assert len(talk.office.facts(HoldEnded)) == 1


@pytest.mark.parametrize("outcome", [OfferOutcome.NO_ANSWER, OfferOutcome.BUSY, OfferOutcome.DECLINED])
async def test_a_colleague_who_does_not_take_the_caller_leaves_them_in_the_line(outcome: OfferOutcome) -> None:
    async with talk_with_wang(LI) as talk:
        await talk.does("transfer", LI)
        talk.switch.fails(LIS_PHONE, outcome)
        await settle()
        assert talk.state(LI) == f"paused idle {outcome}"
        (waiting,) = talk.office.centre.centre.calls()
        assert (waiting.call, waiting.position) == (CALL, 1)


async def test_a_caller_who_hangs_up_while_the_colleague_is_rung_leaves_nobody_reserved() -> None:
    async with talk_with_wang(LI) as talk:
        await talk.does("transfer", LI)
        await talk.hangs_up()
        assert talk.state(LI) == FREE
        assert talk.office.centre.centre.calls() == ()
    assert talk.legs() == ["waiting", "agent 1001", "waiting"]


async def test_a_caller_is_passed_on_to_a_queue_with_the_first_arrival() -> None:
    async with talk_with_wang() as talk:
        await talk.does("transfer", "loan")
        _, moved = talk.office.facts(CallQueued)
        assert isinstance(moved, CallQueued)
        assert (moved.queue, moved.position) == ("loan", 1)
        assert moved.arrived is not None
        assert talk.state(WANG) == WRAP_UP


async def test_a_caller_is_passed_on_to_a_number_and_goes_on_in_the_flow_after_it() -> None:
    async with talk_with_wang(carrier=True) as talk:
        await talk.does("transfer", OUTSIDE)
        assert talk.caller.rung[-1] == NUMBER
        await talk.picks_up(NUMBER)
        await talk.hangs_up(NUMBER)
        (parted,) = talk.office.facts(OutsideParted)
        assert isinstance(parted, OutsideParted)
        assert (parted.to, parted.outcome) == (OUTSIDE, OfferOutcome.ANSWERED)
    assert talk.legs()[:3] == ["waiting", "agent 1001", f"outside {OUTSIDE}"]


async def test_a_number_that_does_not_answer_gives_the_caller_back_to_the_line() -> None:
    async with talk_with_wang(LI, carrier=True) as talk:
        await talk.does("transfer", OUTSIDE)
        talk.switch.fails(NUMBER, OfferOutcome.NO_ANSWER)
        await settle()
        assert talk.caller.rung == [WANG, NUMBER, LI]


IDENTIFY = FlowName("identify")
FLOWS = {IDENTIFY: "91", FlowName("loan"): ""}  # there is a queue loan, too


@pytest.mark.parametrize("to", ["identify", "91"])
async def test_a_caller_is_passed_into_a_flow_and_goes_on_after_it_as_after_the_conversation(to: str) -> None:
    async with talk_with_wang(flows=FLOWS) as talk:
        await talk.does("transfer", to)
        assert talk.state(WANG) == WRAP_UP
    (passed,) = talk.office.facts(CallTransferred)
    assert isinstance(passed, CallTransferred)
    assert (passed.goal, passed.to) == (TransferGoal.FLOW, IDENTIFY)
    entered = [each for each in talk.office.facts(SubflowEntered) if isinstance(each, SubflowEntered)]
    assert IDENTIFY in {each.entered for each in entered}


async def test_a_caller_on_hold_can_be_passed_into_a_flow_and_the_agents_telephone_is_hung_up() -> None:
    async with talk_with_wang(flows=FLOWS) as talk:
        await talk.does("hold")
        await talk.does("transfer_into", IDENTIFY)
        assert WANGS_PHONE not in talk.switch.lines
        assert talk.state(WANG) == WRAP_UP
    assert len(talk.office.facts(CallTransferred)) == len(talk.office.facts(HoldEnded)) == 1


async def test_where_a_queue_has_the_name_of_a_flow_the_flow_must_be_asked_for() -> None:
    async with talk_with_wang(flows=FLOWS) as talk:
        await talk.does("transfer", "loan")
        assert [each.queue for each in talk.office.facts(CallQueued) if isinstance(each, CallQueued)][1:] == ["loan"]
    async with talk_with_wang(flows=FLOWS) as talk:
        await talk.does("transfer_into", "loan")
        entered = [each.entered for each in talk.office.facts(SubflowEntered) if isinstance(each, SubflowEntered)]
        assert "loan" in entered


async def test_a_flow_that_is_not_for_agents_takes_no_caller() -> None:
    async with talk_with_wang(flows=FLOWS) as talk:
        assert "`agent_flows` of the call: identify, loan" in await talk.refuses("transfer_into", "main")
        assert "no agent, queue or entry" in await talk.refuses("transfer", "main")
        assert talk.state(WANG) == TALKING


async def test_an_agent_asks_a_colleague_and_leaves_the_caller_to_them() -> None:
    async with talk_with_wang(LI) as talk:
        await talk.asks_li()
        assert (talk.state(WANG), talk.state(LI)) == (TALKING, TALKING)
        await talk.does("complete")
        assert (talk.state(WANG), talk.state(LI)) == (WRAP_UP, TALKING)
        assert talk.caller.rooms == [CALL]
        await talk.hangs_up(LIS_PHONE)
    assert talk.legs()[:3] == ["waiting", "agent 1001", "agent 1002"]
    (passed,) = talk.office.facts(CallTransferred)
    assert isinstance(passed, CallTransferred)
    assert (passed.to, passed.consulted) == (LI, True)


@pytest.mark.parametrize(
    ("rang", "after"),
    [
        (OfferOutcome.BUSY, "paused idle busy"),
        (OfferOutcome.DECLINED, "paused idle declined"),
        (OfferOutcome.NO_ANSWER, "paused idle no_answer"),
        (OfferOutcome.FAILED, FREE),
    ],
)
async def test_a_colleague_who_is_not_reached_gives_the_agent_the_caller_back(rang: OfferOutcome, after: str) -> None:
    async with talk_with_wang(LI) as talk:
        await talk.does("consult", LI)
        talk.switch.fails(LIS_PHONE, rang)
        await settle()
        assert (talk.state(WANG), talk.state(LI)) == (TALKING, after)
        assert len(talk.office.facts(HoldBegan)) == len(talk.office.facts(HoldEnded)) == 1
    (released,) = talk.office.facts(ColleagueReleased)
    assert isinstance(released, ColleagueReleased)
    assert released.outcome is ConsultOutcome.NOT_REACHED


@pytest.mark.parametrize("reached", [False, True], ids=["while it rings", "while the two talk"])
async def test_a_caller_who_hangs_up_while_the_agent_asks_ends_it_for_both(reached: bool) -> None:
    async with talk_with_wang(LI) as talk:
        await talk.does("consult", LI)
        if reached:
            await talk.picks_up(LIS_PHONE)
        asked = talk.switch.ringing[LIS_PHONE]
        await talk.hangs_up()
        assert asked.over.is_set(), "the colleague's telephone is hung up"
        assert (talk.state(WANG), talk.state(LI)) == (WRAP_UP, FREE)
        assert talk.office.centre.centre.calls() == ()
    (released,) = talk.office.facts(ColleagueReleased)
    assert isinstance(released, ColleagueReleased)
    assert released.outcome is ConsultOutcome.ABANDONED


async def test_an_agent_who_hangs_up_while_the_colleague_is_rung_puts_the_caller_back_into_the_line() -> None:
    async with talk_with_wang(LI) as talk:
        await talk.does("consult", LI)
        await talk.hangs_up(WANGS_PHONE)
        assert talk.state(WANG) == WRAP_UP
        assert len(talk.office.facts(CallQueued)) == 2
        await talk.picks_up(LIS_PHONE)
        assert talk.state(LI) == TALKING


async def test_an_agent_who_hangs_up_while_talking_with_the_colleague_leaves_the_caller_to_them() -> None:
    async with talk_with_wang(LI) as talk:
        await talk.asks_li()
        await talk.does("conference")
        await talk.hangs_up(WANGS_PHONE)
        assert (talk.state(WANG), talk.state(LI)) == (WRAP_UP, TALKING)
        await talk.hangs_up(LIS_PHONE)
    assert talk.legs()[:3] == ["waiting", "agent 1001", "agent 1002"]


@pytest.mark.parametrize(("verb", "outcome"), [("resume", ConsultOutcome.RETURNED), ("", ConsultOutcome.LEFT)])
async def test_the_agent_is_back_with_the_caller_when_the_asking_is_over(verb: str, outcome: ConsultOutcome) -> None:
    async with talk_with_wang(LI) as talk:
        await talk.asks_li()
        asked = talk.switch.ringing[LIS_PHONE]
        if verb:
            await talk.does(verb)
        else:
            await talk.hangs_up(LIS_PHONE)
        assert asked.over.is_set()
        assert (talk.state(WANG), talk.state(LI)) == (TALKING, FREE)
        assert talk.caller.rooms == [CALL]
    (released,) = talk.office.facts(ColleagueReleased)
    assert isinstance(released, ColleagueReleased)
    assert released.outcome is outcome


async def test_three_talk_in_one_room_and_who_hangs_up_leaves_the_others_talking() -> None:
    async with talk_with_wang(LI) as talk:
        await talk.asks_li()
        await talk.does("conference")
        assert len(talk.office.facts(ConferenceBegan)) == 1
        assert {*talk.switch.leading, *talk.switch.following} == {talk.caller, *talk.switch.lines.values()}
        await talk.hangs_up(LIS_PHONE)
        assert (talk.state(WANG), talk.state(LI)) == (TALKING, FREE)
        assert {*talk.switch.leading, *talk.switch.following} == {talk.caller, talk.switch.lines[WANGS_PHONE]}


async def test_a_caller_who_hangs_up_in_a_conference_ends_it_for_both_agents() -> None:
    async with talk_with_wang(LI) as talk:
        await talk.asks_li()
        await talk.does("conference")
        await talk.hangs_up()
        assert (talk.state(WANG), talk.state(LI)) == (WRAP_UP, FREE)
        assert talk.switch.lines == {}


async def test_the_hold_key_of_the_agents_own_telephone_is_in_the_record() -> None:
    async with talk_with_wang() as talk:
        talk.office.conversations.phone_holds(CALL, WANGS_PHONE, holds=True)
        talk.office.clock.advance(Millis(4_000))
        talk.office.conversations.phone_holds(CALL, LIS_PHONE, holds=False)  # nobody of this conversation
        talk.office.conversations.phone_holds(CALL, WANGS_PHONE, holds=False)
        await talk.hangs_up(WANGS_PHONE)
    (held,) = talk.office.facts(HoldEnded)
    assert isinstance(held, HoldEnded)
    assert (held.agent, held.held) == (WANG, 4_000)


@pytest.mark.parametrize(
    ("verb", "to", "says"),
    [
        ("transfer", LI, "1002 cannot take the call now: logged_out"),
        ("transfer", WANG, "the same agent"),
        ("transfer", "nobody", "no agent, queue or entry"),
        ("transfer", OUTSIDE, "no carrier is set"),
        ("consult", LI, "1002 cannot take the call now: logged_out"),
        ("consult", "loan", "is a queue"),
        ("resume", None, "not on hold"),
        ("complete", None, "nobody who was asked"),
        ("conference", None, "nobody who was asked"),
    ],
)
async def test_what_cannot_be_done_is_refused_and_the_two_go_on_talking(verb: str, to: str | None, says: str) -> None:
    async with talk_with_wang() as talk:
        assert says in await talk.refuses(verb, *([to] if to else []))
        assert talk.state(WANG) == TALKING
        assert talk.caller.with_ is not None


@pytest.mark.parametrize(("verb", "to"), [("hold", None), ("consult", LI)])
async def test_what_the_switch_does_not_do_is_refused_and_all_is_as_it_was(verb: str, to: str | None) -> None:
    async with talk_with_wang(LI) as talk:
        talk.caller.obeys = False
        assert "the switch does not do it" in await talk.refuses(verb, *([to] if to else []))
        assert (talk.state(WANG), talk.state(LI)) == (TALKING, FREE)
        assert len(talk.office.facts(HoldBegan)) == len(talk.office.facts(HoldEnded))
        talk.caller.obeys = True
        await talk.asks_li()
        assert talk.office.facts(ColleagueReached)


@pytest.mark.parametrize("verb", ["hold", "resume", "complete", "conference", "transfer", "consult"])
async def test_without_a_caller_it_is_refused(verb: str) -> None:
    office = Office()
    office.staff(WANG)
    to = [LI] if verb in {"transfer", "consult"} else []
    with pytest.raises(CommandRefused, match="is not talking with a caller"):
        await getattr(office.conversations, verb)(WANG, *to)


async def test_a_telephone_of_no_conversation_is_let_go() -> None:
    office = Office()
    async with asyncio.TaskGroup() as tasks:
        await office.conversations.handle_leg(CALL, WANGS_PHONE, SwitchedLine(Switch(CALL, tasks, office.conversations)))
    assert "leg_of_no_conversation" in office.log.lines

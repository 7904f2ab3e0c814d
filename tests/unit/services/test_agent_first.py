"""Callbacks in which the agent is called before the customer: never a customer without an agent, never an agent for two."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from ivr_engine.core.events import CallbackAttempted, CallbackBooked, CallbackEnded, CallbackPlaced, OfferMade
from ivr_engine.core.ids import AgentId, CallId, Language, Millis, NodeName, QueueName
from ivr_engine.core.outcomes import CallbackEnd, Disposition, OfferOutcome
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.ports.switch import CallControl, OutgoingCall, Unreached
from ivr_engine.testing.line import Listen, Press
from tests.unit.services.office import Office, settle
from tests.unit.services.telephones import Switch, SwitchedLine

SERVICE, NUMBER = QueueName("service"), "13800138000"
WANG, LI = AgentId("1001"), AgentId("1002")
WANGS_PHONE, LIS_PHONE = "agent1001", "agent1002"
ATTEMPT = CallId("cb1-1")
GAP = Millis(600_000)


@dataclass
class Exchange:
    """Makes calls to telephones that the test answers. `called`: whom, in order; `given_up`: whom in vain."""

    switch: Switch
    called: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    can_dial: bool = True

    @asynccontextmanager
    async def outgoing(self, order: OutgoingCall) -> AsyncIterator[CallControl | Unreached]:
        who = order.phone or order.number
        self.called.append(who)
        self.shown.append(order.shown)
        try:
            outcome = await self.switch.ring(who).told
        except asyncio.CancelledError:
            self.given_up.append(who)
            raise
        if outcome is not OfferOutcome.ANSWERED:
            yield Unreached(outcome=outcome, cause="")
            return
        line = self.switch.lines[who] = SwitchedLine(self.switch)
        yield line
        await line.hang_up()
        self.switch.lines.pop(who, None)


@dataclass
class Desk:
    """A centre that calls its agents first, with one customer booked."""

    office: Office
    switch: Switch
    exchange: Exchange

    async def picks_up(self, who: str) -> None:
        self.switch.picks_up(who)
        await settle()

    async def fails(self, who: str, outcome: OfferOutcome) -> None:
        self.switch.fails(who, outcome)
        await settle()

    async def hangs_up(self, who: str) -> None:
        self.switch.hangs_up(who)
        await settle()

    async def passes(self, span: Millis) -> None:
        self.office.clock.advance(span)
        await settle()

    def state(self, agent: AgentId) -> str:
        found = next(each for each in self.office.centre.centre.agents() if each.agent == agent)
        return " ".join(filter(None, (found.presence, found.activity, found.reason)))

    def attempts(self) -> list[str]:
        return [str(each.outcome) for each in self.office.facts(CallbackAttempted) if isinstance(each, CallbackAttempted)]

    def ends(self) -> list[CallbackEnd]:
        return [each.outcome for each in self.office.facts(CallbackEnded) if isinstance(each, CallbackEnded)]

    def together(self) -> set[SwitchedLine]:
        """The lines that hear each other."""
        return {*self.switch.leading, *self.switch.following}


def agents_first(definition: CentreDefinition) -> CentreDefinition:
    queue = definition.queues[SERVICE]
    waiting = replace(queue.waiting, callback=replace(queue.waiting.callback, agent_first=True))
    return replace(definition, queues={**definition.queues, SERVICE: replace(queue, waiting=waiting)})


@asynccontextmanager
async def a_booking(*staff: AgentId) -> AsyncIterator[Desk]:
    office = Office(definition=agents_first(Office().definition))
    async with office.open(), asyncio.TaskGroup() as tasks:
        switch = Switch(ATTEMPT, tasks, office.conversations)
        desk = Desk(office, switch, Exchange(switch))
        calling = tasks.create_task(office.callbacks.keep_calling(desk.exchange))
        await settle()
        office.recorder.record(
            CallbackBooked(
                call=CallId("1.1"), node=NodeName("book"), queue=SERVICE, number=NUMBER, needs=(), priority=0,
                language=Language("en"), dialled="80000",
            )
        )  # fmt: skip
        await settle()
        office.staff(*staff)
        await settle()
        yield desk
        for line in tuple(switch.lines.values()):
            line.caller_hangs_up()
        await settle()
        calling.cancel()


async def test_the_agent_hears_who_it_is_and_then_the_customer_is_called_and_they_talk() -> None:
    async with a_booking(WANG) as desk:
        assert desk.exchange.called == [WANGS_PHONE]
        assert desk.office.facts(CallbackPlaced) == [], "nobody has called the customer"
        await desk.picks_up(WANGS_PHONE)
        agent = desk.switch.lines[WANGS_PHONE]
        assert any("digits" in words for words in agent.heard)
        assert desk.exchange.called == [WANGS_PHONE, NUMBER]
        assert desk.exchange.shown == [NUMBER, "80000"]
        assert desk.together() == set()
        await desk.picks_up(NUMBER)
        assert desk.together() == {agent, desk.switch.lines[NUMBER]}
        assert desk.state(WANG) == "ready talking"
        await desk.hangs_up(NUMBER)
        assert agent.hung_up
        assert desk.state(WANG) == "ready wrap_up"
    assert (desk.attempts(), desk.ends()) == (["answered"], [CallbackEnd.TALKED])
    record = desk.office.record(ATTEMPT)
    assert (record.disposition, record.agent, record.caller) == (Disposition.ANSWERED_AGENT, WANG, NUMBER)


@pytest.mark.parametrize("outcome", [OfferOutcome.BUSY, OfferOutcome.NO_ANSWER, OfferOutcome.DECLINED])
async def test_an_agent_who_does_not_pick_up_costs_no_attempt_and_the_next_one_is_called(outcome: OfferOutcome) -> None:
    async with a_booking(WANG, LI) as desk:
        await desk.fails(WANGS_PHONE, outcome)
        assert desk.state(WANG) == f"paused idle {outcome}"
        assert desk.exchange.called == [WANGS_PHONE, LIS_PHONE]
        assert desk.attempts() == []
        await desk.picks_up(LIS_PHONE)
        await desk.picks_up(NUMBER)
        assert desk.state(LI) == "ready talking"
    assert desk.ends() == [CallbackEnd.TALKED]


async def test_without_an_agent_on_the_line_the_customer_is_never_called() -> None:
    async with a_booking(WANG) as desk:
        await desk.fails(WANGS_PHONE, OfferOutcome.NO_ANSWER)
        await desk.passes(GAP)
        assert desk.exchange.called == [WANGS_PHONE]
        assert desk.ends() == []


async def test_an_agent_who_hangs_up_before_the_customer_answers_ends_the_ringing() -> None:
    async with a_booking(WANG) as desk:
        await desk.picks_up(WANGS_PHONE)
        await desk.hangs_up(WANGS_PHONE)
        assert desk.exchange.given_up == [NUMBER]
        assert desk.state(WANG) == "paused idle declined"
        assert desk.attempts() == ["failed"]
        assert desk.office.record(ATTEMPT).disposition is Disposition.CALLBACK_MISSED


async def test_a_customer_who_does_not_answer_lets_the_agent_go_and_is_called_again_after_the_gap() -> None:
    async with a_booking(WANG) as desk:
        await desk.picks_up(WANGS_PHONE)
        agent = desk.switch.lines[WANGS_PHONE]
        await desk.fails(NUMBER, OfferOutcome.NO_ANSWER)
        assert agent.hung_up
        assert (desk.state(WANG), desk.attempts()) == ("ready idle", ["no_answer"])
        await desk.passes(GAP)
        assert desk.exchange.called == [WANGS_PHONE, NUMBER, WANGS_PHONE]


async def test_an_agent_who_is_called_for_a_customer_is_offered_nobody_else() -> None:
    async with a_booking(WANG) as desk, asyncio.TaskGroup() as tasks:
        await desk.picks_up(WANGS_PHONE)
        caller = SwitchedLine(desk.switch, Listen(), Press("2"), Press("0"))
        waits = tasks.create_task(desk.office.serve(caller, call="2.1"))
        await settle()
        offers = [each.call for each in desk.office.facts(OfferMade) if isinstance(each, OfferMade)]
        assert offers == [ATTEMPT]
        caller.caller_hangs_up()
        await waits


async def test_the_agent_may_hold_the_customer_and_pass_them_on_as_any_caller() -> None:
    async with a_booking(WANG, LI) as desk:
        await desk.picks_up(WANGS_PHONE)
        await desk.picks_up(NUMBER)
        customer = desk.switch.lines[NUMBER]
        await desk.office.conversations.hold(WANG)
        await settle()
        assert desk.together() == set()
        await desk.office.conversations.transfer(WANG, LI)
        await settle()
        assert customer.rung == [LI]
        assert desk.state(WANG) == "ready wrap_up"
        await desk.picks_up(LIS_PHONE)
        assert desk.state(LI) == "ready talking"
    assert desk.ends() == [CallbackEnd.TALKED]

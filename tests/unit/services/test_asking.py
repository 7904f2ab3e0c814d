"""A caller leaves while a service is asked for them: the call is over at once, and the question is seen through."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from ivr_engine.core.events import CallEnded, NodeEntered, RequestAnswered
from ivr_engine.core.ids import Millis
from ivr_engine.core.outcomes import EndedBy, RequestOutcome
from ivr_engine.flows.waits import Json, Responded
from ivr_engine.testing.builders import centre
from ivr_engine.testing.line import ScriptedLine
from tests.unit.services.office import Host, Office, settle

ASK = {"request": {"service": "host", "operation": "pay", "into": "paid"}, "failed": "end"}
NODES = {"ask": {**ASK, "next": "tell"}, "tell": {"play": ["words"], "next": "end"}, "end": {"hangup": {}}}
LOOP = {"ask": {"request": {"service": "host", "operation": "pay"}, "next": "ask", "failed": "ask"}, "end": {"hangup": {}}}


class Thinking(Host):
    """Answers when it is told to. `asked` counts."""

    asked = 0

    def __init__(self) -> None:
        super().__init__()
        self.told: asyncio.Future[Responded] = asyncio.get_running_loop().create_future()

    async def ask(self, *, service: str, operation: str, send: Mapping[str, Json], limit: Millis) -> Responded:
        del service, operation, send, limit
        self.asked += 1
        return await asyncio.shield(self.told)


def office_of(nodes: dict[str, Any]) -> tuple[Office, Thinking]:
    host = Thinking()
    return Office(definition=centre(nodes), host=host), host


async def test_who_leaves_while_a_service_is_asked_is_gone_at_once_and_the_answer_is_kept() -> None:
    office, host = office_of(NODES)
    line = ScriptedLine()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(office.serve(line, number="95500"))
        await settle()
        line.caller_hangs_up()
        await settle()
        assert (office.record().ended_by, office.calls.served) == (EndedBy.CALLER, frozenset())
        host.told.set_result(Responded(outcome=RequestOutcome.REFUSED, result="limit_reached", took=Millis(900)))
    (answered,) = office.facts(RequestAnswered)
    assert isinstance(answered, RequestAnswered)
    assert (answered.operation, answered.outcome, answered.result) == ("pay", RequestOutcome.REFUSED, "limit_reached")
    assert len(office.facts(CallEnded)) == 1
    assert [each.node for each in office.facts(NodeEntered) if isinstance(each, NodeEntered)] == ["ask"]


async def test_a_flow_that_asks_again_and_again_does_not_outlive_its_caller() -> None:
    office, host = office_of(LOOP)
    host.told.set_result(Responded(outcome=RequestOutcome.UNAVAILABLE))
    line = ScriptedLine()
    line.caller_hangs_up()
    await office.serve(line, number="95500")
    assert (office.record().ended_by, host.asked) == (EndedBy.CALLER, 1)


async def test_an_engine_that_ends_takes_the_question_with_it_and_the_call_goes_on_elsewhere() -> None:
    office, host = office_of(NODES)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(office.serve(ScriptedLine(), number="95500"))
        await settle()
        serving.cancel()
    assert host.asked == 1
    assert office.facts(CallEnded) == []

"""Every row of the table of ring outcomes, from the telephone to the record: what the offer ended as, what becomes of the
agent, and that the caller keeps the place and is offered to the next one."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from ivr_engine.core.events import CallQueued, OfferEnded
from ivr_engine.core.outcomes import OfferOutcome
from tests.system import sipp
from tests.system.day import Day, legs

pytestmark = pytest.mark.system


@dataclass(frozen=True)
class Row:
    """What agent 1001's telephone does, what the offer ends as, the agent's state afterwards, and how often it was rung."""

    does: str | None
    outcome: OfferOutcome
    cause: str
    state: str
    rung: int = 1


ROWS = {
    "486": Row(sipp.refuse(486), OfferOutcome.BUSY, "BUSY/17", "paused idle busy"),
    "600": Row(sipp.refuse(600), OfferOutcome.BUSY, "BUSY/17", "paused idle busy"),
    "480": Row(sipp.refuse(480), OfferOutcome.UNAVAILABLE, "NOANSWER/19", "paused idle unavailable"),
    "603": Row(sipp.refuse(603), OfferOutcome.DECLINED, "CHANUNAVAIL/21", "paused idle declined"),
    "403": Row(sipp.refuse(403), OfferOutcome.DECLINED, "CHANUNAVAIL/21", "paused idle declined"),
    "404": Row(sipp.refuse(404), OfferOutcome.MISCONFIGURED, "CHANUNAVAIL/1", "paused idle misconfigured"),
    "488": Row(sipp.refuse(488), OfferOutcome.NO_CODEC, "CHANUNAVAIL/58", "paused idle no_codec"),
    "503": Row(sipp.refuse(503), OfferOutcome.CONGESTED, "CONGESTION/34", "ready idle", rung=2),
    "302": Row(sipp.refuse(302), OfferOutcome.FORWARDED, "CHANUNAVAIL/23", "paused idle forwarded"),
    "rings out": Row(sipp.ring_on(), OfferOutcome.NO_ANSWER, "NOANSWER/0", "paused idle no_answer"),
    "silent": Row(sipp.hear(30_000), OfferOutcome.NO_ANSWER, "NOANSWER/0", "paused idle no_answer"),
    "not registered": Row(None, OfferOutcome.UNREACHABLE, "CHANUNAVAIL/3", "paused idle unreachable"),
}


@pytest.mark.parametrize("name", ROWS)
async def test_whatever_the_telephone_does_the_caller_reaches_the_next_agent(day: Day, tmp_path: Path, name: str) -> None:
    row, phone = ROWS[name], "agent1001"
    async with AsyncExitStack() as stack:
        if row.does is not None:
            secret, pbx = day.site.secrets[phone], day.site.address
            await stack.enter_async_context(sipp.agent(phone, secret, pbx=pbx, folder=tmp_path, behaviour=row.does))
        await day.present("1001")  # free for longest, so rung first
        li = await day.agent("1002")
        caller = await day.caller()
        await caller.asks_for_an_agent()
        talk = await li.answers()
        await caller.talks()
        failed = [each for each in caller.kinds(OfferEnded) if each.agent == "1001"]
        await day.comes_to(_1001=row.state)
        await talk.hang_up()
        await caller.reaches("survey")
        await caller.hangs_up()
        record = await caller.record()
    assert [(each.outcome, each.cause) for each in failed] == [(row.outcome, row.cause)] * row.rung
    assert len(caller.kinds(CallQueued)) == 1, "the caller never left the line"
    assert legs(record)[1:] == (f"waiting: answered, {row.rung + 1} offered", "agent 1002: ended by agent", "survey")

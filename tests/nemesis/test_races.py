"""The agent picks up and the caller hangs up within 50 ms of each other, over real SIP, many at a time: one ending each."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import pytest

from ivr_engine.core.events import ConversationBegan, ConversationEnded, OfferEnded, call_of
from ivr_engine.core.ids import CallId
from ivr_engine.core.outcomes import Disposition, OfferOutcome
from tests.nemesis import bank
from tests.nemesis.conftest import TIMES, Stands
from tests.nemesis.stand import People, Stand
from tests.system import sipp

pytestmark = pytest.mark.system

RACE_S = 0.050
RING_MS = 300
BEFORE_RINGING_MS = 530
"""About so long after a caller was answered a free agent's telephone rings, beside others who come at the same time."""

AT_ONCE = 12
EVERYBODY = People(menu=0, secret=0, story=0, request=0, counter=40, desk=0, line=0)
ANSWERS = {
    "desk": sipp.answer(),
    "line": sipp.answer(),
    "counter": sipp.answer_unless_cancelled(after=RING_MS),
}
LEAVES = (
    sipp.hear_between(RING_MS + BEFORE_RINGING_MS - 40, RING_MS + BEFORE_RINGING_MS + 80),
    sipp.hang_up(),
)
DIGITS = "1378"
POLL_S = 0.2
LIMIT_S = 600


@pytest.mark.parametrize(
    "races", [10, pytest.param(200 * TIMES, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])], ids=["few", "many"]
)
async def test_who_hangs_up_as_the_agent_picks_up_has_one_ending_and_the_agent_is_free(
    stand_for: Stands, races: int
) -> None:
    stand = stand_for(EVERYBODY)
    async with AsyncExitStack() as stack:
        await stand.telephones(stack, ANSWERS)
        callers = await stack.enter_async_context(racers(stand))
        await raced_often(stand, races)
        run = await callers.comes_to_its_end()
        await stand.quiet()
    near = raced(stand)
    print(told(stand, near, run))  # noqa: T201 - what a soak did is its result
    found = [*stand.history().breaches(), *torn(stand), *stuck(await stand.site.ask("agent.list"))]
    assert not run.failed, run.errors
    assert not found, "\n".join([f"seed {stand.seed}", *found])


def racers(stand: Stand) -> AbstractAsyncContextManager[sipp.Crowd]:
    return sipp.crowd(
        "racers", to=bank.COUNTER, pbx=stand.site.address, folder=stand.site.folder, steps=LEAVES, digits=DIGITS,
        at_once=AT_ONCE, rate=8,
    )  # fmt: skip


async def raced_often(stand: Stand, races: int) -> None:
    """SIPp announces nothing: look until it was often enough; bounded."""
    deadline = time.monotonic() + LIMIT_S * TIMES
    while len(raced(stand)) < races:
        assert time.monotonic() < deadline, f"seed {stand.seed}: {len(raced(stand))} races"
        await asyncio.sleep(POLL_S)


def raced(stand: Stand) -> dict[str, float]:
    """By the caller's number, how long after the agent picked up the caller hung up, where that is within 50 ms; seconds."""
    left = {each.number: each.at for each in said(stand, "racers", "BYE ")}
    taken = {each.number: each.at for each in said(stand, "agent-counter", "SIP/2.0 200") if each.method == "INVITE"}
    # a telephone that was told of the hang-up before its time to answer: how much before is known from when it rang
    rang = {each.number: each.at + RING_MS / 1000 for each in said(stand, "agent-counter", "SIP/2.0 180")}
    gaps = {number: at - taken.get(number, rang[number]) for number, at in left.items() if number in rang}
    return {number: gap for number, gap in gaps.items() if abs(gap) <= RACE_S}


def said(stand: Stand, name: str, first: str) -> Iterator[sipp.Message]:
    messages = sipp.messages_of(stand.site.folder / f"{name}.messages")
    return (each for each in messages if each.sent and each.first.startswith(first))


def torn(stand: Stand) -> list[str]:
    """Calls whose facts do not say one and the same of how they ended."""
    found, facts = [], dict[CallId, Counter[str]]()
    for each in stand.journal():
        call = call_of(each.event)
        if call is None:
            continue
        counted = facts.setdefault(call, Counter())
        match each.event:
            case ConversationBegan() | ConversationEnded():
                counted[each.event.TYPE] += 1
            case OfferEnded(outcome=OfferOutcome.ANSWERED):
                counted["answered"] += 1
    for record in stand.history().records:
        answered = record.disposition is Disposition.ANSWERED_AGENT
        if set(facts[record.call].values()) != ({1} if answered else set()) or len(facts[record.call]) not in (0, 3):
            found.append(f"{record.call}: {record.disposition}, and {dict(facts[record.call])}")
        if not answered and record.disposition not in (Disposition.ABANDONED_RINGING, Disposition.ABANDONED_QUEUE):
            found.append(f"{record.call}: {record.disposition}")
    return found


def stuck(agents: list[dict[str, object]]) -> list[str]:
    """Agents of the counter who are not free again."""
    states = {str(row["agent"]): (row["presence"], row["activity"]) for row in agents}
    return [f"{agent}: {state}" for agent, state in states.items() if agent.startswith("2") and state[0] != "ready"]


def told(stand: Stand, near: dict[str, float], run: sipp.SippRun) -> str:
    kinds = Counter(str(record.disposition) for record in stand.history().records if record.caller in near)
    everybody = Counter(str(record.disposition) for record in stand.history().records)
    return (
        f"seed={stand.seed} callers={run.succeeded + run.failed} {dict(everybody)};"
        f" races within 50 ms={len(near)} {dict(kinds)}, the caller first in {sum(gap < 0 for gap in near.values())}"
    )

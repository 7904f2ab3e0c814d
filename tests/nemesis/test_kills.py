"""The engine is killed, stopped and started under callers in every state, and no caller pays for it."""

from __future__ import annotations

import asyncio

import pytest

from tests.nemesis.conftest import TIMES, Stands
from tests.nemesis.killing import harm_again_and_again, told
from tests.nemesis.stand import People

pytestmark = pytest.mark.system

FEW = People()
FIFTY = People(menu=6, secret=4, story=5, request=4, counter=6, desk=12, line=13)


async def test_what_an_agent_was_told_is_done_outlives_a_kill_in_the_next_instant(stand_for: Stands) -> None:
    stand = stand_for(People(menu=0, secret=0, story=0, request=0, counter=0, desk=6, line=0))
    for agent in (agent for agent, queue in stand.agents.items() if queue == "desk"):
        await stand.site.ask("agent.login", agent=agent)
        await asyncio.to_thread(stand.kill_engine)
        presence = {row["agent"]: row["presence"] for row in await stand.site.ask("agent.list")}
        assert presence[agent] != "logged_out"


@pytest.mark.parametrize(
    ("people", "kills"),
    [(FEW, 3), pytest.param(FIFTY, 200 * TIMES, marks=[pytest.mark.soak, pytest.mark.timeout(7200)])],
    ids=["few", "fifty calls"],
)
async def test_an_engine_that_is_killed_at_any_moment_costs_no_caller_anything(
    stand_for: Stands, people: People, kills: int
) -> None:
    stand = stand_for(people)

    async def kill() -> None:
        await asyncio.to_thread(stand.kill_engine)

    found = await harm_again_and_again(stand, kill, times=kills)
    print(told(stand))  # noqa: T201 - what a soak did is its result
    assert not found, "\n".join([told(stand), *found])

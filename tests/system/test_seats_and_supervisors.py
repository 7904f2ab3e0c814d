"""Who sits where, and what supervisors do, on the real switch."""

from __future__ import annotations

import pytest

from ivr_engine.core.events import AgentPresenceChanged, AgentSeated, CallerMoved, CallQueued, PriorityChanged
from ivr_engine.core.outcomes import Presence
from ivr_engine.errors import CommandRefused
from tests.system.day import Day, legs

pytestmark = pytest.mark.system


async def test_an_agent_who_logs_in_at_another_telephone_is_rung_there(day: Day) -> None:
    other = await day.phones.agent("agent1002")
    await day.phones.feature(other, "*111001")
    await day.phones.feature(other, "*12")
    seated = await day.fact(AgentSeated)
    assert (seated.agent, seated.phone, seated.previous, seated.source) == ("1001", "agent1002", "agent1001", "phone")
    caller = await day.caller()
    await caller.asks_for_an_agent()
    talk = await other.incoming()
    assert (await caller.talks()).agent == "1001"
    await talk.hang_up()
    await caller.reaches("survey")
    await caller.hangs_up()
    assert "agent 1001: ended by agent" in legs(await caller.record())


async def test_the_newest_login_wins_and_whoever_sat_there_is_logged_out(day: Day) -> None:
    await day.present("1002")
    done = day.site.command("agent", "login", "1001", "--phone", "agent1002")
    assert done.returncode == 0, done.stderr
    seated = await day.fact(AgentSeated)
    assert seated.displaced == "1002"
    await day.comes_to(_1001="paused idle login", _1002="logged_out idle")
    again = day.site.command("agent", "login", "1001")
    assert again.returncode == 0, again.stderr
    moved = await day.fact(AgentSeated, lambda each: each.phone == "agent1001")
    assert moved.previous == "agent1002"
    await day.comes_to(_1001="paused idle login")


async def test_nobody_takes_the_telephone_of_an_agent_who_talks(day: Day) -> None:
    await day.agent("1001")
    caller = await day.caller()
    await caller.asks_for_an_agent()
    await caller.talks()
    with pytest.raises(CommandRefused, match="agent1001 is in use: agent 1001 is talking"):
        await day.site.ask("agent.login", agent="1002", phone="agent1001")
    with pytest.raises(CommandRefused, match="no telephone"):
        await day.site.ask("agent.login", agent="1002", phone="nowhere")
    assert (await day.states()) == {"1001": "ready talking", "1002": "logged_out idle"}
    await caller.hangs_up()
    await caller.record()


async def test_a_supervisor_changes_what_agents_do_and_it_is_kept_who_it_was(day: Day) -> None:
    await day.present("1001", ready=False)
    for arguments, state in {
        ("ready", "1001"): "ready idle",
        ("pause", "1001", "--reason", "meeting"): "paused idle meeting",
        ("logout", "1001"): "logged_out idle",
    }.items():
        done = day.site.command("supervise", *arguments, "--by", "zhao")
        assert done.returncode == 0, done.stderr
        await day.comes_to(_1001=state)
    left = await day.fact(AgentPresenceChanged, lambda each: each.presence is Presence.LOGGED_OUT and each.by != "agent")
    assert left.by == "supervisor zhao (command)"
    refused = day.site.command("supervise", "ready", "1001", "--by", "zhao")
    assert (refused.returncode, "not logged in" in refused.stderr) == (1, True), refused.stderr


async def test_a_supervisor_cannot_make_an_agent_ready_who_talks(day: Day) -> None:
    await day.agent("1001")
    caller = await day.caller()
    await caller.asks_for_an_agent()
    await caller.talks()
    with pytest.raises(CommandRefused, match="1001 is talking"):
        await day.site.ask("supervisor.ready", agent="1001", by="zhao")
    with pytest.raises(CommandRefused, match="say who you are"):
        await day.site.ask("supervisor.pause", agent="1001")
    assert (await day.states())["1001"] == "ready talking"
    await caller.hangs_up()
    await caller.record()


async def test_a_waiting_caller_is_taken_to_another_queue_and_given_another_priority(day: Day) -> None:
    caller = await day.caller()
    await caller.asks_for_an_agent()
    queued = await caller.sees(CallQueued)
    rows = await day.site.ask("supervisor.waiting")
    assert [(row["call"], row["queue"], row["position"]) for row in rows] == [(caller.call, queued.queue, 1)]
    await day.site.ask("supervisor.priority", call=caller.call, priority=90, by="zhao")
    changed = await caller.sees(PriorityChanged)
    assert (changed.previous, changed.priority, changed.by) == (0, 90, "supervisor zhao (command)")
    done = day.site.command("supervise", "take", caller.call, "card", "--by", "zhao")
    assert done.returncode == 0, done.stderr
    await caller.sees(CallerMoved)
    again = await caller.sees(CallQueued, lambda each: each.queue == "card")
    assert (again.priority, again.position) == (90, 1)
    with pytest.raises(CommandRefused, match="no queue nowhere"):
        await day.site.ask("supervisor.take", call=caller.call, queue="nowhere", by="zhao")
    await caller.hangs_up()
    assert legs(await caller.record())[1:] == ("waiting: moved, 0 offered", "waiting: abandoned, 0 offered")


async def test_an_agent_moved_into_a_queue_gets_its_callers(day: Day) -> None:
    li = await day.agent("1002")
    await day.site.ask("supervisor.move", agent="1002", out_of=["service"], by="zhao")
    caller = await day.caller()
    await caller.asks_for_an_agent()
    await caller.sees(CallQueued)
    await day.site.ask("supervisor.move", agent="1002", into=["service"], by="zhao")
    talk = await li.answers()
    await talk.hang_up()
    await caller.reaches("survey")
    await caller.hangs_up()
    assert "agent 1002: ended by agent" in legs(await caller.record())

"""Another version of the files while a caller is in the menu, on a real PBX: the call goes on as it began."""

from __future__ import annotations

import signal

import pytest

from ivr_engine.adapters.asterisk.pbx_secrets import keep_secrets
from ivr_engine.core.events import NodeEntered, SwitchConfigured, VersionLoaded, VersionRefused
from tests.system.day import Day

pytestmark = pytest.mark.system

OLD_EXIT, NEW_EXIT = "1: ask_card\n", "1: system_down\n"
NEW_NODE = "\n  system_down:\n    play: [system_busy]\n    next: end\n"


async def test_a_call_in_the_menu_stays_on_its_version_the_next_has_the_new_one_and_a_broken_edit_changes_nothing(
    own_day: Day,
) -> None:
    day, flow = own_day, own_day.site.folder / "bank" / "main.yaml"
    first = await day.caller()
    await first.reaches("greeting")
    await first.presses("2")
    await first.reaches("main_menu")
    text = flow.read_text(encoding="utf-8")
    assert OLD_EXIT in text
    flow.write_text(text.replace(OLD_EXIT, NEW_EXIT, 1) + NEW_NODE, encoding="utf-8")
    said = day.site.command("flow", "reload")
    assert said.returncode == 0, said.stdout + said.stderr
    await first.presses("1")
    await first.reaches("ask_card")
    await first.hangs_up()

    second = await day.caller()
    await second.reaches("greeting")
    await second.presses("2")
    await second.reaches("main_menu")
    await second.presses("1")
    await second.reaches("system_down")
    await second.is_let_go()

    good = flow.read_text(encoding="utf-8")
    flow.write_text(good.replace("next: language", "next: nowhere"), encoding="utf-8")
    refused = day.site.command("flow", "reload")
    assert (refused.returncode, "nowhere" in refused.stdout, "main.yaml:" in refused.stdout) == (1, True, True)
    third = await day.caller()
    await third.reaches("main_menu")
    await third.hangs_up()

    records = [await each.record() for each in (first, second, third)]
    loaded = await day.fact(VersionLoaded)
    assert [record.version for record in records] == [loaded.previous, loaded.version, loaded.version]
    assert "ask_card" not in [event.node for event in second.kinds(NodeEntered)]
    assert (await day.fact(VersionRefused)).version == loaded.version
    changes = day.site.command("flow", "diff", loaded.previous, loaded.version).stdout
    assert "flow main, node main_menu: exit 1 moved from ask_card to system_down" in changes
    assert "flow main, node system_down: added (play)" in changes


NEW_AGENT = """  "1003":
    name: Han Meimei
    phone: agent1003
    skills: {service: 9}
    queues: [service]
    languages: [zh-CN, en]
"""


async def test_a_new_service_number_and_a_new_telephone_work_after_a_reload_and_the_call_that_runs_does_not_notice(
    own_day: Day,
) -> None:
    day, bank = own_day, own_day.site.folder / "bank"
    first = await day.caller()
    await first.reaches("main_menu")
    centre, agents = bank / "centre.yaml", bank / "agents.yaml"
    centre.write_text(
        centre.read_text(encoding="utf-8").replace("numbers:\n", 'numbers:\n  "80099": main\n', 1), encoding="utf-8"
    )
    agents.write_text(agents.read_text(encoding="utf-8").rstrip("\n") + "\n" + NEW_AGENT, encoding="utf-8")
    said = day.site.command("flow", "reload")
    assert (said.returncode, "note:" in said.stdout) == (0, False), said.stdout + said.stderr
    configured = await day.fact(SwitchConfigured)
    assert "pjsip.conf" in configured.changed

    day.phones.learn("agent1003", keep_secrets(day.site.settings.pbx_dir, ("agent1003",)).phones["agent1003"])
    han = await day.agent("1003")
    second = await day.caller(number="80099")
    await second.asks_for_an_agent()
    talk = await han.answers()
    await second.talks()
    await talk.hang_up()
    await second.hangs_up()
    await first.hangs_up()
    assert (await second.record()).agent == "1003"
    assert (await first.record()).resumed == 0


async def test_a_trial_goes_on_after_a_restart_of_the_engine(own_day: Day) -> None:
    day, flow = own_day, own_day.site.folder / "bank" / "main.yaml"
    flow.write_text(flow.read_text(encoding="utf-8").replace(OLD_EXIT, NEW_EXIT, 1) + NEW_NODE, encoding="utf-8")
    assert day.site.command("flow", "reload", "--canary", "40").returncode == 0
    caller = await day.caller()
    await caller.hangs_up()
    await caller.record()
    before = day.site.command("flow", "status").stdout
    day.site.stop_engine(signal.SIGKILL)
    day.site.start_engine()
    assert day.site.command("flow", "status").stdout == before
    assert "on trial for 40 % of them" in before
    assert day.site.command("flow", "withdraw").returncode == 0

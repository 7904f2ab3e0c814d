"""Two engines at one PBX: the second takes the callers when the first is killed, frozen, or lets nobody in."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace

import pytest

from ivr_engine.adapters.store import open_reader
from ivr_engine.cdr.record import CallRecord
from ivr_engine.core.outcomes import Disposition
from tests.nemesis import bank
from tests.nemesis.conftest import Stands
from tests.nemesis.history import History
from tests.nemesis.stand import ANSWERS, POLL_S, People, Stand
from tests.ports import free_port
from tests.system import sipp
from tests.system.site import Site

pytestmark = pytest.mark.system

PEOPLE = People(menu=0, secret=0, story=0, request=0, counter=4, desk=0, line=0)
TALK_MS = 6_000
TELEPHONES = {**ANSWERS, "counter": sipp.answer(talk=TALK_MS)}
LIMIT_MS = 60_000
LIMIT_S = 40.0
HEARS_MS = 2_000


@contextmanager
def second_engine(stand: Stand, agi_port: int) -> Iterator[Site]:
    """Another engine for the same PBX, in a state folder of its own, with the first one's secrets."""
    first = stand.site.settings
    settings = replace(first, state_dir=stand.site.folder / "second", agi_port=agi_port)
    settings.pbx_dir.mkdir(parents=True)
    shutil.copy(first.pbx_dir / "secrets.json", settings.pbx_dir)
    site = replace(stand.site, settings=settings, engine=None, folder=stand.site.folder)
    try:
        site.start_engine()
        yield site
    finally:
        site.stop_engine(signal.SIGKILL)


async def comes(stand: Stand, name: str, number: str, *steps: str) -> sipp.SippRun:
    """One caller, from the first ring to the end."""
    async with sipp.crowd(
        name,
        to=number,
        pbx=stand.site.address,
        folder=stand.site.folder,
        steps=steps,
        digits=DIGITS[name],
        at_once=1,
        calls=1,
    ) as caller:
        return await caller.is_through()


DIGITS = {name: f"135{n}" for n, name in enumerate(("refused", "meanwhile", "talks", "after", "stays"))}
LOOKS_IN = (sipp.hear(HEARS_MS), sipp.hang_up())


def records(site: Site) -> Mapping[str, list[CallRecord]]:
    """By who called, as their number begins."""
    with open_reader(site.settings.database) as reader:
        found = list(reader.find())
    return {name: [each for each in found if each.caller.startswith(digits)] for name, digits in DIGITS.items()}


def breaches(*sites: Site) -> list[str]:
    found = []
    for site in sites:
        with open_reader(site.settings.database) as reader:
            found += History(journal=list(reader.read()), records=list(reader.find())).breaches()
    return found


async def until_open(site: Site, calls: int) -> None:
    """Return when the engine's journal has so many open calls; another process, which announces nothing. Bounded."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            with open_reader(site.settings.database) as reader:
                if len(reader.open_calls()) == calls:
                    return
            await asyncio.sleep(POLL_S)


@pytest.mark.parametrize("harm", ["killed", pytest.param("frozen", marks=pytest.mark.soak)])
async def test_when_the_first_engine_is_gone_the_second_takes_who_is_there_and_who_comes(
    stand_for: Stands, harm: str
) -> None:
    port = free_port(socket.SOCK_STREAM)
    stand = await asyncio.to_thread(stand_for, PEOPLE, other_engines=f"127.0.0.1:{port}")
    with second_engine(stand, port) as second:
        async with asyncio.TaskGroup() as callers:
            stays = callers.create_task(comes(stand, "stays", bank.MENU, sipp.hear(LONG_STAY_MS[harm]), sipp.hang_up()))
            await until_open(stand.site, 1)
            engine = stand.site.engine
            assert engine is not None
            (stand.nemesis.kill if harm == "killed" else stand.nemesis.stop)(engine.pid)
            meanwhile = callers.create_task(comes(stand, "meanwhile", bank.MENU, *LOOKS_IN))
        assert await asyncio.to_thread(engine.wait, LIMIT_S) == -signal.SIGKILL, "killed, or ended by its watchdog"
        await asyncio.to_thread(stand.start_engine)
        after = await comes(stand, "after", bank.MENU, *LOOKS_IN)
        await stand.quiet()
        await until_open(second, 0)
        assert [run.failed for run in (stays.result(), meanwhile.result(), after)] == [0, 0, 0]
        first_has, second_has = records(stand.site), records(second)
        assert {name: len(first_has[name]) for name in ("stays", "meanwhile", "after")} == {
            "stays": 1, "meanwhile": 0, "after": 1,
        }  # fmt: skip
        assert {name: len(second_has[name]) for name in ("stays", "meanwhile", "after")} == {
            "stays": 1, "meanwhile": 1, "after": 0,
        }  # fmt: skip
        assert first_has["stays"][0].call == second_has["stays"][0].call, "each has written what it saw of the call"
        assert not (found := breaches(stand.site, second)), "\n".join(found)


LONG_STAY_MS = {"killed": 6_000, "frozen": 25_000}
"""The second engine has the call by then: at once, or when the frozen one's watchdog or the dialplan has had enough."""


async def test_an_upgrade_side_by_side_drains_the_old_engine_while_the_new_one_takes_who_comes(stand_for: Stands) -> None:
    port = free_port(socket.SOCK_STREAM)
    stand = await asyncio.to_thread(stand_for, PEOPLE, other_engines=f"127.0.0.1:{port}")
    old = stand.site
    with second_engine(stand, port) as new:
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as callers:
            await stand.telephones(stack, TELEPHONES)
            talks = callers.create_task(comes(stand, "talks", bank.COUNTER, sipp.far_hang_up(LIMIT_MS)))
            await until_open(old, 1)
            await old.ask("drain.begin", limit_s=60)
            stays = callers.create_task(comes(stand, "stays", bank.STORY, sipp.hear(2 * TALK_MS), sipp.hang_up()))
            await until_open(new, 1)
            assert old.engine is not None
            assert await asyncio.to_thread(old.engine.wait, LIMIT_S) == 0, "it ends when its last call is over"
            after = await comes(stand, "after", bank.MENU, *LOOKS_IN)
            await new.ask("drain.begin", limit_s=60)
            refused = await comes(stand, "refused", bank.MENU, *LOOKS_IN)
        await until_open(new, 0)
        assert [run.failed for run in (talks.result(), stays.result(), after)] == [0, 0, 0]
        assert "SIP/2.0 503" not in stays.result().messages
        assert "SIP/2.0 503" in refused.messages, "now nobody takes callers"
        assert kinds(old) == {"talks": Disposition.ANSWERED_AGENT, "stays": Disposition.REJECTED_OVERLOAD}
        left = Disposition.ABANDONED_IVR
        assert kinds(new) == {"stays": left, "after": left, "refused": Disposition.REJECTED_OVERLOAD}
        assert not (found := breaches(old, new)), "\n".join(found)


def kinds(site: Site) -> dict[str, Disposition]:
    """Everybody's one record."""
    found = {name: [each.disposition for each in rows] for name, rows in records(site).items() if rows}
    assert Counter(map(len, found.values())) == {1: len(found)}, found
    return {name: rows[0] for name, rows in found.items()}

"""The database is locked, gone, hung or full under a busy centre: nothing is lost, doubled or out of order afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from ivr_engine.testing.memory import MemoryStore
from tests.adapters.store.test_outages import OUTAGES, Outage, Site, _set_aside, _well
from tests.adapters.store.test_sql_store import _page_limit
from tests.nemesis.conftest import TIMES
from tests.nemesis.fake_switch import FakeSwitch
from tests.nemesis.proxy import Faults
from tests.postgresql import Server

ROOM_MB = 16


def counted(few: int, many: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "times", [few, pytest.param(many * TIMES, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])]
    )


@counted(few=2, many=20)
@pytest.mark.parametrize("outage", sorted(OUTAGES))
async def test_outages_of_the_database_leave_no_trace(
    tmp_path: Path, postgresql_server: Server, seed: int, outage: str, times: int
) -> None:
    kind, begin = OUTAGES[outage]
    database = tmp_path / "engine.sqlite3" if kind == "sqlite" else postgresql_server.new_database()
    await outages(Site(database, tmp_path / "engine.spool", []), begin, postgresql_server, seed=seed, times=times)


@counted(few=2, many=10)
async def test_a_full_disk_leaves_no_trace_once_there_is_room(tmp_path: Path, seed: int, times: int) -> None:
    site = Site(tmp_path / "engine.sqlite3", tmp_path / "engine.spool", [])
    async with site.store(spool_size=ROOM_MB * 1_048_576) as store:
        switch = FakeSwitch(seed, faults=Faults(), harm_engine=False, store=cast(MemoryStore, store))
        async with switch.open():
            for _ in range(times):
                await store.flush()
                with _page_limit(store, pages=1):  # SQLite takes its present size for a lower limit
                    await switch.go_on(60)
                    await _set_aside(store)
                    assert store.accepting, "new callers would be turned away"
                await switch.go_on(20)
                await _well(store)
        await _well(store)
        found = switch.breaches()
        assert not found, "\n".join([f"seed {seed}", *found])
    assert all("full" in told for told in site.told if told != "well")
    assert site.told.count("well") == times


async def outages(site: Site, begin: Outage, server: Server, *, seed: int, times: int) -> None:
    """Callers come and go before, in and after each outage."""
    async with site.store(spool_size=ROOM_MB * 1_048_576) as store:
        switch = FakeSwitch(seed, faults=Faults(), harm_engine=False, store=cast(MemoryStore, store))
        async with switch.open():
            for _ in range(times):
                with begin(site, server):
                    await switch.go_on(40)
                    await _set_aside(store)
                    assert store.accepting, "new callers would be turned away"
                await switch.go_on(20)
                await _well(store)
        await _well(store)
        found = switch.breaches()
        assert not found, "\n".join([f"seed {seed}", *found])
    assert len([told for told in site.told if told == "well"]) == times

"""`ivr-engine ready` on the real PBX: the whole way of a call, without a call."""

from __future__ import annotations

import json
import signal

import pytest

from ivr_engine.adapters.store import open_reader
from ivr_engine.core.events import CallArrived
from tests.system.day import Day

pytestmark = pytest.mark.system


def asked(day: Day) -> tuple[int, int]:
    """Exit code and SIP status."""
    said = day.site.command("ready", "--json")
    return said.returncode, json.loads(said.stdout)["sip_status"]


async def test_ready_is_said_through_sip_the_dialplan_and_the_engine_and_nothing_is_recorded(own_day: Day) -> None:
    assert asked(own_day) == (0, 486)
    own_day.site.stop_engine(signal.SIGTERM)
    assert asked(own_day) == (1, 503)
    own_day.site.start_engine()
    assert asked(own_day) == (0, 486)
    with open_reader(own_day.site.settings.database) as reader:
        assert list(reader.read(types=(CallArrived.TYPE,))) == []


async def test_an_engine_that_lets_nobody_in_is_not_ready(own_day: Day) -> None:
    caller = await own_day.caller()
    await caller.reaches("greeting")
    await own_day.site.ask("drain.begin", limit_s=60)
    assert asked(own_day) == (1, 503)
    await own_day.site.ask("drain.off")
    assert asked(own_day) == (0, 486)

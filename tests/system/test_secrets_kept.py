"""What a caller keys as card and PIN is written nowhere: not in the database, not in any log of either process."""

from __future__ import annotations

import asyncio

import pytest

from ivr_engine.core.events import CallEnded, KeysReceived
from ivr_engine.testing.host_service import Fault
from tests.system.day import Day

pytestmark = pytest.mark.system

CARD, PIN = "6299990000300037", "135790"
WRONG_PIN = "975318"


def traces(day: Day, *secrets: str) -> list[tuple[str, str]]:
    """Where a secret was written, whole or in its last eight digits."""
    wanted = {secret for whole in secrets for secret in (whole, whole[-8:])}
    return [(path, secret) for path, text in day.site.written().items() for secret in wanted if secret.encode() in text]


async def test_card_and_pin_are_written_nowhere(day: Day) -> None:
    caller = await day.caller()
    await caller.gives_card_and_pin(CARD, WRONG_PIN)
    await caller.reaches("ask_card")
    await caller.presses(f"{CARD}#")
    await caller.reaches("ask_pin")
    day.site.host.fault = Fault.BAD_JSON
    await caller.presses(PIN)
    await caller.reaches("host_down")
    await caller.hangs_up()
    await caller.record()
    keyed = [(each.keys, each.count, each.secret) for each in caller.kinds(KeysReceived) if each.node.startswith("ask_")]
    assert keyed == [("", 16, True), ("", 6, True)] * 2
    assert traces(day, CARD, PIN, WRONG_PIN) == []


async def test_the_watch_of_the_facts_tells_no_keys_either(day: Day) -> None:
    reader, writer = await asyncio.open_unix_connection(day.site.settings.control_socket)
    writer.write(b'{"command": "watch"}\n')
    assert b"watching" in await reader.readline()
    caller = await day.caller()
    await caller.gives_card_and_pin(CARD, PIN)
    await caller.reaches("say_balance")
    await caller.hangs_up()
    await caller.record()
    told = ""
    while CallEnded.TYPE not in told:
        told += (await reader.readline()).decode()
    writer.close()
    await writer.wait_closed()
    assert '"node": "ask_pin"' in told
    assert (CARD in told, PIN in told) == (False, False)


async def test_the_telephones_secrets_stand_only_where_they_belong(day: Day) -> None:
    await day.agent("1001")
    secrets = [*day.site.secrets.values(), day.site.agi_secret]
    assert [path for path, text in day.site.written().items() for secret in secrets if secret.encode() in text] == []

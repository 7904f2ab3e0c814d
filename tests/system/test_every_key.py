"""No key is lost: callers press at random moments, in prompts of many parts and while the engine thinks, and we count."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ivr_engine.adapters.asterisk.alongside import alongside
from ivr_engine.core.ids import Language, Millis
from ivr_engine.flows.waits import CallerGone, KeysWait
from ivr_engine.ports.switch import CallControl
from tests.system.keypad import Keypad
from tests.system.office import open_office, sound
from tests.system.pbx_fixtures import RunningPbx, sipp_call

pytestmark = pytest.mark.system

CALLERS = 6
KEYS = 60
QUIET_S = (0.06, 0.3)
LENGTH_S = (0.08, 0.14)
THINKING_S = (0.0, 0.4)
HELD_UP_S = 0.02  # as long as a reload may (benchmarks/README.md)
SILENT = 6  # prompts without a key, one after the other: the caller has pressed their last


async def test_every_key_is_heard_in_order_at_any_moment_of_a_prompt_of_many_parts_and_while_a_service_is_asked(
    running_pbx: RunningPbx, tmp_path: Path
) -> None:
    parts = [sound(tmp_path, seconds) for seconds in (0.08, 0.06, 0.1, 0.06)]
    wait = KeysWait(
        prompts=(), language=Language("en"), most=1, end_key="", first_timeout=Millis(150), next_timeout=Millis(150)
    )

    async def serve(control: CallControl) -> str:
        heard, ahead, silent, chance = "", "", 0, random.Random(1)
        while silent < SILENT:
            meanwhile = await control.listen_during(asyncio.sleep(chance.uniform(*THINKING_S)))
            assert not isinstance(meanwhile, CallerGone)
            keyed = await control.gather(parts, replace(wait, typed_ahead=ahead + meanwhile[1]))
            assert not isinstance(keyed, CallerGone)
            heard, ahead, silent = heard + keyed.keys, keyed.left, 0 if keyed.keys else silent + 1
        return heard

    async with open_office(running_pbx, tmp_path, serve) as office, busy_engine():
        pressed = await asyncio.gather(*(asyncio.to_thread(press, running_pbx, tmp_path, n) for n in range(CALLERS)))
        heard = [str(await office.results.get()) for _ in pressed]
    assert sorted(heard) == sorted(pressed)


def press(pbx: RunningPbx, folder: Path, caller: int) -> str:
    """One caller, whose first key is their number: the keys they pressed."""
    chance = random.Random(caller)
    keys = [str(caller), *(chance.choice("0123456789*#") for _ in range(KEYS))]
    own = folder / f"caller-{caller}"
    own.mkdir()
    with sipp_call(pbx.plan, own) as leg:
        keypad = Keypad(leg.media)
        keypad.press((key, chance.uniform(*QUIET_S), chance.uniform(*LENGTH_S)) for key in keys)
        keypad.wait(1.0)
    return "".join(keys)


@asynccontextmanager
async def busy_engine() -> AsyncIterator[None]:
    """The loop is held up again and again, as by other calls, while the block runs."""

    async def hold_up() -> None:
        while True:
            time.sleep(HELD_UP_S)  # noqa: ASYNC251 - to hold up the loop is what it is for
            await asyncio.sleep(HELD_UP_S)

    async with alongside(hold_up()):
        yield

"""The test telephones at a real PBX, with a script in the place of the engine: who may register, and that keys arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr_engine.adapters.softphone.lines import Line
from ivr_engine.adapters.softphone.softphones import Softphones
from ivr_engine.errors import SwitchError
from tests.ports import free_port
from tests.system import sipp
from tests.system.pbx_fixtures import RunningPbx, agi_peer
from tests.system.phones import Phones

pytestmark = pytest.mark.system

KEYS = "120*#9"


@pytest.fixture
def address(running_pbx: RunningPbx) -> str:
    return f"127.0.0.1:{running_pbx.plan.sip_port}"


@pytest.fixture
async def phones(running_pbx: RunningPbx, address: str, tmp_path: Path) -> AsyncIterator[Phones]:
    async with Phones(pbx=address, secrets=running_pbx.plan.secrets.phones, folder=tmp_path) as at_the_pbx:
        yield at_the_pbx


def keys_at(running_pbx: RunningPbx, most: int) -> str:
    """Answer one call as the engine would, take its keys, hang up."""
    with agi_peer(running_pbx.plan.agi_port) as accept:
        _, connection = accept()
        with connection.makefile("rwb") as file:

            def command(text: str) -> str:
                file.write(text.encode() + b"\n")
                file.flush()
                return file.readline().decode().partition("result=")[2].split()[0]

            command("ANSWER")
            keys = "".join(chr(int(command("WAIT FOR DIGIT 10000"))) for _ in range(most))
            command("SET VARIABLE IVR_DONE 1")
    return keys


async def test_an_agents_telephone_registers_with_its_own_secret_only(phones: Phones, address: str) -> None:
    await phones.agent("6001")
    async with Softphones() as strangers:
        with pytest.raises(SwitchError, match="could not register: 401"):
            await strangers.connect(Line(number="6002", pbx=address, secret="wrong"))


async def test_an_agents_telephone_may_leave_and_come_back(phones: Phones) -> None:
    agent = await phones.agent("6001")
    await agent.leave()
    await phones.agent("6001")


async def test_a_sipp_agent_registers_with_its_own_secret_only(
    running_pbx: RunningPbx, address: str, tmp_path: Path
) -> None:
    right = running_pbx.plan.secrets.phones["6001"]
    runs = [
        await sipp.register("6001", secret, pbx=address, folder=tmp_path, port=free_port()) for secret in (right, "wrong")
    ]
    assert [run.succeeded for run in runs] == [1, 0], runs


async def test_a_softphones_keys_reach_whoever_controls_the_call(running_pbx: RunningPbx, phones: Phones) -> None:
    async with asyncio.TaskGroup() as tasks:
        keys = tasks.create_task(asyncio.to_thread(keys_at, running_pbx, len(KEYS)))
        call = await phones.call("95500")
        await call.press(KEYS)
        end = await call.ended()
    assert (keys.result(), end.near) == (KEYS, False)


async def test_sipps_keys_reach_whoever_controls_the_call(running_pbx: RunningPbx, address: str, tmp_path: Path) -> None:
    steps = (sipp.hear(300), sipp.press(KEYS[:3]), sipp.press(KEYS[3:], last=True), sipp.far_hang_up())
    async with asyncio.TaskGroup() as tasks:
        keys = tasks.create_task(asyncio.to_thread(keys_at, running_pbx, len(KEYS)))
        run = await sipp.call(to="95500", pbx=address, folder=tmp_path, steps=steps)
    assert (keys.result(), run.succeeded) == (KEYS, 1), run

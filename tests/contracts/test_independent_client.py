"""pyst2, whose authors never saw our code, on our fake Asterisk and on a real one: both must look the same to it.

So a misunderstanding of the protocol that our client and our fake might share would show.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ivr_engine.testing.line import Act, Listen, Press
from tests.adapters.ami_peer import PASSWORD, USERNAME, manager_port
from tests.adapters.scripted_asterisk import ScriptedAsterisk
from tests.contracts.lines import PATIENCE_MS, caller_steps
from tests.ports import free_port
from tests.system import sipp
from tests.system.pbx_fixtures import RunningPbx
from tests.system.sounds import write_tone

LIMIT_S = 30.0
REAL = pytest.param("Asterisk", marks=pytest.mark.system)


@asynccontextmanager
async def pyst2(*words: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-m", "tests.contracts.pyst2_client", *words,
        stdout=PIPE, stderr=PIPE, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    try:
        async with asyncio.timeout(LIMIT_S):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def understood(process: Process) -> dict[str, Any]:
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("switch", ["fake Asterisk", REAL])
async def test_an_independent_client_serves_a_call(switch: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    script: list[Act] = [Listen(), Listen(), Press("5")]
    tone = write_tone(tmp_path / "tone.sln", hertz=500, seconds=0.3).with_suffix("")
    pbx: RunningPbx | None = request.getfixturevalue("shared_pbx") if switch == "Asterisk" else None
    port = pbx.plan.agi_port if pbx else free_port(socket.SOCK_STREAM)
    async with pyst2("agi", str(port), str(tone)) as client:
        assert client.stderr is not None
        await client.stderr.readline()  # it listens
        if pbx:
            address = f"127.0.0.1:{pbx.plan.sip_port}"
            await sipp.call(to="95500", pbx=address, folder=tmp_path, steps=caller_steps(script))
        else:
            async with manager_port() as ami:
                await ScriptedAsterisk(ami, *script, agi_port=port, patience=PATIENCE_MS).call()
        found = await understood(client)
    assert len(found.pop("keys")) == 22 + found.pop("arguments")
    assert found == {"number": "95500", "played": "", "silence": "", "key": "5", "refused": "AGIInvalidCommand"}


@pytest.mark.parametrize("switch", ["fake Asterisk", REAL])
async def test_an_independent_client_logs_in_and_asks(switch: str, request: pytest.FixtureRequest) -> None:
    if switch == "Asterisk":
        plan = request.getfixturevalue("shared_pbx").plan
        async with pyst2("ami", str(plan.ami_port), "ivr-engine", plan.secrets.ami) as client:
            found = await understood(client)
    else:
        async with manager_port() as ami, pyst2("ami", str(ami.port), USERNAME, PASSWORD) as client:
            found = await understood(client)
    assert found == {"login": "Success", "ping": "Success", "status": "Success"}

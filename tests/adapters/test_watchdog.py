"""The watchdog: a process that hangs is killed, one that lives or ends is left alone."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ivr_engine.adapters.watchdog import watched_over

WATCHED = """
import asyncio
from ivr_engine.adapters.watchdog import watched_over

async def main():
    async with watched_over(1.5):
        print("up", flush=True)
        await asyncio.to_thread(input)

asyncio.run(main())
"""
PIPE = asyncio.subprocess.PIPE


@asynccontextmanager
async def watched() -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", WATCHED, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            assert await process.stdout.readline() == b"up\n"
            yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_a_process_that_hangs_is_killed_and_the_operator_told() -> None:
    async with watched() as process:
        process.send_signal(signal.SIGSTOP)
        _, said = await process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert f"process {process.pid}) has hung" in said.decode()


async def test_a_process_that_ends_takes_its_watchdog_along_in_silence() -> None:
    async with watched() as process:
        _, said = await process.communicate(b"\n")  # returns when the watchdog's copy of stderr is closed too
    assert (process.returncode, said) == (0, b"")


async def test_a_watchdog_that_dies_costs_the_engine_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    begin, begun = asyncio.create_subprocess_exec, list[asyncio.subprocess.Process]()

    async def noted(*command: str, stdin: int, start_new_session: bool) -> asyncio.subprocess.Process:
        begun.append(await begin(*command, stdin=stdin, start_new_session=start_new_session))
        return begun[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    async with watched_over():
        (watcher,) = begun
        watcher.kill()
        await asyncio.sleep(0)
    assert watcher.returncode == -signal.SIGKILL

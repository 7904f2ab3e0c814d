"""Ends an engine that hangs without dying, so that the switch gets its callers back.

A stopped or looping process keeps its connections: the switch waits for it, and its callers hear nothing. A small process
beside the engine hears a byte a second from the engine's event loop. After `SILENCE_S` without one it kills the engine; its
connections close, and the dialplan asks again and then speaks the fallback. Starting anew is the service manager's part.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

BEAT_S = 1.0
SILENCE_S = 10.0
LAST_WORD_S = 2.0  # the whole machine may have slept: a living engine beats again at once
EXIT_LIMIT_S = 5.0


@asynccontextmanager
async def watched_over(silence_s: float = SILENCE_S) -> AsyncIterator[None]:
    """While the block runs, a hang of this process's event loop for `silence_s` seconds is its end."""
    watcher = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        str(os.getpid()),
        str(silence_s),
        stdin=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is the engine's
    )
    assert watcher.stdin is not None  # noqa: S101 - a pipe was asked for
    try:
        async with asyncio.TaskGroup() as tasks:
            beats = tasks.create_task(_beat(watcher.stdin))
            yield
            beats.cancel()
    finally:
        watcher.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(EXIT_LIMIT_S):
                await watcher.wait()


async def _beat(pipe: asyncio.StreamWriter) -> None:
    with suppress(OSError):  # without its watchdog the engine goes on
        while True:
            pipe.write(b".")
            await pipe.drain()
            await asyncio.sleep(BEAT_S)


def watch(pid: int, silence_s: float) -> None:
    """The watcher's whole life: until the pipe ends, or the engine behind it was killed."""
    handle = os.pidfd_open(pid)
    while _hears(silence_s) or _hears(LAST_WORD_S):
        if not os.read(0, 4096):
            return
    sys.stderr.write(f"ivr-engine: the engine (process {pid}) has hung for {silence_s:g} s; the watchdog ends it\n")
    sys.stderr.flush()
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, signal.SIGKILL)


def _hears(limit_s: float) -> bool:
    return bool(select.select([0], [], [], limit_s)[0])


if __name__ == "__main__":
    watch(int(sys.argv[1]), float(sys.argv[2]))

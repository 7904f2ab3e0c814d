"""The built-in voice: espeak-ng in a process of its own, kept running, replaced when it dies.

Robotic but always there, offline: good for drafts, tests, amounts and digits. A bank records its prompts or plugs in
another `ports.prompts.Synthesiser`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import unicodedata
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Self

from ivr_engine.core.ids import Language
from ivr_engine.errors import PromptError, SetupError

_LONGEST_TEXT = 500  # some two minutes of speech: longer than any caller listens
_ATTEMPTS = 2
_BURIAL_S = 5.0
_WORKER = "ivr_engine.adapters.prompts.espeak_worker"


class Espeak:
    """A `Synthesiser`. Use with `async with`: entering starts the worker, leaving ends it."""

    def __init__(self, *, words_per_minute: int = 160, timeout_s: float = 10.0) -> None:
        self._command: tuple[str, ...] = (sys.executable, "-m", _WORKER, str(words_per_minute))
        self._timeout_s = timeout_s
        self._turn = asyncio.Lock()  # the worker speaks one text at a time
        self._worker: Process | None = None
        self._voice = ""

    @property
    def voice(self) -> str:
        """Name, version and speed, such as `espeak-ng 1.52.0 160`. Empty before the first start."""
        return self._voice

    @property
    def pid(self) -> int | None:
        """The worker's process id while it runs."""
        return self._worker.pid if self._worker and self._worker.returncode is None else None

    async def __aenter__(self) -> Self:
        """Start the worker.

        Raises:
            SetupError: there is no espeak-ng >= 1.51 on this machine; the text says what to install.
        """
        try:
            await self._running()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the worker."""
        await self._end()

    async def speak(self, text: str, language: Language, target: Path) -> None:
        """Write `text` to `target` as WAV, 8 kHz mono 16 bit.

        Control characters are spoken as spaces; markup has no power. A worker that dies is replaced and asked once more.

        Raises:
            PromptError: no voice for the language, more than 500 characters, or the voice failed twice or was too slow.
        """
        request = {"text": _speakable(text), "language": language, "target": str(target)}
        async with self._turn:
            for _ in range(_ATTEMPTS):
                reply = await self._ask(request)
                if reply is not None:
                    break
            else:
                raise PromptError(f"the voice failed {_ATTEMPTS} times on one text")
        if "fault" in reply:
            raise PromptError(reply["fault"])

    async def _ask(self, request: dict[str, str]) -> dict[str, str] | None:
        """The worker's reply; None when it died."""
        try:
            async with asyncio.timeout(self._timeout_s):
                worker = await self._running()
                return await _exchange(worker, request)
        except TimeoutError as error:
            await self._end()
            raise PromptError(f"the voice gave nothing within {self._timeout_s:g} s") from error
        except (OSError, EOFError, ValueError):
            await self._end()
            return None
        except SetupError as error:
            await self._end()
            raise PromptError(f"the voice cannot be started again: {error}") from error
        except asyncio.CancelledError:
            # The reply still to come would be taken for the next text's.
            await self._end()
            raise

    async def _running(self) -> Process:
        if self._worker is not None and self._worker.returncode is None:
            return self._worker
        self._worker = await asyncio.create_subprocess_exec(*self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
        try:
            async with asyncio.timeout(self._timeout_s):
                hello = await _reply(self._worker)
        except (TimeoutError, EOFError, ValueError) as error:
            raise SetupError("the voice's process does not start; try: python -m " + _WORKER + " 160") from error
        if "setup" in hello:
            raise SetupError(hello["setup"])
        self._voice = hello["voice"]
        return self._worker

    async def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        if worker.returncode is None:
            worker.kill()
        with contextlib.suppress(TimeoutError):  # then it hangs in the kernel, and nothing here can mend that
            async with asyncio.timeout(_BURIAL_S):
                await worker.communicate()  # reads to the end, which lets the pipes close


async def _exchange(worker: Process, request: dict[str, str]) -> dict[str, str]:
    assert worker.stdin is not None  # noqa: S101 - opened with PIPE
    worker.stdin.write(json.dumps(request).encode() + b"\n")
    await worker.stdin.drain()
    return await _reply(worker)


async def _reply(worker: Process) -> dict[str, str]:
    assert worker.stdout is not None  # noqa: S101 - opened with PIPE
    line = await worker.stdout.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    reply: dict[str, str] = json.loads(line)
    return reply


def _speakable(text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        raise PromptError(f"a text to be spoken has at most {_LONGEST_TEXT} characters, this one has {len(text)}: split it")
    return "".join(" " if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in text)

"""The driving side of one telephone process: start it, give it orders, keep what it reports, wait for more."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self, cast

from ivr_engine.adapters.softphone.lines import PhoneEvent, PhoneEventKind
from ivr_engine.core.ids import Millis
from ivr_engine.errors import EngineError, SwitchError

START_LIMIT = Millis(15_000)
GOODBYE_LIMIT = Millis(3_000)
LAST_WORDS = 4_096
OrderField = Any  # JSON


class PhoneTimeout(EngineError):
    """What was waited for at a telephone did not happen within its limit."""


class EventLog:
    """What one telephone process reported, in order, and a way to wait for more. `tell` is called with each event."""

    def __init__(self, tell: Callable[[PhoneEvent], None] | None = None) -> None:
        self._tell = tell
        self.events: list[PhoneEvent] = []
        self.closed = ""
        self._changed = asyncio.Event()

    def append(self, event: PhoneEvent) -> None:
        """Take one report."""
        self.events.append(event)
        if self._tell:
            self._tell(event)
        self._wake()

    def close(self, why: str) -> None:
        """Nothing more will come."""
        self.closed = self.closed or why
        self._wake()

    async def wait(self, wanted: Callable[[PhoneEvent], bool], *, limit: Millis, after: int = 0) -> PhoneEvent:
        """The first wanted event at or behind position `after`.

        Raises:
            PhoneTimeout: none came within `limit`.
            SwitchError: the telephone process ended.
        """
        try:
            async with asyncio.timeout(limit / 1000):
                return await self._next(wanted, after)
        except TimeoutError as error:
            raise PhoneTimeout(f"not within {limit} ms; {story(self.events[after:])}") from error

    async def _next(self, wanted: Callable[[PhoneEvent], bool], at: int) -> PhoneEvent:
        while True:
            for event in self.events[at:]:
                if wanted(event):
                    return event
            at = len(self.events)
            if self.closed:
                raise SwitchError(self.closed)
            await self._changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class TelephoneProcess(asyncio.SubprocessProtocol):
    """One process of PJSIP. Events are dispatched as they arrive, so no task is needed to read them."""

    def __init__(self, tell: Callable[[PhoneEvent], None] | None = None) -> None:
        self.log = EventLog(tell)
        self.lines = 0
        self._rest = b""
        self._last_words = b""
        self._transport: asyncio.SubprocessTransport | None = None
        self._exited = asyncio.Event()

    @classmethod
    async def start(cls, *, bind: str, trace: Path | None = None, tell: Callable[[PhoneEvent], None] | None = None) -> Self:
        """Start it and wait until it runs."""
        arguments = ("--bind", bind, *(("--trace", str(trace)) if trace else ()))
        module = "ivr_engine.adapters.softphone.process"
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.subprocess_exec(lambda: cls(tell), sys.executable, "-m", module, *arguments)
        protocol._transport = transport  # noqa: SLF001  # our own class, from the alternative constructor
        await protocol.log.wait(lambda event: event.kind is PhoneEventKind.READY, limit=START_LIMIT)
        return protocol

    @property
    def address(self) -> str:
        """HOST:PORT where its telephones take SIP."""
        return self.log.events[0].reason

    def order(self, do: str, **fields: OrderField) -> None:
        """Send one order."""
        stdin = self._transport and self._transport.get_pipe_transport(0)
        if self.log.closed or stdin is None:
            raise SwitchError(self.log.closed or "the telephone process is not running")
        cast(asyncio.WriteTransport, stdin).write(json.dumps({"do": do, **fields}).encode() + b"\n")

    async def stop(self) -> None:
        """Let it hang up and unregister; end it if it does not."""
        if self._transport is None:
            return
        stdin = self._transport.get_pipe_transport(0)
        if stdin is not None:
            stdin.close()
        try:
            async with asyncio.timeout(GOODBYE_LIMIT / 1000):
                await self._exited.wait()
        except TimeoutError:
            self._transport.kill()
            await self._exited.wait()
        finally:
            self._transport.close()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Reports on stdout, last words on stderr."""
        if fd == 2:
            self._last_words = (self._last_words + data)[-LAST_WORDS:]
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self.log.append(PhoneEvent.decode(json.loads(line)))

    def process_exited(self) -> None:
        """It is gone."""
        words = self._last_words.decode(errors="replace").strip().splitlines()
        self.log.close(f"the telephone process ended{': ' + words[-1] if words else ''}")
        self._exited.set()


def story(events: Iterable[PhoneEvent]) -> str:
    """Events in one line, for the text of an error."""
    told = ", ".join(
        f"{event.at} {event.kind}{f' {event.code} {event.reason}'.rstrip() if event.code else ''}" for event in events
    )
    return f"so far: {told or 'nothing'}"

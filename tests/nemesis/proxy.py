"""A TCP proxy that spoils what goes through: reset, refusal, half-open, delay, pieces; a manager's events by loss, doubling
and disorder.

    async with FaultProxy(to=5038, faults=Faults(lose=0.01, double=0.1, shuffle_s=0.2), seed=7) as proxy:
        ...  # connect to proxy.port
        proxy.reset()

What is asked and answered passes unspoilt; only events that nobody asked for are lost, doubled or late, as on a real line
between a manager and a reader that is slow.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

BLOCK_END = b"\r\n\r\n"
PIECE = 65_536
GRACE_S = 5.0


@dataclass(kw_only=True)
class Faults:
    """What is done to what passes. Shares from 0 to 1 and seconds; may be changed while the proxy runs.

    `piece`: the most bytes that pass in one go, 0 for as many as there are.
    """

    lose: float = 0.0
    double: float = 0.0
    shuffle_s: float = 0.0
    delay_s: float = 0.0
    piece: int = 0


@dataclass(eq=False)
class _Line:
    """One connection through the proxy."""

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter
    silent: bool = False

    def reset(self) -> None:
        """RST to both sides."""
        for writer in (self.near, self.far):
            peer = writer.get_extra_info("socket")
            with suppress(OSError):
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


@dataclass
class FaultProxy:
    """Listens on `port` of the loopback while entered, and passes everything to the port `to` there.

    `events`: whether it reads a manager's blocks, so as to spoil single events. `refusing`: new connections break at once.
    `counted`: what was done how often.
    """

    to: int = 0
    faults: Faults = field(default_factory=Faults)
    seed: int = 0
    events: bool = False
    port: int = 0
    refusing: bool = False
    counted: Counter[str] = field(default_factory=Counter, init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._lines: set[_Line] = set()
        self._tasks = asyncio.TaskGroup()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        self.refusing = True
        self.reset()
        async with asyncio.timeout(GRACE_S):
            await self._tasks.__aexit__(None, None, None)

    def reset(self) -> None:
        """Break every connection that stands."""
        for line in list(self._lines):
            line.reset()
            self.counted["reset"] += 1

    def go_silent(self) -> None:
        """Every connection that stands is half-open from here on: nothing comes through, nobody is told."""
        for line in self._lines:
            self.counted["half-open"] += not line.silent
            line.silent = True

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.create_task(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses():
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to)
        except OSError:
            writer.transport.abort()
            return
        line = _Line(writer, far_writer)
        if self._refuses():  # since it was accepted
            line.reset()
            return
        self._lines.add(line)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, far_writer, line))
                both.create_task(
                    self._pass_events(far_reader, writer, line) if self.events else self._pass(far_reader, writer, line)
                )
        finally:
            self._lines.discard(line)
            for each in (writer, far_writer):
                each.close()

    def _refuses(self) -> bool:
        if self.refusing:
            self.counted["refused"] += 1
        return self.refusing

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: _Line) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(PIECE):
                if self.faults.delay_s:
                    await asyncio.sleep(self.faults.delay_s)
                for piece in self._pieces(data):
                    if not line.silent:
                        writer.write(piece)
                        await writer.drain()
        if not line.silent:
            writer.close()

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        """Each is written, and so sent, for itself."""
        size = self.faults.piece or len(data)
        return (data[at : at + size] for at in range(0, len(data), size))

    async def _pass_events(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: _Line) -> None:
        """From a manager: the banner, then blocks."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            writer.write(await reader.readuntil(b"\r\n"))
            while True:
                block = await reader.readuntil(BLOCK_END)
                for after in self._fate(block):
                    self._say_after(after, block, writer, line)
        if not line.silent:
            writer.close()

    def _fate(self, block: bytes) -> list[float]:
        """When the block is said: not at all, once, twice; seconds from now."""
        if not block.startswith(b"Event: ") or b"\r\nActionID: " in block:
            return [0.0]
        self.counted["events"] += 1
        if self._chance.random() < self.faults.lose:
            self.counted["lost"] += 1
            return []
        times = 1
        if self._chance.random() < self.faults.double:
            self.counted["doubled"] += 1
            times = 2
        return [self._chance.uniform(0, self.faults.shuffle_s) for _ in range(times)]

    def _say_after(self, seconds: float, block: bytes, writer: asyncio.StreamWriter, line: _Line) -> None:
        def say() -> None:
            if not line.silent and not writer.is_closing():
                writer.write(block)

        if seconds:
            asyncio.get_running_loop().call_later(seconds, say)
        else:
            say()

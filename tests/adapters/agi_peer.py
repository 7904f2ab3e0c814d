"""The Asterisk side of one FastAGI connection, driven line by line by a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ivr_engine.adapters.asterisk.agi_server import call_token

SECRET = "5e" * 32
CALL = "1795293167.16"
CHANNEL = "PJSIP/trunk-00000010"


def environment(*arguments: str, script: str = "call", call: str = CALL, token: str | None = None) -> bytes:
    """The block that Asterisk 22 sends when it connects."""
    shown = (call_token(call, SECRET) if token is None else token, *arguments)
    lines = [
        "agi_network: yes",
        f"agi_network_script: {script}",
        f"agi_request: agi://127.0.0.1:4573/{script}",
        f"agi_channel: {CHANNEL}",
        "agi_language: en",
        "agi_type: PJSIP",
        f"agi_uniqueid: {call}",
        "agi_version: 22.10.1",
        "agi_callerid: 13800138000",
        "agi_calleridname: unknown",
        "agi_callingpres: 0",
        "agi_callingani2: 0",
        "agi_callington: 0",
        "agi_callingtns: 0",
        "agi_dnid: 95500",
        "agi_rdnis: unknown",
        "agi_context: service",
        "agi_extension: s",
        "agi_priority: 15",
        "agi_enhanced: 0.0",
        "agi_accountcode: ",
        "agi_threadid: 140030226126528",
        *(f"agi_arg_{number}: {value}" for number, value in enumerate(shown, 1)),
    ]
    return "\n".join([*lines, "", ""]).encode()


TAKES_OVER = 'SET VARIABLE "TIMEOUT(absolute)" "60"'


class AgiPeer:
    """What a test says and hears as Asterisk."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def say(self, data: bytes | str) -> None:
        self._writer.write(data if isinstance(data, bytes) else data.encode() + b"\n")

    async def heard(self) -> str:
        """The next command, or empty when the server has closed."""
        async with asyncio.timeout(5):
            try:
                return (await self._reader.readline()).decode().removesuffix("\n")
            except ConnectionError:
                return ""

    async def expect(self, command: str, *, answer: str) -> None:
        assert await self.heard() == command
        self.say(answer)

    async def is_served(self) -> None:
        """The engine picks up and takes the call over."""
        await self.expect("ANSWER", answer="200 result=0")
        await self.expect(TAKES_OVER, answer="200 result=1")

    async def closed_within(self, seconds: float) -> bool:
        """Whether the server closes in the time; what it says in the meantime is passed over."""
        try:
            async with asyncio.timeout(seconds):
                await self._reader.read()
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True

    def leave(self) -> None:
        """The caller hung up: Asterisk says so (twice, with AGIEXITONHANGUP=yes) and closes."""
        self.say("HANGUP\nHANGUP")
        self._writer.close()

    def dies(self) -> None:
        """Asterisk is killed: the connection ends without a word."""
        self._writer.close()


@asynccontextmanager
async def calling(port: int) -> AsyncIterator[AgiPeer]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield AgiPeer(reader, writer)
    finally:
        writer.transport.abort()

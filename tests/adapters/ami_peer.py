"""The Asterisk side of the manager port, for tests: it logs people in, lists channels, and does what a test tells it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

USERNAME = "ivr-engine"
PASSWORD = "open sesame"
BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def block(**fields: str) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode("utf-8", "surrogateescape") + b"\r\n"


class AmiPeer:
    """A manager port. `channels` are what Status lists; `mute` actions get no answer; `actions` are all that came."""

    def __init__(self) -> None:
        self.channels: list[dict[str, str]] = []
        self.mute: set[str] = set()
        self.banner = BANNER
        self.before_list_end = b""
        self.actions: asyncio.Queue[Mapping[str, str]] = asyncio.Queue()
        self.logins = 0
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        writer.write(self.banner)
        try:
            while True:
                data = await reader.readuntil(b"\r\n\r\n")
                lines = data.decode().removesuffix("\r\n\r\n").split("\r\n")
                action = dict(line.split(": ", 1) for line in lines)
                self.actions.put_nowait(action)
                if action["Action"] not in self.mute:
                    writer.write(self._answer(action))
                if action["Action"] == "Logoff":
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def say(self, data: bytes) -> None:
        for writer in self._writers:
            writer.write(data)

    def drop(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def next(self, action: str) -> Mapping[str, str]:
        async with asyncio.timeout(5):
            while (found := await self.actions.get())["Action"] != action:
                pass
        return found

    def _answer(self, action: Mapping[str, str]) -> bytes:
        identifier = action["ActionID"]
        match action["Action"]:
            case "Login":
                self.logins += 1
                right = (action["Username"], action["Secret"]) == (USERNAME, PASSWORD)
                if not right:
                    return block(Response="Error", ActionID=identifier, Message="Authentication failed")
                return block(Response="Success", ActionID=identifier, Message="Authentication accepted")
            case "Status":
                start = block(
                    Response="Success", ActionID=identifier, EventList="start", Message="Channel status will follow"
                )
                listed = [block(Event="Status", ActionID=identifier, **channel) for channel in self.channels]
                end = block(Event="StatusComplete", ActionID=identifier, EventList="Complete", Items="0")
                return b"".join([start, *listed, self.before_list_end, end])
            case "Logoff":
                return block(Response="Goodbye", ActionID=identifier, Message="Thanks for all the fish.")
            case "Refused":
                return block(Response="Error", ActionID=identifier, Message="Permission denied")
            case _:
                return block(Response="Success", ActionID=identifier)


@asynccontextmanager
async def manager_port() -> AsyncIterator[AmiPeer]:
    peer = AmiPeer()
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        peer.drop()
        await server.wait_closed()

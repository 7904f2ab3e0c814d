"""The FastAGI listener: admits connections that prove they come from our own dialplan, and routes them.

The proof is a token per call, SHA1("<unique id>:<secret>") in lower-case hex, which only the dialplan and we can compute.
Whoever connects without it, says nothing, says half, or talks rubbish is dropped and disturbs nobody.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType

from ivr_engine.adapters.asterisk.agi_codec import Environment
from ivr_engine.adapters.asterisk.agi_session import AgiSession, open_session
from ivr_engine.adapters.asterisk.alongside import alongside
from ivr_engine.adapters.asterisk.pbx_ports import holder_or
from ivr_engine.errors import EngineError, SetupError, SwitchError, WireError

HEADER_LIMIT_S = 5.0
SESSIONS_LIMIT = 2000
BACKLOG = 512
ALIVE = {socket.TCP_KEEPIDLE: 5, socket.TCP_KEEPINTVL: 2, socket.TCP_KEEPCNT: 3, socket.TCP_USER_TIMEOUT: 11_000}
"""A peer whose machine died is noticed after 11 s: tcp(7), seconds but for the last, in milliseconds."""

Route = Callable[[AgiSession], Awaitable[None]]

_log = logging.getLogger(__name__)


def call_token(call: str, secret: str) -> str:
    """The token that the dialplan sends for this call."""
    return hashlib.sha1(f"{call}:{secret}".encode(), usedforsecurity=False).hexdigest()  # the dialplan has only SHA1()


class AgiServer:
    """Listens while it is entered. `routes` maps the script name (`call` of agi://host/call) to who serves it."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        secret: str,
        routes: Mapping[str, Route],
        sessions_limit: int = SESSIONS_LIMIT,
        header_limit_s: float = HEADER_LIMIT_S,
    ) -> None:
        self._address = (host, port)
        self._secret = secret
        self._routes = routes
        self._sessions_limit = sessions_limit
        self._header_limit_s = header_limit_s
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()
        self._strangers: dict[asyncio.Task[None], asyncio.StreamWriter] = {}  # have proved nothing yet; oldest first
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on; useful after asking for port 0."""
        if self._server is None:
            raise SwitchError("the AGI server is not running")
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def connections(self) -> int:
        """How many are open, whether they have proved who they are or not."""
        return len(self._tasks)

    async def __aenter__(self) -> AgiServer:
        """Start listening. Raises SetupError when the port cannot be had."""
        host, port = self._address
        await self._group.__aenter__()
        try:
            self._server = await asyncio.start_server(self._admit, host, port, backlog=BACKLOG)
        except OSError as error:
            await self._group.__aexit__(None, None, None)
            raise SetupError(
                f"AGI port {host}:{port}/tcp cannot be had ({holder_or(error, port)}); "
                "end that process, or choose another port: IVR_ENGINE_AGI_PORT=PORT"
            ) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening and give every call back to the dialplan."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await self._group.__aexit__(None, None, None)

    def _admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._tasks) >= self._sessions_limit and not self._drop_a_stranger():
            _log.warning("AGI connection refused: %d are open", len(self._tasks))
            writer.transport.abort()
            return
        task = self._group.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        self._strangers[task] = writer
        task.add_done_callback(self._forget)

    def _drop_a_stranger(self) -> bool:
        """Make room for a newcomer, who may be a caller: whoever has said nothing for longest goes."""
        if not self._strangers:
            return False
        oldest, writer = next(iter(self._strangers.items()))
        writer.transport.abort()  # a task that has not begun yet would not do it when it is cancelled
        oldest.cancel()
        self._forget(oldest)
        return True

    def _acquaint(self) -> None:
        """The connection of the running task has proved to be our dialplan's."""
        task = asyncio.current_task()
        if task is not None:
            self._strangers.pop(task, None)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._strangers.pop(task, None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(self._header_limit_s):
                session = await open_session(reader, writer)
        except (WireError, TimeoutError) as error:
            _log.warning("AGI connection dropped: %s", str(error) or "it said too little in time")
            writer.transport.abort()
            return
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        route = self._route(session.environment)
        if route is None:
            writer.transport.abort()
            return
        self._acquaint()
        _ask_if_alive(writer)
        await self._run(session, route)

    def _route(self, environment: Environment) -> Route | None:
        expected = call_token(environment.call, self._secret).encode()
        sent = environment.arguments[0] if environment.arguments else ""
        if not hmac.compare_digest(expected, sent.encode("utf-8", "surrogateescape")):
            _log.warning("AGI connection dropped: its token is not ours")
            return None
        route = self._routes.get(environment.script)
        if route is None:
            _log.warning("AGI connection dropped: no such script; the dialplan does not fit this engine")
        return route

    async def _run(self, session: AgiSession, route: Route) -> None:
        async with alongside(session.pump()):
            try:
                await route(session)
            except EngineError as error:
                _log.warning("call %s given back to the switch: %s", session.environment.call, error)
            except Exception:  # noqa: BLE001 - a fault in one call must not end the others; the dialplan takes that call back
                _log.exception("call %s given back to the switch by a fault of ours", session.environment.call)
            finally:
                await session.close()


def _ask_if_alive(writer: asyncio.StreamWriter) -> None:
    """Have the system ask a silent peer again and again: a caller may be quiet for an hour, a dead machine is so for ever."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in ALIVE.items():
        connection.setsockopt(socket.IPPROTO_TCP, option, value)

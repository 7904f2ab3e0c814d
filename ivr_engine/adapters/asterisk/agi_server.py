"""The FastAGI listener: admits connections that prove they come from our own dialplan, and routes them.

The proof is a token per call, SHA1("<unique id>:<secret>") in lower-case hex, which only the dialplan and we can compute.
Whoever connects without it, says nothing, says half, or talks rubbish is dropped and disturbs nobody.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType

from ivr_engine.adapters.asterisk.agi_codec import Environment, EnvironmentReader
from ivr_engine.adapters.asterisk.agi_connection import AgiConnection
from ivr_engine.adapters.asterisk.agi_session import AgiSession
from ivr_engine.adapters.asterisk.pbx_ports import holder_or
from ivr_engine.errors import EngineError, SetupError, SwitchError, WireError

HEADER_LIMIT_S = 5.0
SESSIONS_LIMIT = 2000
BACKLOG = 512

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
        self._strangers: dict[AgiConnection, asyncio.TimerHandle] = {}  # have proved nothing yet; oldest first
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
        return len(self._tasks) + len(self._strangers)

    async def __aenter__(self) -> AgiServer:
        """Start listening. Raises SetupError when the port cannot be had."""
        host, port = self._address
        await self._group.__aenter__()
        try:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: AgiConnection(self._admit), host, port, backlog=BACKLOG)
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
        for stranger in list(self._strangers):
            self._drop(stranger)
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(None, None, None)

    def _admit(self, connection: AgiConnection) -> None:
        if self.connections >= self._sessions_limit and not self._drop_a_stranger():
            _log.warning("AGI connection refused: %d are open", self.connections)
            connection.abort()
            return
        late = asyncio.get_running_loop().call_later(
            self._header_limit_s, self._refuse, connection, "it said too little in time"
        )
        self._strangers[connection] = late
        environments = EnvironmentReader(connection.lines)
        connection.listen(lambda: self._acquaint(connection, environments))

    def _drop_a_stranger(self) -> bool:
        """Make room for a newcomer, who may be a caller: whoever has said nothing for longest goes."""
        if not self._strangers:
            return False
        self._drop(next(iter(self._strangers)))
        return True

    def _drop(self, stranger: AgiConnection) -> None:
        self._strangers.pop(stranger).cancel()
        stranger.listen(lambda: None)
        stranger.abort()

    def _refuse(self, stranger: AgiConnection, reason: str) -> None:
        _log.warning("AGI connection dropped: %s", reason)
        self._drop(stranger)

    def _acquaint(self, stranger: AgiConnection, environments: EnvironmentReader) -> None:
        """See whether it has proved to be our dialplan's; from then on it is a session."""
        try:
            environment = environments.next_environment()
            if environment is None:
                return
            route = self._route(environment)
        except WireError as error:
            self._refuse(stranger, str(error))
            return
        self._strangers.pop(stranger).cancel()
        stranger.ask_if_alive()
        task = self._group.create_task(self._run(AgiSession(environment, stranger), route))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _route(self, environment: Environment) -> Route:
        expected = call_token(environment.call, self._secret).encode()
        sent = environment.arguments[0] if environment.arguments else ""
        if not hmac.compare_digest(expected, sent.encode("utf-8", "surrogateescape")):
            raise WireError("its token is not ours")
        route = self._routes.get(environment.script)
        if route is None:
            raise WireError("no such script; the dialplan does not fit this engine")
        return route

    async def _run(self, session: AgiSession, route: Route) -> None:
        try:
            await route(session)
        except EngineError as error:
            _log.warning("call %s given back to the switch: %s", session.environment.call, error)
        except Exception:  # noqa: BLE001 - a fault in one call must not end the others; the dialplan takes that call back
            _log.exception("call %s given back to the switch by a fault of ours", session.environment.call)
        finally:
            await session.close()

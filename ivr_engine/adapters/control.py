"""The control socket: how the command line reaches a running engine on the same machine.

A Unix socket readable by its owner only. One JSON object a line each way: `{"command": "agent.login", "agent": "1001"}`
is answered by `{"ok": true, "result": ...}` or `{"ok": false, "error": "..."}`. `{"command": "watch"}` is answered by one
object for every fact recorded from then on, until the peer leaves.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ivr_engine.adapters.control_callbacks import callback_handlers
from ivr_engine.adapters.control_conversations import conversation_handlers
from ivr_engine.adapters.control_emergency import emergency_handlers
from ivr_engine.adapters.control_supervisor import supervisor_handlers
from ivr_engine.core.events.codec import to_plain
from ivr_engine.core.ids import AgentId, Millis
from ivr_engine.errors import CommandRefused, EngineError, SetupError
from ivr_engine.ports.inbound import (
    AgentCommands,
    ConversationCommands,
    Reloaded,
    SupervisorCommands,
    VersionCommands,
    VersionsView,
)
from ivr_engine.ports.log import Log
from ivr_engine.services.callbacks import CallbackDesk
from ivr_engine.services.drain import Drain
from ivr_engine.services.emergency import EmergencyDesk
from ivr_engine.services.recorder import Recorder

LINE_LIMIT = 64 * 1024
ANSWER_WITHIN_S = 5.0
PATIENCE_S = MappingProxyType({"flow.reload": 600.0, "flow.promote": 60.0})  # prompts are spoken first, the PBX is told
LONGEST_DRAIN_S = 86_400
LONGEST_EXTENSION_S = 3_600
PROBLEMS_SHOWN, LONGEST_PROBLEM = 50, 400

_LISTS = {"agent.list", "broadcast.list", "callback.list", "reroute.list", "supervisor.waiting"}
_QUESTIONS = frozenset({*_LISTS, "drain.status", "flow.status", "status"})
"""They change nothing that would have to be kept before the answer."""

Body = Mapping[str, Any]
Handler = Callable[[Body], Awaitable[object]]


class NoEngine(EngineError):
    """Nobody answers at the socket."""


class ControlServer:
    """Answers commands on the socket."""

    def __init__(  # noqa: PLR0913 - ports, all by keyword
        self,
        *,
        path: Path,
        agents: AgentCommands,
        conversations: ConversationCommands,
        supervisor: SupervisorCommands,
        versions: VersionCommands,
        emergency: EmergencyDesk,
        callbacks: CallbackDesk,
        drain: Drain,
        recorder: Recorder,
        status: Callable[[], object],
        log: Log,
    ) -> None:
        self._path = path
        self._recorder = recorder
        self._log = log
        self._handlers: dict[str, Handler] = {
            "agent.login": lambda body: agents.login(_agent(body), phone=str(body.get("phone", ""))),
            "agent.ready": lambda body: agents.ready(_agent(body)),
            "agent.pause": lambda body: agents.pause(_agent(body), str(body.get("reason", ""))),
            "agent.logout": lambda body: agents.logout(_agent(body)),
            "agent.extend": lambda body: agents.extend(_agent(body), _more(body)),
            **conversation_handlers(conversations),
            **supervisor_handlers(supervisor),
            "agent.list": lambda _body: _views(agents),
            "flow.reload": lambda body: _plain(versions.reload(share=_share(body), numbers=_numbers(body))),
            "flow.promote": lambda _body: _plain(versions.promote()),
            "flow.withdraw": lambda _body: _plain(versions.withdraw()),
            "flow.status": lambda _body: _plain(versions.versions()),
            "status": lambda _body: _immediately(status()),
            "drain.begin": lambda body: _drained(drain, body),
            "drain.off": lambda _body: _called_off(drain),
            "drain.status": lambda _body: _immediately(drain.status()),
            **emergency_handlers(emergency),
            **callback_handlers(callbacks),
        }

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """The socket is open while the block runs. Raises SetupError when it cannot be opened."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        await refuse_second_engine(self._path)
        self._path.unlink(missing_ok=True)
        try:
            server = await asyncio.start_unix_server(self._converse, path=self._path, limit=LINE_LIMIT)
        except OSError as error:
            raise SetupError(f"{self._path}: the control socket cannot be opened: {error}") from error
        self._path.chmod(0o600)
        try:
            yield
        finally:
            server.close()
            self._path.unlink(missing_ok=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                body = _body(line)
                if body.get("command") == "watch":
                    await self._watch(writer)
                    return
                await _send(writer, await self._answer(body))
        except (OSError, ValueError) as error:
            self._log.info("control_peer_gone", error=repr(error))
        finally:
            writer.close()

    async def _answer(self, body: Body) -> object:
        command = str(body.get("command"))
        handler = self._handlers.get(command)
        if handler is None:
            return {"ok": False, "error": f"unknown command {body.get('command')!r}"}
        try:
            result = await handler(body)
        except CommandRefused as refusal:
            return {"ok": False, "error": str(refusal)}
        if command not in _QUESTIONS:
            await self._recorder.kept()
        return {"ok": True, "result": result}

    async def _watch(self, writer: asyncio.StreamWriter) -> None:
        with self._recorder.subscribed() as facts:
            await _send(writer, {"ok": True, "result": "watching"})
            async for fact in facts:
                await _send(writer, {"sequence": fact.sequence, "at": fact.at, **to_plain(fact.event)})


async def refuse_second_engine(path: Path) -> None:
    """Raises SetupError when an engine answers at `path`. Ask before anything is changed that it uses."""
    try:
        _reader, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return
    writer.close()
    raise SetupError(
        f"{path.parent}: an engine is already running here; stop it, or give this one a folder and ports of its own: "
        "IVR_ENGINE_STATE_DIR, IVR_ENGINE_SIP_PORT, IVR_ENGINE_AMI_PORT, IVR_ENGINE_AGI_PORT"
    )


async def ask(path: Path, command: str, **fields: object) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """Send one command to the engine behind `path` and give its result.

    Raises:
        CommandRefused: the engine refused, with its reason.
        NoEngine: no engine is running there, or it does not answer.
    """
    try:
        async with asyncio.timeout(PATIENCE_S.get(command, ANSWER_WITHIN_S)):
            reader, writer = await asyncio.open_unix_connection(path, limit=LINE_LIMIT)
            try:
                await _send(writer, {"command": command, **fields})
                answer = _body(await reader.readline())
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError) as error:
        raise NoEngine(f"no engine answers at {path}; start one: ivr-engine run flows/sample-bank") from error
    if not answer.get("ok"):
        raise CommandRefused(str(answer.get("error")))
    return answer.get("result")


async def _send(writer: asyncio.StreamWriter, body: object) -> None:
    writer.write(json.dumps(body, ensure_ascii=False).encode() + b"\n")
    await writer.drain()


def _body(line: bytes) -> dict[str, Any]:
    body = json.loads(line)
    if not isinstance(body, dict):
        raise ValueError("a command is a JSON object")  # noqa: TRY004 - the same lane as malformed JSON
    return body


def _agent(body: Body) -> AgentId:
    return AgentId(str(body.get("agent", "")))


def _more(body: Body) -> Millis:
    seconds = body.get("seconds", 30)
    if type(seconds) is not int or not 1 <= seconds <= LONGEST_EXTENSION_S:
        raise CommandRefused(f"a wrap-up is extended by 1 to {LONGEST_EXTENSION_S} whole seconds, not {seconds!r}")
    return Millis(seconds * 1000)


def _share(body: Body) -> int:
    share = body.get("share", 100)
    if not isinstance(share, int):
        raise CommandRefused(f"a share is a whole number of percent, not {share!r}")
    return share


def _numbers(body: Body) -> list[str]:
    numbers = body.get("numbers", [])
    return [str(number) for number in numbers] if isinstance(numbers, list) else []


async def _plain(asked: Awaitable[Reloaded | VersionsView]) -> object:
    """The answer as JSON; a list of problems is cut so that it stays below the limit of a line."""
    answer = asdict(await asked)
    for name in ("problems", "remarks"):
        lines = answer.get(name, ())
        if len(lines) > PROBLEMS_SHOWN:
            more = f"and {len(lines) - PROBLEMS_SHOWN} more; ivr-engine check DIR prints all"
            answer[name] = (*(line[:LONGEST_PROBLEM] for line in lines[:PROBLEMS_SHOWN]), more)
    return answer


async def _views(agents: AgentCommands) -> object:
    return [asdict(view) for view in await agents.agents()]


async def _drained(drain: Drain, body: Body) -> object:
    seconds = body.get("limit_s")
    if not isinstance(seconds, int) or not 0 <= seconds <= LONGEST_DRAIN_S:
        raise CommandRefused(f"a drain lasts 0 to {LONGEST_DRAIN_S} whole seconds, not {seconds!r}")
    drain.begin(Millis(seconds * 1000))
    return drain.status()


async def _called_off(drain: Drain) -> object:
    drain.call_off()
    return drain.status()


async def _immediately(value: object) -> object:
    return value

"""The control socket's commands of supervisors. `by` is who commands; without a name everything is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from ivr_engine.core.ids import AgentId, CallId
from ivr_engine.errors import CommandRefused
from ivr_engine.ports.inbound import Supervisor, SupervisorCommands

Body = Mapping[str, Any]


def supervisor_handlers(supervisor: SupervisorCommands) -> dict[str, Callable[[Body], Awaitable[object]]]:
    """Command -> what answers it."""

    async def waiting(_body: Body) -> object:
        return [asdict(view) for view in await supervisor.waiting()]

    return {
        "supervisor.ready": lambda body: supervisor.ready(_agent(body), by=_by(body)),
        "supervisor.pause": lambda body: supervisor.pause(_agent(body), _text(body, "reason"), by=_by(body)),
        "supervisor.logout": lambda body: supervisor.logout(_agent(body), by=_by(body)),
        "supervisor.move": lambda body: supervisor.move(
            _agent(body), into=_names(body, "into"), out_of=_names(body, "out_of"), by=_by(body)
        ),
        "supervisor.skill": lambda body: supervisor.skill(
            _agent(body), _text(body, "skill"), _number(body, "level", may_lack=True), by=_by(body)
        ),
        "supervisor.take": lambda body: supervisor.take(_call(body), _text(body, "queue"), by=_by(body)),
        "supervisor.priority": lambda body: supervisor.priority(_call(body), _number(body, "priority") or 0, by=_by(body)),
        "supervisor.waiting": waiting,
    }


def _by(body: Body) -> Supervisor:
    return Supervisor(name=_text(body, "by"))


def _agent(body: Body) -> AgentId:
    return AgentId(_text(body, "agent"))


def _call(body: Body) -> CallId:
    return CallId(_text(body, "call"))


def _text(body: Body, field: str) -> str:
    return str(body.get(field, "")).strip()


def _names(body: Body, field: str) -> list[str]:
    names = body.get(field, [])
    return [str(name) for name in names] if isinstance(names, list) else []


def _number(body: Body, field: str, *, may_lack: bool = False) -> int | None:
    value = body.get(field)
    if value is None and may_lack:
        return None
    if type(value) is not int:
        raise CommandRefused(f"{field} is a whole number, not {value!r}")
    return value

"""The control socket's commands of agents who talk with a caller."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ivr_engine.core.ids import AgentId
from ivr_engine.ports.inbound import ConversationCommands

Body = Mapping[str, Any]


def conversation_handlers(conversations: ConversationCommands) -> dict[str, Callable[[Body], Awaitable[object]]]:
    """Command -> what answers it."""
    alone = {
        "agent.hold": conversations.hold,
        "agent.resume": conversations.resume,
        "agent.complete": conversations.complete,
        "agent.conference": conversations.conference,
    }

    async def transfer(agent: AgentId, to: str, flow: str) -> None:
        await (conversations.transfer_into(agent, flow) if flow else conversations.transfer(agent, to))

    return {
        **{name: _alone(command) for name, command in alone.items()},
        "agent.transfer": lambda body: transfer(_agent(body), _text(body, "to"), _text(body, "flow")),
        "agent.consult": lambda body: conversations.consult(_agent(body), _text(body, "to")),
    }


def _alone(command: Callable[[AgentId], Awaitable[None]]) -> Callable[[Body], Awaitable[object]]:
    return lambda body: command(_agent(body))


def _agent(body: Body) -> AgentId:
    return AgentId(str(body.get("agent", "")))


def _text(body: Body, field: str) -> str:
    return str(body.get(field, "")).strip()

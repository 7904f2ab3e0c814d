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
    with_goal = {"agent.transfer": conversations.transfer, "agent.consult": conversations.consult}
    return {
        **{name: _alone(command) for name, command in alone.items()},
        **{name: _with_goal(command) for name, command in with_goal.items()},
    }


def _alone(command: Callable[[AgentId], Awaitable[None]]) -> Callable[[Body], Awaitable[object]]:
    return lambda body: command(AgentId(str(body.get("agent", ""))))


def _with_goal(command: Callable[[AgentId, str], Awaitable[None]]) -> Callable[[Body], Awaitable[object]]:
    return lambda body: command(AgentId(str(body.get("agent", ""))), str(body.get("to", "")).strip())

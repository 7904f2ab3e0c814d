"""What agents dial at their telephones, as commands. The codes themselves are in dialplans/agents.conf."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ivr_engine.core.ids import AgentId, Millis
from ivr_engine.errors import CommandRefused
from ivr_engine.ports.inbound import AgentCommands, ConversationCommands

EXTENDED_BY = Millis(30_000)
"""How much longer the wrap-up lasts for each `*15`."""


class FeatureCodes:
    """Carries codes out. `agent_of` gives the agent at a telephone; `kept` returns once what was done is on disk."""

    def __init__(
        self,
        *,
        agents: AgentCommands,
        conversations: ConversationCommands,
        agent_of: Callable[[str], AgentId | None],
        kept: Callable[[], Awaitable[None]],
    ) -> None:
        self._agents = agents
        self._agent_of = agent_of
        self._kept = kept
        self._plain: dict[str, Callable[[AgentId], Awaitable[None]]] = {
            "ready": agents.ready,
            "logout": agents.logout,
            "extend": lambda agent: agents.extend(agent, EXTENDED_BY),
            "hold": conversations.hold,
            "resume": conversations.resume,
            "complete": conversations.complete,
            "conference": conversations.conference,
        }
        self._with_argument: dict[str, Callable[[AgentId, str], Awaitable[None]]] = {
            "pause": agents.pause,
            "transfer": conversations.transfer,
            "consult": conversations.consult,
        }

    async def carry_out(self, phone: str, verb: str, argument: str) -> None:
        """Do what was dialled at `phone`; `argument` are the digits after the code. When it returns, that may be confirmed.

        Raises:
            CommandRefused: it may not be done now, or nobody is logged in there.
        """
        await self._do(phone, verb, argument)
        await self._kept()

    async def _do(self, phone: str, verb: str, argument: str) -> None:
        if verb == "login" and argument:
            await self._agents.login(AgentId(argument), phone=phone, source="phone")
            return
        agent = self._agent_of(phone)
        if agent is None:
            raise CommandRefused("no agent has this telephone")
        if verb == "login":
            await self._agents.login(agent, phone=phone, source="phone")
        elif verb in self._plain:
            await self._plain[verb](agent)
        elif verb in self._with_argument:
            await self._with_argument[verb](agent, argument)
        else:
            raise CommandRefused("no such feature code")

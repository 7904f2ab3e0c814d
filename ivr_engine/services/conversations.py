"""Every conversation that goes on: found by the agent who commands, or by the caller whose telephone it was taken from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ivr_engine.core.ids import AgentId, CallId, FlowName, QueueName
from ivr_engine.errors import CommandRefused
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.ports.log import Log
from ivr_engine.ports.switch import CallControl
from ivr_engine.services.conversation import Conversation
from ivr_engine.services.talk_facts import Party, Surroundings

NO_FLOWS: Final[Mapping[FlowName, str]] = MappingProxyType({})


class Conversations:
    """Implements ports.inbound.LegHandler and ConversationCommands. An agent may be named by id or by telephone.

    `carrier`: numbers outside can be dialled.
    """

    def __init__(
        self,
        *,
        definition: Callable[[], CentreDefinition],
        phone_of: Callable[[AgentId], str],
        named: Callable[[AgentId], AgentId],
        around: Surroundings,
        carrier: bool,
        log: Log,
    ) -> None:
        self._definition = definition
        self._phone_of = phone_of
        self._named = named
        self._around = around
        self._carrier = carrier
        self._log = log
        self._going_on: dict[CallId, Conversation] = {}
        self._flows: dict[CallId, Mapping[FlowName, str]] = {}

    def begin(
        self,
        call: CallId,
        agent: AgentId,
        *,
        phone: str,
        line: CallControl,
        music: str,
        flows: Mapping[FlowName, str] = NO_FLOWS,
    ) -> Conversation:
        """A conversation that can be commanded until it is forgotten. `flows`: into which the caller may be passed."""
        holder = Party(agent=agent, phone=phone)
        conversation = Conversation(call=call, holder=holder, line=line, music=music, around=self._around)
        self._going_on[call], self._flows[call] = conversation, flows
        return conversation

    def forget(self, call: CallId) -> None:
        """Harmless when there is none."""
        self._going_on.pop(call, None)
        self._flows.pop(call, None)

    async def handle_leg(self, call: CallId, phone: str, control: CallControl) -> None:
        """See ports.inbound.LegHandler. A telephone of no conversation is hung up."""
        conversation = self._going_on.get(call)
        if conversation is None:
            self._log.info("leg_of_no_conversation", call=call)
            return
        await conversation.serve_line(phone, control)

    def phone_holds(self, call: CallId, phone: str, *, holds: bool) -> None:
        """See the port."""
        conversation = self._going_on.get(call)
        if conversation is not None and conversation.holder.phone == phone:
            conversation.phone_holds(holds=holds)

    async def hold(self, agent: AgentId) -> None:
        """See ports.inbound.ConversationCommands."""
        await self._of(agent).hold()

    async def resume(self, agent: AgentId) -> None:
        """See the port."""
        await self._of(agent).resume()

    async def complete(self, agent: AgentId) -> None:
        """See the port."""
        await self._of(agent).complete()

    async def conference(self, agent: AgentId) -> None:
        """See the port."""
        await self._of(agent).conference()

    async def transfer(self, agent: AgentId, to: str) -> None:
        """See the port."""
        conversation = self._of(agent)
        flow = self._flow(conversation, to)
        if flow is not None and not self._is_elsewhere(to):
            await conversation.transfer_into(flow)
            return
        goal = self._goal(to)
        if isinstance(goal, str):
            await conversation.transfer_to_queue(goal)
        elif goal.agent is not None:
            await conversation.transfer_to_agent(goal.agent)
        else:
            await conversation.transfer_outside(goal)

    async def transfer_into(self, agent: AgentId, flow: str) -> None:
        """See the port."""
        conversation = self._of(agent)
        found = self._flow(conversation, flow)
        if found is None:
            known = ", ".join(self._flows[conversation.call]) or "none"
            raise CommandRefused(f"this caller cannot be passed into {flow!r}; `agent_flows` of the call: {known}")
        await conversation.transfer_into(found)

    async def consult(self, agent: AgentId, to: str) -> None:
        """See the port."""
        conversation = self._of(agent)
        goal = self._goal(to)
        if isinstance(goal, str):
            raise CommandRefused(f"{goal} is a queue: a caller can be passed on to it, but nobody can be asked there")
        await conversation.consult(goal)

    def _of(self, agent: AgentId) -> Conversation:
        named = self._named(agent)
        for conversation in self._going_on.values():
            if conversation.holder.agent == named:
                return conversation
        raise CommandRefused(f"agent {named} is not talking with a caller, or has been since before the engine was started")

    def _flow(self, conversation: Conversation, to: str) -> FlowName | None:
        flows = self._flows[conversation.call].items()
        return next((name for name, code in flows if to and to in (name, code)), None)

    def _is_elsewhere(self, to: str) -> bool:
        """Whether an agent, a queue or a number has that name too, which then comes first."""
        definition = self._definition()
        queues = [name for each in definition.queues.values() for name in (each.name, each.code)]
        return to in {*definition.agents, *queues, *definition.transfers, *definition.transfers.values()}

    def _goal(self, to: str) -> QueueName | Party:
        definition = self._definition()
        if to in definition.agents:
            return Party(agent=AgentId(to), phone=self._phone_of(AgentId(to)))
        queue = next((each.name for each in definition.queues.values() if to and to in (each.name, each.code)), None)
        if queue is not None:
            return queue
        for name, number in definition.transfers.items():
            if to in (name, number):
                if not self._carrier:
                    raise CommandRefused(f"no carrier is set, so {name} cannot be dialled: IVR_ENGINE_CARRIER=HOST:PORT")
                return Party(outside=name, number=number)
        raise CommandRefused(f"{to!r} is no agent, queue or entry of `transfers` or `agent_flows` in centre.yaml")

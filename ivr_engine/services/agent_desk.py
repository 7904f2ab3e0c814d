"""Commands of agents and for agents: login, ready, pause, logout, list."""

from __future__ import annotations

from collections.abc import Callable

from ivr_engine.acd.stimuli import LogIn, LogOut, Pause, SetReady
from ivr_engine.core.ids import AgentId, Millis, between
from ivr_engine.errors import CommandRefused
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.ports.clock import Clock
from ivr_engine.ports.inbound import AgentView
from ivr_engine.services.centre_runner import CentreRunner

NO_REASON_GIVEN = "break"


class AgentDesk:
    """Implements ports.inbound.AgentCommands. An agent may be named by id or by telephone."""

    def __init__(self, *, definition: Callable[[], CentreDefinition], centre: CentreRunner, clock: Clock) -> None:
        self._definition = definition
        self._centre = centre
        self._clock = clock

    async def login(self, agent: AgentId) -> None:
        """Start work."""
        self._centre.handle(LogIn(agent=self._known(agent)))

    async def ready(self, agent: AgentId) -> None:
        """Take calls."""
        self._centre.handle(SetReady(agent=self._known(agent)))

    async def pause(self, agent: AgentId, reason: str) -> None:
        """Take no new calls, for `reason`."""
        self._centre.handle(Pause(agent=self._known(agent), reason=reason or NO_REASON_GIVEN))

    async def logout(self, agent: AgentId) -> None:
        """Stop work."""
        self._centre.handle(LogOut(agent=self._known(agent)))

    async def agents(self) -> tuple[AgentView, ...]:
        """Every agent of the centre, by id."""
        names = {agent.agent: agent.name for agent in self._definition().agents.values()}
        now = self._clock.now()
        return tuple(
            AgentView(
                agent=status.agent,
                name=names.get(status.agent, ""),
                presence=status.presence,
                activity=status.activity,
                reason=status.reason,
                since_ms=between(status.since, now) if status.since else Millis(0),
                call=status.call,
                queues=status.queues,
            )
            for status in self._centre.centre.agents()
        )

    def of_phone(self, phone: str) -> AgentId | None:
        """The agent who has this telephone, or None."""
        return next((each.agent for each in self._definition().agents.values() if each.phone == phone), None)

    def _known(self, named: AgentId) -> AgentId:
        definition = self._definition()
        if named in definition.agents:
            return named
        by_phone = self.of_phone(named)
        if by_phone is not None:
            return by_phone
        known = ", ".join(sorted(definition.agents)) or "none"
        raise CommandRefused(f"no agent {named!r} in agents.yaml; known: {known}")

"""Commands of agents and for agents: login, ready, pause, logout, extend, list."""

from __future__ import annotations

from collections.abc import Callable

from ivr_engine.acd.stimuli import ExtendWrapUp, LogIn, LogOut, Pause, SetReady
from ivr_engine.core.ids import AgentId, Millis, between
from ivr_engine.core.outcomes import Presence
from ivr_engine.errors import CommandRefused
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.ports.clock import Clock
from ivr_engine.ports.inbound import AgentView, WorkView
from ivr_engine.services.centre_runner import CentreRunner
from ivr_engine.services.seats import Seats

NO_REASON_GIVEN = "break"


class AgentDesk:
    """Implements ports.inbound.AgentCommands. An agent may be named by id or by telephone."""

    def __init__(
        self, *, definition: Callable[[], CentreDefinition], centre: CentreRunner, seats: Seats, clock: Clock
    ) -> None:
        self._definition = definition
        self._seats = seats
        self._centre = centre
        self._clock = clock

    async def login(self, agent: AgentId, *, phone: str = "", source: str = "command") -> None:
        """Start work at a telephone. Who is logged in already only moves there."""
        known = self.known(agent)
        moved = self._seats.take(known, phone, source=source)
        if not (moved and self._at_work(known)):
            self._centre.handle(LogIn(agent=known))

    async def ready(self, agent: AgentId) -> None:
        """Take calls."""
        self._centre.handle(SetReady(agent=self.known(agent)))

    async def pause(self, agent: AgentId, reason: str) -> None:
        """Take no new calls, for `reason`."""
        self._centre.handle(Pause(agent=self.known(agent), reason=reason or NO_REASON_GIVEN))

    async def logout(self, agent: AgentId) -> None:
        """Stop work."""
        known = self.known(agent)
        self._centre.handle(LogOut(agent=known))
        self._seats.leave(known)

    async def extend(self, agent: AgentId, by: Millis) -> None:
        """More time for the wrap-up, as far as the queue allows."""
        self._centre.handle(ExtendWrapUp(agent=self.known(agent), more=by))

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
                phone=self._seats.phone_of(status.agent),
                others=tuple(
                    WorkView(kind=each.kind, call=each.call, activity=each.activity, since_ms=between(each.since, now))
                    for each in status.others
                ),
            )
            for status in self._centre.centre.agents()
        )

    def of_phone(self, phone: str) -> AgentId | None:
        """The agent who sits at this telephone, or None."""
        return self._seats.agent_at(phone)

    def known(self, named: AgentId) -> AgentId:
        """The agent of that id or at that telephone. Raises CommandRefused when there is none."""
        definition = self._definition()
        if named in definition.agents:
            return named
        by_phone = self.of_phone(named)
        if by_phone is not None:
            return by_phone
        known = ", ".join(sorted(definition.agents)) or "none"
        raise CommandRefused(f"no agent {named!r} in agents.yaml; known: {known}")

    def _at_work(self, agent: AgentId) -> bool:
        return any(
            status.agent == agent and status.presence is not Presence.LOGGED_OUT for status in self._centre.centre.agents()
        )

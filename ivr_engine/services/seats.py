"""Who sits at which telephone. The newest login wins; one telephone is one agent's, and one agent has one telephone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ivr_engine.acd.stimuli import LogOut
from ivr_engine.core.events import AgentPresenceChanged, AgentSeated
from ivr_engine.core.ids import AgentId
from ivr_engine.core.outcomes import Activity, Presence
from ivr_engine.errors import CommandRefused
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.ports.journal import Journal
from ivr_engine.ports.log import Log
from ivr_engine.services.centre_runner import CentreRunner
from ivr_engine.services.recorder import Recorder


class Seats:
    """Everybody's telephone: the one they logged in at, else their `own` of agents.yaml."""

    def __init__(
        self,
        *,
        definition: Callable[[], CentreDefinition],
        own: Callable[[AgentId], str],
        centre: CentreRunner,
        recorder: Recorder,
        log: Log,
    ) -> None:
        self._definition = definition
        self._own = own
        self._centre = centre
        self._recorder = recorder
        self._log = log
        self._taken: dict[AgentId, str] = {}

    def recover(self, journal: Journal) -> None:
        """Who was at work sits where they sat."""
        at_work = {
            event.agent
            for event in (recorded.event for recorded in journal.latest_by_agent(AgentPresenceChanged))
            if isinstance(event, AgentPresenceChanged) and event.presence is not Presence.LOGGED_OUT
        }
        for recorded in journal.latest_by_agent(AgentSeated):
            if isinstance(recorded.event, AgentSeated) and recorded.event.agent in at_work:
                self._taken[recorded.event.agent] = recorded.event.phone

    def phone_of(self, agent: AgentId) -> str:
        """The telephone that rings for the agent."""
        return self._taken.get(agent) or self._own(agent)

    def agent_at(self, phone: str) -> AgentId | None:
        """Who sits at the telephone: whoever took it, else its owner, unless they sit elsewhere."""
        for agent, taken in self._taken.items():
            if taken == phone:
                return agent
        owners = (each.agent for each in self._definition().agents.values() if each.phone == phone)
        return next((owner for owner in owners if owner not in self._taken), None)

    def take(self, agent: AgentId, phone: str, *, source: str) -> bool:
        """Seat the agent at `phone`, empty for their own; whether that changed anything.

        Whoever is logged in there is logged out: two people never share a telephone. A call that rings or is talked at the
        old telephone stays there; the next one rings here.

        Raises:
            CommandRefused: no such telephone, or somebody is talking or being rung there; nothing changed.
        """
        phone = phone or self._own(agent)
        self._check_phone(phone)
        previous, other = self.phone_of(agent), self.agent_at(phone)
        displaced = other if other != agent and other is not None and self._logged_in(other) else None
        if phone == previous and displaced is None:
            return False
        if displaced is not None:
            self._displace(displaced, phone)
        self._taken[agent] = phone
        self._recorder.record(AgentSeated(agent=agent, phone=phone, previous=previous, source=source, displaced=displaced))
        self._log.info("agent_seated", agent=agent, phone=phone, previous=previous, source=source, displaced=displaced)
        return True

    def leave(self, agent: AgentId) -> None:
        """Who is logged out sits nowhere."""
        self._taken.pop(agent, None)

    def taken(self) -> Mapping[AgentId, str]:
        """Who sits at another telephone than their own, or took their own back."""
        return self._taken

    def _check_phone(self, phone: str) -> None:
        known = sorted({each.phone for each in self._definition().agents.values()})
        if phone not in known:
            raise CommandRefused(f"there is no telephone {phone!r}; known: {', '.join(known)}")

    def _logged_in(self, agent: AgentId) -> bool:
        return any(
            status.agent == agent and status.presence is not Presence.LOGGED_OUT for status in self._centre.centre.agents()
        )

    def _displace(self, agent: AgentId, phone: str) -> None:
        status = next(each for each in self._centre.centre.agents() if each.agent == agent)
        if status.activity in (Activity.OFFERED, Activity.TALKING):
            raise CommandRefused(f"telephone {phone} is in use: agent {agent} is {status.activity.value} there")
        self._centre.handle(LogOut(agent=agent))
        self._taken.pop(agent, None)

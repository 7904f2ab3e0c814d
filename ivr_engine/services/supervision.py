"""What supervisors do to agents and waiting callers, with their name on every fact. Refused commands change nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ivr_engine.acd.stimuli import LogOut, MoveAgent, MoveCaller, Pause, SetPriority, SetReady, SetSkill, Stimulus
from ivr_engine.core.ids import AgentId, CallId, QueueName, SkillName
from ivr_engine.core.outcomes import Activity
from ivr_engine.errors import CommandRefused
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.ports.inbound import Supervisor, WaitingView
from ivr_engine.ports.log import Log
from ivr_engine.services.centre_runner import CentreRunner
from ivr_engine.services.seats import Seats

BUSY = (Activity.OFFERED, Activity.TALKING)
LONGEST_NAME = 40
_UNNAMEABLE = re.compile(r"[^\w.@ -]")


class Supervision:
    """Implements ports.inbound.SupervisorCommands. An agent may be named by id or by telephone."""

    def __init__(
        self,
        *,
        definition: Callable[[], CentreDefinition],
        named: Callable[[AgentId], AgentId],
        centre: CentreRunner,
        seats: Seats,
        log: Log,
    ) -> None:
        self._definition = definition
        self._named = named
        self._centre = centre
        self._seats = seats
        self._log = log

    async def ready(self, agent: AgentId, *, by: Supervisor) -> None:
        """See the port."""
        known = self._named(agent)
        activity = next(each.activity for each in self._centre.centre.agents() if each.agent == known)
        if activity in BUSY:
            raise CommandRefused(f"agent {known} is {activity.value}: what comes after the call is the agent's own choice")
        self._do(SetReady(agent=known, by=_name(by)), by)

    async def pause(self, agent: AgentId, reason: str, *, by: Supervisor) -> None:
        """See the port."""
        self._do(Pause(agent=self._named(agent), reason=reason or "supervisor", by=_name(by)), by)

    async def logout(self, agent: AgentId, *, by: Supervisor) -> None:
        """See the port."""
        known = self._named(agent)
        self._do(LogOut(agent=known, by=_name(by)), by)
        self._seats.leave(known)

    async def move(self, agent: AgentId, *, into: Sequence[str], out_of: Sequence[str], by: Supervisor) -> None:
        """See the port."""
        queues = tuple(map(QueueName, into)), tuple(map(QueueName, out_of))
        if not any(queues):
            raise CommandRefused("say into which queue, or out of which")
        self._do(MoveAgent(agent=self._named(agent), into=queues[0], out_of=queues[1], by=_name(by)), by)

    async def skill(self, agent: AgentId, skill: str, level: int | None, *, by: Supervisor) -> None:
        """See the port."""
        known = self._definition().skills
        if skill not in known:
            raise CommandRefused(f"there is no skill {skill!r}; known: {', '.join(sorted(known)) or 'none'}")
        self._do(SetSkill(agent=self._named(agent), skill=SkillName(skill), level=level, by=_name(by)), by)

    async def take(self, call: CallId, queue: str, *, by: Supervisor) -> None:
        """See the port."""
        self._do(MoveCaller(call=call, queue=QueueName(queue), by=_name(by)), by)

    async def priority(self, call: CallId, priority: int, *, by: Supervisor) -> None:
        """See the port."""
        self._do(SetPriority(call=call, priority=priority, by=_name(by)), by)

    async def waiting(self) -> tuple[WaitingView, ...]:
        """See the port."""
        return tuple(
            WaitingView(
                call=status.call,
                queue=status.queue,
                phase=status.phase.value,
                priority=status.priority,
                arrived=status.arrived,
                position=status.position,
                agent=status.agent,
            )
            for status in self._centre.centre.calls()
        )

    def _do(self, command: Stimulus, by: Supervisor) -> None:
        self._centre.handle(command)
        self._log.info("supervisor_command", command=type(command).__name__, by=_name(by))


def _name(by: Supervisor) -> str:
    name = _UNNAMEABLE.sub("", by.name)[:LONGEST_NAME].strip()
    if not name:
        raise CommandRefused("say who you are: every command of a supervisor is kept with a name")
    return f"supervisor {name} ({by.source})"

"""The figures of a day: the folds that live figures come from, over the day's events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ivr_engine.core.events import Event
from ivr_engine.core.ids import AgentId, Instant, Millis, QueueName
from ivr_engine.metrics.occupancy import AgentsTime, Worked, gini, together
from ivr_engine.metrics.service_level import Definition, service_level
from ivr_engine.metrics.visits import HALF_HOUR, Tally, Visits, total

IN_TIME = Millis(20_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """How the callers of a queue fared who came in an interval, or, `begin` None, all day. Waits in milliseconds.

    `otherwise`: visits that ended neither answered nor given up (queue full, too long, closed). `level`: the service level
    by the day's definition. None: nobody, so no figure.
    """

    queue: QueueName | None
    begin: Instant | None
    offered: int
    answered: int
    abandoned: int
    otherwise: int
    level: float | None
    mean_answer: float | None
    median_answer: Millis | None
    late_answer: Millis | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLine:
    """What one agent did, or, `agent` None, all agents did in an interval (`begin`) or all day (`begin` None)."""

    agent: AgentId | None
    begin: Instant | None
    worked: Worked


class DayFigures:
    """Folds a day's events. `in_time` and `definition`: what the service level of this day means."""

    def __init__(self, *, in_time: Millis = IN_TIME, definition: Definition = Definition.ABANDONED_COUNT_AGAINST) -> None:
        self.in_time, self.definition = in_time, definition
        self.visits = Visits(HALF_HOUR)
        self._time = AgentsTime(HALF_HOUR)

    def record(self, events: Sequence[Event], at: Instant) -> None:
        """Take in what was decided at `at`."""
        for event in events:
            self.visits.apply(event, at)
            self._time.apply(event, at)

    def close(self, at: Instant) -> None:
        """The day is over at `at`."""
        self._time.close(at)

    def intervals(self) -> list[QueueLine]:
        """Each queue's half hours, in the order of queue and time."""
        return [self._line(tally, queue, begin) for (queue, begin), tally in sorted(self.visits.by_interval.items())]

    def queues(self) -> list[QueueLine]:
        """Each queue's day, and last that of all together."""
        queues = self.visits.queues()
        return [*(self._line(tally, queue) for queue, tally in queues.items()), self._line(total(queues.values()))]

    def agents(self) -> list[AgentLine]:
        """Each agent's day, and last that of all together."""
        agents = self._time.agents()
        lines = [AgentLine(agent=agent, begin=None, worked=worked) for agent, worked in agents.items()]
        return [*lines, AgentLine(agent=None, begin=None, worked=together(agents.values()))]

    def agent_intervals(self) -> list[AgentLine]:
        """What all agents together did in each half hour."""
        found = self._time.by_interval()
        return [AgentLine(agent=None, begin=begin, worked=together(parts)) for begin, parts in found.items()]

    @property
    def unevenness(self) -> float:
        """Gini of the agents' occupancies: 0, all work alike."""
        return gini([worked.occupancy or 0.0 for worked in self._time.agents().values()])

    def _line(self, tally: Tally, queue: QueueName | None = None, begin: Instant | None = None) -> QueueLine:
        return QueueLine(
            queue=queue,
            begin=begin,
            offered=tally.offered,
            answered=tally.answered,
            abandoned=tally.abandoned,
            otherwise=tally.outcomes.total() - tally.answered - tally.abandoned,
            level=service_level(tally.counts(self.in_time), self.definition),
            mean_answer=tally.mean_answer,
            median_answer=tally.answer_quantile(0.5),
            late_answer=tally.answer_quantile(0.9),
        )

"""The calls that could be offered now, by what they ask for: only lines with somebody in them are ever looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ivr_engine.acd.demands import Demand
from ivr_engine.acd.queues import Line, WaitingCall
from ivr_engine.core.ids import AgentId, QueueName


class Waiting:
    """Waiting calls in order: by demand, and those who wait for one agent alone by that agent."""

    def __init__(self) -> None:
        self.for_one: dict[AgentId, Line] = {}
        self.in_queue: Counter[QueueName] = Counter()
        self.in_all = 0
        self._lines: dict[Demand, Line] = {}
        self._by_queue: dict[QueueName, dict[Demand, Line]] = {}

    def add(self, call: WaitingCall) -> None:
        """The call waits for an offer, under its present demand."""
        self.in_queue[call.queue] += 1
        self.in_all += 1
        if call.alone and call.wanted is not None:
            self.for_one.setdefault(call.wanted, Line()).add(call)
            return
        line = self._lines.get(call.demand)
        if line is None:
            line = self._lines[call.demand] = Line()
            for queue in call.demand.queues:
                self._by_queue.setdefault(queue, {})[call.demand] = line
        line.add(call)

    def remove(self, call: WaitingCall) -> None:
        """The call is offered, or changes its demand, or leaves."""
        self.in_queue[call.queue] -= 1
        self.in_all -= 1
        if call.alone and call.wanted is not None:
            self._remove_alone(call, call.wanted)
            return
        line = self._lines[call.demand]
        line.remove(call)
        if not line:
            del self._lines[call.demand]
            for queue in call.demand.queues:
                self._close(queue, call.demand)

    def _remove_alone(self, call: WaitingCall, agent: AgentId) -> None:
        self.for_one[agent].remove(call)
        if not self.for_one[agent]:
            del self.for_one[agent]

    def _close(self, queue: QueueName, demand: Demand) -> None:
        del self._by_queue[queue][demand]
        if not self._by_queue[queue]:
            del self._by_queue[queue]

    def lines_of(self, queues: frozenset[QueueName]) -> Iterator[tuple[Demand, Line]]:
        """The lines that are not empty and that agents of these queues may look at; one with several queues comes once."""
        few, many = (self._by_queue, queues) if len(self._by_queue) < len(queues) else (queues, self._by_queue)
        for queue in few:
            if queue in many:
                for demand, line in self._by_queue[queue].items():
                    if len(demand.queues) == 1 or next(each for each in demand.queues if each in queues) == queue:
                        yield demand, line

"""What the rules of distribution mention exists, and every caller whom they lead somewhere can reach somebody there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.ids import QueueName, SkillName
from ivr_engine.flows.definition import AgentDefinition, CentreDefinition, Node, QueueDefinition, RelaxDefinition
from ivr_engine.flows.fields import unknown
from ivr_engine.flows.issues import Issue, Severity
from ivr_engine.flows.mentions import find
from ivr_engine.flows.messages import Message
from ivr_engine.flows.nodes.queue import Queue
from ivr_engine.flows.references import Places
from ivr_engine.flows.tree import Position
from ivr_engine.flows.waiting_checks import missing_prompt


def check_routing_names(centre: CentreDefinition, places: Places) -> Iterator[Issue]:
    """Every queue, skill and calendar that the rules mention."""
    for skill in centre.routing.reserve:
        if skill not in centre.skills:
            yield _error(_place(places, "routing", skill), "R403", unknown("skill", skill, centre.skills))
    for queue in centre.queues.values():
        for code, what, name, known in _mentioned(centre, queue):
            if name not in known:
                yield _error(_place(places, f"queues {queue.name}", name), code, unknown(what, name, known))
        for prompt in queue.whisper:
            yield from missing_prompt(centre, prompt, _place(places, f"queues {queue.name}", prompt))
    yield from _codes(centre, places)


def check_agent_flows(centre: CentreDefinition, places: Places) -> Iterator[Issue]:
    """Every flow into which agents may pass a caller exists."""
    for flow in centre.agent_flows:
        if flow not in centre.flows and not {flow, ""} & places.broken_flows:
            yield _error(_place(places, f"agent_flows {flow}", flow), "R401", unknown("flow", flow, centre.flows))


def _codes(centre: CentreDefinition, places: Places) -> Iterator[Issue]:
    """What agents dial means one thing."""
    meant: dict[str, str] = {agent: agent for agent in centre.agents}
    queues = [(queue.code, queue.name, f"queues {queue.name}") for queue in centre.queues.values()]
    flows = [(code, name, f"agent_flows {name}") for name, code in centre.agent_flows.items()]
    for code, name, part in (*queues, *flows):
        other = meant.setdefault(code, part) if code else part
        if other != part:
            message = "code $code of $name already means $other"
            yield _error(
                _place(places, part, code), "R435", Message.of(message, code=code, name=name, other=other.split()[-1])
            )


def _mentioned(centre: CentreDefinition, queue: QueueDefinition) -> Iterator[tuple[str, str, str, Sequence[str]]]:
    """Code, what it is, the name, and the names there are."""
    queues, skills = tuple(centre.queues), centre.skills
    for step in queue.relax:
        yield from (("R403", "skill", name, skills) for name in step.lower)
        yield from (("R403", "skill", name, (*skills, *centre.languages)) for name in step.drop)
        yield from (("R402", "queue", name, queues) for name in step.also)
    yield from (("R402", "queue", name, queues) for name in queue.overflow.values())
    if queue.calendar:
        yield "R422", "calendar", queue.calendar, tuple(centre.calendars)


def check_staffing(centre: CentreDefinition, places: Places) -> Iterator[Issue]:
    """Nobody waits for agents who do not exist. Asked of a centre that has no other errors."""
    yield from _circles(centre, places)
    yield from _reserves(centre, places)
    empty = {queue.name for queue in centre.queues.values() if not _people(centre, queue)}
    for name in empty:
        message = "no agent serves the queue $queue: give it to somebody in agents.yaml, or remove it"
        yield _error(places.parts.get(f"queues {name}", places.centre), "R430", Message.of(message, queue=name))
    for flow in centre.flows.values():
        for node in flow.nodes.values():
            if isinstance(node.spec, Queue) and node.spec.name in centre.queues and node.spec.name not in empty:
                yield from _reachable(centre, node, node.spec, places)


def _circles(centre: CentreDefinition, places: Places) -> Iterator[Issue]:
    """Queues that hand their callers round in a circle, and those that ask themselves for help."""
    for queue in centre.queues.values():
        way = _circle(centre, queue)
        if way:
            at = _place(places, f"queues {queue.name}", way[0])
            message = "callers of $queue would overflow in a circle: $way; let one of them end elsewhere"
            yield _error(at, "R431", Message.of(message, queue=queue.name, way=" -> ".join((queue.name, *way))))
        if any(queue.name in step.also for step in queue.relax):
            at = _place(places, f"queues {queue.name}", queue.name)
            message = "`also` names the queue $queue itself, whose agents may take its calls anyway"
            yield _error(at, "R432", Message.of(message, queue=queue.name))


def _circle(centre: CentreDefinition, queue: QueueDefinition) -> tuple[QueueName, ...]:
    """The way by which callers of the queue overflow back into it, or nothing."""
    ways: list[tuple[QueueName, ...]] = [(name,) for name in dict.fromkeys(queue.overflow.values())]
    seen: set[QueueName] = set()
    while ways:
        way = ways.pop()
        if way[-1] == queue.name:
            return way
        if way[-1] in seen:
            continue
        seen.add(way[-1])
        ways += [(*way, name) for name in dict.fromkeys(centre.queues[way[-1]].overflow.values())]
    return ()


def _reserves(centre: CentreDefinition, places: Places) -> Iterator[Issue]:
    for skill, kept in centre.routing.reserve.items():
        holders = sum(skill in agent.skills for agent in centre.agents.values())
        if kept > holders:
            at = _place(places, "routing", skill)
            message = "$kept agents with the skill $skill cannot be kept free: $holders have it"
            yield _error(at, "R433", Message.of(message, kept=kept, skill=skill, holders=holders))


def _people(centre: CentreDefinition, queue: QueueDefinition) -> list[AgentDefinition]:
    """Everybody who may take the queue's calls, in the end."""
    queues = {queue.name, *(name for step in queue.relax for name in step.also)}
    return [agent for agent in centre.agents.values() if queues & set(agent.queues)]


def _reachable(centre: CentreDefinition, node: Node, spec: Queue, places: Places) -> Iterator[Issue]:
    queue = centre.queues[QueueName(str(spec.name))]
    needs = _in_the_end(spec.needs, queue.relax)
    if any(_meets(agent, needs) for agent in _people(centre, queue)):
        return
    wanted = ", ".join(f"{need.skill} {need.level}" for need in needs)
    message = "nobody who serves the queue $queue has $needs; callers would wait for nobody"
    problem = Message.of(message, queue=queue.name, needs=wanted)
    yield _error(places.in_node(node, spec.needs[0].skill), "R434", problem)


def _in_the_end(needs: Iterable[SkillNeed], steps: Sequence[RelaxDefinition]) -> list[SkillNeed]:
    dropped = {name for step in steps for name in step.drop}
    lowest = {skill: min(_lowered(skill, steps)) for skill in {skill for step in steps for skill in step.lower}}
    return [
        SkillNeed(skill=need.skill, level=min(need.level, lowest.get(need.skill, need.level)))
        for need in needs
        if need.skill not in dropped
    ]


def _lowered(skill: SkillName, steps: Sequence[RelaxDefinition]) -> Iterator[int]:
    return (step.lower[skill] for step in steps if skill in step.lower)


def _meets(agent: AgentDefinition, needs: Iterable[SkillNeed]) -> bool:
    return all(agent.skills.get(need.skill, 0) >= need.level for need in needs)


def _place(places: Places, part: str, word: str) -> Position:
    tree = places.trees.get(part)
    return (find(tree, word) if tree is not None else None) or places.parts.get(part, places.centre)


def _error(at: Position, code: str, message: Message) -> Issue:
    return Issue(at=at, severity=Severity.ERROR, code=code, message=message)

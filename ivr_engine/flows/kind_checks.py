"""Work of other kinds than calls: a queue takes one kind, and what is said of a kind means one that there is."""

from __future__ import annotations

from collections.abc import Iterator

from ivr_engine.core.ids import VOICE, QueueName, WorkKind
from ivr_engine.flows.definition import CentreDefinition, Node, QueueDefinition
from ivr_engine.flows.issues import Issue, Severity
from ivr_engine.flows.mentions import find
from ivr_engine.flows.messages import Message
from ivr_engine.flows.nodes.callback import Callback
from ivr_engine.flows.nodes.queue import Queue
from ivr_engine.flows.references import Places
from ivr_engine.flows.tree import Position


def check_kinds(centre: CentreDefinition, places: Places) -> Iterator[Issue]:
    """Queues that lead to another kind, calls sent to a queue that takes none, and capacity for what there is not."""
    yield from _led_elsewhere(centre, places)
    yield from _calls_elsewhere(centre, places)
    yield from _named(centre, places)


def _led_elsewhere(centre: CentreDefinition, places: Places) -> Iterator[Issue]:
    for queue in centre.queues.values():
        for name in dict.fromkeys(_led_to(queue)):
            other = centre.queues.get(name)
            if other is not None and other.kind != queue.kind:
                message = (
                    "the queue $queue is of the kind $kind, and $other of $another: no work can go from one to the other"
                )
                problem = Message.of(message, queue=queue.name, kind=queue.kind, other=name, another=other.kind)
                yield _error(_place(places, f"queues {queue.name}", name), "R437", problem)


def _led_to(queue: QueueDefinition) -> Iterator[QueueName]:
    for step in queue.relax:
        yield from step.also
    yield from queue.overflow.values()


def _calls_elsewhere(centre: CentreDefinition, places: Places) -> Iterator[Issue]:
    for flow in centre.flows.values():
        for node in flow.nodes.values():
            name = _queue_of(node)
            queue = centre.queues.get(QueueName(name))
            if queue is not None and queue.kind != VOICE:
                message = "the queue $queue is of the kind $kind and takes no calls; send them to another queue"
                problem = Message.of(message, queue=name, kind=queue.kind)
                yield _error(places.in_node(node, name), "R438", problem)


def _queue_of(node: Node) -> str:
    """The queue in which a call of this node waits, where the files name it."""
    match node.spec:
        case Queue(name=str(name)):
            return name
        case Callback(queue=str(name)):
            return name
        case _:
            return ""


def _named(centre: CentreDefinition, places: Places) -> Iterator[Issue]:
    """What is said of kinds, in `routing` and of each agent."""
    known = {queue.kind for queue in centre.queues.values()}
    for kind in dict.fromkeys((*centre.routing.capacity, *centre.routing.beside_voice)):
        yield from _meant(kind, known, _place(places, "routing", kind))
    for agent in centre.agents.values():
        for kind in agent.capacity:
            entry = places.agents[agent.agent]
            yield from _meant(kind, known, find(entry.value, kind) or entry.key_at)


def _meant(kind: WorkKind, known: set[WorkKind], at: Position) -> Iterator[Issue]:
    if kind == VOICE:
        message = "`voice` has no capacity, and is not beside itself: everybody has one call at a time"
        yield _error(at, "R436", Message.of(message))
    elif kind not in known:
        message = "no queue takes work of the kind $kind; give a queue `kind: $kind`, or remove this"
        yield Issue(at=at, severity=Severity.WARNING, code="R439", message=Message.of(message, kind=kind))


def _place(places: Places, part: str, word: str) -> Position:
    tree = places.trees.get(part)
    return (find(tree, word) if tree is not None else None) or places.parts.get(part, places.centre)


def _error(at: Position, code: str, message: Message) -> Issue:
    return Issue(at=at, severity=Severity.ERROR, code=code, message=message)

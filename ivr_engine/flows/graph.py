"""The second look at one flow: where its exits lead, what can be reached, and whether a call can come to an end.

It needs nothing but the nodes' facts, so a new node kind is checked without a change here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from ivr_engine.core.ids import NodeName
from ivr_engine.flows.definition import Flow, Node
from ivr_engine.flows.fields import unknown
from ivr_engine.flows.issues import Issue, Severity
from ivr_engine.flows.messages import Message
from ivr_engine.flows.tree import Position

Place = Callable[[Node, str], Position]
"""Where a node mentions a word; the node itself when it does not."""

Edges = Mapping[NodeName, tuple[NodeName, ...]]
MOST_LOOPS = 20  # reported per flow


def check_graph(flow: Flow, place: Place, *, broken: frozenset[str] = frozenset()) -> list[Issue]:
    """Every problem of one flow's graph.

    `broken` names nodes that stand in the file and could not be read: known as targets, and nothing is said about them.
    """
    edges = _edges(flow)
    issues = [issue for node in flow.nodes.values() for issue in _exits(node, flow, place, broken)]
    issues += _loops(flow, edges)
    if flow.start in flow.nodes:
        issues += _reach(flow, edges, broken)
    elif flow.start and flow.nodes and flow.start not in broken:
        issues.append(_error(flow.at, "G307", unknown("start node", flow.start, flow.nodes)))
    return issues


def _error(at: Position, code: str, message: Message) -> Issue:
    return Issue(at=at, severity=Severity.ERROR, code=code, message=message)


def targets(node: Node) -> dict[str, NodeName]:
    """Every way out of a node that the author wrote: its exits, and those within its settings such as a menu's keys."""
    return {**node.exits, **node.spec.own_exits()}


def _edges(flow: Flow) -> dict[NodeName, tuple[NodeName, ...]]:
    return {name: tuple(t for t in targets(node).values() if t in flow.nodes) for name, node in flow.nodes.items()}


def _exits(node: Node, flow: Flow, place: Place, broken: frozenset[str]) -> Iterable[Issue]:
    facts, own, written = node.facts, node.spec.own_exits(), targets(node)
    known = {*flow.nodes, *broken}
    for target in dict.fromkeys(written.values()):
        if target not in known:
            yield _error(place(node, target), "G301", unknown("node", target, flow.nodes))
    for exit_name in node.exits:
        if exit_name not in facts.exits and exit_name not in own and not facts.open_exits:
            message = unknown(Message.of("exit of $kind", kind=node.spec.KIND), exit_name, facts.exits)
            yield _error(place(node, exit_name), "G304", message)
    if missing := [group for group in facts.required if not any(name in written for name in group)]:
        names = ", ".join(f"`{group[0]}`" for group in missing)
        sentence = (
            "a call can leave node `$node` by $exits: say where it goes, or `failed` for all"
            if all("failed" in group[1:] for group in missing)
            else "a call can leave node `$node` by $exits: say where it goes"
        )
        yield _error(node.at, "G303", Message.of(sentence, node=node.name, exits=names))


def _reach(flow: Flow, edges: Edges, broken: frozenset[str]) -> Iterable[Issue]:
    reached = _closure({flow.start}, edges)
    # A node that could not be read, or lacks an exit, may be meant to lead anywhere.
    if not broken and all(_is_whole(flow.nodes[name], len(edges[name])) for name in reached):
        for name, node in flow.nodes.items():
            if name not in reached:
                found = Message.of("no call can reach node `$node`; lead an exit to it, or remove it", node=name)
                yield Issue(at=node.at, severity=Severity.WARNING, code="G302", message=found)
    ending = _ending(flow, edges)
    stuck = [name for name in flow.nodes if name in reached and name not in ending]
    if stuck:
        message = "a call at $nodes can never come to an end; lead an exit to a node that hangs up"
        yield _error(flow.nodes[stuck[0]].at, "G306", Message.of(message, nodes=_listed(stuck)))


def _closure(start: set[NodeName], edges: Edges) -> set[NodeName]:
    reached, waiting = set(start), deque(start)
    while waiting:
        fresh = set(edges[waiting.popleft()]) - reached
        reached |= fresh
        waiting.extend(fresh)
    return reached


def _ending(flow: Flow, edges: Edges) -> set[NodeName]:
    """The nodes from which an end can be reached.

    Nodes that lack an exit count as ends: they are reported already. So does a flow entered for good.
    """
    ends = {name for name, node in flow.nodes.items() if _may_end(node, len(edges[name]))}
    back: dict[NodeName, list[NodeName]] = {name: [] for name in flow.nodes}
    for name, following in edges.items():
        for target in following:
            back[target].append(name)
    return _closure(ends, {name: tuple(before) for name, before in back.items()})


def _may_end(node: Node, known_targets: int) -> bool:
    facts = node.facts
    return facts.ends or (facts.flow != "" and not targets(node)) or not _is_whole(node, known_targets)


def _is_whole(node: Node, known_targets: int) -> bool:
    """Whether each exit that can be taken is there and leads to a node that is there."""
    written = targets(node)
    return known_targets == len(written) and all(any(name in written for name in g) for g in node.facts.required)


def _loops(flow: Flow, edges: Edges) -> Iterable[Issue]:
    """Circles of nodes of which none waits for the caller or the outside: the engine would walk them without end."""
    busy = {name for name, node in flow.nodes.items() if not node.facts.waits}
    following = {name: [target for target in edges[name] if target in busy] for name in busy}
    for _ in range(MOST_LOOPS):
        _drop_leaves(following)
        if not following:
            return
        circle = _circle(next(name for name in flow.nodes if name in following), following)
        message = "$circle goes round without waiting; put a node that waits into the circle"
        shown = _listed([*circle, circle[0]], " -> ")
        yield _error(flow.nodes[circle[0]].at, "G305", Message.of(message, circle=shown))
        for name in circle:
            del following[name]


def _drop_leaves(following: dict[NodeName, list[NodeName]]) -> None:
    """Take away, again and again, the nodes that lead nowhere; what is left lies on a circle or leads into one."""
    before: dict[NodeName, list[NodeName]] = {name: [] for name in following}
    for name, nexts in following.items():
        following[name] = [target for target in nexts if target in following]
        for target in following[name]:
            before[target].append(name)
    left = {name: len(nexts) for name, nexts in following.items()}
    leaves = deque(name for name, count in left.items() if count == 0)
    while leaves:
        leaf = leaves.popleft()
        del following[leaf]
        for name in before[leaf]:
            left[name] -= 1
            if left[name] == 0:
                leaves.append(name)


def _circle(name: NodeName, following: Mapping[NodeName, list[NodeName]]) -> list[NodeName]:
    path: dict[NodeName, None] = {}
    while name not in path:
        path[name] = None
        name = next(target for target in following[name] if target in following)
    walked = list(path)
    return walked[walked.index(name) :]


def _listed(names: list[NodeName], between: str = ", ") -> str:
    few = 6
    shown = between.join(f"`{name}`" for name in names[:few])
    return shown if len(names) <= few else f"{shown}{between}... ({len(names)})"

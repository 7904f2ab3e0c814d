"""The look at flows that enter each other: they exist, never go round, are not too deep, and their results have exits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ivr_engine.core.ids import FlowName
from ivr_engine.flows import limits
from ivr_engine.flows.definition import CentreDefinition, Flow, Node
from ivr_engine.flows.fields import unknown
from ivr_engine.flows.graph import Place
from ivr_engine.flows.issues import Issue, Severity
from ivr_engine.flows.messages import Message

Entered = Mapping[FlowName, tuple[FlowName, ...]]


def check_flow_calls(centre: CentreDefinition, place: Place, *, broken: frozenset[str]) -> list[Issue]:
    """Every problem of flows that enter others. `broken` are flows of which only a part could be read."""
    issues: list[Issue] = []
    for flow in centre.flows.values():
        for node in flow.nodes.values():
            issues += _node(centre, node, place, broken) if node.facts.flow else ()
    return [*issues, *_circles(centre), *_too_deep(centre)]


def results_of(flow: Flow) -> tuple[str, ...]:
    """The results a flow can come back with."""
    return tuple(dict.fromkeys(result for node in flow.nodes.values() if (result := node.facts.result)))


def _node(centre: CentreDefinition, node: Node, place: Place, broken: frozenset[str]) -> Iterable[Issue]:
    name = FlowName(node.facts.flow)
    flow = centre.flows.get(name)
    if name in broken or "" in broken:
        return
    if flow is None:
        yield _error(node, "R401", unknown("flow", name, centre.flows), place, name)
        return
    results = results_of(flow)
    for result in results:
        if result not in node.exits and "failed" not in node.exits:
            sentence = "`$flow` can come back with `$result`: say where it goes, or give `failed`"
            yield _error(node, "R420", Message.of(sentence, flow=name, result=result), place, name)
    for exit_name in node.exits:
        if exit_name not in results and exit_name != "failed":
            what = Message.of("result of the flow $flow", flow=name)
            yield _error(node, "R421", unknown(what, exit_name, results), place, exit_name)


def _error(node: Node, code: str, message: Message, place: Place, word: str) -> Issue:
    return Issue(at=place(node, word), severity=Severity.ERROR, code=code, message=message)


def _entered(centre: CentreDefinition) -> Entered:
    return {
        flow.name: tuple(
            FlowName(name) for node in flow.nodes.values() if (name := node.facts.flow) and FlowName(name) in centre.flows
        )
        for flow in centre.flows.values()
    }


def _circles(centre: CentreDefinition) -> Iterable[Issue]:
    entered = _entered(centre)
    for name, flow in centre.flows.items():
        way = _way(name, name, entered)
        if way and name == min(way):  # each circle once
            shown = " -> ".join(f"`{each}`" for each in (*way, name))
            message = "$flows: a flow cannot enter itself again; lead back with `return`, or put what repeats into one flow"
            yield Issue(at=flow.at, severity=Severity.ERROR, code="R418", message=Message.of(message, flows=shown))


def _way(start: FlowName, goal: FlowName, entered: Entered) -> tuple[FlowName, ...]:
    """The flows from `start` to one that enters `goal`, or nothing."""
    before: dict[FlowName, FlowName | None] = {start: None}
    waiting = [start]
    for flow in waiting:  # grows while it is walked
        for inner in entered[flow]:
            if inner == goal:
                return _back(flow, before)
            if inner not in before:
                before[inner] = flow
                waiting.append(inner)
    return ()


def _back(flow: FlowName, before: Mapping[FlowName, FlowName | None]) -> tuple[FlowName, ...]:
    way = [flow]
    while (previous := before[way[-1]]) is not None:
        way.append(previous)
    return tuple(reversed(way))


def _too_deep(centre: CentreDefinition) -> Iterable[Issue]:
    """Chains of flows longer than a call may be in; a circle is reported as such."""
    entered, level = _entered(centre), {flow for flow in centre.flows if flow in centre.numbers.values()}
    for _ in range(limits.FLOWS_DEEP):
        level = {inner for flow in level for inner in entered[flow]}
    if level and not any(_circles(centre)):
        flow = centre.flows[min(level)]
        sentence = "`$flow` is entered through more than $most flows; enter it from one nearer the number"
        message = Message.of(sentence, flow=flow.name, most=limits.FLOWS_DEEP)
        yield Issue(at=flow.at, severity=Severity.ERROR, code="R419", message=message)

"""What of a call's state can still matter where it is: two calls that differ in nothing else are the same state.

A variable matters at a node when some way from there reads it before it is given another value. The number dialled and the
hours of calendars matter in flows that ask for them, or enter one that does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property

from ivr_engine.core.ids import FlowName, Instant, NodeName
from ivr_engine.core.outcomes import Hours
from ivr_engine.flows.definition import CentreDefinition, Flow, Node
from ivr_engine.flows.expressions import Expression, Template
from ivr_engine.flows.nodes.menu import Menu
from ivr_engine.flows.nodes.subflow import SubFlow
from ivr_engine.flows.nodes.survey import Survey

_NUMBER, _CALLER, _LANGUAGE = (
    re.compile(rf"(?<![\w.])call(?:\.{part}\b|(?![\w.]))") for part in ("number", "caller", "language")
)
_ONLY_LANGUAGE = re.compile(r"\{\{\s*call\.language\s*\}\}")


class Relevance:
    """Asked about one centre many times."""

    def __init__(self, centre: CentreDefinition) -> None:
        self._centre = centre
        self._hours: dict[tuple[FlowName, Instant], tuple[Hours, ...]] = {}
        self._hours_of_all: dict[tuple[frozenset[FlowName], Instant], tuple[Hours, ...]] = {}
        self._live = {name: _live(flow) for name, flow in centre.flows.items()}
        self._expressions = {name: tuple(_expressions(flow)) for name, flow in centre.flows.items()}
        reached = {name: _reached(centre, name) for name in centre.flows}
        self._ask_number = self._asking(_NUMBER, reached)
        self._ask_caller = self._asking(_CALLER, reached)
        self._asked = {name: _calendars(centre, [name]) for name in centre.flows}
        self._asked_below = {name: _calendars(centre, reached[name]) for name in centre.flows}

    def _asking(self, what: re.Pattern[str], reached: Mapping[FlowName, frozenset[FlowName]]) -> frozenset[FlowName]:
        """The flows that ask this of the call, or enter one that does."""
        ask = {name for name, found in self._expressions.items() if any(what.search(each.source) for each in found)}
        return frozenset(name for name in reached if not ask.isdisjoint(reached[name]))

    def variables(self, flow: FlowName, node: NodeName, menus: Iterable[NodeName], *, after: bool = False) -> frozenset[str]:
        """Those that may be read from this node on; `after`: once the flow that it entered has come back.

        The key that leads back may lead to any of `menus`.
        """
        live = self._live[flow]
        at = self._centre.flows[flow].nodes[node]
        found = live.after[node] if after and isinstance(at.spec, SubFlow) else live.before[node]
        return found.union(*(live.before[menu] for menu in menus if menu in live.before)) if self.keeps_menus else found

    @property
    def keeps_menus(self) -> bool:
        """Whether it matters which menus a call came by."""
        return bool(self._centre.keys.back)

    @cached_property
    def reads_queue(self) -> bool:
        """Whether any flow asks how the last visit to a queue ended."""
        return any("queue" in node.facts.reads for flow in self._centre.flows.values() for node in flow.nodes.values())

    @cached_property
    def reads_language(self) -> bool:
        """Whether any flow may go another way in another language. To send it to a service leads nowhere else."""
        nodes = [node for flow in self._centre.flows.values() for node in flow.nodes.values()]
        asked = ((node, each) for node in nodes for each in expressions_in(node.spec) if _LANGUAGE.search(each.source))
        return any(not (node.facts.services and _ONLY_LANGUAGE.fullmatch(each.source)) for node, each in asked)

    def asks_number(self, flow: FlowName) -> bool:
        """Whether this flow or one that it enters asks which number was dialled."""
        return flow in self._ask_number

    def asks_caller(self, flow: FlowName) -> bool:
        """The same of the number that calls."""
        return flow in self._ask_caller

    def hours(self, flow: FlowName, moment: Instant) -> tuple[Hours, ...]:
        """What the calendars say that this flow itself asks."""
        known = self._hours.get((flow, moment))
        if known is None:
            said = tuple(self._state(each, moment) for each in self._asked[flow])
            known = self._hours[flow, moment] = said
        return known

    def hours_of_all(self, flows: frozenset[FlowName], moment: Instant) -> tuple[Hours, ...]:
        """What the calendars say that these flows, or those that they enter, may ask."""
        known = self._hours_of_all.get((flows, moment))
        if known is None:
            asked = sorted({each for flow in flows for each in self._asked_below[flow]})
            known = self._hours_of_all[flows, moment] = tuple(self._state(each, moment) for each in asked)
        return known

    def _state(self, calendar: str, moment: Instant) -> Hours:
        return self._centre.calendars[calendar].state(moment)

    def expressions(self, flow: FlowName) -> tuple[Expression | Template, ...]:
        """Every expression in a flow."""
        return self._expressions.get(flow, ())

    @cached_property
    def about_identity(self) -> tuple[Expression | Template, ...]:
        """Every expression of the centre that asks who the caller is."""
        return tuple(each for found in self._expressions.values() for each in found if "identity" in each.names)


@dataclass(frozen=True, slots=True)
class _Live:
    """The variables that matter before a node, and after it."""

    before: Mapping[NodeName, frozenset[str]]
    after: Mapping[NodeName, frozenset[str]]


def _live(flow: Flow) -> _Live:
    before: dict[NodeName, frozenset[str]] = {name: node.facts.reads for name, node in flow.nodes.items()}
    after = dict.fromkeys(flow.nodes, frozenset[str]())
    changed = True
    while changed:
        changed = False
        for name, node in flow.nodes.items():
            onwards = [(exit_name, before[target]) for exit_name, target in _exits(node) if target in before]
            after[name] = frozenset[str]().union(*(live for _exit, live in onwards))
            needed = node.facts.reads.union(*(live - _written(node, exit_name) for exit_name, live in onwards))
            changed |= needed != before[name]
            before[name] = needed
    return _Live(before, after)


def _exits(node: Node) -> Iterator[tuple[str, NodeName]]:
    yield from node.exits.items()
    yield from node.spec.own_exits().items()


def _written(node: Node, exit_name: str) -> frozenset[str]:
    """The variables that certainly have a new value when the node is left by this exit."""
    spec = node.spec
    if isinstance(spec, Menu):
        choice = spec.choices.get(exit_name)
        return frozenset(choice.sets) if choice else frozenset()
    if isinstance(spec, SubFlow):
        return frozenset({spec.into} - {""}) if exit_name != "failed" else frozenset()
    # A survey writes between its questions, so that at the second one the first answer matters already.
    return frozenset(node.facts.writes) if exit_name == "next" and not isinstance(spec, Survey) else frozenset()


def _reached(centre: CentreDefinition, start: FlowName) -> frozenset[FlowName]:
    """The flow and all that it may enter, by a node or by the key of the agent."""
    found, waiting = {start}, [start]
    while waiting:
        nodes = centre.flows[waiting.pop()].nodes.values()
        entered = {FlowName(node.facts.flow) for node in nodes} | {centre.keys.agent_flow}
        fresh = [name for name in entered - found if name in centre.flows]
        found.update(fresh)
        waiting += fresh
    return frozenset(found)


def _calendars(centre: CentreDefinition, flows: Iterable[FlowName]) -> tuple[str, ...]:
    asked = {name for flow in flows for node in centre.flows[flow].nodes.values() for name in node.facts.calendars}
    return tuple(name for name in centre.calendars if name in asked)


def _expressions(flow: Flow) -> Iterator[Expression | Template]:
    for node in flow.nodes.values():
        yield from expressions_in(node.spec)


def expressions_in(value: object) -> Iterator[Expression | Template]:
    """Every expression within a node's settings."""
    if isinstance(value, Expression | Template):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from expressions_in(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from expressions_in(item)
    elif is_dataclass(value):
        for each in fields(value):
            yield from expressions_in(getattr(value, each.name))

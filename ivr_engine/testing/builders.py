"""Terse constructors for tests: a centre from Python literals, with everything its nodes mention already there.

definition = centre({"hello": {"play": ["welcome"], "next": "end"}, "end": {"hangup": {}}})
turn = begin(definition, call_facts(), FlowName("main"), START)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ivr_engine.core.ids import CallId, FlowName, Instant, Language, QueueName, SkillName
from ivr_engine.errors import DefinitionError
from ivr_engine.flows.calendars import DAY, Calendar, Span
from ivr_engine.flows.definition import (
    CentreDefinition,
    Flow,
    PromptText,
    QueueDefinition,
    ScriptDefinition,
    ServiceDefinition,
)
from ivr_engine.flows.flow_reader import read_flow
from ivr_engine.flows.issues import Issue
from ivr_engine.flows.nodes.base import NodeFacts
from ivr_engine.flows.session import CallFacts
from ivr_engine.flows.tree import Entry, Position, Scalar, Sequence, Tree
from ivr_engine.flows.tree import Mapping as TreeMapping
from ivr_engine.testing.clock import START

HERE = Position("builders.yaml", 1, 1)
MAIN = FlowName("main")


def tree(value: object) -> Tree:
    """Mappings, lists and plain values as a file's tree; every position is the same."""
    if isinstance(value, Mapping):
        return TreeMapping(HERE, tuple(Entry(str(key), HERE, tree(item)) for key, item in value.items()))
    if isinstance(value, list | tuple):
        return Sequence(HERE, tuple(map(tree, value)))
    if value is None or isinstance(value, str | bool | int | float):
        return Scalar(HERE, value, str(value).lower() if isinstance(value, bool) else str(value))
    raise TypeError(f"no YAML value: {type(value).__name__}")


def flow(nodes: Mapping[str, Any], *, name: str = MAIN, start: str = "") -> Flow:
    """A flow; it starts at the first node unless told otherwise.

    Raises:
        DefinitionError: the nodes have not the shape of a flow file.
    """
    issues: list[Issue] = []
    source = tree({"flow": name, "start": start or next(iter(nodes)), "nodes": nodes})
    assert isinstance(source, TreeMapping)  # noqa: S101 - a mapping went in
    built = read_flow(source, issues)
    if built is None:
        raise DefinitionError(tuple(map(str, issues)))
    return built


def centre(nodes: Mapping[str, Any], **parts: Any) -> CentreDefinition:  # noqa: ANN401 - fields of CentreDefinition
    """A centre with one flow, `main`, on the number 95500; `parts` replace fields of the definition."""
    return centre_of(flow(nodes), **parts)


def centre_of(*flows: Flow, **parts: Any) -> CentreDefinition:  # noqa: ANN401 - fields of CentreDefinition
    """A centre with these flows and every prompt, queue, skill and service they mention, in zh and en."""
    facts = [node.spec.facts() for each in flows for node in each.nodes.values()]
    languages = parts.pop("languages", (Language("zh"), Language("en")))
    values: dict[str, Any] = {
        "name": "test",
        "version": "v1",
        "folder": "test",
        "languages": languages,
        "numbers": {"95500": flows[0].name},
        "flows": {each.name: each for each in flows},
        "queues": {QueueName(name): QueueDefinition(name=QueueName(name)) for name in _all(facts, "queues")},
        "services": {name: ServiceDefinition(name=name, url="http://localhost") for name in _all(facts, "services")},
        "calendars": {name: always(name) for name in _all(facts, "calendars")},
        "transfers": dict.fromkeys(_all(facts, "transfers"), "10086"),
        "scripts": {name: ScriptDefinition(name=name, run=name) for name in _all(facts, "scripts")},
        "skills": tuple(map(SkillName, _all(facts, "skills"))),
        "agents": {},
        "prompts": {language: prompts(_all(facts, "prompts")) for language in languages},
    }
    return CentreDefinition(**values | parts)


def always(name: str) -> Calendar:
    """A calendar that never closes."""
    return Calendar(name=name, week=((Span(0, DAY),),) * 7)


def prompts(names: Iterable[str]) -> dict[str, PromptText]:
    """Prompts whose words are their names."""
    return {name: PromptText(text=name) for name in names}


def call_facts(*, number: str = "95500", caller: str = "13800138000", arrived: Instant = START) -> CallFacts:
    """A call that just arrived."""
    return CallFacts(call=CallId("call-1"), number=number, caller=caller, arrived=arrived)


def _all(facts: Iterable[NodeFacts], part: str) -> list[str]:
    return list(dict.fromkeys(name for each in facts for name in getattr(each, part)))

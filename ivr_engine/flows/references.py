"""The third look, across files: names that one file mentions stand in another, in every language, and no secret leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ivr_engine.core.ids import AgentId, Language, NodeName
from ivr_engine.flows.definition import AgentDefinition, CentreDefinition, Flow, Node
from ivr_engine.flows.fields import unknown
from ivr_engine.flows.flow_calls import check_flow_calls
from ivr_engine.flows.graph import Place
from ivr_engine.flows.issues import Issue, Severity
from ivr_engine.flows.mentions import find
from ivr_engine.flows.messages import Message
from ivr_engine.flows.nodes.subflow import given_by
from ivr_engine.flows.settings import RESERVED
from ivr_engine.flows.tree import Entry, Position, Tree
from ivr_engine.flows.waiting_checks import check_waiting, missing_prompt

SPEAKING_KINDS = frozenset({"play", "menu", "collect", "survey", "authenticate", "record", "voicemail"})
SHOWING_KINDS = frozenset(
    {"queue", "callback", "emit", "notify", "ticket", "transfer", "agi"}
)  # what they are told is open to people's eyes


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where things stand in the files, for the messages. `broken_flows`: those that could be read in part or not at all."""

    centre: Position
    parts: Mapping[str, Position]
    agents: Mapping[AgentId, Entry]
    prompts: Mapping[Language, Position]
    in_node: Place
    trees: Mapping[str, Tree] = field(default_factory=dict)
    broken_flows: frozenset[str] = field(default=frozenset())


def check_references(centre: CentreDefinition, places: Places) -> list[Issue]:
    """Every name that leads nowhere, and every secret that would be kept or said."""
    variables = _variables(centre.flows.values())
    issues = [*_numbers(centre, places), *_languages(centre, places), *_agents(centre, places)]
    issues += _answers(centre, places, variables)
    issues += _global_keys(centre, places)
    issues += check_waiting(centre, places.parts, places.centre)
    issues += check_flow_calls(centre, places.in_node, broken=places.broken_flows)
    for flow in centre.flows.values():
        for node in flow.nodes.values():
            issues += [*_names(centre, node, places), *_reads(node, places, variables)]
    return issues


def _error(at: Position, code: str, message: Message) -> Issue:
    return Issue(at=at, severity=Severity.ERROR, code=code, message=message)


def _warning(at: Position, code: str, message: Message) -> Issue:
    return Issue(at=at, severity=Severity.WARNING, code=code, message=message)


@dataclass(frozen=True, slots=True)
class _Variables:
    """What all flows of the centre give a value, and which of it is secret, or made from a secret, anywhere."""

    written: frozenset[str]
    secret: frozenset[str]


def _variables(flows: Iterable[Flow]) -> _Variables:
    known = [(flow, node.facts) for flow in flows for node in flow.nodes.values()]
    facts = [each for _flow, each in known]
    secret = {name for each in facts for name in each.secrets}
    made_from = [pair for each in facts for pair in each.made_from]
    made_from += [(given_by(flow.name), read) for flow, each in known for read in each.gives]
    while fresh := {made for made, read in made_from if read in secret} - secret:
        secret |= fresh
    return _Variables(frozenset(name for each in facts for name in each.writes), frozenset(secret))


def _numbers(centre: CentreDefinition, places: Places) -> Iterable[Issue]:
    if "" in places.broken_flows:  # a flow whose name could not be read: it may be the one a number wants
        return
    for number, flow in centre.numbers.items():
        if flow not in centre.flows and flow not in places.broken_flows:
            at = places.parts.get(f"numbers {number}", places.centre)
            yield _error(at, "R401", unknown("flow", flow, centre.flows))


def _is_menu(flow: Flow, name: NodeName) -> bool:
    return name in flow.nodes and flow.nodes[name].spec.KIND == "menu"


def _global_keys(centre: CentreDefinition, places: Places) -> Iterable[Issue]:
    """The flow of the agent key exists, and no node gives a key of all nodes another meaning."""
    flow, meanings = centre.keys.agent_flow, centre.keys.meanings()
    if flow and flow not in centre.flows and flow not in places.broken_flows and "" not in places.broken_flows:
        yield _error(places.parts.get("keys agent", places.centre), "R401", unknown("flow", flow, centre.flows))
    nodes = [(each, node) for each in centre.flows.values() for node in each.nodes.values()]
    for each, node in nodes if meanings else ():
        for key in sorted(meanings.keys() & set(node.facts.claims)):
            if meanings[key] == "back" and key in node.exits and _is_menu(each, node.exits[key]):
                continue  # still back, and the menu says to which one: the caller may not have come by it
            message = Message.of(
                "`$key` means `$meaning` everywhere (keys in centre.yaml); callers rely on it, use another key",
                key=key,
                meaning=meanings[key],
            )
            yield _warning(places.in_node(node, key), "R425", message)


def _languages(centre: CentreDefinition, places: Places) -> Iterable[Issue]:
    for language in centre.languages:
        if language not in centre.prompts:
            at = places.parts.get(f"languages {language}", places.centre)
            yield _error(
                at, "R407", Message.of("there is no prompts/$language.yaml for the language $language", language=language)
            )
    for language, at in places.prompts.items():
        if language not in centre.languages:
            message = "$language is not among the languages of centre.yaml; this file is not used"
            yield _warning(at, "R414", Message.of(message, language=language))


def _agents(centre: CentreDefinition, places: Places) -> Iterable[Issue]:
    owners: dict[str, AgentId] = {}
    for agent in centre.agents.values():
        entry = places.agents[agent.agent]
        if (owner := owners.setdefault(agent.phone, agent.agent)) != agent.agent:
            at = find(entry.value, agent.phone) or entry.key_at
            message = "agents $first and $second have the same phone; each needs its own"
            yield _error(at, "R410", Message.of(message, first=owner, second=agent.agent))
        yield from _agent(centre, agent, entry)


def _agent(centre: CentreDefinition, agent: AgentDefinition, entry: Entry) -> Iterable[Issue]:
    kinds: tuple[_Kind, ...] = (
        ("R402", "queue", agent.queues, centre.queues),
        ("R403", "skill", agent.skills, centre.skills),
        ("R415", "language", agent.languages, centre.languages),
    )
    for code, what, name, known in _unknown_names(kinds):
        at = find(entry.value, name) or entry.key_at
        yield _error(at, code, Message.of("agent $agent: $what", agent=agent.agent, what=unknown(what, name, known)))


_Kind = tuple[str, str, Iterable[str], Iterable[str]]
"""Code, what it is, the names mentioned, the names there are."""


def _unknown_names(kinds: Iterable[_Kind]) -> Iterable[tuple[str, str, str, dict[str, None]]]:
    for code, what, mentioned, there_are in kinds:
        known = dict.fromkeys(there_are)
        for name in dict.fromkeys(mentioned):
            if name not in known:
                yield code, what, name, known


def _answers(centre: CentreDefinition, places: Places, variables: _Variables) -> Iterable[Issue]:
    for name in centre.answers:
        at = places.parts.get(f"answers {name}", places.centre)
        if name in variables.secret:
            message = "`$name` is secret in a flow and cannot be kept in the call record; remove it here"
            yield _error(at, "R408", Message.of(message, name=name))
        elif name not in variables.written and not places.broken_flows:
            yield _warning(at, "R413", Message.of("no flow gives `$name` a value, so the record never has it", name=name))


def _names(centre: CentreDefinition, node: Node, places: Places) -> Iterable[Issue]:
    facts = node.facts
    kinds: tuple[_Kind, ...] = (
        ("R402", "queue", facts.queues, centre.queues),
        ("R403", "skill", facts.skills, centre.skills),
        ("R404", "service", facts.services, centre.services),
        ("R422", "calendar", facts.calendars, centre.calendars),
        ("R423", "transfer", facts.transfers, centre.transfers),
        ("R424", "script", facts.scripts, centre.scripts),
    )
    for code, what, name, known in _unknown_names(kinds):
        yield _error(places.in_node(node, name), code, unknown(what, name, known))
    for prompt in dict.fromkeys(facts.prompts):
        yield from missing_prompt(centre, prompt, places.in_node(node, prompt))


def _reads(node: Node, places: Places, variables: _Variables) -> Iterable[Issue]:
    reads = node.facts.reads
    if not places.broken_flows:
        known = variables.written | RESERVED
        for name in sorted(reads - known):
            at = places.in_node(node, name)
            what = unknown("variable", name, sorted(known))
            yield _warning(at, "R412", Message.of("no flow gives it a value: $what", what=what))
    if node.spec.KIND in SHOWING_KINDS:
        for name in sorted(reads & variables.secret):
            at = places.in_node(node, name)
            message = "`$name` is secret, and what a $kind is told can be read in events, records or messages"
            yield _error(at, "R417", Message.of(message, name=name, kind=node.spec.KIND))
    if node.spec.KIND in SPEAKING_KINDS:
        only_assigned = {read for _, read in node.facts.made_from}
        for name in sorted((reads & variables.secret) - only_assigned):
            at = places.in_node(node, name)
            yield _warning(at, "R409", Message.of("`$name` is secret and would be said aloud to the caller", name=name))

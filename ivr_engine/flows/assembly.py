"""The trees of a folder's files -> one checked centre: each part is read, then each flow's graph, then the names across."""

from __future__ import annotations

import collections.abc
from dataclasses import dataclass
from datetime import date

from ivr_engine.core.ids import AgentId, FlowName, Language
from ivr_engine.flows.calendar_reader import Zones, utc_alone
from ivr_engine.flows.centre_reader import CentreParts, read_agents, read_centre, read_prompts
from ivr_engine.flows.definition import AgentDefinition, CentreDefinition, Flow, Node, PromptText
from ivr_engine.flows.flow_reader import read_sound_part
from ivr_engine.flows.graph import check_graph
from ivr_engine.flows.issues import Issue, Severity
from ivr_engine.flows.kind_checks import check_kinds
from ivr_engine.flows.mentions import find
from ivr_engine.flows.messages import Message
from ivr_engine.flows.norms import Judged, judge, read_norms
from ivr_engine.flows.references import Places, check_references
from ivr_engine.flows.routing_checks import check_agent_flows, check_routing_names, check_staffing
from ivr_engine.flows.tree import Mapping, Position, Scalar, Sequence, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreTrees:
    """The files of a folder as far as they could be parsed. `complete`: none is missing because its syntax is broken."""

    centre: Tree | None
    agents: Tree | None
    prompts: collections.abc.Mapping[Language, Tree]
    flows: tuple[Mapping, ...]
    norms: Tree | None
    complete: bool


def assemble(
    trees: CentreTrees, issues: list[Issue], *, name: str, folder: str, zones: Zones = utc_alone
) -> CentreDefinition | None:
    """The centre, without its version; None when there is no centre.yaml to begin with.

    The result may be used only if no issue is an error. Names across files are checked only when every file could be parsed:
    otherwise each name of the broken file would be reported as unknown.
    """
    flows, broken = _flows(trees.flows, issues)
    prompts = {language: read_prompts(tree, issues) for language, tree in trees.prompts.items()}
    agents = read_agents(trees.agents, issues) if trees.agents is not None else ({}, {})
    if trees.centre is None:
        return None
    parts = read_centre(trees.centre, issues, default_name=name, zones=zones)
    centre = _joined(parts, flows=flows, agents=agents[0], prompts=prompts, folder=folder)
    if trees.complete:
        places = Places(
            centre=trees.centre.at,
            parts=parts.places,
            trees=parts.trees,
            agents=agents[1],
            prompts={language: tree.at for language, tree in trees.prompts.items()},
            in_node=NodePlaces(trees.flows),
            broken_flows=broken,
        )
        issues += (*check_references(centre, places), *check_routing_names(centre, places))
        issues += (*check_agent_flows(centre, places), *check_kinds(centre, places))
        if trees.agents is not None and not any(issue.severity is Severity.ERROR for issue in issues):
            issues += check_staffing(centre, places)
    return centre


def judge_centre(trees: CentreTrees, centre: CentreDefinition | None, issues: list[Issue], today: date) -> Judged:
    """Read norms.yaml, and hold the centre to it when it has no errors: of a broken centre little can be said."""
    if trees.norms is None:
        return Judged((), ())
    file = read_norms(trees.norms, issues)
    if centre is None or any(issue.severity is Severity.ERROR for issue in issues):
        return Judged((), ())
    start = trees.centre.at if trees.centre is not None else trees.norms.at
    written = trees.centre.get("languages") if isinstance(trees.centre, Mapping) else None
    items = written.items if isinstance(written, Sequence) else ()
    places = {Language(item.text): item.at for item in items if isinstance(item, Scalar)}
    language_places = {language: places.get(language, start) for language in centre.languages}
    calendars = trees.centre.get("calendars") if isinstance(trees.centre, Mapping) else None
    calendar_places = {entry.key: entry.key_at for entry in calendars} if isinstance(calendars, Mapping) else {}
    return judge(centre, file, language_places=language_places, calendar_places=calendar_places, today=today)


def _joined(
    parts: CentreParts,
    *,
    flows: dict[FlowName, Flow],
    agents: dict[AgentId, AgentDefinition],
    prompts: dict[Language, dict[str, PromptText]],
    folder: str,
) -> CentreDefinition:
    return CentreDefinition(
        name=parts.name,
        version="",
        folder=folder,
        languages=parts.languages,
        numbers=parts.numbers,
        flows=flows,
        queues=parts.queues,
        services=parts.services,
        skills=parts.skills,
        agents=agents,
        prompts=prompts,
        answers=parts.answers,
        calendars=parts.calendars,
        transfers=parts.transfers,
        agent_flows=parts.agent_flows,
        scripts=parts.scripts,
        keys=parts.keys,
        outbound=parts.outbound,
        routing=parts.routing,
    )


def _flows(trees: tuple[Mapping, ...], issues: list[Issue]) -> tuple[dict[FlowName, Flow], frozenset[str]]:
    """The flows as far as they could be read, and the names of those that could only be read in part."""
    flows: dict[FlowName, Flow] = {}
    broken: set[str] = set()
    places = NodePlaces(trees)
    for tree in trees:
        before = len(issues)
        flow = read_sound_part(tree, issues)
        if len(issues) > before:
            broken.add(flow.name)
        issues += check_graph(flow, places, broken=_node_names(tree) - set(flow.nodes))
        if flow.name and flows.setdefault(flow.name, flow) is not flow:
            issues.append(_twice(flow, flows[flow.name]))
    return flows, frozenset(broken)


def _twice(flow: Flow, first: Flow) -> Issue:
    message = Message.of(
        "the flow `$flow` is already given in $file; rename one of the two", flow=flow.name, file=first.at.file
    )
    return Issue(at=flow.at, severity=Severity.ERROR, code="R416", message=message)


def _node_names(flow: Mapping) -> frozenset[str]:
    nodes = flow.get("nodes")
    return frozenset(entry.key for entry in nodes) if isinstance(nodes, Mapping) else frozenset()


class NodePlaces:
    """Finds where a node's text mentions a word."""

    def __init__(self, flows: tuple[Mapping, ...]) -> None:
        self._nodes: dict[tuple[str, str], Tree] = {}
        for flow in flows:
            nodes = flow.get("nodes")
            if isinstance(nodes, Mapping):
                self._nodes |= {(flow.at.file, entry.key): entry.value for entry in nodes}

    def __call__(self, node: Node, word: str) -> Position:
        """The word's place, or the node's own."""
        tree = self._nodes.get((node.at.file, node.name))
        return (find(tree, word) if tree is not None else None) or node.at

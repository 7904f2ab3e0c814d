"""A flow as a picture: what to draw, and the same as Mermaid text, which code hosts and wikis show in place.

Drawn from the nodes' facts alone, so a new kind of node needs no change here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from unicodedata import east_asian_width

from ivr_engine.core.ids import FlowName
from ivr_engine.flows.definition import CentreDefinition, Flow, Node
from ivr_engine.flows.graph import targets
from ivr_engine.flows.nodes.asking import Asking

COLUMNS: Final = 34  # of one line of what a node says; a Chinese character takes two
CONDITION: Final = 40  # characters of a condition beside an arrow
MOST_LINES: Final = 3  # of one prompt; the rest is cut off
MOST_SAID: Final = 2  # prompts shown of one node


class Role(StrEnum):
    """What a node is to the caller; it decides shape and colour."""

    ASKS = "asks"  # waits for keys
    SAYS = "says"
    PEOPLE = "people"  # waits for an agent
    SERVICE = "service"  # waits for another system
    DECIDES = "decides"  # waits for nothing
    ENDS = "ends"


COLOURS: Final[Mapping[Role, tuple[str, str]]] = {
    Role.ASKS: ("#dbeafe", "#1d4ed8"),
    Role.SAYS: ("#f8fafc", "#64748b"),
    Role.PEOPLE: ("#dcfce7", "#15803d"),
    Role.SERVICE: ("#fef3c7", "#b45309"),
    Role.DECIDES: ("#f3e8ff", "#7e22ce"),
    Role.ENDS: ("#e2e8f0", "#0f172a"),
}
"""Fill and border."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A node. `details`: what it says, asks for or waits for, a line each."""

    name: str
    kind: str
    role: Role
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """Every exit that leads from one node to another. `usual`: a way that a call takes when all goes well.

    `when`: of exits that are there on a condition, the condition, shortened.
    """

    begin: str
    end: str
    exits: tuple[str, ...]
    usual: bool
    when: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The exits, except where there is nothing to say but `next`."""
        return "" if self.exits == ("next",) else ", ".join(map(self._worded, self.exits))

    def _worded(self, name: str) -> str:
        """An exit in words: a case is its condition, which stands behind a key."""
        condition = self.when.get(name)
        if condition is None:
            return name
        return condition if name.startswith("case ") else f"{name} ({condition})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One flow. `start` is the name of its first node."""

    flow: FlowName
    start: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def picture(centre: CentreDefinition, flow: Flow) -> Picture:
    """What to draw of a flow; words are those of the centre's first language."""
    return Picture(
        flow=flow.name,
        start=flow.start,
        boxes=tuple(_box(centre, node) for node in flow.nodes.values()),
        arrows=tuple(arrow for node in flow.nodes.values() for arrow in _arrows(node)),
    )


def _box(centre: CentreDefinition, node: Node) -> Box:
    return Box(name=node.name, kind=node.spec.KIND, role=_role(node), details=tuple(_details(centre, node)))


def _role(node: Node) -> Role:
    facts = node.spec.facts()
    if facts.ends:
        return Role.ENDS
    if isinstance(node.spec, Asking):
        return Role.ASKS
    if node.spec.KIND == "queue" or facts.queues:
        return Role.PEOPLE
    if facts.services:
        return Role.SERVICE
    return Role.SAYS if facts.waits else Role.DECIDES


def _details(centre: CentreDefinition, node: Node) -> Iterator[str]:
    facts = node.spec.facts()
    words = centre.prompts.get(centre.languages[0], {})
    for name in facts.prompts[:MOST_SAID]:
        yield from _wrapped(words[name].text if name in words else name)
    if len(facts.prompts) > MOST_SAID:
        yield "..."
    if facts.queues:
        yield f"queue {', '.join(facts.queues)}"
    if facts.services:
        yield f"asks {', '.join(facts.services)}"
    if facts.flow:
        yield f"flow {facts.flow}"  # what it writes are the other flow's variables
    elif facts.writes:
        yield f"sets {', '.join(dict.fromkeys(facts.writes))}"


def _wrapped(text: str) -> list[str]:
    """The text in short lines, broken at blanks and between Chinese characters."""
    lines, width = [""], 0
    for piece in _PIECES.findall(text):
        if lines[-1] and width + _columns(piece.rstrip()) > COLUMNS:
            lines.append("")
            width = 0
        lines[-1] += piece
        width += _columns(piece)
    kept = [line.rstrip() for line in lines[:MOST_LINES]]
    return kept if len(lines) <= MOST_LINES else [*kept[:-1], f"{kept[-1]}…"]


# Latin words with the blank after them, else single characters together with the punctuation that must not begin a line.
_PIECES: Final = re.compile(r"[!-~]+\s*|[^\s][，。、；：？！）”]*\s*")


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _arrows(node: Node) -> Iterator[Arrow]:
    """Usual ways first; the same two nodes have at most one usual arrow and one other."""
    own = {"next", "else", *node.spec.own_exits()}
    conditions = node.facts.conditions
    for usual in (True, False):
        ways: dict[str, list[str]] = {}
        for name, target in targets(node).items():
            if (name in own) is usual:
                ways.setdefault(target, []).append(name)
        for end, exits in ways.items():
            when = {name: _short(conditions[name].source) for name in exits if name in conditions}
            yield Arrow(begin=node.name, end=end, exits=tuple(exits), usual=usual, when=when)


def _short(condition: str) -> str:
    """The condition in one line, cut where it is longer than a box is wide."""
    plain = " ".join(condition.split())
    return plain if len(plain) <= CONDITION else f"{plain[: CONDITION - 1].rstrip()}…"


_MERMAID: Final[Mapping[Role, tuple[str, str]]] = {
    Role.ASKS: ("{{", "}}"),
    Role.SAYS: ("(", ")"),
    Role.PEOPLE: ("([", "])"),
    Role.SERVICE: ("[(", ")]"),
    Role.DECIDES: ("{", "}"),
    Role.ENDS: ("(((", ")))"),
}


def mermaid(pictures: Iterable[Picture]) -> str:
    """A Mermaid flowchart of the flows, each in a frame of its own when there are several."""
    drawn = list(pictures)
    lines = ["flowchart TD"]
    for number, each in enumerate(drawn, 1):
        lines += _framed(each, f"f{number}") if len(drawn) > 1 else _mermaid_flow(each, "f1")
    lines += [f"  classDef {role} fill:{fill},stroke:{line},color:#0f172a" for role, (fill, line) in COLOURS.items()]
    return "\n".join(lines) + "\n"


def _framed(each: Picture, prefix: str) -> list[str]:
    return [f'  subgraph {prefix}["{_escaped(each.flow)}"]', *_mermaid_flow(each, prefix), "  end"]


def _mermaid_flow(each: Picture, prefix: str) -> Iterator[str]:
    """Nodes are numbered: a name such as `end` would mean something to Mermaid."""
    ids = {box.name: f"{prefix}n{number}" for number, box in enumerate(each.boxes, 1)}
    yield f"  {prefix}start(( )) --> {ids[each.start]}"
    for box in each.boxes:
        opened, closed = _MERMAID[box.role]
        label = "<br/>".join((f"<b>{_escaped(box.name)}</b>", *map(_escaped, box.details)))
        yield f'  {ids[box.name]}{opened}"{label}"{closed}:::{box.role}'
    for arrow in each.arrows:
        line = "-->" if arrow.usual else "-.->"
        label = f'|"{_escaped(arrow.label)}"|' if arrow.label else ""
        yield f"  {ids[arrow.begin]} {line}{label} {ids[arrow.end]}"


def _escaped(text: str) -> str:
    """Text that neither Mermaid nor the browser takes for markup; the codes are Mermaid's own."""
    return "".join(f"#{ord(c)};" if c in _MARKUP else c for c in text)


_MARKUP: Final = frozenset('"#&<>`;')

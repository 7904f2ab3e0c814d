"""The same picture in the language of Graphviz, from which `dot` makes SVG and PNG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Final

from ivr_engine.flows.diagram import COLOURS, Arrow, Box, Picture, Role

FONT: Final = "Noto Sans CJK SC, WenQuanYi Micro Hei, Microsoft YaHei, PingFang SC, Arial, sans-serif"
_SHAPES: Final[Mapping[Role, str]] = {
    Role.ASKS: 'shape=hexagon, margin="0,0.02"',
    Role.SAYS: 'shape=box, style="rounded,filled"',
    Role.PEOPLE: "shape=house",
    Role.SERVICE: "shape=cylinder",
    Role.DECIDES: "shape=diamond",
    Role.ENDS: "shape=doublecircle",
}
_GREY: Final = "#94a3b8"


def dot(pictures: Iterable[Picture]) -> str:
    """A Graphviz digraph of the flows, each in a frame of its own when there are several."""
    drawn = list(pictures)
    lines = ["digraph flows {", *_defaults()]
    for number, each in enumerate(drawn, 1):
        framed = len(drawn) > 1
        lines += [f"  subgraph cluster{number} {{", f"    label={_quoted(each.flow)}"] if framed else []
        lines += _flow(each, f"f{number}")
        lines += ["  }"] if framed else []
    return "\n".join([*lines, "}"]) + "\n"


def _defaults() -> Iterator[str]:
    font = f'fontname="{FONT}"'
    yield f"  graph [rankdir=TB, nodesep=0.35, ranksep=0.45, fontsize=16, color={_quoted(_GREY)}, {font}]"
    yield f'  node [style=filled, fontsize=11, margin="0.12,0.06", {font}]'
    yield f"  edge [fontsize=10, arrowsize=0.7, {font}]"


def _flow(each: Picture, prefix: str) -> Iterator[str]:
    """Nodes are numbered: names of two flows may be the same."""
    ids = {box.name: f"{prefix}n{number}" for number, box in enumerate(each.boxes, 1)}
    yield f'    {prefix}start [shape=point, width=0.15, label=""]'
    yield f"    {prefix}start -> {ids[each.start]}"
    yield from (_box(box, ids[box.name]) for box in each.boxes)
    yield from (_arrow(arrow, ids) for arrow in each.arrows)


def _box(box: Box, name: str) -> str:
    """The name in bold, the details below it; a table, because lines of mixed scripts would overlap."""
    fill, line = COLOURS[box.role]
    rows = [f"<b>{escape(box.name)}</b>", *(f'<font point-size="9">{escape(row)}</font>' for row in box.details)]
    table = "".join(f"<tr><td>{row}</td></tr>" for row in rows)
    label = f'<table border="0" cellspacing="1" cellpadding="1">{table}</table>'
    return f'    {name} [{_SHAPES[box.role]}, fillcolor="{fill}", color="{line}", label=<{label}>]'


def _arrow(arrow: Arrow, ids: Mapping[str, str]) -> str:
    look = [] if arrow.usual else ["style=dashed", f'color="{_GREY}"', f'fontcolor="{COLOURS[Role.SAYS][1]}"']
    label = [f"label={_quoted(f' {arrow.label} ')}"] if arrow.label else []
    return f"    {ids[arrow.begin]} -> {ids[arrow.end]} [{', '.join([*look, *label])}]"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

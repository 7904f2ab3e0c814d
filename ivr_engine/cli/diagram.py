"""`ivr-engine diagram`: a centre's flows as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ivr_engine.flows.definition import CentreDefinition, Flow
    from ivr_engine.flows.diagram import Picture

EPILOG = "Example: ivr-engine diagram flows/sample-bank main --out main.svg"


class Format(StrEnum):
    """What is written."""

    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"
    PNG = "png"


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("diagram", epilog=EPILOG)(diagram)


def diagram(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The centre's folder: the one with centre.yaml.")],
    flow: Annotated[
        str | None, typer.Argument(metavar="[FLOW]", help="Only this flow. Default: all, each in a frame.")
    ] = None,
    *,
    form: Annotated[Format | None, typer.Option("--format", help="Default: by the ending of --out, else mermaid.")] = None,
    out: Annotated[Path | None, typer.Option(help="The file to write. Default: the terminal.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Boxes and arrows, one JSON object per flow and line.")] = False,
) -> None:
    """Draw flows: what is said, asked and waited for, and by which exits calls go on.

    Solid arrows are the usual ways; dashed ones are taken when something is missing or fails. SVG and PNG need Graphviz.
    Exit code 0: drawn; 1: the files have errors; 2: no such flow; 3: Graphviz is missing.
    """
    from ivr_engine.flows.diagram import picture

    centre = _load(folder)
    pictures = [picture(centre, each) for each in _chosen(centre, flow)]
    if as_json:
        drawn = "".join(f"{_json(each)}\n" for each in pictures).encode()
    else:
        drawn = _drawn(pictures, form or _by_ending(out), out)
    if out is not None:
        out.write_bytes(drawn)
        typer.echo(f"{out}: {len(pictures)} flow{'s' * (len(pictures) != 1)} drawn")
    else:
        typer.echo(drawn, nl=False)


def _load(folder: Path) -> CentreDefinition:
    from ivr_engine.adapters.flow_files import load_centre
    from ivr_engine.errors import DefinitionError

    loaded = load_centre(folder)
    if loaded.definition is None:
        raise DefinitionError(tuple(map(str, loaded.issues)))
    return loaded.definition


def _chosen(centre: CentreDefinition, name: str | None) -> list[Flow]:
    from ivr_engine.flows.fields import unknown

    chosen = [flow for flow in centre.flows.values() if name in (None, flow.name)]
    if not chosen:
        raise typer.BadParameter(str(unknown("flow", name or "", centre.flows)), param_hint="FLOW")
    return chosen


def _by_ending(out: Path | None) -> Format:
    ending = out.suffix.removeprefix(".") if out is not None else ""
    return Format(ending) if ending in [*Format] else Format.MERMAID


def _drawn(pictures: Sequence[Picture], form: Format, out: Path | None) -> bytes:
    from ivr_engine.flows.diagram import mermaid
    from ivr_engine.flows.diagram_dot import dot

    if form is Format.MERMAID:
        return mermaid(pictures).encode()
    if form is Format.DOT:
        return dot(pictures).encode()
    if form is Format.PNG and out is None:
        raise typer.BadParameter("a PNG cannot be shown in the terminal; name a file", param_hint="--out")
    from ivr_engine.adapters.graphviz import render

    return render(dot(pictures), "png" if form is Format.PNG else "svg")


def _json(each: Picture) -> str:
    import json
    from dataclasses import asdict

    return json.dumps(asdict(each), ensure_ascii=False)

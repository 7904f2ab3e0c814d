"""`ivr-engine schema`: JSON Schemas of the centre's files, so that an editor completes and checks while one types."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

EPILOG = (
    "Example: ivr-engine schema flow > flow.schema.json    "
    "ivr-engine schema --into flows/sample-bank/.vscode writes all of them. For editors: docs/editors.md"
)


class File(StrEnum):
    """A kind of file of a centre."""

    FLOW = "flow"
    CENTRE = "centre"
    AGENTS = "agents"
    PROMPTS = "prompts"
    NORMS = "norms"
    TESTS = "tests"


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("schema", epilog=EPILOG)(schema)


def schema(
    file: Annotated[File | None, typer.Argument(help="Of which file; left out, with --into: of all.")] = None,
    into: Annotated[Path | None, typer.Option(metavar="DIR", help="Write <file>.schema.json into this folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Accepted everywhere; a schema is JSON anyway.")] = False,
) -> None:
    """Print the JSON Schema (draft 7) of a kind of file, made from the same readers that `run` and `check` use."""
    del as_json
    from ivr_engine.flows.schemas import schemas
    from ivr_engine.testing.rehearsal.schema import schema_of_tests

    if file is None and into is None:
        raise typer.BadParameter(f"say of which file: {', '.join(File)}, or --into DIR for all")
    wanted = {
        name: make for name, make in {**schemas(), File.TESTS: schema_of_tests}.items() if file is None or name == file
    }
    for name, make in wanted.items():
        _give(name, make(), into)


def _give(name: str, made: dict[str, object], into: Path | None) -> None:
    import json

    text = json.dumps(made, ensure_ascii=False, indent=2)
    if into is None:
        typer.echo(text)
        return
    into.mkdir(parents=True, exist_ok=True)
    path = into / f"{name}.schema.json"
    path.write_text(text + "\n", encoding="utf-8")
    typer.echo(str(path))

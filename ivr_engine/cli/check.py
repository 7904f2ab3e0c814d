"""`ivr-engine check`: every problem of a centre's folder at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ivr_engine.adapters.flow_files import LoadedCentre
    from ivr_engine.flows.issues import Issue

EPILOG = "Example: ivr-engine check flows/sample-bank    What each code means: docs/problems.md"


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("check", epilog=EPILOG)(check)


def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The centre's folder: the one with centre.yaml.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per problem and line.")] = False,
) -> None:
    """Check a centre's files: syntax, shape, where every exit leads, every name and prompt.

    Prints one line per problem, `file:line:column: severity CODE message`, and a summary. Exit code 0: no errors; 1: errors.
    """
    from ivr_engine.adapters.flow_files import load_centre

    loaded = load_centre(folder)
    for issue in loaded.issues:
        typer.echo(_json(issue) if as_json else str(issue))
    if not as_json:
        typer.echo(summary(folder, loaded))
    raise typer.Exit(1 if any(issue.severity == "error" for issue in loaded.issues) else 0)


def summary(folder: Path, loaded: LoadedCentre) -> str:
    """The last line: how many problems, whether the centre can be used, and what became of the norms."""
    errors = sum(issue.severity == "error" for issue in loaded.issues)
    warnings = len(loaded.issues) - errors
    ready = [] if loaded.definition is None else ["ready to use"]
    norms = f"norms checked, {len(loaded.waived)} waived" if loaded.has_norms else "norms not checked (no norms.yaml)"
    return f"{folder}: {', '.join([*ready, _count(errors, 'error'), _count(warnings, 'warning'), norms])}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _json(issue: Issue) -> str:
    import json

    at = issue.at
    fields = {"file": at.file, "line": at.line, "column": at.column, "severity": str(issue.severity)}
    return json.dumps({**fields, "code": issue.code, "message": str(issue.message)}, ensure_ascii=False)

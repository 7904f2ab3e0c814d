"""`ivr-engine check`: every problem of a centre's folder at once."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ivr_engine.cli.wording import Tongue, wordings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ivr_engine.adapters.flow_files import LoadedCentre
    from ivr_engine.flows.issues import Issue
    from ivr_engine.flows.messages import Message, Wordings

EPILOG = (
    "Example: ivr-engine check flows/sample-bank    ivr-engine check DIR --format sarif > check.sarif    "
    "What each code means: docs/problems.md, docs/norms.md"
)


class Format(StrEnum):
    """How the problems are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("check", epilog=EPILOG)(check)


def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The centre's folder: the one with centre.yaml.")],
    form: Annotated[
        Format, typer.Option("--format", help="text; json: one object per problem and line; sarif: SARIF 2.1.0.")
    ] = Format.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    lang: Annotated[Tongue | None, typer.Option(help="Language of the messages; by default the terminal's.")] = None,
) -> None:
    """Check a centre's files: syntax, shape, where every exit leads, names and prompts, the rules of service, its tests.

    Prints one line per problem, `file:line:column: severity CODE message`, and a summary. Exit code 0: no errors; 1: errors.
    """
    loaded = _loaded(folder)
    for line in _printed(folder, loaded, Format.JSON if as_json else form, wordings(lang)):
        typer.echo(line)
    raise typer.Exit(1 if any(issue.severity == "error" for issue in loaded.issues) else 0)


def _loaded(folder: Path) -> LoadedCentre:
    """The centre, with the problems of its conversation tests where it has some; they are read, not played."""
    from ivr_engine.adapters.flow_files import load_centre
    from ivr_engine.cli.centre import read_conversations

    loaded = load_centre(folder)
    if loaded.definition is None or not any((folder / "tests").glob("*.yaml")):
        return loaded
    _tests, issues = read_conversations(folder, loaded.definition)
    return replace(loaded, issues=(*loaded.issues, *issues))


def _printed(folder: Path, loaded: LoadedCentre, form: Format, words: Wordings) -> Iterator[str]:
    import json

    if form is Format.SARIF:
        from ivr_engine.cli.sarif import sarif

        yield json.dumps(sarif(loaded.issues, loaded.waived, words), ensure_ascii=False, indent=2)
    elif form is Format.JSON:
        yield from (issue_json(issue, words) for issue in loaded.issues)
    else:
        yield from (issue.line(words) for issue in loaded.issues)
        yield summary(folder, loaded).worded(words)


def summary(folder: Path, loaded: LoadedCentre) -> Message:
    """The last line: how many problems, whether the centre can be used, and what became of the norms."""
    from ivr_engine.flows.messages import Message

    errors = sum(issue.severity == "error" for issue in loaded.issues)
    template = "$folder: $errors, $warnings, $norms" if loaded.definition is None else SUMMARY_READY
    waived = Message.of("norms checked, $count waived", count=len(loaded.waived))
    return Message.of(
        template,
        folder=str(folder),
        errors=_count(errors, "1 error", "$count errors"),
        warnings=_count(len(loaded.issues) - errors, "1 warning", "$count warnings"),
        norms=waived if loaded.has_norms else Message("norms not checked (no norms.yaml)"),
    )


SUMMARY_READY = "$folder: ready to use, $errors, $warnings, $norms"


def _count(number: int, one: str, several: str) -> Message:
    from ivr_engine.flows.messages import Message

    return Message(one) if number == 1 else Message.of(several, count=number)


def issue_json(issue: Issue, words: Wordings) -> str:
    """One problem as a JSON object."""
    import json

    return json.dumps(_object(issue, words), ensure_ascii=False)


def _object(issue: Issue, words: Wordings) -> dict[str, str | int]:
    at = issue.at
    place: dict[str, str | int] = {"file": at.file, "line": at.line, "column": at.column}
    return {**place, "severity": str(issue.severity), "code": issue.code, "message": issue.message.worded(words)}

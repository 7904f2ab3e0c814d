"""`ivr-engine cdr`: the call records, for people and for their spreadsheets. Reads only; the engine may be running."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ivr_engine.adapters.store import StoreReader
    from ivr_engine.core.ids import Instant

_WHEN = "2026-03-02, 2026-03-02T09:30, 2026-03-02T09:30+08:00, or how long ago: 30m, 2h, 7d"

Since = Annotated[str | None, typer.Option(metavar="TIME", help=f"Only calls that arrived at or after: {_WHEN}.")]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Only calls that arrived before.")]
Unmask = Annotated[bool, typer.Option("--unmask", help="Show callers' numbers and names in full.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]


class ExportFormat(StrEnum):
    """What `export` can write."""

    CSV = "csv"
    JSONL = "jsonl"


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    cdr = typer.Typer(no_args_is_help=True, help="Call records. Example: ivr-engine cdr list --since 2h")
    cdr.command("list")(list_calls)
    cdr.command("show")(show_call)
    cdr.command("export")(export_calls)
    app.add_typer(cdr, name="cdr")


def list_calls(
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many calls, newest first.")] = 50,
    as_json: AsJson = False,
    unmask: Unmask = False,
) -> None:
    """List calls, newest first; with --json one object per line.

    Example: ivr-engine cdr list --since 2026-03-02 --limit 20
    """
    from ivr_engine.cli import cdr_text

    with _reader() as reader:
        records = reader.find(since=_instant(since), until=_instant(until), limit=limit)
        if as_json:
            for record in records:
                typer.echo(cdr_text.to_line(cdr_text.record_plain(record, unmask=unmask)))
        else:
            typer.echo(cdr_text.table(list(records), unmask=unmask, width=_width()))


def show_call(
    call: Annotated[str, typer.Argument(help="The call's id, as `cdr list` shows it.")],
    events: Annotated[bool, typer.Option("--events", help="Also every event of the call, from the journal.")] = False,
    as_json: AsJson = False,
    unmask: Unmask = False,
) -> None:
    """Tell the whole story of one call: legs, offers, answers.

    Example: ivr-engine cdr show 1772415000.17 --events
    """
    from ivr_engine.cdr.open_calls import assemble
    from ivr_engine.cli import cdr_text
    from ivr_engine.core.ids import CallId
    from ivr_engine.errors import StoreError

    with _reader() as reader:
        journal = list(reader.read(call=CallId(call)))
        stored = reader.get(CallId(call))
        record = stored or assemble(journal)
    if record is None:
        raise StoreError(f"no call {call!r} in journal or records; `ivr-engine cdr list` shows the ids")
    story = cdr_text.Story(record=record, journal=journal, over=stored is not None)
    if as_json:
        typer.echo(cdr_text.to_line(cdr_text.story_plain(story, events=events, unmask=unmask)))
    else:
        typer.echo(cdr_text.story_text(story, events=events, unmask=unmask))


def export_calls(  # noqa: PLR0917 - typer passes options by name
    out: Annotated[Path, typer.Option(help="The file to write; it appears whole or not at all. `-`: standard output.")],
    form: Annotated[ExportFormat, typer.Option("--format", help="csv (one row a call) or jsonl (one object a line).")] = (
        ExportFormat.CSV
    ),
    since: Since = None,
    until: Until = None,
    bom: Annotated[
        bool, typer.Option("--bom", help="Begin with a byte order mark: Excel then reads Chinese correctly.")
    ] = False,
    unmask: Unmask = False,
) -> None:
    """Write call records to a file, newest first.

    In CSV a cell that a spreadsheet would run as a formula (it begins with = + - @) gets a leading apostrophe.

    Example: ivr-engine cdr export --since 2026-03-01 --until 2026-04-01 --bom --out march.csv
    """
    from ivr_engine.cli import cdr_export

    with _reader() as reader:
        records = reader.find(since=_instant(since), until=_instant(until))
        count = cdr_export.write(
            records, out, style=cdr_export.Style(as_csv=form is ExportFormat.CSV, bom=bom, unmask=unmask)
        )
    typer.echo(f"{count} calls written to {out}", err=True)


def _reader() -> StoreReader:
    from ivr_engine.adapters.store import open_reader
    from ivr_engine.config import load_settings

    return open_reader(load_settings().database)


def _instant(text: str | None) -> Instant | None:
    from ivr_engine.cli import cdr_text

    if text is None:
        return None
    try:
        return cdr_text.parse_instant(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time; write {_WHEN}") from error


def _width() -> int | None:
    """Columns of the terminal, None when the output goes elsewhere."""
    import os
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() or os.environ.get("COLUMNS") else None

"""`ivr-engine restore`: put a backup in place. The engine must not run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("restore")(restore_archive)


def restore_archive(
    archive: Annotated[Path, typer.Argument(help="A file that `ivr-engine backup` wrote.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of text.")] = False,
) -> None:
    """Check a backup and put it in place; what it replaces is moved aside. Refused while the engine runs.

    Example: ivr-engine restore /safe/ivr-2026-03-02.tar.gz
    """
    from ivr_engine.adapters.store import restore
    from ivr_engine.config import load_settings

    contents, aside = restore(archive, load_settings().state_dir)
    if as_json:
        moved = None if aside is None else str(aside)
        typer.echo(json.dumps({"names": contents.names, "events": contents.events, "replaced": moved}))
        return
    typer.echo(f"restored {', '.join(contents.names)}; journal up to event {contents.events}")
    if aside is not None:
        typer.echo(f"what was there before is in {aside}")

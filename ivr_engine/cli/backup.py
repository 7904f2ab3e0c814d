"""`ivr-engine backup`: one file with all that an installation cannot make anew. The engine may be running."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("backup")(backup)


def backup(
    archive: Annotated[Path, typer.Argument(help="The file to write; it appears whole or not at all.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of text.")] = False,
) -> None:
    """Write database, keys, secrets, recordings and versions into one file. Keep it as you keep the secrets in it.

    Example: ivr-engine backup /safe/ivr-2026-03-02.tar.gz
    """
    from ivr_engine.adapters.store import back_up
    from ivr_engine.config import load_settings

    settings = load_settings()
    contents = back_up(settings.state_dir, archive)
    if as_json:
        typer.echo(json.dumps({"archive": str(archive), "names": contents.names, "events": contents.events}))
        return
    typer.echo(f"{archive}: {', '.join(contents.names)}; journal up to event {contents.events}")
    if settings.database_url:
        typer.echo("The database is on a server and not in this file: back it up there, with pg_dump.", err=True)

"""What `broadcast` and `reroute` share: who and why, the question to the engine, and how the answer is printed."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import typer

from ivr_engine.config import load_settings

REASON = typer.Option("", "--reason", help="Why: kept in the journal. Needed.")
BY = typer.Option("", "--by", help="Who: kept in the journal. Default: whoever is logged in.")
UNTIL = typer.Option(..., "--until", help="When it ends by itself: 18:00 (today), 30m, 2h, 1d or 2026-03-02T18:00.")
JSON = typer.Option(False, "--json", help="One JSON object a line.")

NEXT_CALL = "From the next call on; calls under way go on as they began."

Row = dict[str, Any]


def ask(command: str, **fields: object) -> list[Row]:
    """Give the running engine a command of the emergency switch."""
    from ivr_engine.adapters.control import ask as ask_engine

    rows: list[Row] = asyncio.run(ask_engine(load_settings().control_socket, command, **fields))
    return rows


def who(by: str) -> str:
    """The name given; else the person behind `sudo`, else the user of this process."""
    return by or os.environ.get("SUDO_USER") or getpass.getuser()


def ends(until: str) -> int:
    """The instant that `--until` means now."""
    from ivr_engine.cli.until import instant_of

    return instant_of(until, datetime.now(UTC))


def tell(rows: list[Row], line: Callable[[Row], str], *, as_json: bool, then: str = "") -> None:
    """Print each row, as JSON or as a sentence; `then` follows the sentences."""
    for row in rows:
        typer.echo(json.dumps(row, ensure_ascii=False) if as_json else line(row))
    if then and not as_json:
        typer.echo(then)

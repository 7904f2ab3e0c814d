"""`ivr-engine drain`: take a node out of service without dropping anybody."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ivr_engine.cli.spans import span_of

LOOK_EVERY_S = 1.0


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("drain")(drain)


def drain(
    limit: Annotated[str, typer.Option(metavar="SPAN", help="How long calls may take yet: 90s, 30m, 2h.")] = "30m",
    off: Annotated[bool, typer.Option("--off", help="Let callers in again.")] = False,
    wait: Annotated[bool, typer.Option(help="Stay until the engine has ended.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One object a line.")] = False,
) -> None:
    """Let no new callers into the running engine and end it when the last call is over, or the limit has passed.

    New calls are answered with SIP 503, so that the network tries the next node: have one. To restart or upgrade the only
    node do not drain; stop the engine and start it, its callers stay on the line.

    Example: ivr-engine drain --limit 30m
    """
    from ivr_engine.config import load_settings

    socket = load_settings().control_socket
    asyncio.run(_drain(socket, None if off else span_of("--limit", limit) // 1000, wait=wait, as_json=as_json))


async def _drain(socket: Path, limit_s: int | None, *, wait: bool, as_json: bool) -> None:
    from ivr_engine.adapters.control import NoEngine, ask

    status = await (ask(socket, "drain.off") if limit_s is None else ask(socket, "drain.begin", limit_s=limit_s))
    _say(status, as_json=as_json)
    shown = status
    while wait and status["draining"]:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            status = await ask(socket, "drain.status")
        except NoEngine:
            _say({"draining": False, "calls": 0, "left_s": None, "ended": True}, as_json=as_json)
            return
        if status["calls"] != shown["calls"]:
            _say(status, as_json=as_json)
            shown = status


def _say(status: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(status))
    elif status.get("ended"):
        typer.echo("the engine has ended")
    elif status["draining"]:
        typer.echo(f"no new calls; {status['calls']} on the line, {status['left_s']} s left for them")
    else:
        typer.echo(f"callers are let in; {status['calls']} on the line")

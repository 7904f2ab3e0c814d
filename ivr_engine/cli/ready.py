"""`ivr-engine ready`: whether a call would be served now."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

NAME = "ready"
"""What is called: an extension of dialplans/inbound.conf."""

LIMIT_S = 6.0
SAID = {
    486: "ready: a call would be served",
    503: "not ready: no engine behind the PBX takes calls; see ivr-engine doctor",
    404: "not ready: this PBX does not know the question; bring it up to date: ivr-engine pbx start DIR",
    401: "not ready: this PBX takes no calls from this machine",
}


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("ready")(ready)


def ready(as_json: Annotated[bool, typer.Option("--json", help="JSON instead of text.")] = False) -> None:
    """Say whether a call would be served now, by way of SIP, the PBX's dialplan and the engine. Nothing is recorded.

    Exit code 0: it would; 1: it would not. Example: ivr-engine ready || systemctl status ivr-engine
    """
    from ivr_engine.adapters.sip_probe import response_to_call
    from ivr_engine.config import load_settings
    from ivr_engine.errors import SwitchError

    settings = load_settings()
    try:
        status = asyncio.run(response_to_call(NAME, host=settings.bind, port=settings.sip_port, limit_s=LIMIT_S))
        said = SAID.get(status, f"not ready: the PBX answers {status}")
    except SwitchError as error:
        status, said = 0, f"not ready: {error}; see ivr-engine pbx status"
    is_ready = status == 486
    typer.echo(json.dumps({"ready": is_ready, "sip_status": status, "said": said}) if as_json else said)
    raise typer.Exit(0 if is_ready else 1)

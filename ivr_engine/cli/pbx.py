"""`ivr-engine pbx`: provide, start, stop and look at the PBX of this installation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ivr_engine.config import Settings, load_settings

if TYPE_CHECKING:
    from ivr_engine.adapters.asterisk.pbx import PbxStatus
    from ivr_engine.adapters.asterisk.pbx_config import PbxPlan

AS_JSON = typer.Option(False, "--json", help="One JSON object on standard output.")


def register(app: typer.Typer) -> None:
    """Add `pbx install|start|stop|status`."""
    pbx = typer.Typer(
        no_args_is_help=True, help="Provide, start, stop and look at the PBX. Example: ivr-engine pbx status --json"
    )
    pbx.command("install")(install)
    pbx.command("start")(start)
    pbx.command("stop")(stop)
    pbx.command("status")(status)
    app.add_typer(pbx, name="pbx")


def install(as_json: bool = AS_JSON) -> None:
    """Find an Asterisk of version 20 or later on this machine, or provide one. Example: `ivr-engine pbx install`."""
    from ivr_engine.adapters.asterisk.pbx_install import install as provide

    settings = load_settings()
    found = provide(settings.cache_dir, mirror=settings.debian_mirror, say=_progress)
    facts = {"version": found.version, "kind": found.kind, "program": found.argv[-1], "modules": str(found.modules_dir)}
    _print(facts, f"Asterisk {found.version} ({found.kind}): {found.argv[-1]}", as_json)


def start(
    folder: Path | None = typer.Argument(None, help="The centre; without one, the telephones of the last start."),
    as_json: bool = AS_JSON,
) -> None:
    """Start the PBX alone; callers hear its fallback. Example: `ivr-engine pbx start flows/sample-bank`."""
    settings = load_settings()
    state = _start_bare(settings) if folder is None else _start_for(folder, settings)
    _print(asdict(state), _sentence(state), as_json)


def stop(as_json: bool = AS_JSON) -> None:
    """Stop the PBX and the calls in it. Exit 1 if none was running. Example: `ivr-engine pbx stop`."""
    from ivr_engine.adapters.asterisk.pbx import Pbx

    stopped = Pbx(load_settings().pbx_dir).stop()
    _print({"stopped": stopped}, "stopped" if stopped else "no PBX was running", as_json)
    raise typer.Exit(0 if stopped else 1)


def status(as_json: bool = AS_JSON) -> None:
    """Say whether the PBX runs, and where. Exit 1 if it does not. Example: `ivr-engine pbx status --json`."""
    from ivr_engine.adapters.asterisk.pbx import Pbx

    state = Pbx(load_settings().pbx_dir).status()
    _print(asdict(state), _sentence(state), as_json)
    raise typer.Exit(0 if state.running else 1)


def bare_plan(settings: Settings) -> PbxPlan:
    """A plan without a centre: ports from the settings, and the phones that this folder has secrets for."""
    from ivr_engine.adapters.asterisk.pbx_config import PbxPlan
    from ivr_engine.adapters.asterisk.pbx_secrets import keep_secrets

    secrets = keep_secrets(settings.pbx_dir, ())
    return PbxPlan(
        folder=settings.pbx_dir,
        secrets=secrets,
        numbers=(),
        phones=tuple(sorted(secrets.phones)),
        bind=settings.bind,
        sip_port=settings.sip_port,
        rtp_first=settings.rtp_first,
        rtp_last=settings.rtp_last,
        ami_port=settings.ami_port,
        agi_port=settings.agi_port,
        call_limit_s=settings.call_limit_s,
    )


def _start_bare(settings: Settings) -> PbxStatus:
    from ivr_engine.adapters.asterisk.pbx import Pbx
    from ivr_engine.adapters.asterisk.pbx_install import install as provide

    found = provide(settings.cache_dir, mirror=settings.debian_mirror, say=_progress)
    return Pbx(settings.pbx_dir).start(bare_plan(settings), found)


def _start_for(folder: Path, settings: Settings) -> PbxStatus:
    from ivr_engine.adapters.logs import open_log
    from ivr_engine.bootstrap import start_pbx
    from ivr_engine.cli.centre import load

    log = open_log(level=settings.log_level, json_lines=False)
    return asyncio.run(start_pbx(settings=settings, definition=load(folder), log=log))


def _sentence(state: PbxStatus) -> str:
    if not state.running:
        return "no PBX is running; start it: ivr-engine pbx start"
    where = f"SIP {state.sip}, AMI 127.0.0.1:{state.ami_port}, files in {state.folder}"
    return f"Asterisk {state.version} runs (process {state.pid}): {where}"


def _progress(text: str) -> None:
    typer.echo(text, err=True)


def _print(facts: Mapping[str, object], sentence: str, as_json: bool) -> None:
    typer.echo(json.dumps(facts) if as_json else sentence)

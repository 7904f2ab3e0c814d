"""`ivr-engine run DIR`: keep a centre up."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ivr_engine.cli.centre import FOLDER, load
from ivr_engine.config import Settings, load_settings

if TYPE_CHECKING:
    from ivr_engine.flows.definition import CentreDefinition


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command(help="Keep a centre up until Ctrl-C. Example: ivr-engine run flows/sample-bank --host-service")(run)


def run(
    folder: Path = FOLDER,
    pbx: bool = typer.Option(True, help="Install and start the PBX too; it is left running."),
    host_service: bool = typer.Option(False, "--host-service", help="Start the sample bank's host service too."),
    json_log: bool = typer.Option(False, "--json", help="Log lines as JSON."),
) -> None:
    """Keep a centre up until Ctrl-C."""
    from ivr_engine.adapters.event_loop import fastest_loop

    definition = load(folder)
    with asyncio.Runner(loop_factory=fastest_loop()) as runner:
        runner.run(_run(definition, load_settings(), pbx=pbx, host_service=host_service, json_log=json_log))


async def _run(definition: CentreDefinition, settings: Settings, *, pbx: bool, host_service: bool, json_log: bool) -> None:
    from ivr_engine.adapters.logs import open_log
    from ivr_engine.bootstrap import engine, start_pbx
    from ivr_engine.testing.host_service import HostService

    log = open_log(level=settings.log_level, json_lines=json_log)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        if host_service:
            stack.enter_context(HostService(port=settings.host_service_port))
        if pbx:
            await start_pbx(settings=settings, definition=definition, log=log)
        await stack.enter_async_context(engine(settings=settings, definition=definition, log=log))
        typer.echo(_banner(definition, settings), err=True)
        await stop.wait()
        typer.echo("stopping; the PBX stays up (ivr-engine pbx stop ends it)" if pbx else "stopping", err=True)


def _banner(definition: CentreDefinition, settings: Settings) -> str:
    numbers = ", ".join(sorted(definition.numbers))
    phones = ", ".join(sorted(agent.phone for agent in definition.agents.values()))
    return (
        f"{definition.name} is up (version {definition.version}). Callers: sip:NUMBER@{settings.bind}:{settings.sip_port}, "
        f"numbers {numbers}. Agents' telephones: {phones}; passwords in {settings.pbx_dir / 'secrets.json'}. Ctrl-C stops."
    )

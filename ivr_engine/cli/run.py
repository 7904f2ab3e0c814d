"""`ivr-engine run DIR`: keep a centre up."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ivr_engine.cli.centre import FOLDER, load, start_host_service
from ivr_engine.config import Settings, load_settings, mistyped

ALIVE_EVERY_S = 1.0

if TYPE_CHECKING:
    from ivr_engine.adapters.systemd import NotifySocket
    from ivr_engine.flows.definition import CentreDefinition
    from ivr_engine.services.drain import Drain


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command(help="Keep a centre up until Ctrl-C. Example: ivr-engine run flows/sample-bank --host-service")(run)


def run(
    folder: Path = FOLDER,
    *,
    pbx: bool = typer.Option(True, help="Install and start the PBX too; it is left running."),
    host_service: bool = typer.Option(False, "--host-service", help="Start the sample bank's host service too."),
    json_log: bool = typer.Option(False, "--json", help="Log lines as JSON."),
    watch: bool = typer.Option(False, "--watch", help="Load DIR whenever it changes, not only on `ivr-engine flow reload`."),
    watchdog: bool = typer.Option(True, help="End an engine that hangs for 10 s; its callers go back to the PBX."),
) -> None:
    """Keep a centre up until Ctrl-C."""
    from ivr_engine.adapters.event_loop import fastest_loop

    definition = load(folder)
    options = {"pbx": pbx, "host_service": host_service, "json_log": json_log, "watch": watch, "watchdog": watchdog}
    with asyncio.Runner(loop_factory=fastest_loop()) as runner:
        runner.run(_run(definition, load_settings(), **options))


async def _run(
    definition: CentreDefinition,
    settings: Settings,
    *,
    pbx: bool,
    host_service: bool,
    json_log: bool,
    watch: bool,
    watchdog: bool,
) -> None:
    from ivr_engine.adapters.control import refuse_second_engine
    from ivr_engine.adapters.logs import open_log
    from ivr_engine.adapters.watchdog import watched_over
    from ivr_engine.bootstrap import engine, start_pbx

    log = open_log(level=settings.log_level, json_lines=json_log)
    for name, meant in mistyped().items():
        log.warning("setting_unknown", variable=name, meant=meant)
    async with AsyncExitStack() as stack:
        await refuse_second_engine(settings.control_socket)
        if host_service:
            start_host_service(stack, settings)
        if pbx:
            await start_pbx(settings=settings, definition=definition, log=log)
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):  # only now: until here they end the command at once
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        running = await stack.enter_async_context(
            engine(settings=settings, definition=definition, log=log, watch_files=watch)
        )
        if watchdog:
            await stack.enter_async_context(watched_over())
        typer.echo(_banner(definition, settings), err=True)
        await _served(stop, running.services.drain, status=f"{definition.name}, version {definition.version}")
        typer.echo("stopping; the PBX stays up (ivr-engine pbx stop ends it)" if pbx else "stopping", err=True)


async def _served(stop: asyncio.Event, drain: Drain, *, status: str) -> None:
    """Return when the operator says so, or when a drain is over; until then the service manager hears that all is well."""
    from ivr_engine.adapters.systemd import NotifySocket

    supervisor = NotifySocket()
    supervisor.ready(status)
    async with asyncio.TaskGroup() as tasks:
        beats = tasks.create_task(_say_alive(supervisor))
        ends = [tasks.create_task(stop.wait()), tasks.create_task(drain.over())]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for each in (beats, *ends):
            each.cancel()
    supervisor.stopping()


async def _say_alive(supervisor: NotifySocket) -> None:
    while True:
        supervisor.alive()
        await asyncio.sleep(ALIVE_EVERY_S)


def _banner(definition: CentreDefinition, settings: Settings) -> str:
    """The first screen: where callers and agents come in, and what to type next."""
    phones = ", ".join(sorted(agent.phone for agent in definition.agents.values()))
    rows = (
        ("callers", f"sip:NUMBER@{settings.bind}:{settings.sip_port}, numbers {', '.join(sorted(definition.numbers))}"),
        ("telephones", f"{phones or 'none'}"),
        ("", f"passwords in {settings.pbx_dir / 'secrets.json'}"),
        ("state", str(settings.state_dir)),
        ("look", "ivr-engine agent list, ivr-engine cdr list, ivr-engine doctor"),
        ("stop", "Ctrl-C; callers go on with the PBX's fallback"),
    )
    title = f"{definition.name} is up (version {definition.version})"
    return "\n".join([title, *(f"  {name:<12}{text}" for name, text in rows)])

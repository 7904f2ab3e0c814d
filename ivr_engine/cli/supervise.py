"""`ivr-engine supervise ...`: what supervisors do to agents and waiting callers; each command is kept with who it was."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import typer

from ivr_engine.config import load_settings

_JSON = typer.Option(False, "--json", help="One JSON object a line.")
_BY = typer.Option("", "--by", help="Who: kept in the journal. Default: whoever is logged in.")
_AGENT = typer.Argument(help="Agent's id, or the name of the telephone.")
_CALL = typer.Argument(help="The call's id, as `supervise waiting` lists it.")


def register(app: typer.Typer) -> None:
    """Add the subcommands."""
    commands = typer.Typer(
        no_args_is_help=True,
        help="Agents and waiting callers, for supervisors. Example: ivr-engine supervise waiting",
    )
    commands.command(help="Let an agent take calls. Example: ivr-engine supervise ready 1001")(ready)
    commands.command(help="Let an agent take no new calls. Example: ivr-engine supervise pause 1001 --reason meeting")(pause)
    commands.command(help="Let an agent stop work. Example: ivr-engine supervise logout 1001")(logout)
    commands.command(help="Other queues for an agent. Example: ivr-engine supervise move 1001 --into loan")(move)
    commands.command(help="A skill's level, 1 to 10, or none. Example: ivr-engine supervise skill 1001 card 7")(skill)
    commands.command(help="A waiting caller into another queue. Example: ivr-engine supervise take CALL loan")(take)
    commands.command(help="A waiting caller's priority. Example: ivr-engine supervise priority CALL 90")(priority)
    commands.command(help="Who waits, and who talks. Example: ivr-engine supervise waiting --json")(waiting)
    app.add_typer(commands, name="supervise")


def ready(agent: str = _AGENT, by: str = _BY, as_json: bool = _JSON) -> None:
    """Let an agent take calls."""
    _command("ready", by, as_json, agent=agent)


def pause(
    agent: str = _AGENT,
    reason: str = typer.Option("supervisor", help="Reason code, kept in the journal."),
    by: str = _BY,
    as_json: bool = _JSON,
) -> None:
    """Let an agent take no new calls."""
    _command("pause", by, as_json, agent=agent, reason=reason)


def logout(agent: str = _AGENT, by: str = _BY, as_json: bool = _JSON) -> None:
    """Let an agent stop work."""
    _command("logout", by, as_json, agent=agent)


def move(
    agent: str = _AGENT,
    into: list[str] = typer.Option([], "--into", help="A queue to serve too; may be given again."),
    out_of: list[str] = typer.Option([], "--out-of", help="A queue to serve no longer; may be given again."),
    by: str = _BY,
    as_json: bool = _JSON,
) -> None:
    """Other queues for an agent, until the engine or the agent's entry in the files changes."""
    _command("move", by, as_json, agent=agent, into=into, out_of=out_of)


def skill(
    agent: str = _AGENT,
    name: str = typer.Argument(metavar="SKILL", help="One of the skills of centre.yaml."),
    level: str = typer.Argument(help="1 lowest to 10 highest, or `none`."),
    by: str = _BY,
    as_json: bool = _JSON,
) -> None:
    """Another level for an agent."""
    if level != "none" and not level.isdecimal():
        raise typer.BadParameter(f"a level is 1 to 10, or none, not {level!r}")
    _command("skill", by, as_json, agent=agent, skill=name, level=None if level == "none" else int(level))


def take(call: str = _CALL, queue: str = typer.Argument(help="The queue."), by: str = _BY, as_json: bool = _JSON) -> None:
    """A waiting caller into another queue, keeping the arrival."""
    _command("take", by, as_json, call=call, queue=queue)


def priority(
    call: str = _CALL,
    value: int = typer.Argument(metavar="PRIORITY", help="Higher is sooner."),
    by: str = _BY,
    as_json: bool = _JSON,
) -> None:
    """A waiting caller before or behind others."""
    _command("priority", by, as_json, call=call, priority=value)


def waiting(as_json: bool = _JSON) -> None:
    """Who waits, and who talks."""
    rows: list[dict[str, Any]] = _ask("waiting")
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    typer.echo(f"{'call':<20} {'queue':<16} {'place':>5} {'priority':>8}  {'state':<10} agent")
    for row in rows:
        typer.echo(
            f"{row['call']:<20} {row['queue']:<16} {row['position'] or '-':>5} {row['priority']:>8}  "
            f"{row['phase']:<10} {row['agent'] or ''}"
        )


def _command(verb: str, by: str, as_json: bool, **fields: object) -> None:
    from ivr_engine.cli.emergency import who

    _ask(verb, by=who(by), **fields)
    about = str(fields.get("agent") or fields.get("call"))
    typer.echo(json.dumps({"about": about, "command": verb, "ok": True}) if as_json else f"{about}: {verb} done")


def _ask(verb: str, **fields: object) -> Any:  # noqa: ANN401 - JSON has no narrower type
    from ivr_engine.adapters.control import ask

    return asyncio.run(ask(load_settings().control_socket, f"supervisor.{verb}", **fields))

"""`ivr-engine agent ...`: agents of a running engine, and what they do with their callers, from the command line."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import typer

from ivr_engine.config import load_settings

EXAMPLE = "Example: ivr-engine agent login 1001 && ivr-engine agent ready 1001"
_JSON = typer.Option(False, "--json", help="One JSON object a line.")
_AGENT = typer.Argument(help="Agent's id, or the name of the telephone.")
_TO = typer.Argument(help="An agent's id, or the name or number of an entry of `transfers`.")
_GOALS = (
    "An agent's id, a queue's name or code, the name or number of an entry of `transfers`, or the name or code of an entry "
    "of `agent_flows`."
)

CONVERSATION = MappingProxyType(
    {
        "hold": "Let the caller hear music.",
        "resume": "Back to the caller, from a hold or from asking somebody.",
        "complete": "Leave the caller to whoever is being asked.",
        "conference": "Let caller, agent and whoever is asked all hear each other.",
    }
)


def register(app: typer.Typer) -> None:
    """Add the subcommands."""
    agents = typer.Typer(no_args_is_help=True, help=f"Agents of the running engine. {EXAMPLE}")
    agents.command(help=f"Start work, paused. {EXAMPLE}")(login)
    agents.command(help="Take calls. Example: ivr-engine agent ready 1001")(ready)
    agents.command(help="Take no new calls. Example: ivr-engine agent pause 1001 --reason lunch")(pause)
    agents.command(help="Stop work. Example: ivr-engine agent logout 1001")(logout)
    agents.command(help="More time after a conversation. Example: ivr-engine agent extend 1001 --by 60")(extend)
    agents.command("list", help="Every agent and what they are doing. Example: ivr-engine agent list --json")(list_)
    for command, says in CONVERSATION.items():
        agents.command(command, help=f"{says} Example: ivr-engine agent {command} 1001")(_about_the_caller(command))
    agents.command(help="Pass the caller on and be out of it. Example: ivr-engine agent transfer 1001 card")(transfer)
    agents.command(help="Ask somebody while the caller hears music. Example: ivr-engine agent consult 1001 1002")(consult)
    app.add_typer(agents, name="agent")


def login(
    agent: str = _AGENT,
    phone: str = typer.Option("", help="Telephone to sit at, by its name in agents.yaml; the agent's own if left out."),
    as_json: bool = _JSON,
) -> None:
    """Start work, or move to another telephone: the newest login wins."""
    _command("login", agent, as_json, phone=phone)


def ready(agent: str = _AGENT, as_json: bool = _JSON) -> None:
    """Take calls."""
    _command("ready", agent, as_json)


def pause(
    agent: str = _AGENT,
    reason: str = typer.Option("break", help="Reason code, kept in the journal."),
    as_json: bool = _JSON,
) -> None:
    """Take no new calls."""
    _command("pause", agent, as_json, reason=reason)


def logout(agent: str = _AGENT, as_json: bool = _JSON) -> None:
    """Stop work."""
    _command("logout", agent, as_json)


def extend(
    agent: str = _AGENT,
    by: int = typer.Option(30, min=1, max=3600, metavar="SECONDS", help="So much longer than it would last now."),
    as_json: bool = _JSON,
) -> None:
    """More time for the wrap-up, up to the queue's `wrap_up_most`."""
    _command("extend", agent, as_json, seconds=by)


def transfer(
    agent: str = _AGENT,
    to: str = typer.Argument("", help=_GOALS, show_default=False),
    flow: str = typer.Option("", help="A flow of `agent_flows` by name, should something else have that name too."),
    as_json: bool = _JSON,
) -> None:
    """Pass the caller on."""
    if bool(to) == bool(flow):
        raise typer.BadParameter("say where to: a goal, or --flow", param_hint="TO")
    _command("transfer", agent, as_json, to=to, flow=flow)


def consult(agent: str = _AGENT, to: str = _TO, as_json: bool = _JSON) -> None:
    """Ask somebody; then `complete`, `conference` or `resume`."""
    _command("consult", agent, as_json, to=to)


def _about_the_caller(verb: str) -> Callable[..., None]:
    def command(agent: str = _AGENT, as_json: bool = _JSON) -> None:
        _command(verb, agent, as_json)

    return command


def list_(as_json: bool = _JSON) -> None:
    """Every agent and what they are doing."""
    rows: list[dict[str, Any]] = _ask("agent.list")
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    typer.echo(
        f"{'agent':<8} {'presence':<11} {'activity':<9} {'for':>7}  {'reason':<12} {'telephone':<12} {'queues':<20} name"
    )
    for row in rows:
        seconds = row["since_ms"] // 1000
        typer.echo(
            f"{row['agent']:<8} {row['presence']:<11} {row['activity']:<9} {seconds // 60:>4}:{seconds % 60:02}  "
            f"{row['reason']:<12} {row['phone']:<12} {','.join(row['queues']):<20} {row['name']}{_others(row['others'])}"
        )


def _others(work: list[dict[str, Any]]) -> str:
    """What else than a call is in hand, by kind."""
    counts = Counter(each["kind"] for each in work)
    return "".join(f"; {count} {kind}" for kind, count in sorted(counts.items()))


def _command(verb: str, agent: str, as_json: bool, **fields: object) -> None:
    _ask(f"agent.{verb}", agent=agent, **fields)
    typer.echo(json.dumps({"agent": agent, "command": verb, "ok": True}) if as_json else f"{agent}: {verb} done")


def _ask(command: str, **fields: object) -> Any:  # noqa: ANN401 - JSON has no narrower type
    from ivr_engine.adapters.control import ask

    return asyncio.run(ask(load_settings().control_socket, command, **fields))

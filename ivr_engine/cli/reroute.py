"""`ivr-engine reroute on|off|list`: calls to a number begin another flow, for a time."""

from __future__ import annotations

import typer

from ivr_engine.cli.emergency import BY, JSON, NEXT_CALL, REASON, UNTIL, Row, ask, ends, tell, who

EXAMPLE = "Example: ivr-engine reroute on 80000 agent --until 2h --reason outage"


def register(app: typer.Typer) -> None:
    """Add the subcommands."""
    reroute = typer.Typer(no_args_is_help=True, help=f"Emergency reroutes of the running engine. {EXAMPLE}")
    reroute.command(help=f"Calls to the number begin another flow. {EXAMPLE}")(on)
    reroute.command(help='The flow of centre.yaml again. Example: ivr-engine reroute off 80000 --reason "all works again"')(
        off
    )
    reroute.command("list", help="What is on. Example: ivr-engine reroute list --json")(list_)
    app.add_typer(reroute, name="reroute")


def on(  # noqa: PLR0917 - the options of a command line
    number: str = typer.Argument(help="Number dialled."),
    flow: str = typer.Argument(help="A flow of the centre."),
    until: str = UNTIL,
    reason: str = REASON,
    by: str = BY,
    as_json: bool = JSON,
) -> None:
    """Calls to the number begin another flow."""
    rows = ask("reroute.on", number=number, flow=flow, until=ends(until), reason=reason, by=who(by))
    tell(rows, lambda row: f"on:  {_line(row)}", as_json=as_json, then=NEXT_CALL)


def off(
    number: str = typer.Argument("", help="Number dialled. Default: all of the centre."),
    reason: str = REASON,
    by: str = BY,
    as_json: bool = JSON,
) -> None:
    """The flow of centre.yaml again."""
    rows = ask("reroute.off", number=number, reason=reason, by=who(by))
    tell(rows, lambda row: f"off: {_line(row)}", as_json=as_json, then=NEXT_CALL)


def list_(as_json: bool = JSON) -> None:
    """What is on."""
    rows = ask("reroute.list")
    tell(rows, _line, as_json=as_json, then="" if rows else "no reroute is on")


def _line(row: Row) -> str:
    from ivr_engine.cli.until import shown

    return f"{row['number']} begins flow {row['flow']}, until {shown(row['until'])} ({row['by']}: {row['reason']})"

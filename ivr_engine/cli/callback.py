"""`ivr-engine callback list|cancel`: who is to be called back by the running engine. Only `--json` shows whole numbers."""

from __future__ import annotations

import typer

from ivr_engine.cli.emergency import BY, JSON, Row, ask, tell, who

EXAMPLE = "Example: ivr-engine callback list"
PHASES = {"booked": "is not due", "in_line": "stands in line", "calling": "is being called"}


def register(app: typer.Typer) -> None:
    """Add the subcommands."""
    callback = typer.Typer(no_args_is_help=True, help=f"Callbacks of the running engine. {EXAMPLE}")
    callback.command("list", help=f"Those that stand, by their place, at most 200. {EXAMPLE} --json")(list_)
    callback.command(help="Call nobody for this booking. Example: ivr-engine callback cancel cb17")(cancel)
    app.add_typer(callback, name="callback")


def list_(as_json: bool = JSON) -> None:
    """Those that stand, by their place."""
    rows = ask("callback.list")
    tell(rows, _line, as_json=as_json, then="" if rows else "no callback is booked")


def cancel(
    booking: str = typer.Argument(help="The booking, as `callback list` names it."),
    by: str = BY,
    as_json: bool = JSON,
) -> None:
    """Call nobody for this booking."""
    rows = ask("callback.cancel", booking=booking, by=who(by))
    tell(rows, lambda row: f"cancelled: {_line(row)}", as_json=as_json, then="")


def _line(row: Row) -> str:
    from ivr_engine.cli.cdr_text import mask_number
    from ivr_engine.cli.until import shown

    window = f", {row['window']}" if row["window"] else ""
    state = PHASES[row["phase"]] if row["phase"] != "booked" else f"not before {shown(row['due'])}"
    return (
        f"{row['booking']}: {mask_number(row['number'])} for {row['queue']}{window}, place of {shown(row['since'])}, "
        f"priority {row['priority']}, {row['attempts']} attempts, {state}"
    )

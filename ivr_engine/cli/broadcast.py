"""`ivr-engine broadcast on|off|list`: words that callers of a number hear first, for a time."""

from __future__ import annotations

import typer

from ivr_engine.cli.emergency import BY, JSON, NEXT_CALL, REASON, UNTIL, Row, ask, ends, tell, who

EXAMPLE = 'Example: ivr-engine broadcast on "系统维护至18点" --number 80000 --until 18:00 --reason outage'
_NUMBER = typer.Option("", "--number", help="Number dialled. Default: all of the centre.")
_LANGUAGE = typer.Option("", "--language", help="Language. Default: the centre's first; with --prompt all that have it.")


def register(app: typer.Typer) -> None:
    """Add the subcommands."""
    broadcast = typer.Typer(no_args_is_help=True, help=f"Emergency broadcasts of the running engine. {EXAMPLE}")
    broadcast.command(help=f"Callers hear this first. {EXAMPLE}")(on)
    broadcast.command(help='No more. Example: ivr-engine broadcast off --number 80000 --reason "all works again"')(off)
    broadcast.command("list", help="What is on. Example: ivr-engine broadcast list --json")(list_)
    app.add_typer(broadcast, name="broadcast")


def on(  # noqa: PLR0913, PLR0917 - the options of a command line
    text: str = typer.Argument("", help="The words, spoken by the engine's voice. Or give --prompt."),
    prompt: str = typer.Option("", "--prompt", help="A prompt of prompts/<language>.yaml instead of words."),
    number: str = _NUMBER,
    language: str = _LANGUAGE,
    until: str = UNTIL,
    reason: str = REASON,
    by: str = BY,
    whole: bool = typer.Option(False, "--whole", help="No key interrupts it."),
    as_json: bool = JSON,
) -> None:
    """Callers hear this first."""
    rows = ask(
        "broadcast.on",
        text=text,
        prompt=prompt,
        number=number,
        language=language,
        skippable=not whole,
        until=ends(until),
        reason=reason,
        by=who(by),
    )
    tell(rows, lambda row: f"on:  {_line(row)}", as_json=as_json, then=NEXT_CALL)


def off(
    number: str = _NUMBER,
    language: str = typer.Option("", "--language", help="Language. Default: all."),
    reason: str = REASON,
    by: str = BY,
    as_json: bool = JSON,
) -> None:
    """No more."""
    rows = ask("broadcast.off", number=number, language=language, reason=reason, by=who(by))
    tell(rows, lambda row: f"off: {_line(row)}", as_json=as_json, then=NEXT_CALL)


def list_(as_json: bool = JSON) -> None:
    """What is on."""
    rows = ask("broadcast.list")
    tell(rows, _line, as_json=as_json, then="" if rows else "no broadcast is on")


def _line(row: Row) -> str:
    from ivr_engine.cli.until import shown

    words = f"prompt {row['prompt']}" if row["prompt"] else f"“{row['text']}”"
    whole = "" if row["skippable"] else ", not to be interrupted"
    return f"{row['number']} {row['language']}: {words}{whole}, until {shown(row['until'])} ({row['by']}: {row['reason']})"

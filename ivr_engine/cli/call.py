"""`ivr-engine call`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ivr_engine.cli.spans import span_of
from ivr_engine.errors import SwitchError

if TYPE_CHECKING:
    from ivr_engine.adapters.softphone.conversation import CallReport, Moment, Script
    from ivr_engine.adapters.softphone.lines import Line

HELP = """Make a real call through the PBX and tell what was heard.

Each group of --keys is pressed when the line has gone quiet after a prompt, as a person would. * and # are the keys of the
telephone; a p in a group is a pause of one second. Groups longer than two keys (card numbers, PINs) are counted, not shown.

Exit code 0: answered, every key pressed, normal hang-up; 1: not so; 2: wrong use; 3: the software telephone is missing.

Example: ivr-engine call 95500 --keys "1,1,6299990000100015#,123456#"
"""


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("call", help=HELP)(call)


def call(  # noqa: PLR0913, PLR0917  # one parameter per option, as typer wants it
    number: Annotated[str, typer.Argument(help="the service number to dial")],
    keys: Annotated[str, typer.Option(help="groups of keys, separated by commas")] = "",
    caller: Annotated[str, typer.Option(help="the number shown to the centre")] = "13800138000",
    name: Annotated[str, typer.Option(help="the name shown to the centre")] = "",
    patience: Annotated[str, typer.Option(help="press the next group after this long even without quiet")] = "15s",
    hangup_after: Annotated[str, typer.Option(help="hang up this long after the last key; default: let the centre")] = "",
    limit: Annotated[str, typer.Option(help="give up this long after the last key")] = "5m",
    sip: Annotated[str, typer.Option(help="HOST:PORT of the PBX; default: the settings in force")] = "",
    record: Annotated[Path | None, typer.Option(help="write what is heard to this WAV file")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object per line")] = False,
) -> None:
    """See HELP."""
    from ivr_engine.adapters.softphone.conversation import Script  # --help needs none of it
    from ivr_engine.adapters.softphone.lines import Line  # same

    pbx = sip or _default_pbx()
    _check_address(pbx)
    if not number or not set(number) <= set("0123456789*#+"):
        raise typer.BadParameter("a number is made of 0-9, *, # and +", param_hint="NUMBER")
    script = Script(
        number=number,
        groups=_groups(keys),
        patience=span_of("--patience", patience),
        stay=span_of("--hangup-after", hangup_after) if hangup_after else None,
        limit=span_of("--limit", limit),
        record=_writable(record),
    )
    line = Line(number=caller, name=name, pbx=pbx)
    report = _run(script, pbx, line, _print_json if as_json else _print_text)
    (_end_json if as_json else _end_text)(report, pbx)
    raise typer.Exit(0 if report.well else 1)


def _run(script: Script, pbx: str, caller: Line, tell: Callable[[Moment], None]) -> CallReport:
    import asyncio  # --help needs none of it

    from ivr_engine.adapters.softphone.conversation import converse  # same

    return asyncio.run(converse(caller, script, bind=_local_address(pbx), tell=tell))


def _default_pbx() -> str:
    from ivr_engine.config import load_settings  # --help needs none of it

    settings = load_settings()
    return f"{settings.bind}:{settings.sip_port}"


def _check_address(pbx: str) -> None:
    host, _, port = pbx.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise typer.BadParameter(f"{pbx!r} is not HOST:PORT", param_hint="--sip")


def _local_address(pbx: str) -> str:
    """The address of this machine from which `pbx` is reached; connecting a datagram socket sends nothing."""
    import socket  # --help needs none of it

    host, _, port = pbx.rpartition(":")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((host, int(port)))
            return str(probe.getsockname()[0])
    except OSError as error:
        raise SwitchError(f"{pbx} cannot be reached from this machine: {error.strerror}") from error


def _groups(keys: str) -> tuple[str, ...]:
    from ivr_engine.adapters.softphone.conversation import parse_keys  # --help needs none of it

    try:
        return parse_keys(keys)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--keys") from error


def _writable(record: Path | None) -> Path | None:
    if record and not record.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {record.parent}", param_hint="--record")
    return record and record.absolute()


def _print_text(moment: Moment) -> None:
    typer.echo(f"{moment.at / 1000:7.1f} s  {moment.text}")


def _print_json(moment: Moment) -> None:
    typer.echo(json.dumps({"at": moment.at, "what": moment.what, **moment.detail}))


def _end_text(report: CallReport, pbx: str) -> None:
    if report.ending == "unanswered":
        hint = f"; is a PBX running at {pbx}? ivr-engine pbx status tells" if report.code in (0, 408, 487) else ""
        typer.echo(f"not answered: {report.code} {report.reason}{hint}")
        return
    who = "the caller" if report.ending == "caller" else "the centre"
    typer.echo(
        f"ended by {who} after {report.lasted / 1000:.1f} s: heard {report.heard.sound / 1000:.1f} s of sound"
        f" in {len(report.heard.bursts)} parts, pressed {report.pressed} of {report.groups} groups of keys"
    )


def _end_json(report: CallReport, _pbx: str) -> None:
    facts = {
        "what": "report",
        "ended_by": report.ending,
        "code": report.code,
        "reason": report.reason,
        "lasted": report.lasted,
        "sound": report.heard.sound,
        "parts": len(report.heard.bursts),
        "pressed": report.pressed,
        "groups": report.groups,
        "well": report.well,
    }
    typer.echo(json.dumps(facts))

"""`ivr-engine flow reload|promote|withdraw|status|history|diff`: versions of a centre's files, under live calls."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ivr_engine.config import load_settings

if TYPE_CHECKING:
    from ivr_engine.flows.definition import CentreDefinition

_JSON = typer.Option(False, "--json", help="JSON instead of lines for people.")
_CANARY = typer.Option(
    100, "--canary", min=1, max=100, metavar="PERCENT", help="Try it on so many percent of the new calls."
)
_NUMBER = typer.Option([], "--number", help="Try it on calls to this service number only; may be given again.")
_SIDE = typer.Argument(help="A folder, or the (beginning of the) hash of a kept version.")


def register(app: typer.Typer) -> None:
    """Add the subcommands."""
    flow = typer.Typer(
        no_args_is_help=True, help="Versions of the centre's files. Example: ivr-engine flow reload --canary 5"
    )
    flow.command(help="Load the running engine's folder again. Example: ivr-engine flow reload --canary 5")(reload)
    flow.command(help="Give the version on trial to all new calls. Example: ivr-engine flow promote")(promote)
    flow.command(help="End the trial: all new calls as before. Example: ivr-engine flow withdraw")(withdraw)
    flow.command(help="What new calls get. Example: ivr-engine flow status --json")(status)
    flow.command(help="Versions that were loaded, the latest first. Example: ivr-engine flow history")(history)
    flow.command(help="What changed, in words. Example: ivr-engine flow diff 3f2a flows/sample-bank")(diff)
    app.add_typer(flow, name="flow")


def reload(canary: int = _CANARY, number: list[str] = _NUMBER, as_json: bool = _JSON) -> None:
    """Load the running engine's folder again; problems leave everything as it is, exit code 1."""
    answer = _ask("flow.reload", share=canary, numbers=number)
    _say(answer, as_json, _reloaded(answer))
    raise typer.Exit(1 if answer["outcome"] == "refused" else 0)


def promote(as_json: bool = _JSON) -> None:
    """Give the version on trial to all new calls."""
    answer = _ask("flow.promote")
    _say(answer, as_json, [f"version {answer['version']} is now for all new calls"])


def withdraw(as_json: bool = _JSON) -> None:
    """End the trial."""
    answer = _ask("flow.withdraw")
    _say(answer, as_json, [f"version {answer['previous']} gets no new calls; all have {answer['version']} again"])


def status(as_json: bool = _JSON) -> None:
    """What new calls get."""
    answer = _ask("flow.status")
    lines = [f"version {answer['current']} for new calls"]
    if answer["trial"]:
        lines.append(f"version {answer['trial']} on trial for {answer['share']} % of them{_to(answer['numbers'])}")
        lines.append(f"  ended on trial: {_tally(answer['on_trial'])}; on the other: {_tally(answer['others'])}")
    _say(answer, as_json, lines)


def history(as_json: bool = _JSON) -> None:
    """Versions that were loaded, the latest first, each with what it changed in the one before."""
    from datetime import UTC, datetime

    from ivr_engine.adapters.flow_files import KeptVersions, load_centre
    from ivr_engine.flows.comparison import compare

    kept = KeptVersions(load_settings().versions_dir).versions()
    centres = [load_centre(each.folder).definition for each in kept]
    for each, centre, before in zip(kept, centres, [*centres[1:], None], strict=True):
        changes = [str(change) for change in compare(before, centre)] if centre and before else []
        loaded = datetime.fromtimestamp(each.loaded, UTC).astimezone().isoformat(timespec="seconds")
        row = {"version": each.version, "loaded": loaded, "folder": str(each.folder), "changes": changes}
        _say(row, as_json, [f"{each.version}  {loaded}", *(f"    {change}" for change in changes)])


def diff(a: str = _SIDE, b: str = _SIDE, as_json: bool = _JSON) -> None:
    """What changed from A to B, in words. Exit code 0 also when something did."""
    from ivr_engine.flows.comparison import compare

    changes = compare(_side(a), _side(b))
    rows = [{"subject": change.subject, "what": change.what} for change in changes]
    _say(rows, as_json, [str(change) for change in changes] or ["nothing changed but places and layout"])


def _side(named: str) -> CentreDefinition:
    from ivr_engine.adapters.flow_files import KeptVersions
    from ivr_engine.cli.centre import load

    if Path(named).is_dir():
        return load(Path(named))
    kept = [each for each in KeptVersions(load_settings().versions_dir).versions() if each.version.startswith(named)]
    if len(kept) != 1:
        which = "several kept versions begin" if kept else "there is no such folder, and no kept version begins"
        typer.echo(f"{named}: {which} with this; ivr-engine flow history lists them", err=True)
        raise typer.Exit(1)
    return load(kept[0].folder)


def _reloaded(answer: dict[str, Any]) -> list[str]:
    if answer["outcome"] == "unchanged":
        return [f"nothing changed; version {answer['version']} stays"]
    if answer["outcome"] == "refused":
        return [*answer["problems"], f"not loaded; version {answer['version']} stays, no call is affected"]
    share = "all new calls" if answer["share"] == 100 else f"{answer['share']} % of the new calls"
    first = f"version {answer['version']} loaded for {share}; calls that run stay on theirs (before: {answer['previous']})"
    return [first, *(f"  note: {remark}" for remark in answer["remarks"])]


def _to(numbers: list[str]) -> str:
    return f", calls to {', '.join(numbers)} only" if numbers else ""


def _tally(tally: dict[str, int]) -> str:
    return f"{tally['calls']} calls, {tally['failed']} failed"


def _say(answer: object, as_json: bool, lines: list[str]) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False) if as_json else "\n".join(lines))


def _ask(command: str, **fields: object) -> Any:  # noqa: ANN401 - JSON has no narrower type
    from ivr_engine.adapters.control import ask

    return asyncio.run(ask(load_settings().control_socket, command, **fields))

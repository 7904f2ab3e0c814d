"""`ivr-engine simulate`: a call through a centre's flows without a telephone, by script or at the keyboard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ivr_engine.core.outcomes import QueueOutcome
    from ivr_engine.flows.definition import CentreDefinition
    from ivr_engine.flows.waits import Json
    from ivr_engine.testing.callers import Answer, Caller
    from ivr_engine.testing.simulation import Simulation
    from ivr_engine.testing.transcript import Passage

EPILOG = (
    "Example: ivr-engine simulate flows/sample-bank --number 95500 --keys '1,6222020200112230#'"
    ' --service \'host.balance={"balance": "1234.50"}\''
)

_HINT = "--outside"


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("simulate", epilog=EPILOG)(simulate)


def simulate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The centre's folder: the one with centre.yaml.")],
    *,
    number: Annotated[str, typer.Option(help="The number the caller dials.")],
    keys: Annotated[
        str | None,
        typer.Option(help="What the caller does, by commas: keys, - silence, +keys during a prompt, ! hangs up."),
    ] = None,
    caller: Annotated[str, typer.Option(help="The caller's own number.")] = "13800138000",
    service: Annotated[
        list[str] | None,
        typer.Option(help="SERVICE.OPERATION=ANSWER: JSON, a named result, timeout, unavailable or invalid. Repeatable."),
    ] = None,
    queue: Annotated[
        list[str] | None, typer.Option(help="QUEUE=OUTCOME: timeout, full, closed, unstaffed. Default: somebody answers.")
    ] = None,
    outside: Annotated[
        list[str] | None,
        typer.Option(help="record:NODE=20s (or empty), transfer:NAME=busy, script:NAME=JSON (or failed). Repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per passage and line, then the ending.")] = False,
) -> None:
    """Walk through a centre as a caller would; without --keys, at the keyboard (Ctrl-D hangs up).

    Services answer only as --service says and are unavailable otherwise. Exit code 0: the call came to its end; 1: the files
    have errors, the flow failed, or the script ran dry before the end.
    """
    from ivr_engine.testing.callers import AssumedAgents, ScriptedServices
    from ivr_engine.testing.rehearsal.outside import ScriptedOutside
    from ivr_engine.testing.simulation import Simulation

    simulation = Simulation(
        _load(folder),
        outside=ScriptedOutside(_said(outside or [])),
        caller=_caller(keys),
        services=ScriptedServices(_answers(service or [])),
        agents=AssumedAgents(_outcomes(queue or [])),
    )
    for passage in simulation.passages(number, caller):
        for line in _json_lines(passage) if as_json else _lines(passage, interactive=keys is None):
            typer.echo(line)
    raise typer.Exit(_close(simulation, as_json=as_json))


def _load(folder: Path) -> CentreDefinition:
    from ivr_engine.adapters.flow_files import load_centre
    from ivr_engine.errors import DefinitionError

    loaded = load_centre(folder)
    if loaded.definition is None:
        raise DefinitionError(tuple(map(str, loaded.issues)))
    return loaded.definition


def _caller(keys: str | None) -> Caller:
    from ivr_engine.testing.callers import ScriptedCaller, ScriptError
    from ivr_engine.testing.keyboard import KeyboardCaller

    if keys is None:
        return KeyboardCaller(ask=input, show=typer.echo)
    try:
        return ScriptedCaller.parse(keys)
    except ScriptError as error:
        raise typer.BadParameter(str(error), param_hint="--keys") from error


def _answers(options: Sequence[str]) -> dict[str, tuple[Answer, ...]]:
    """Several answers for one operation are given in turn."""
    found: dict[str, tuple[Answer, ...]] = {}
    for option in options:
        name, equals, answer = option.partition("=")
        if not equals or name.count(".") != 1:
            raise typer.BadParameter(f"`{option}` is not SERVICE.OPERATION=ANSWER", param_hint="--service")
        found[name] = (*found.get(name, ()), _answer(answer.strip()))
    return found


def _answer(text: str) -> Answer:
    import json

    if text.replace("_", "").replace("-", "").isalnum() and not text[0].isdigit() and text not in ("true", "false", "null"):
        return text
    try:
        answer: Answer = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"the answer is neither JSON nor a name: {error}", param_hint="--service") from error
    return answer


def _said(options: Sequence[str]) -> dict[str, list[Json]]:
    """Several for one name are given in turn."""
    readers = {"record": _recording, "transfer": _transferred, "script": _scripted}
    found: dict[str, list[Json]] = {}
    for option in options:
        kind, _, rest = option.partition(":")
        name, equals, said = rest.partition("=")
        if kind not in readers or not name or not equals:
            raise typer.BadParameter(
                f"`{option}` is not record:NODE=..., transfer:NAME=... or script:NAME=...", param_hint=_HINT
            )
        found.setdefault(f"{kind}s {name}", []).append(readers[kind](said))
    return found


def _recording(text: str) -> Json:
    import re

    if not re.fullmatch(r"empty|[0-9]{1,4}s", text, re.ASCII):
        raise typer.BadParameter(f"`{text}` is neither a time such as 20s nor empty", param_hint=_HINT)
    return 0 if text == "empty" else int(text[:-1]) * 1_000


def _transferred(text: str) -> Json:
    from ivr_engine.testing.rehearsal.steps import TRANSFER_ENDS

    if text not in TRANSFER_ENDS:
        raise typer.BadParameter(f"`{text}` is none of {', '.join(TRANSFER_ENDS)}", param_hint=_HINT)
    return text


def _scripted(text: str) -> Json:
    import json

    try:
        values: Json = "failed" if text == "failed" else json.loads(text)
    except ValueError:
        values = None
    if values != "failed" and not isinstance(values, dict):
        raise typer.BadParameter("what a script sets is a JSON object, or failed", param_hint=_HINT)
    return values


def _outcomes(options: Sequence[str]) -> dict[str, QueueOutcome]:
    from ivr_engine.core.outcomes import QueueOutcome

    found = {}
    for option in options:
        name, _, outcome = option.partition("=")
        if outcome not in [*QueueOutcome]:
            known = ", ".join(QueueOutcome)
            raise typer.BadParameter(f"`{option}` is not QUEUE=OUTCOME; outcomes: {known}", param_hint="--queue")
        found[name] = QueueOutcome(outcome)
    return found


def _lines(passage: Passage, *, interactive: bool) -> Iterator[str]:
    if interactive and not (passage.asked or passage.queue):
        return  # the caller at the keyboard has seen it already
    passed = passage.nodes[:-1] if passage.nodes[-1:] == (passage.node,) else passage.nodes
    yield from (_line(node, "", "") for node in passed)
    yield from (_line(passage.node, "hears", words) for words in passage.heard)
    if passage.pressed is not None:
        yield _line(passage.node, "presses", passage.pressed or "nothing")
    if passage.asked:
        yield _line(passage.node, "asks", f"{passage.asked} -> {passage.outcome}")
    if passage.queue:
        yield _line(passage.node, "queues", f"{passage.queue} -> {passage.outcome}")


def _last_line(simulation: Simulation, why: str) -> str:
    return f"the call ended at {simulation.node}: {str(simulation.ending).replace('_', ' ')}{why and f' ({why})'}"


def _line(node: str, doing: str, what: str) -> str:
    return f"{node:<20} {doing:<8} {what}".rstrip()


def _json_lines(passage: Passage) -> Iterator[str]:
    import json
    from dataclasses import asdict

    yield json.dumps({"type": "passage", **asdict(passage)}, ensure_ascii=False)


def _close(simulation: Simulation, *, as_json: bool) -> int:
    import json

    from ivr_engine.core.events.flow import FlowFailed
    from ivr_engine.testing.transcript import Ending

    why = next((f"{event.code}: {event.message}" for event in simulation.events if isinstance(event, FlowFailed)), "")
    ending: dict[str, Any] = {"ending": str(simulation.ending), "node": simulation.node, "why": why}
    typer.echo(json.dumps({"type": "end", **ending}, ensure_ascii=False) if as_json else _last_line(simulation, why))
    return 0 if simulation.ending in (Ending.FINISHED, Ending.CALLER_GONE) else 1

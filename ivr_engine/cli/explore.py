"""`ivr-engine explore`: every way through a centre's flows, walked by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ivr_engine.flows.definition import CentreDefinition
    from ivr_engine.testing.exploration.choices import Examples
    from ivr_engine.testing.exploration.graph import Exploration, Fault
    from ivr_engine.testing.exploration.lengths import Length
    from ivr_engine.testing.rehearsal.coverage import NodeCoverage

EPILOG = "Example: ivr-engine explore flows/sample-bank --write flows/sample-bank/tests"


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("explore", epilog=EPILOG)(explore)


def explore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The centre's folder: the one with centre.yaml.")],
    *,
    write: Annotated[Path | None, typer.Option(help="Write a test for each fault into this folder.")] = None,
    most: Annotated[int, typer.Option(min=1, help="Stop in a flow after so many states of it.")] = 20_000,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per line: nodes, faults, lengths, summary.")
    ] = False,
) -> None:
    """Walk every way a call can take: each key, silence, wrong entries, each answer of a service, each end of a queue.

    Says what no call reaches, how long the ways to a menu and to an agent are, and where a flow fails. Uses the entries and
    answers of the centre's tests; where there are none it assumes some. Exit code 0: no fault; 1: a flow fails somewhere.
    """
    from ivr_engine.testing.exploration import findings, walker

    centre, examples = _load(folder)
    found = walker.explore(centre, examples, most=most)
    for line in _json_lines(found) if as_json else _lines(found):
        typer.echo(line)
    if write is not None:
        for number, fault in enumerate(found.faults, 1):
            _write(write, number, fault, findings.as_test(fault), quiet=as_json)
    raise typer.Exit(1 if found.faults else 0)


def _load(folder: Path) -> tuple[CentreDefinition, Examples]:
    from ivr_engine.adapters.flow_files import load_centre, read_tests_folder
    from ivr_engine.errors import DefinitionError
    from ivr_engine.testing.exploration.choices import examples_of
    from ivr_engine.testing.rehearsal.reader import read_tests

    loaded = load_centre(folder)
    if loaded.definition is None:
        raise DefinitionError(tuple(map(str, loaded.issues)))
    trees = read_tests_folder(folder, [])  # problems of tests are not this command's matter
    return loaded.definition, examples_of(test for tree in trees for test in read_tests(tree, loaded.definition, []))


def _lines(found: Exploration) -> Iterator[str]:
    from ivr_engine.testing.exploration import findings

    by_fault = 0
    for each in findings.gaps(found):
        at = each.node.at
        missing = [name for name in each.missing if each.visits == 0 or not findings.takes_a_fault(each.node, name)]
        by_fault += len(each.missing) - len(missing)
        if missing or each.visits == 0:
            yield f"{at.file}:{at.line}:{at.column}: no way found: {_missing(each, missing)}"
    if by_fault:
        yield f"note: {by_fault} exits `failed` are taken only where a value cannot be said; no call was found that does so"
    for fault in found.faults:
        at = found.centre.flows[fault.flow].nodes[fault.node].at
        end = "the call fails" if fault.ends_call else "goes on by `failed`"
        yield f"{at.file}:{at.line}:{at.column}: node `{fault.node}`, {end}: {fault.code} {fault.message}"
        yield f"  the way: {', '.join(findings.told(fault.way)) or 'at once'}"
    for operation in found.assumed:
        yield f"note: no test answers {operation}; its answer was assumed"
    yield from _lengths_told(found)
    yield from _stopped(found)
    ways = sum(len(state.ways) for state in found.states)
    bound = "" if found.complete else "; stopped at the bound, raise --most"
    yield f"explored: {len(found.states)} states, {ways} ways, {len(found.faults)} faults{bound}"


def _lengths_told(found: Exploration) -> Iterator[str]:
    from ivr_engine.testing.exploration.lengths import longest_speech

    for name, length in _lengths(found):
        yield _length_line(name, length)
    speech = longest_speech(found)
    if speech is not None:
        yield f"most words at once: {speech.spoken / 1_000:.0f} s, at node `{speech.node}` of flow `{speech.flow}`"


def _stopped(found: Exploration) -> Iterator[str]:
    """Which flows were not walked to their ends, and what of them no call came by."""
    from ivr_engine.testing.exploration import findings

    for flow, count in found.stopped.items():
        left = [each for each in findings.gaps(found) if each.flow == flow]
        names = ", ".join(
            f"`{each.node.name}`" if each.visits == 0 else f"`{each.node.name}` by {_exits(each)}" for each in left
        )
        yield f"stopped in flow `{flow}`: {count} ways lead on to more states; not covered there: {names or 'nothing'}"


def _exits(covered: NodeCoverage) -> str:
    return ", ".join(f"`{name}`" for name in covered.missing)


def _missing(covered: NodeCoverage, exits: list[str]) -> str:
    if covered.visits == 0:
        return f"to node `{covered.node.name}`"
    return f"by {', '.join(f'`{name}`' for name in exits)} from node `{covered.node.name}`"


def _lengths(found: Exploration) -> Iterator[tuple[str, Length | None]]:
    from ivr_engine.testing.exploration import lengths

    yield "longest way to the first menu", lengths.longest_to_menu(found)
    yield "quickest way to an agent", lengths.quickest_to_agent(found)
    yield "longest way to an agent", lengths.longest_to_agent(found)


def _length_line(name: str, length: Length | None) -> str:
    from ivr_engine.testing.exploration import findings

    if length is None:
        return f"{name}: none"
    way = ", ".join(findings.told(length.ways)) or "nothing to do"
    about = "" if length.exact else " at least"
    return f"{name}:{about} {length.keys} keys, {length.spoken / 1_000:.0f} s of prompts ({way})"


def _json_lines(found: Exploration) -> Iterator[str]:
    from ivr_engine.testing.exploration import findings
    from ivr_engine.testing.exploration.lengths import longest_speech

    for each in findings.coverage(found).nodes():
        yield _json(type="coverage", flow=each.flow, node=each.node.name, visits=each.visits, exits=each.exits)
    for fault in found.faults:
        way = list(findings.told(fault.way))
        fields = {"flow": fault.flow, "node": fault.node, "code": fault.code, "message": fault.message}
        yield _json(type="fault", **fields, ends_call=fault.ends_call, number=fault.call.number, way=way)
    for name, length in _lengths(found):
        if length is not None:
            way = list(findings.told(length.ways))
            yield _json(type="length", name=name, keys=length.keys, spoken_ms=length.spoken, exact=length.exact, way=way)
    if (speech := longest_speech(found)) is not None:
        yield _json(type="speech", flow=speech.flow, node=speech.node, spoken_ms=speech.spoken)
    summary = {
        "states": len(found.states),
        "faults": len(found.faults),
        "complete": found.complete,
        "stopped": found.stopped,
    }
    yield _json(type="summary", **summary, assumed=found.assumed)


def _json(**fields: Any) -> str:  # noqa: ANN401 - JSON values
    import json

    return json.dumps(fields, ensure_ascii=False)


def _write(folder: Path, number: int, fault: Fault, text: str, *, quiet: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"explored-{number}-{fault.flow}-{fault.node}.yaml"
    path.write_text(text, encoding="utf-8")
    if not quiet:
        typer.echo(f"written: {path}")

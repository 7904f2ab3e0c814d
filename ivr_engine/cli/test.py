"""`ivr-engine test`: the conversation tests of a centre, played without a telephone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from ivr_engine.flows.definition import CentreDefinition
    from ivr_engine.flows.issues import Issue
    from ivr_engine.testing.rehearsal.coverage import Coverage, NodeCoverage
    from ivr_engine.testing.rehearsal.outcome import Failure, Result
    from ivr_engine.testing.rehearsal.script import ConversationTest

EPILOG = "Example: ivr-engine test flows/sample-bank --coverage    How to write tests: docs/testing-flows.md"


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("test", epilog=EPILOG)(rehearse)


def rehearse(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The centre's folder: its tests are in DIR/tests.")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Only tests with this in their name.")
    ] = None,
    *,
    coverage: Annotated[bool, typer.Option("--coverage", help="Also show which nodes and exits the tests came by.")] = False,
    require: Annotated[
        int | None, typer.Option(min=0, max=100, help="Fail unless this percentage of nodes and exits is covered.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line: tests, coverage, summary.")] = False,
) -> None:
    """Play the conversation tests in DIR/tests/*.yaml in virtual time, with scripted callers, services and agents.

    A failure says where in the test it is, what was expected, what came instead and which way the call had gone. Exit code
    0: all passed; 1: a test failed, a file has problems, or --require is not met.
    """
    from ivr_engine.testing.rehearsal.coverage import Coverage
    from ivr_engine.testing.rehearsal.performance import perform

    definition, tests = load_tests(folder, as_json=as_json)
    covered = Coverage(definition)
    results = [perform(definition, each) for each in _chosen(tests, names or [])]
    for result in results:
        covered.add(result.events)
        for line in _result_json(result) if as_json else _result_lines(result):
            typer.echo(line)
    if coverage or require is not None:
        for line in _coverage_json(covered) if as_json else _coverage_lines(covered, whole=coverage):
            typer.echo(line)
    enough = require is None or covered.share() * 100 >= require
    typer.echo(_summary(folder, results, as_json=as_json))
    raise typer.Exit(0 if enough and all(result.passed for result in results) else 1)


def load_tests(folder: Path, *, as_json: bool = False) -> tuple[CentreDefinition, tuple[ConversationTest, ...]]:
    """The centre and its tests; prints every problem of their files and ends the command if there is an error."""
    from ivr_engine.adapters.flow_files import load_centre
    from ivr_engine.cli.centre import read_conversations

    loaded = load_centre(folder)
    if loaded.definition is None:
        _give_up(loaded.issues, as_json=as_json)
    tests, issues = read_conversations(folder, loaded.definition)
    if any(issue.severity == "error" for issue in issues):
        _give_up(issues, as_json=as_json)
    return loaded.definition, tests


def _give_up(issues: Sequence[Issue], *, as_json: bool) -> NoReturn:
    from ivr_engine.cli.check import issue_json
    from ivr_engine.cli.wording import wordings

    words = wordings(None)
    for issue in issues:
        typer.echo(issue_json(issue, words) if as_json else issue.line(words))
    raise typer.Exit(1)


def _chosen(tests: Sequence[ConversationTest], names: Sequence[str]) -> list[ConversationTest]:
    from ivr_engine.flows.fields import unknown

    for name in names:
        if not any(name in test.name for test in tests):
            raise typer.BadParameter(str(unknown("test", name, [test.name for test in tests])), param_hint="NAME")
    return [test for test in tests if not names or any(name in test.name for name in names)]


def _result_lines(result: Result) -> Iterator[str]:
    if result.failure is None:
        yield f"passed  {result.test.name}"
        return
    failure = result.failure
    yield f"FAILED  {result.test.name}"
    yield f"  {_place(failure)}: expected {failure.expected}"
    yield f"  found     {failure.found}"
    for number, words in enumerate(failure.heard or ("nothing",)):
        yield f"  {'heard' if number == 0 else '':<9} {words}"
    yield f"  the way   {result.path or 'none'}"


def _place(failure: Failure) -> str:
    return f"{failure.at.file}:{failure.at.line}:{failure.at.column}"


def _result_json(result: Result) -> Iterator[str]:
    at = result.failure.at if result.failure else result.test.at
    fields: dict[str, Any] = {"type": "test", "name": result.test.name, "passed": result.passed}
    fields |= {"file": at.file, "line": at.line, "column": at.column, "path": result.path}
    if result.failure is not None:
        failure = result.failure
        fields |= {"expected": failure.expected, "found": failure.found, "heard": failure.heard}
    if result.record is not None:
        fields |= {"disposition": str(result.record.disposition), "node": result.record.last_node}
    yield _json(fields)


def _coverage_lines(coverage: Coverage, *, whole: bool) -> Iterator[str]:
    nodes = list(coverage.nodes())
    yield ""
    if whole:
        for each in nodes:
            exits = "  ".join(f"{name} {count}" for name, count in each.exits.items())
            yield f"{each.flow} {each.node.name:<24} {each.visits:>4}  {exits}".rstrip()
        yield ""
    for each in nodes:
        if missing := _missing(each):
            at = each.node.at
            yield f"{at.file}:{at.line}:{at.column}: not covered: {missing}"
    yield _total(nodes)


def _missing(covered: NodeCoverage) -> str:
    if covered.visits == 0:
        return f"node `{covered.node.name}`"
    names = ", ".join(f"`{name}`" for name in covered.missing)
    return f"exits {names} of node `{covered.node.name}`" if names else ""


def _total(nodes: Sequence[NodeCoverage]) -> str:
    came = sum(each.visits > 0 for each in nodes)
    exits = [count for each in nodes for count in each.exits.values()]
    left = sum(count > 0 for count in exits)
    return f"covered: {came} of {len(nodes)} nodes, {left} of {len(exits)} exits"


def _coverage_json(coverage: Coverage) -> Iterator[str]:
    for each in coverage.nodes():
        at = each.node.at
        fields = {"type": "coverage", "flow": each.flow, "node": each.node.name, "visits": each.visits}
        yield _json({**fields, "exits": each.exits, "file": at.file, "line": at.line, "column": at.column})


def _summary(folder: Path, results: Sequence[Result], *, as_json: bool) -> str:
    failed = sum(not result.passed for result in results)
    if as_json:
        return _json({"type": "summary", "tests": len(results), "failed": failed})
    return f"{folder}: {len(results)} tests, {failed} failed"


def _json(fields: dict[str, Any]) -> str:
    import json

    return json.dumps(fields, ensure_ascii=False)

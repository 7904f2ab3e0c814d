"""`ivr-engine whatif`: a day that was, under other rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ivr_engine.core.events import Event
    from ivr_engine.core.ids import Instant
    from ivr_engine.flows.definition import CentreDefinition
    from ivr_engine.testing.day.figures import QueueLine
    from ivr_engine.testing.day.replay import Comparison
    from ivr_engine.testing.day.whatif import Answer

EPILOG = (
    "Example: ivr-engine whatif flows/sample-bank --journal var/engine.sqlite3 --since 2026-03-02T08:00 --routing try.yaml"
)


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("whatif", epilog=EPILOG)(whatif)


def whatif(  # noqa: PLR0913 - options of the command line
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The centre's folder: the one with centre.yaml.")],
    *,
    journal: Annotated[Path, typer.Option(metavar="DB", help="The database of the engine, or of `rehearse --journal`.")],
    routing: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Try this file in place of the folder's centre.yaml.")
    ] = None,
    other: Annotated[Path | None, typer.Option("--dir", metavar="OTHER", help="Try the centre of this folder.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="From when the day counts; best when nobody calls.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Up to when.")] = None,
    target: Annotated[float, typer.Option(min=0, help="Seconds within which the service level counts.")] = 20,
    seed: Annotated[int, typer.Option(help="For what must be estimated; the same number gives the same answer.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line: queues, agents, decisions.")] = False,
) -> None:
    """Replay a recorded day against changed rules: service level, waits, who gave up, occupancy, beside the original.

    Callers come, and agents are there, as recorded; telephones and conversations go as they went. Nobody knows how long a
    caller who was answered would have waited: that is estimated (docs/acd.md), and each use is counted below the figures.
    Without --routing or --dir the rules are those of DIR: if they are those of that day, every decision is the same.
    Exit code 0: done; 1: a file has errors, or the journal holds no callers.
    """
    from functools import partial

    from ivr_engine.core.ids import Millis
    from ivr_engine.errors import StoreError
    from ivr_engine.services.centre_config import centre_of
    from ivr_engine.testing.day.hours import hours_of
    from ivr_engine.testing.day.whatif import what_if

    if routing is not None and other is not None:
        raise typer.BadParameter("give --routing or --dir, not both", param_hint="--dir")
    definition = _centre(other or folder, routing)
    begin, end = _instant(since, "--since"), _instant(until, "--until")
    answer = what_if(
        _journal(journal, end),
        centre_of(definition, offer_prefix="whatif"),
        hours=partial(hours_of, definition),
        since=begin,
        in_time=Millis(round(target * 1000)),
        seed=str(seed),
    )
    if not answer.recorded.visits.by_interval:
        raise StoreError(f"{journal}: nobody entered a queue in this time; `ivr-engine cdr list` shows when calls came")
    for line in _objects(answer) if as_json else _lines(answer):
        typer.echo(line)


def _instant(text: str | None, option: str) -> Instant | None:
    from ivr_engine.cli import cdr_text

    try:
        return None if text is None else cdr_text.parse_instant(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time; write 2026-03-02T09:30", param_hint=option) from error


def _journal(path: Path, until: Instant | None) -> Iterator[Any]:
    from itertools import takewhile

    from ivr_engine.adapters.store import open_reader

    with open_reader(path) as reader:
        yield from takewhile(lambda recorded: until is None or recorded.at < until, reader.read())


def _centre(folder: Path, routing: Path | None) -> CentreDefinition:
    import tempfile

    if routing is None:
        return _load(folder)
    with tempfile.TemporaryDirectory() as place:
        return _load(_with(folder, routing, Path(place)), shown=(f"{place}/", ""))


def _with(folder: Path, routing: Path, place: Path) -> Path:
    """A copy of the folder's definitions with `routing` as its centre.yaml."""
    import shutil

    from ivr_engine.errors import DefinitionError

    copy = place / folder.resolve().name
    try:
        shutil.copytree(folder, copy)
        shutil.copyfile(routing, copy / "centre.yaml")
    except OSError as error:
        raise DefinitionError((f"{error.filename}: cannot be read: {error.strerror}",)) from error
    return copy


def _load(folder: Path, shown: tuple[str, str] = ("", "")) -> CentreDefinition:
    from ivr_engine.adapters.flow_files import load_centre
    from ivr_engine.errors import DefinitionError

    loaded = load_centre(folder)
    if loaded.definition is None:
        raise DefinitionError(tuple(str(issue).replace(*shown) for issue in loaded.issues))
    return loaded.definition


def _lines(answer: Answer) -> Iterator[str]:
    from ivr_engine.cli import day_text

    yield f"{'queue':<14}{'':<11}{'recorded':>10}{'what if':>10}{'change':>10}"
    for name, recorded, replayed in _pairs(answer):
        yield from _block(name, recorded, replayed)
    before, after = (figures.agents()[-1].worked.occupancy for figures in (answer.recorded, answer.replayed))
    yield _row("all agents", "occupied", (before, after), day_text.percent)
    yield _row("", "Gini", (answer.recorded.unevenness, answer.replayed.unevenness), "{:.3f}".format)
    yield day_text.definition_line(answer.recorded)
    yield _decisions(answer.comparison)
    yield from _estimated(answer)


def _pairs(answer: Answer) -> Iterator[tuple[str, QueueLine | None, QueueLine | None]]:
    before, after = ({line.queue: line for line in figures.queues()} for figures in (answer.recorded, answer.replayed))
    for queue in [*sorted(name for name in before | after if name is not None), None]:
        yield queue or "all queues", before.get(queue), after.get(queue)


def _block(name: str, before: QueueLine | None, after: QueueLine | None) -> Iterator[str]:
    from ivr_engine.cli import day_text

    kinds: list[tuple[str, str, Any]] = [
        ("offered", "offered", str),
        ("answered", "answered", str),
        ("gave up", "abandoned", str),
        ("other", "otherwise", str),
        ("level", "level", day_text.percent),
        ("ASA s", "mean_answer", day_text.seconds),
        ("P50 s", "median_answer", day_text.seconds),
        ("P90 s", "late_answer", day_text.seconds),
    ]
    for words, field, shown in kinds:
        pair = (getattr(before, field, None), getattr(after, field, None))
        yield _row(name if field == "offered" else "", words, pair, shown)


def _row(name: str, words: str, pair: tuple[Any, Any], shown: Any) -> str:  # noqa: ANN401 - figures and how to write them
    before, after = pair
    cells = ["-" if value is None else shown(value) for value in pair]
    change = "" if None in pair or cells[0] == cells[1] else shown(after - before)
    change = f"+{change}" if change and after > before else change
    return f"{name:<14}{words:<11}{cells[0]:>10}{cells[1]:>10}{change:>10}"


def _decisions(comparison: Comparison) -> str:
    found = comparison.difference
    if found is None:
        return f"decisions: all {comparison.of} as recorded"
    return (
        f"decisions: {comparison.alike} of {comparison.of} as recorded, then {_told(found.recorded)} was recorded, "
        f"and here {_told(found.replayed)}"
    )


def _told(decision: tuple[Instant, Event] | None) -> str:
    from ivr_engine.cli import cdr_text
    from ivr_engine.core.events import agent_of, call_of

    if decision is None:
        return "nothing more"
    at, event = decision
    agent, outcome = agent_of(event), getattr(event, "outcome", None)
    about = " ".join(str(word) for word in (call_of(event), agent, outcome) if word is not None)
    return f"{cdr_text.local(at, precise=True)} {event.TYPE} {about}"


def _estimated(answer: Answer) -> Iterator[str]:
    used = answer.estimated
    yield (
        f"estimated: {used['patience']} callers waited longer than recorded, {used['gave up']} of them gave up by estimate "
        f"(Kaplan-Meier: who was answered shows only that patience was longer); {used['talk']} conversations and "
        f"{used['ring']} telephones drawn from those recorded"
    )
    if answer.not_come_again:
        yield f"left out: {answer.not_come_again} later visits of callers whose earlier visit ends otherwise here"
    if answer.starts > 1 or answer.versions > 1:
        yield (
            f"note: in this time the engine was started {answer.starts} times and loaded {answer.versions} versions of the "
            "centre; the replay goes on through starts, and has one set of rules"
        )


def _objects(answer: Answer) -> Iterator[str]:
    from ivr_engine.cli import day_text

    for name, before, after in _pairs(answer):
        both = {
            key: None if line is None else day_text.queue_plain(line)
            for key, line in (("recorded", before), ("what_if", after))
        }
        yield day_text.to_line(type="queue", queue=None if name == "all queues" else name, **both)
    workers = zip(answer.recorded.agents(), answer.replayed.agents(), strict=False)
    for worked, would_work in workers:
        both = {"recorded": day_text.agent_plain(worked), "what_if": day_text.agent_plain(would_work)}
        yield day_text.to_line(type="agent", agent=worked.agent, **both)
    comparison, found = answer.comparison, answer.comparison.difference
    first = None if found is None else {"recorded": _plain(found.recorded), "what_if": _plain(found.replayed)}
    yield day_text.to_line(type="decisions", recorded=comparison.of, alike=comparison.alike, first_difference=first)
    estimated = {kind.replace(" ", "_"): answer.estimated[kind] for kind in ("patience", "gave up", "talk", "ring")}
    yield day_text.to_line(type="estimated", **estimated, visits_left_out=answer.not_come_again)


def _plain(decision: tuple[Instant, Event] | None) -> dict[str, Any] | None:
    from ivr_engine.core.events.codec import to_plain

    return None if decision is None else {"at_ms": decision[0], **to_plain(decision[1])}

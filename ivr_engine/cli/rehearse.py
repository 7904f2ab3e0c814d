"""`ivr-engine rehearse`: a whole day of callers over a centre's queues and agents, in seconds, without a telephone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ivr_engine.core.events import Event
    from ivr_engine.core.ids import Instant, Millis
    from ivr_engine.flows.definition import CentreDefinition
    from ivr_engine.testing.day.callers import Caller
    from ivr_engine.testing.day.chance import Chance
    from ivr_engine.testing.day.figures import DayFigures
    from ivr_engine.testing.day.people import Person, Telephone
    from ivr_engine.testing.day.traffic_files import Usual

EPILOG = "Example: ivr-engine rehearse flows/sample-bank --arrivals flows/sample-bank/arrivals.csv --seed 1"


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("rehearse", epilog=EPILOG)(rehearse)


def rehearse(  # noqa: PLR0913 - options of the command line
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The centre's folder: the one with centre.yaml.")],
    *,
    arrivals: Annotated[
        str,
        typer.Option(
            metavar="FILE|RATE",
            help="Who calls when: a file (time,queue or from,to,queue,calls), or a rate: 120/h, service=90/h,card=30/h.",
        ),
    ],
    seed: Annotated[int, typer.Option(help="The same number gives the same day, to the millisecond.")] = 1,
    staff: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Who works when: agent,from,to. Default: everybody, all day.")
    ] = None,
    begin: Annotated[str, typer.Option("--from", metavar="TIME", help="With a rate: when callers begin to come.")] = "09:00",
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="With a rate: when they stop.")] = "18:00",
    talk: Annotated[float, typer.Option(min=0, help="Mean seconds of a conversation, where the file says nothing.")] = 180,
    patience: Annotated[
        float, typer.Option(min=0, help="Mean seconds until a caller gives up, where the file says nothing; 0: never.")
    ] = 240,
    answer: Annotated[float, typer.Option(min=0, help="Seconds until an agent answers the telephone.")] = 3,
    target: Annotated[float, typer.Option(min=0, help="Seconds within which the service level counts.")] = 20,
    journal: Annotated[
        Path | None, typer.Option(metavar="DB", help="Also keep the day's events in this new file, for `whatif`.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line: half hours, queues, agents.")] = False,
) -> None:
    """Rehearse a day: the engine's own rules decide over callers by chance or from a file. No flow is walked.

    Callers begin in their queue; who leaves it unanswered (too long, full) is gone. Prints per queue and half hour offered,
    answered, given up, service level and waits, and what the agents did. Exit code 0: rehearsed; 1: a file has errors.
    """
    from ivr_engine.testing.day.chance import Chance, Fixed
    from ivr_engine.testing.day.figures import DayFigures
    from ivr_engine.testing.day.people import Telephone
    from ivr_engine.testing.day.traffic_files import Usual

    centre = _load(folder)
    chance = Chance(str(seed))
    usual = Usual(talk=_millis(talk), patience=_millis(patience) if patience else None)
    callers = _callers(arrivals, centre, usual, chance.stream("callers"), hours=(begin, end))
    people = _people(staff, centre, callers, Telephone(answers=Fixed(_millis(answer))))
    figures = DayFigures(in_time=_millis(target))
    kept = _run(centre, callers, people, chance, figures)
    if journal is not None:
        _keep(journal, kept)
    for line in _lines(figures, callers, people, seed, as_json=as_json):
        typer.echo(line)


def _millis(seconds: float) -> Millis:
    from ivr_engine.core.ids import Millis

    return Millis(round(seconds * 1000))


def _load(folder: Path) -> CentreDefinition:
    from ivr_engine.adapters.flow_files import load_centre
    from ivr_engine.errors import DefinitionError

    loaded = load_centre(folder)
    if loaded.definition is None:
        raise DefinitionError(tuple(map(str, loaded.issues)))
    return loaded.definition


def _callers(
    arrivals: str, centre: CentreDefinition, usual: Usual, chance: Chance, *, hours: tuple[str, str]
) -> list[Caller]:
    from ivr_engine.testing.day import traffic_files
    from ivr_engine.testing.day.callers import poisson

    if not traffic_files.is_rate(arrivals):
        return traffic_files.read_callers(_read(Path(arrivals)), arrivals, centre, usual, chance)
    begin, end = (_clock(text, option) for text, option in zip(hours, ("--from", "--to"), strict=True))
    if end <= begin:
        raise typer.BadParameter(f"{hours[1]} is not after {hours[0]}", param_hint="--to")
    return list(poisson(traffic_files.traffic_at_rate(arrivals, centre, usual, begin=begin, end=end), chance))


def _clock(text: str, option: str) -> Instant:
    from ivr_engine.testing.day.sheet import Cell, Sheet

    sheet = Sheet(option)
    at = sheet.clock(Cell(text, 1, 1))
    if sheet.problems:
        raise typer.BadParameter(f"{text!r} is no time of the day; write 09:30", param_hint=option)
    return at


def _read(path: Path) -> str:
    from ivr_engine.errors import DefinitionError

    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise DefinitionError((f"{path}: cannot be read: {error.strerror}",)) from error
    except UnicodeDecodeError as error:
        raise DefinitionError((f"{path}: is not UTF-8; save the file as UTF-8",)) from error


def _people(staff: Path | None, centre: CentreDefinition, callers: Sequence[Caller], telephone: Telephone) -> list[Person]:
    from dataclasses import replace

    from ivr_engine.testing.day import traffic_files
    from ivr_engine.testing.day.sheet import MIDNIGHT

    if staff is not None:
        people = traffic_files.read_shifts(_read(staff), str(staff), centre)
    else:
        people = traffic_files.everybody(centre, callers[0].at if callers else MIDNIGHT)
    return [replace(person, telephone=telephone) for person in people]


def _run(
    centre: CentreDefinition, callers: Sequence[Caller], people: Sequence[Person], chance: Chance, figures: DayFigures
) -> list[tuple[Instant, Sequence[Event]]]:
    from ivr_engine.core.ids import Instant
    from ivr_engine.services.centre_config import centre_of
    from ivr_engine.testing.day.drive import drive
    from ivr_engine.testing.day.hours import hours_of
    from ivr_engine.testing.day.rehearsal import Rehearsal
    from ivr_engine.testing.day.sheet import MIDNIGHT

    kept: list[tuple[Instant, Sequence[Event]]] = []

    def record(events: Sequence[Event], at: Instant) -> None:
        figures.record(events, at)
        kept.append((at, events))

    world = Rehearsal(callers=callers, people=people, chance=chance)
    tomorrow = Instant(MIDNIGHT + 2 * 86_400_000)  # whoever still waits then would wait for ever
    hours = hours_of(centre, MIDNIGHT, tomorrow, rehearsed=True)
    drive(centre_of(centre, offer_prefix="offer"), world, record, hours=hours, until=tomorrow)
    figures.close(kept[-1][0] if kept else MIDNIGHT)
    return kept


def _keep(path: Path, kept: Sequence[tuple[Instant, Sequence[Event]]]) -> None:
    import asyncio

    from ivr_engine.adapters.store import SqlStore

    if path.exists():
        raise typer.BadParameter(f"{path} exists already; a rehearsed day gets a file of its own", param_hint="--journal")

    async def write() -> None:
        async with SqlStore(path) as store:
            for at, events in kept:
                store.append(events, at)
            await store.flush()

    asyncio.run(write())


def _lines(
    figures: DayFigures, callers: Sequence[Caller], people: Sequence[Person], seed: int, *, as_json: bool
) -> Iterator[str]:
    from ivr_engine.cli import day_text

    waiting = figures.visits.open
    if as_json:
        yield from day_text.objects(figures)
        level = {"definition": figures.definition, "in_time_ms": figures.in_time}
        summary = {"callers": len(callers), "agents": len(people), "seed": seed, "waiting": waiting}
        yield day_text.to_line(type="summary", **summary, service_level=level, unevenness=round(figures.unevenness, 6))
        return
    yield from day_text.tables(figures)
    yield day_text.definition_line(figures)
    still = f"; {waiting} still waited when nobody was left to answer" if waiting else ""
    yield f"rehearsed: {len(callers)} callers, {len(people)} agents, seed {seed}{still}"

"""`ivr-engine estimates`: how true the announced waits were. Reads the journal only; the engine may be running."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ivr_engine.adapters.store import StoreReader
    from ivr_engine.core.ids import Instant
    from ivr_engine.metrics.estimates import Accuracy, EstimateAccuracy

EPILOG = "Example: ivr-engine estimates 2026-03-02 && ivr-engine estimates --since 7d --queue cards"
HOURS_OF_LEARNING = 24
"""So long before the span the moving average begins: one that knew nothing yet would be no rival."""

_WHEN = "2026-03-02, 2026-03-02T09:30, 2026-03-02T09:30+08:00, or how long ago: 30m, 2h, 7d"
_COLUMNS = ("given", "judged", "P50 kept", "P90 kept", "bias s", "error s", "average s", "ratio")


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("estimates", epilog=EPILOG)(estimates)


def estimates(
    day: Annotated[str | None, typer.Argument(metavar="[DAY]", help="One day of this machine's clock: 2026-03-02.")] = None,
    *,
    since: Annotated[str | None, typer.Option(metavar="TIME", help=f"Waits that ended at or after: {_WHEN}.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Waits that ended before.")] = None,
    queue: Annotated[str | None, typer.Option(metavar="QUEUE", help="Of this queue only.")] = None,
    journal: Annotated[
        Path | None, typer.Option(metavar="DB", help="Another database, such as that of `rehearse --journal`.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per queue; times in milliseconds.")] = False,
) -> None:
    """Say how good the estimated waits were: how many callers were answered within their P50 and P90, and the error.

    Judged are those who had to wait, were estimated on entering and were answered; who gave up never learnt their wait.
    P50 should be kept by half, P90 by nine in ten. `bias`: how much longer they waited than estimated on average; `error`:
    the root of the mean squared error; `average`: that of Asterisk's moving average for the same callers; `ratio`: mean
    squared error over the average's, below 1 is better than Asterisk. Without times: the whole journal.
    Exit code 0: told; 1: no estimate was given in this time, or there is no such journal.
    """
    from ivr_engine.adapters.store import open_reader
    from ivr_engine.config import load_settings
    from ivr_engine.errors import StoreError

    begin, end = _span(day, since, until)
    with open_reader(journal or load_settings().database) as reader:
        found = _folded(reader, begin, end).queues
        name = reader.name
    chosen = {each: accuracy for each, accuracy in sorted(found.items()) if accuracy.given and queue in (None, each)}
    if not chosen:
        known = f"; estimates were given in: {', '.join(sorted(found))}" if queue and found else ""
        raise StoreError(f"{name}: no wait was estimated{f' in {queue!r}' if queue else ''} in this time{known}")
    for line in _objects(chosen) if as_json else _table(chosen):
        typer.echo(line)


def _span(day: str | None, since: str | None, until: str | None) -> tuple[Instant | None, Instant | None]:
    if day is None:
        return _instant(since, "--since"), _instant(until, "--until")
    if since is not None or until is not None:
        raise typer.BadParameter("give a day, or --since and --until, not both", param_hint="DAY")
    return _whole(day)


def _whole(day: str) -> tuple[Instant, Instant]:
    """From midnight to midnight on this machine's clock, however many hours that is."""
    from datetime import date, datetime, time, timedelta

    from ivr_engine.core.ids import Instant

    try:
        first = date.fromisoformat(day)
    except ValueError as error:
        raise typer.BadParameter(f"{day!r} is no day; write 2026-03-02", param_hint="DAY") from error
    days = (first, first + timedelta(days=1))
    begin, end = (Instant(int(datetime.combine(each, time.min).timestamp() * 1000)) for each in days)
    return begin, end


def _instant(text: str | None, option: str) -> Instant | None:
    from ivr_engine.cli import cdr_text

    try:
        return None if text is None else cdr_text.parse_instant(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time; write {_WHEN}", param_hint=option) from error


def _folded(reader: StoreReader, begin: Instant | None, end: Instant | None) -> EstimateAccuracy:
    from ivr_engine.core.ids import Instant
    from ivr_engine.metrics.estimates import HEARD, EstimateAccuracy

    fold, counting = EstimateAccuracy(), begin is None
    learning = 0 if begin is None else reader.last_before(Instant(begin - HOURS_OF_LEARNING * 3_600_000))
    for recorded in reader.read(after=learning, types={event.TYPE for event in HEARD}):
        if end is not None and recorded.at >= end:
            break
        if not counting and begin is not None and recorded.at >= begin:
            counting = True
            fold.count_from_here()
        fold.apply(recorded.event)
    if not counting:
        fold.count_from_here()
    return fold


def _table(queues: Mapping[Any, Accuracy]) -> Iterator[str]:
    from ivr_engine.metrics.estimates import together

    widest = max(len("all queues"), *map(len, queues))
    yield f"{'queue':<{widest}}{''.join(f'{name:>10}' for name in _COLUMNS)}"
    everything = {"all queues": together(queues.values())} if len(queues) > 1 else {}
    for name, accuracy in {**queues, **everything}.items():
        yield f"{name:<{widest}}{''.join(f'{cell:>10}' for cell in _cells(accuracy))}"
    yield "judged: estimated on entering, and answered. Right are 50 % and 90 %; a ratio below 1 is better than the average"


def _cells(found: Accuracy) -> Iterator[str]:
    yield from (str(found.given), str(found.callers))
    if not found.callers:
        yield from "-" * 6
        return
    yield from (f"{100 * share:.1f} %" for share in (found.p50_kept, found.p90_kept))
    yield f"{found.bias_s:+.1f}"
    yield from (f"{error:.1f}" for error in (found.typical_error_s, found.typical_error_of_average_s))
    yield f"{found.ratio_to_average:.2f}" if found.squared_average else "-"


def _objects(queues: Mapping[Any, Accuracy]) -> Iterator[str]:
    from ivr_engine.cli.cdr_text import to_line
    from ivr_engine.metrics.estimates import together

    for name, accuracy in {**queues, None: together(queues.values())}.items():
        yield to_line({"queue": name, **_plain(accuracy)})


def _plain(found: Accuracy) -> dict[str, Any]:
    """Null where nobody was judged."""
    judged = {
        "p50_kept": round(found.p50_kept, 6),
        "p90_kept": round(found.p90_kept, 6),
        "bias_ms": round(found.bias_s * 1000),
        "error_ms": round(found.typical_error_s * 1000),
        "average_error_ms": round(found.typical_error_of_average_s * 1000),
        "ratio": round(found.ratio_to_average, 6) if found.squared_average else None,
    }
    figures = judged if found.callers else dict.fromkeys(judged)
    return {"given": found.given, "judged": found.callers, **figures}

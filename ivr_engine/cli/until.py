"""`--until` as people say it: `18:00`, `2h`, `30m`, `2026-03-02T18:00`, the same with `+08:00`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import typer

from ivr_engine.core.ids import Instant

_SPAN = re.compile(r"(\d{1,4})([mhd])")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
HINT = "write 18:00 (today), 30m, 2h, 1d, or 2026-03-02T18:00"


def instant_of(text: str, now: datetime) -> Instant:
    """When `text` is, seen from `now`, a time with its zone; what names no zone is by this machine's.

    Raises:
        typer.BadParameter: it is no time, or a time of day that has passed today.
    """
    if span := _SPAN.fullmatch(text):
        return _instant(now + timedelta(**{_UNITS[span[2]]: int(span[1])}))
    if clock := _CLOCK.fullmatch(text):
        today = now.astimezone().replace(tzinfo=None, hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
        if today.astimezone() <= now:
            tomorrow = today + timedelta(days=1)
            raise typer.BadParameter(f"{text} has passed today; for tomorrow write {tomorrow:%Y-%m-%dT%H:%M}")
        return _instant(today.astimezone())
    try:
        return _instant(datetime.fromisoformat(text).astimezone())
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(f"{text!r} is no time; {HINT}") from error


def shown(until: Instant) -> str:
    """The instant by this machine's clock, with its offset, so that a wrong zone is seen."""
    return f"{datetime.fromtimestamp(until / 1000).astimezone():%Y-%m-%d %H:%M %z}"


def _instant(when: datetime) -> Instant:
    return Instant(int(when.timestamp() * 1000))

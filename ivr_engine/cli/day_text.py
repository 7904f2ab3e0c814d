"""A day's figures for people and as JSON: what `rehearse` and `whatif` print."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ivr_engine.core.ids import Instant
    from ivr_engine.testing.day.figures import AgentLine, DayFigures, QueueLine

_QUEUE_COLUMNS = ("offered", "answered", "gave up", "other", "level", "ASA s", "P50 s", "P90 s")
_AGENT_COLUMNS = ("answered", "occupied", "talking", "wrap-up", "ringing", "free", "paused")
HEAD = f"{'queue':<14}{'from':<7}{''.join(f'{name:>9}' for name in _QUEUE_COLUMNS)}"
AGENTS_HEAD = f"{'agents':<14}{'from':<7}{''.join(f'{name:>9}' for name in _AGENT_COLUMNS)}"


def definition_line(figures: DayFigures) -> str:
    """What the service level of these figures means."""
    within = f"{figures.in_time / 1000:g} s"
    return f"level: answered within {within}, {figures.definition}; callers under `other` are in no level"


def tables(figures: DayFigures, zone: tzinfo = UTC) -> Iterator[str]:
    """Half hours, then the day, of queues and of agents."""
    yield HEAD
    yield from (_queue_row(line, zone) for line in (*figures.intervals(), *figures.queues()))
    yield ""
    yield AGENTS_HEAD
    yield from (_agent_row(line, zone) for line in (*figures.agent_intervals(), *figures.agents()))
    yield f"unevenness of the agents' occupancy (Gini): {figures.unevenness:.3f}"


def objects(figures: DayFigures, zone: tzinfo = UTC) -> Iterator[str]:
    """The same, one JSON object per line."""
    for kind, lines in (("interval", figures.intervals()), ("queue", figures.queues())):
        for line in lines:
            yield to_line(type=kind, **queue_plain(line, zone))
    for kind, workers in (("agents_interval", figures.agent_intervals()), ("agent", figures.agents())):
        for worker in workers:
            yield to_line(type=kind, **agent_plain(worker, zone))


def queue_plain(line: QueueLine, zone: tzinfo = UTC) -> dict[str, Any]:
    """A line of a queue; waits in milliseconds, the level from 0 to 1, null: no figure."""
    return {
        "queue": line.queue,
        "from": clock(line.begin, zone),
        "offered": line.offered,
        "answered": line.answered,
        "abandoned": line.abandoned,
        "otherwise": line.otherwise,
        "service_level": _rounded(line.level),
        "asa_ms": _rounded(line.mean_answer, 1),
        "p50_ms": line.median_answer,
        "p90_ms": line.late_answer,
    }


def agent_plain(line: AgentLine, zone: tzinfo = UTC) -> dict[str, Any]:
    """A line of agents; spans in milliseconds."""
    worked = line.worked
    return {
        "agent": line.agent,
        "from": clock(line.begin, zone),
        "answered": worked.answered,
        "occupancy": _rounded(worked.occupancy),
        "at_a_time": _rounded(worked.at_a_time),
        "talking_ms": worked.talking,
        "wrap_up_ms": worked.wrap_up,
        "ringing_ms": worked.offered,
        "free_ms": worked.available,
        "paused_ms": worked.paused,
    }


def clock(at: Instant | None, zone: tzinfo = UTC) -> str | None:
    """The time of day, or None."""
    return None if at is None else datetime.fromtimestamp(at / 1000, zone).strftime("%H:%M")


def percent(share: float | None) -> str:
    """A share for people; nothing for none."""
    return "-" if share is None else f"{100 * share:.1f} %"


def seconds(span: float | None) -> str:
    """Milliseconds as seconds for people; nothing for none."""
    return "-" if span is None else f"{span / 1000:.1f}"


def to_line(**fields: Any) -> str:  # noqa: ANN401 - JSON values
    """One JSON object."""
    return json.dumps(fields, ensure_ascii=False)


def _rounded(value: float | None, places: int = 6) -> float | None:
    return None if value is None else round(value, places)


def _queue_row(line: QueueLine, zone: tzinfo) -> str:
    name, begin = line.queue or "all queues", clock(line.begin, zone) or "day"
    counts = (line.offered, line.answered, line.abandoned, line.otherwise)
    waits = map(seconds, (line.mean_answer, line.median_answer, line.late_answer))
    return f"{name:<14}{begin:<7}{''.join(f'{cell:>9}' for cell in (*counts, percent(line.level), *waits))}"


def _agent_row(line: AgentLine, zone: tzinfo) -> str:
    name, begin, worked = line.agent or "all agents", clock(line.begin, zone) or "day", line.worked
    spans = (worked.talking, worked.wrap_up, worked.offered, worked.available, worked.paused)
    return f"{name:<14}{begin:<7}{worked.answered:>9}{percent(worked.occupancy):>9}{''.join(map(_span, spans))}"


def _span(span: int) -> str:
    total = round(span / 1000)
    return f"{f'{total // 3600}:{total // 60 % 60:02}:{total % 60:02}':>9}"

"""Who calls and who works, from files or from a rate.

Callers, either one a row, or how many are expected in a stretch of the day:

    time,queue,patience_s,talk_s                from,to,queue,calls,patience_s,talk_s
    09:00:12,service,90,210                     09:00,09:30,service,42,120,180

`patience_s` and `talk_s` are the caller's own in the first form, means of exponential distributions in the second; where
they are missing or empty the day's means hold. Both forms may have `priority`, `language` and `skills` (`card:3 loan:1`).

Agents: `agent,from,to`; a second row of the same agent is a second shift.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.ids import VOICE, AgentId, CallId, Instant, Language, Millis, QueueName, SkillName
from ivr_engine.errors import DefinitionError
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.testing.day.callers import Caller, CallerKind, Traffic, caller_of, poisson
from ivr_engine.testing.day.chance import Chance, Exponential, Fixed, Span
from ivr_engine.testing.day.people import Person, Shift
from ivr_engine.testing.day.sheet import Cell, Row, Sheet

_WANTS = ("priority", "language", "skills", "patience_s", "talk_s")
_EACH, _EXPECTED = ("time", "queue"), ("from", "to", "queue", "calls")
_RATE = re.compile(r"(?:(?P<queue>[^=,]+)=)?(?P<calls>\d+(?:\.\d+)?)/h")
_HOUR = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """Means where a file says nothing: how long conversations and patience are."""

    talk: Millis
    patience: Millis | None


def is_rate(text: str) -> bool:
    """Whether it is written as a rate (`120/h`, `service=90/h,card=30/h`) and not as the name of a file."""
    return all(_RATE.fullmatch(part.strip()) for part in text.split(","))


def traffic_at_rate(text: str, centre: CentreDefinition, usual: Usual, *, begin: Instant, end: Instant) -> list[Traffic]:
    """The same rate from `begin` to `end`. A rate without a queue is shared alike by all queues.

    Raises:
        DefinitionError: an unknown queue.
    """
    rates: dict[QueueName, float] = {}
    for part in text.split(","):
        found = _RATE.fullmatch(part.strip())
        assert found is not None  # noqa: S101 - see is_rate
        queues = list(centre.queues) if found["queue"] is None else [QueueName(found["queue"])]
        for queue in queues:
            rates[queue] = rates.get(queue, 0.0) + float(found["calls"]) / len(queues)
    sheet = Sheet("--arrivals")
    for place, queue in enumerate(rates, start=1):
        sheet.one_of(Cell(queue, 1, place), "queue", centre.queues)
    sheet.refuse()
    hours = (end - begin) / _HOUR
    return [
        Traffic(kind=_kind(queue, centre, usual), begin=begin, end=end, calls=rate * hours) for queue, rate in rates.items()
    ]


def read_callers(text: str, name: str, centre: CentreDefinition, usual: Usual, chance: Chance) -> list[Caller]:
    """The callers of a file, in order of time; what it leaves open is drawn from `chance`.

    Raises:
        DefinitionError: what cannot be understood, each with file:line:column.
    """
    sheet = Sheet(name)
    first = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    expected = "calls" in {cell.strip() for cell in first.split(",")}
    needed = _EXPECTED if expected else _EACH
    rows = sheet.rows(text, needed=needed, known=(*needed, *_WANTS))
    if expected:
        traffic = [_traffic(row, sheet, centre, usual) for row in rows]
        sheet.refuse()
        return list(poisson(traffic, chance))
    found = [_caller(row, sheet, centre, usual, chance) for row in rows]
    sheet.refuse()
    return _in_order(found)


def _in_order(callers: Iterable[Caller]) -> list[Caller]:
    ordered = sorted(callers, key=lambda caller: caller.at)
    return [
        Caller(call=CallId(f"call-{number}"), kind=each.kind, at=each.at, patience=each.patience, talk=each.talk)
        for number, each in enumerate(ordered, start=1)
    ]


def _traffic(row: Row, sheet: Sheet, centre: CentreDefinition, usual: Usual) -> Traffic:
    begin, end = sheet.clock(row["from"]), sheet.clock(row["to"])
    if end <= begin and not sheet.problems:
        sheet.problem(row["to"].line, row["to"].column, f"{row['to'].text} is not after {row['from'].text}")
    calls = sheet.number(row["calls"], what="how many callers are expected")
    kind = _kind_of(row, sheet, centre, usual, exactly=False)
    return Traffic(kind=kind, begin=begin, end=end, calls=calls)


def _caller(row: Row, sheet: Sheet, centre: CentreDefinition, usual: Usual, chance: Chance) -> Caller:
    return caller_of(_kind_of(row, sheet, centre, usual, exactly=True), sheet.clock(row["time"]), chance)


def _kind(queue: QueueName, centre: CentreDefinition, usual: Usual) -> CallerKind:
    patience = None if usual.patience is None else Exponential(usual.patience)
    known = centre.queues.get(queue)  # an unknown one is told of with all other mistakes
    return CallerKind(
        name=queue,
        queue=queue,
        talk=Exponential(usual.talk),
        patience=patience,
        language=centre.languages[0],
        work=VOICE if known is None else known.kind,
    )


def _kind_of(row: Row, sheet: Sheet, centre: CentreDefinition, usual: Usual, *, exactly: bool) -> CallerKind:
    queue = QueueName(sheet.one_of(row["queue"], "queue", centre.queues))
    given = {name: cell for name in _WANTS if (cell := row.get(name)) is not None and cell.text}
    common = _kind(queue, centre, usual)

    def span(name: str, otherwise: Span | None) -> Span | None:
        if name not in given:
            return otherwise
        seconds = sheet.seconds(given[name])
        return Fixed(seconds) if exactly else Exponential(seconds)

    return CallerKind(
        name=f"{queue}:{row['queue'].line}",
        queue=queue,
        talk=span("talk_s", None) or common.talk,
        patience=span("patience_s", common.patience),
        needs=_needs(given["skills"], sheet, centre.skills) if "skills" in given else (),
        priority=int(sheet.number(given["priority"], what="a priority", whole=True)) if "priority" in given else 0,
        language=_language(given["language"], sheet, centre) if "language" in given else common.language,
        work=common.work,
    )


def _language(cell: Cell, sheet: Sheet, centre: CentreDefinition) -> Language:
    return Language(sheet.one_of(cell, "language", centre.languages))


def _needs(cell: Cell, sheet: Sheet, skills: Collection[str]) -> tuple[SkillNeed, ...]:
    needs = []
    for part in cell.text.split():
        skill, _, level = part.partition(":")
        sheet.one_of(Cell(skill, cell.line, cell.column), "skill", skills)
        number = Cell(level or "1", cell.line, cell.column)
        needs.append(SkillNeed(skill=SkillName(skill), level=int(sheet.number(number, what="a level", whole=True))))
    return tuple(needs)


def read_shifts(text: str, name: str, centre: CentreDefinition) -> list[Person]:
    """Who works when.

    Raises:
        DefinitionError: what cannot be understood, each with file:line:column.
    """
    sheet = Sheet(name)
    shifts: dict[AgentId, list[Shift]] = {}
    columns = ("agent", "from", "to")
    for row in sheet.rows(text, needed=columns, known=columns):
        agent = AgentId(sheet.one_of(row["agent"], "agent", centre.agents))
        begin, end = sheet.clock(row["from"]), sheet.clock(row["to"])
        if any(other.begin < end and begin < (other.end or end) for other in shifts.get(agent, [])):
            sheet.problem(row["agent"].line, row["from"].column, f"two shifts of agent {agent} overlap")
        if end <= begin and not sheet.problems:
            sheet.problem(row["to"].line, row["to"].column, f"{row['to'].text} is not after {row['from'].text}")
        shifts.setdefault(agent, []).append(Shift(begin=begin, end=end))
    sheet.refuse()
    return [Person(agent=agent, shifts=tuple(sorted(each, key=_begin))) for agent, each in shifts.items()]


def _begin(shift: Shift) -> Instant:
    return shift.begin


def everybody(centre: CentreDefinition, begin: Instant) -> list[Person]:
    """All agents of the centre, from `begin` until the last caller is gone.

    Raises:
        DefinitionError: there are none.
    """
    if not centre.agents:
        raise DefinitionError(("agents.yaml names no agents: nobody would answer",))
    return [Person(agent=agent, shifts=(Shift(begin=begin),)) for agent in centre.agents]

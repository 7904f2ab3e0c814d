"""Call records as text and as plain values. Personal data is masked unless asked for; nothing here can drive a terminal."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ivr_engine.adapters.store.rows import call_row
from ivr_engine.cdr.record import CallRecord, Leg, LegKind
from ivr_engine.core.events import OfferEnded, OfferMade, Recorded
from ivr_engine.core.events.codec import to_plain
from ivr_engine.core.ids import Instant, Millis

Plain = dict[str, Any]

_AGO = re.compile(r"(\d{1,6})([mhd])")
_LONG_DIGITS = re.compile(r"\d{8,}")
_SPANS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A call's record, its events, and whether the call is over."""

    record: CallRecord
    journal: Sequence[Recorded]
    over: bool


def parse_instant(text: str) -> Instant:
    """A time as people write it: ISO 8601 (local unless an offset is given) or how long ago (`30m`, `2h`, `7d`).

    Raises:
        ValueError: it is neither.
    """
    ago = _AGO.fullmatch(text)
    try:
        moment = datetime.now(UTC) - timedelta(**{_SPANS[ago[2]]: int(ago[1])}) if ago else datetime.fromisoformat(text)
        return Instant(int(moment.timestamp() * 1000))
    except OverflowError as error:
        raise ValueError(text) from error


def local(instant: Instant, *, precise: bool = False) -> str:
    """The instant on this machine's clock, with the offset."""
    moment = datetime.fromtimestamp(instant / 1000, UTC).astimezone()
    return moment.isoformat(sep=" ", timespec="milliseconds" if precise else "seconds")


def span(length: int) -> str:
    """Milliseconds as people read them: 0:05, 1:20, 1:02:03."""
    seconds = max(0, length) // 1000
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def mask_number(number: str) -> str:
    """First 3 and last 4 of a number; nothing of one too short to hide anything by that."""
    if not number:
        return ""
    return f"{number[:3]}****{number[-4:]}" if len(number) > 7 else "****"


def mask_name(name: str) -> str:
    """The first character of a name."""
    return f"{name[0]}**" if name else ""


def mask_digits(text: str) -> str:
    """The text with every long run of digits masked."""
    return _LONG_DIGITS.sub(lambda run: mask_number(run[0]), text)


def to_line(plain: Plain) -> str:
    """One line of JSON. Escaped to ASCII where a terminal would act on it or could not print it."""
    line = json.dumps(plain, ensure_ascii=False)
    return line if line == printable(line) else json.dumps(plain)


def printable(text: str) -> str:
    """The text without what acts on a terminal or on the direction of writing."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(each)[0] == "C" else each for each in text)


def record_plain(record: CallRecord, *, unmask: bool) -> Plain:
    """The columns of table `calls`, with `arrived` and `ended` as local ISO times."""
    plain = call_row(record)
    if not unmask:
        plain["caller"] = mask_number(record.caller)
        plain["caller_name"] = mask_name(record.caller_name)
        plain["answers"] = {name: mask_digits(value) for name, value in record.answers}
    times = {"arrived": local(record.arrived, precise=True), "ended": local(record.ended, precise=True)}
    return {"call": plain.pop("call"), **times, **plain}


def event_plain(recorded: Recorded, *, unmask: bool) -> Plain:
    """An event as the journal has it, with its time."""
    plain = to_plain(recorded.event)
    if not unmask:
        masks: dict[str, Callable[[str], str]] = {"caller": mask_number, "caller_name": mask_name}
        plain = {name: masks.get(name, mask_digits)(v) if isinstance(v, str) else v for name, v in plain.items()}
        plain["call"] = getattr(recorded.event, "call", None)
    return {"sequence": recorded.sequence, "at": local(recorded.at, precise=True), **plain}


def story_plain(story: Story, *, events: bool, unmask: bool) -> Plain:
    """The record with `over` (false: in progress), its `offers_made` and, if asked for, its `events`."""
    plain = {**record_plain(story.record, unmask=unmask), "over": story.over, "offers_made": list(_offers(story.journal))}
    if events:
        plain["events"] = [event_plain(recorded, unmask=unmask) for recorded in story.journal]
    return plain


def _offers(journal: Iterable[Recorded]) -> Iterable[Plain]:
    ends = {r.event.offer: (r.at, r.event) for r in journal if isinstance(r.event, OfferEnded)}
    for made in journal:
        if isinstance(made.event, OfferMade):
            at, end = ends.get(made.event.offer, (None, None))
            yield {
                "agent": made.event.agent,
                "queue": made.event.queue,
                "rule": made.event.rule,
                "made_ms": made.at,
                "ended_ms": at,
                "outcome": str(end.outcome) if end else None,
                "cause": end.cause if end else "",
            }


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    cell: Callable[[CallRecord], str]
    right: bool = False


_ALWAYS = 4  # columns that are shown however narrow the terminal


def _columns(*, unmask: bool) -> list[_Column]:
    """From the most wanted to the least."""
    return [
        _Column("ARRIVED", lambda r: local(r.arrived)),
        _Column("CALL", lambda r: r.call),
        _Column("DISPOSITION", lambda r: str(r.disposition)),
        _Column("LASTED", lambda r: span(r.lasted), right=True),
        _Column("CALLER", lambda r: r.caller if unmask else mask_number(r.caller)),
        _Column("WAITED", lambda r: span(r.waited) if r.queue else "", right=True),
        _Column("TALKED", lambda r: span(r.talked) if r.agent else "", right=True),
        _Column("QUEUE", lambda r: r.queue or ""),
        _Column("AGENT", lambda r: r.agent or ""),
        _Column("NAME", lambda r: r.caller_name if unmask else mask_name(r.caller_name)),
        _Column("NUMBER", lambda r: r.number),
        _Column("LAST NODE", lambda r: r.last_node or ""),
        _Column("ANSWERS", lambda r: " ".join(f"{n}={v if unmask else mask_digits(v)}" for n, v in r.answers)),
    ]


def table(records: Sequence[CallRecord], *, unmask: bool, width: int | None) -> str:
    """The records as a table with as many columns as the width holds; columns that are empty throughout are left out."""
    if not records:
        return "no calls"
    shown: list[list[str]] = []
    for number, column in enumerate(_columns(unmask=unmask)):
        lines = _aligned(column, [printable(column.cell(record)) for record in records])
        fits = width is None or sum(_cells(each[0]) + 2 for each in shown) + _cells(lines[0]) <= width
        if number >= _ALWAYS and not fits:
            break
        if any(line.strip() for line in lines[1:]):
            shown.append(lines)
    return "\n".join("  ".join(row).rstrip() for row in zip(*shown, strict=True))


def _aligned(column: _Column, cells: Sequence[str]) -> list[str]:
    widest = max(_cells(text) for text in (column.title, *cells))
    return [_pad(text, widest, right=column.right) for text in (column.title, *cells)]


def _pad(text: str, width: int, *, right: bool = False) -> str:
    blank = " " * max(0, width - _cells(text))
    return blank + text if right else text + blank


def _cells(text: str) -> int:
    """How many terminal cells the text takes: East Asian wide characters two, combining marks none."""
    return sum(0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def story_text(story: Story, *, events: bool, unmask: bool) -> str:
    """The call for a person to read."""
    blocks = [_head(story, unmask=unmask), _legs(story.record)]
    blocks += [_offer_lines(story), _answer_lines(story.record, unmask=unmask)]
    if events:
        blocks.append(["", "Events", *(_event_line(story.record, recorded, unmask=unmask) for recorded in story.journal)])
    return "\n".join(printable(line).rstrip() for block in blocks for line in block)


def _head(story: Story, *, unmask: bool) -> list[str]:
    record = story.record
    caller = (record.caller, record.caller_name) if unmask else (mask_number(record.caller), mask_name(record.caller_name))
    ending = f"{local(record.ended, precise=True)}  after {span(record.lasted)}, by {record.ended_by}"
    facts = {
        "dialled": record.number,
        "caller": "  ".join(part for part in caller if part) or "unknown",
        "arrived": local(record.arrived, precise=True),
        "ended": ending if story.over else "still in progress",
        "disposition": str(record.disposition) if story.over else "",
        "refused": record.refused,
        "flow": f"{record.flow}, version {record.version}, language {record.language}" if record.flow else "",
        "last node": record.last_node or "",
        "faults": ", ".join(record.faults),
        "resumed": f"{record.resumed} times, after a controller was gone" if record.resumed else "",
    }
    return [f"Call {record.call}", *(f"  {name:<12} {value}" for name, value in facts.items() if value)]


def _legs(record: CallRecord) -> list[str]:
    return [
        "",
        "Legs",
        *(f"  {_since(record, leg.began)}  {leg.kind:<8}{span(leg.lasted):>8}  {_about(leg)}" for leg in record.legs),
    ]


def _about(leg: Leg) -> str:
    if leg.kind is LegKind.WAITING:
        rung = f", {leg.offers} agent{'s' * (leg.offers != 1)} rung" if leg.offers else ""
        return f"{leg.queue}: {leg.outcome or 'not ended'}{rung}"
    if leg.kind is LegKind.AGENT:
        ended = f"ended by {leg.outcome}" if leg.outcome else "end not reported"
        held = f", held {span(leg.held)}" if leg.held else ""
        return f"{leg.agent} ({leg.queue}): talked {span(leg.talked)}{held}, {ended}"
    if leg.kind is LegKind.OUTSIDE:
        talked = f", talked {span(leg.talked)}" if leg.talked else ""
        return f"{leg.to}: {leg.outcome or 'end not reported'}{talked}"
    return f"passed into flow {leg.to}" if leg.to else ""


def _offer_lines(story: Story) -> list[str]:
    lines = []
    for offer in _offers(story.journal):
        rang = "" if offer["ended_ms"] is None else span(Millis(offer["ended_ms"] - offer["made_ms"]))
        cause = f" ({offer['cause']})" if offer["cause"] else ""
        at = _since(story.record, offer["made_ms"])
        lines.append(f"  {at}  {offer['agent']:<8}{rang:>8}  {offer['outcome'] or 'open'}{cause}, by rule {offer['rule']}")
    return ["", "Offers", *lines] if lines else []


def _answer_lines(record: CallRecord, *, unmask: bool) -> list[str]:
    lines = [f"  {name} = {value if unmask else mask_digits(value)}" for name, value in record.answers]
    return ["", "Answers", *lines] if lines else []


def _event_line(record: CallRecord, recorded: Recorded, *, unmask: bool) -> str:
    plain = event_plain(recorded, unmask=unmask)
    kind = plain["type"]
    facts = {name: value for name, value in plain.items() if name not in {"sequence", "at", "type", "call"}}
    told = " ".join(f"{name}={_value(value)}" for name, value in facts.items() if value not in ("", None, [], False))
    return f"  {_since(record, recorded.at)}  {recorded.sequence:>6}  {kind}  {told}"


def _value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


def _since(record: CallRecord, instant: Instant) -> str:
    return since(record.arrived, instant)


def since(arrived: Instant, instant: Instant) -> str:
    """Time since arrival, to the tenth."""
    tenths = max(0, instant - arrived) // 100
    return f"{'+' + span(Millis(tenths * 100)) + '.' + str(tenths % 10):>9}"

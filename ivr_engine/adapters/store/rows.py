"""Events and records <-> rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ivr_engine.adapters.store.tables import CallRow
from ivr_engine.cdr.record import CallRecord, Leg, LegKind
from ivr_engine.core.events import Recorded, agent_of, call_of
from ivr_engine.core.events.codec import from_plain, to_plain
from ivr_engine.core.ids import AgentId, CallId, FlowName, Instant, Language, Millis, QueueName
from ivr_engine.core.outcomes import Disposition, EndedBy
from ivr_engine.errors import StoreError

Row = dict[str, Any]

_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))  # json.dumps would make one for every value


def to_json(value: object) -> str:
    """Compact JSON, readable where it can be: Chinese as it is, everything escaped when the text is no valid Unicode."""
    text = _COMPACT.encode(value)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return text


def journal_row(recorded: Recorded) -> Row:
    """The row of an event."""
    return {
        "sequence": recorded.sequence,
        "at_ms": recorded.at,
        "type": recorded.event.TYPE,
        "call": _text(call_of(recorded.event)),
        "agent": _text(agent_of(recorded.event)),
        "body": to_plain(recorded.event),
    }


def recorded_from(sequence: int, at_ms: int, body: Mapping[str, Any]) -> Recorded:
    """The event of a row.

    Raises:
        StoreError: the row holds no event that this version knows.
    """
    try:
        return Recorded(sequence=sequence, at=Instant(at_ms), event=from_plain(body))
    except (StoreError, AttributeError) as error:
        raise StoreError(
            f"event {sequence} of the journal cannot be read: {error}. Was it written by another version of ivr-engine?"
        ) from error


def call_row(record: CallRecord) -> Row:
    """The row of a record."""
    return {
        "call": _text(record.call),
        "number": _text(record.number),
        "caller": _text(record.caller),
        "caller_name": _text(record.caller_name),
        "arrived_ms": record.arrived,
        "ended_ms": record.ended,
        "lasted_ms": record.lasted,
        "disposition": str(record.disposition),
        "ended_by": str(record.ended_by),
        "refused": _text(record.refused),
        "language": _text(record.language),
        "flow": _text(record.flow),
        "version": _text(record.version),
        "last_node": _text(record.last_node),
        "queue": _text(record.queue),
        "agent": _text(record.agent),
        "waited_ms": record.waited,
        "talked_ms": record.talked,
        "offers": record.offers,
        "resumed": record.resumed,
        "legs": [_leg_plain(leg) for leg in record.legs],
        "answers": dict(record.answers),
        "faults": list(record.faults),
    }


def record_from(row: CallRow) -> CallRecord:
    """The record of a row.

    Raises:
        StoreError: the row holds no record that this version knows.
    """
    try:
        return _record_from(row)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(
            f"the record of call {row.call} cannot be read: {error}. Was it written by another version of ivr-engine?"
        ) from error


def _record_from(row: CallRow) -> CallRecord:
    return CallRecord(
        call=CallId(row.call),
        number=row.number,
        caller=row.caller,
        caller_name=row.caller_name,
        arrived=Instant(row.arrived_ms),
        ended=Instant(row.ended_ms),
        disposition=Disposition(row.disposition),
        ended_by=EndedBy(row.ended_by),
        language=None if row.language is None else Language(row.language),
        flow=None if row.flow is None else FlowName(row.flow),
        version=row.version,
        last_node=row.last_node,
        queue=None if row.queue is None else QueueName(row.queue),
        agent=None if row.agent is None else AgentId(row.agent),
        waited=Millis(row.waited_ms),
        talked=Millis(row.talked_ms),
        legs=tuple(_leg_from(leg) for leg in row.legs),
        answers=tuple(row.answers.items()),
        faults=tuple(row.faults),
        resumed=row.resumed,
        refused=row.refused,
    )


def _leg_plain(leg: Leg) -> Row:
    return {
        "kind": str(leg.kind),
        "began_ms": leg.began,
        "ended_ms": leg.ended,
        "queue": leg.queue,
        "agent": leg.agent,
        "outcome": leg.outcome,
        "offers": leg.offers,
        "talked_ms": leg.talked,
        "held_ms": leg.held,
        "to": leg.to,
    }


def _leg_from(plain: Mapping[str, Any]) -> Leg:
    return Leg(
        kind=LegKind(plain["kind"]),
        began=Instant(plain["began_ms"]),
        ended=Instant(plain["ended_ms"]),
        queue=plain["queue"],
        agent=plain["agent"],
        outcome=plain["outcome"],
        offers=plain["offers"],
        talked=Millis(plain["talked_ms"]),
        held=Millis(plain.get("held_ms", 0)),  # records of earlier versions have neither
        to=plain.get("to", ""),
    )


def _text(text: str | None) -> str | None:
    """Text that every database takes: what is no Unicode, and NUL, is replaced. The journal's body keeps the original."""
    if text is None:
        return None
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")

"""The operator's line for each finished call: how it went, and nothing that says who called."""

from __future__ import annotations

from collections.abc import Callable

from ivr_engine.cdr.record import CallRecord
from ivr_engine.core.ids import between
from ivr_engine.ports.log import Log


def call_ended_line(log: Log) -> Callable[[CallRecord], None]:
    """What to do with each finished record. Spans are milliseconds."""

    def tell(record: CallRecord) -> None:
        log.info(
            "call_ended",
            call=record.call,
            number=record.number,
            disposition=record.disposition.value,
            ended_by=record.ended_by.value,
            lasted_ms=between(record.arrived, record.ended),
            waited_ms=record.waited,
            talked_ms=record.talked,
            agent=record.agent or "",
            last_node=record.last_node or "",
        )

    return tell

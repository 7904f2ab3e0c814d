"""The PBX's own account of the calls that no engine served: `queue_log`, written by the fallback's dialplan and its queue.

One line is `seconds|unique id|queue|member|event|data...` (Asterisk, main/logger.c, apps/app_queue.c). Numbers are the
dialplan's filtered ones; a line that is not as it should be is passed over.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ivr_engine.core.ids import CallId, Instant
from ivr_engine.ports.switch_notes import NotedCall

LATEST_BYTES = 500_000  # some thousand calls; each that has ended is looked up once at a start
QUEUE = "fallback"

_CALL = re.compile(r"[0-9]{1,12}\.[0-9]{1,12}")
_NUMBER = re.compile(r"[0-9*#+]{0,32}")
_MEMBER = re.compile(r"PJSIP/([A-Za-z0-9_-]{1,32})")

_log = logging.getLogger(__name__)

Data = Sequence[str]


class QueueLog:
    """Implements ports.switch_notes.SwitchNotes. Reads what was added since the last time; at first the latest part."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at: int | None = None
        self._calls: dict[CallId, NotedCall] = {}

    def calls(self) -> Mapping[CallId, NotedCall]:
        """See the port."""
        try:
            self._read_on()
        except FileNotFoundError:
            pass  # nothing was ever written
        except OSError as error:
            _log.warning("%s cannot be read: %s", self._path, error.strerror)
        return self._calls

    def _read_on(self) -> None:
        size = self._path.stat().st_size
        if self._at is None or self._at > size:  # at first, or after the file was rotated
            self._at = max(0, size - LATEST_BYTES)
        if size == self._at:
            return
        with self._path.open("rb") as file:
            file.seek(self._at)
            data = file.read(size - self._at)
        whole = data.rfind(b"\n") + 1  # the rest is being written
        self._at += whole
        for line in data[:whole].split(b"\n"):
            self._take(line.decode("ascii", "replace").split("|"))

    def _take(self, parts: list[str]) -> None:
        if len(parts) < 5 or not parts[0].isdecimal() or not _CALL.fullmatch(parts[1]) or parts[2] != QUEUE:
            return
        at, call, member, event = Instant(int(parts[0]) * 1000), CallId(parts[1]), parts[3], parts[4]
        note = _EVENTS.get(event)
        if note is not None:
            self._calls[call] = note(self._calls.get(call, NotedCall(call=call)), at, member, parts[5:])


def _held(call: NotedCall, at: Instant, _member: str, data: Data) -> NotedCall:
    return replace(_with_numbers(call, data), held=call.held or at)


def _connected(call: NotedCall, at: Instant, member: str, _data: Data) -> NotedCall:
    phone = _MEMBER.fullmatch(member)
    return replace(call, answered=at, phone=phone[1] if phone else "")


def _agent_left(call: NotedCall, at: Instant, _member: str, _data: Data) -> NotedCall:
    return replace(call, ended=at, ended_by_agent=True)


def _caller_left(call: NotedCall, at: Instant, _member: str, _data: Data) -> NotedCall:
    return replace(call, ended=at)


def _ended(call: NotedCall, at: Instant, _member: str, data: Data) -> NotedCall:
    return replace(_with_numbers(call, data), ended=call.ended or at)


def _with_numbers(call: NotedCall, data: Data) -> NotedCall:
    number, caller = [*data, "", ""][:2]
    if not _NUMBER.fullmatch(number) or not _NUMBER.fullmatch(caller):
        return call
    return replace(call, number=call.number or number, caller=call.caller or caller)


_EVENTS: Mapping[str, Callable[[NotedCall, Instant, str, Data], NotedCall]] = {
    "HELD": _held,
    "CONNECT": _connected,
    "COMPLETEAGENT": _agent_left,
    "COMPLETECALLER": _caller_left,
    "ABANDON": _caller_left,
    "ENDED": _ended,
}

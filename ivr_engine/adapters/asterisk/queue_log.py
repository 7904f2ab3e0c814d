"""The PBX's own account of calls: `queue_log`, written by the dialplan at the end of each call, and by the fallback's queue.

One line is `seconds|unique id|queue|member|event|data...` (Asterisk, main/logger.c, apps/app_queue.c). Numbers are the
dialplan's filtered ones; a line that is not as it should be is passed over.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ivr_engine.core.ids import CallId, Instant
from ivr_engine.core.outcomes import EndedBy
from ivr_engine.ports.switch_notes import NotedCall

LATEST_BYTES = 2_000_000
"""What is read at a start: some 20,000 calls, in a fifth of a second."""
KEPT = 20_000
QUEUE = "fallback"
TOGETHER_MS = 2_000
"""A call that ends so soon after its talk at the fallback ended with it."""

_CALL = re.compile(r"[0-9]{1,12}\.[0-9]{1,12}|cb[A-Za-z0-9.-]{1,40}")
_NUMBER = re.compile(r"[0-9*#+]{0,32}")
_MEMBER = re.compile(r"PJSIP/([A-Za-z0-9_-]{1,32})")
_LEG = re.compile(r"PJSIP/([A-Za-z0-9_-]{1,32})-[0-9a-f]{8}")
_MILLISECONDS = re.compile(r"[0-9]{10,16}")

_OUR_HANGUP = "dialplan/agi"  # the source that AGI's HANGUP gives (res_agi.c); the dialplan's own is dialplan/builtin

_FIRST_ENGINE = "1"  # the dialplan's number for the engine whose PBX this is; `other_engines` follow

_log = logging.getLogger(__name__)

Data = Sequence[str]


class QueueLog:
    """Implements ports.switch_notes.SwitchNotes. Keeps the `KEPT` calls of which something was written last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at: int | None = None
        self._calls: dict[CallId, NotedCall] = {}
        self._new: dict[CallId, None] = {}

    def news(self) -> Sequence[NotedCall]:
        """See the port."""
        self._read_on()
        new, self._new = self._new, {}
        return [self._calls[call] for call in new if call in self._calls]

    def forget(self, calls: Iterable[CallId]) -> None:
        """See the port."""
        for call in calls:
            self._calls.pop(call, None)

    def of(self, call: CallId) -> NotedCall | None:
        """See the port."""
        self._read_on()
        return self._calls.get(call)

    def _read_on(self) -> None:
        try:
            self._read()
        except FileNotFoundError:
            pass  # nothing was ever written
        except OSError as error:
            _log.warning("%s cannot be read: %s", self._path, error.strerror)

    def _read(self) -> None:
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
        if note is None:
            return
        known = self._calls.pop(call, None) or NotedCall(call=call, began=_began(call))
        self._calls[call] = note(known, at, member, parts[5:])
        self._new[call] = None
        if len(self._calls) > KEPT:
            del self._calls[next(iter(self._calls))]


def _began(call: CallId) -> Instant | None:
    """Asterisk begins the id of a channel with the second in which it made it; those of calls that we make are ours."""
    second = call.partition(".")[0]
    return Instant(int(second) * 1000) if second.isdecimal() else None


def _held(call: NotedCall, at: Instant, _member: str, data: Data) -> NotedCall:
    return replace(_with_numbers(call, data), held=call.held or at)


def _connected(call: NotedCall, at: Instant, member: str, _data: Data) -> NotedCall:
    phone = _MEMBER.fullmatch(member)
    return replace(call, answered=at, phone=phone[1] if phone else "", parted=None)


def _agent_left(call: NotedCall, at: Instant, _member: str, _data: Data) -> NotedCall:
    return replace(call, parted=at, parted_by_agent=True)


def _caller_left(call: NotedCall, at: Instant, _member: str, _data: Data) -> NotedCall:
    return replace(call, parted=at, parted_by_agent=False)


def _ended(call: NotedCall, at: Instant, _member: str, data: Data) -> NotedCall:
    milliseconds = data[2] if len(data) > 2 else ""
    ended = Instant(int(milliseconds)) if _MILLISECONDS.fullmatch(milliseconds) else at
    with_talk = call.parted is not None and call.parted_by_agent and at - call.parted <= TOGETHER_MS
    return replace(
        _with_numbers(call, data),
        ended=ended if abs(ended - at) <= TOGETHER_MS else at,
        ended_by=EndedBy.AGENT if with_talk else _ended_by(data[3:5], done=data[7:8] == ["1"]),
        joined=_joined(data[5:7]),
        elsewhere=len(data) > 8 and data[8] not in ("", _FIRST_ENGINE),
    )


def _joined(status_and_peer: Data) -> str:
    """The telephone that answered, of `DIALSTATUS` and `DIALEDPEERNAME`; app_dial clears both when it begins."""
    phone = _LEG.fullmatch(status_and_peer[1]) if len(status_and_peer) == 2 and status_and_peer[0] == "ANSWER" else None
    return phone[1] if phone else ""


def _ended_by(channel_and_source: Data, *, done: bool) -> EndedBy:
    """Who ended the call: the channel, and what Asterisk has as the source of its hang-up. Older lines have neither.

    The first source stays: after a talk that the agent ended it is the agent's telephone, whoever left later. An engine that
    ends such a call says so before (`done`), else it was the caller.
    """
    source = channel_and_source[1] if len(channel_and_source) > 1 else "PJSIP/"
    if done or source == _OUR_HANGUP:
        return EndedBy.ENGINE
    return EndedBy.CALLER if source.startswith("PJSIP/") else EndedBy.SWITCH


def _with_numbers(call: NotedCall, data: Data) -> NotedCall:
    number, caller = [*data, "", ""][:2]
    if not _NUMBER.fullmatch(number) or not _NUMBER.fullmatch(caller):
        return call
    return replace(call, number=call.number or number, caller=call.caller or caller)


# ABANDON is no end: Asterisk writes it, too, when an engine fetches the caller from the queue. Every end is ENDED.
_EVENTS: Mapping[str, Callable[[NotedCall, Instant, str, Data], NotedCall]] = {
    "HELD": _held,
    "CONNECT": _connected,
    "COMPLETEAGENT": _agent_left,
    "COMPLETECALLER": _caller_left,
    "ENDED": _ended,
}

"""The Asterisk Manager Interface on the wire, without any I/O: bytes in, messages out; actions in, bytes out.

Messages are framed on CRLF CRLF in bytes, decoded whole (a character split over two reads stays one), and bounded. Asterisk
discards a line of more than 1,024 bytes with no more than a warning in its own log, so ours are refused well before that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ivr_engine.errors import WireError

LINE_LIMIT = 900
MESSAGE_LIMIT = 262_144

_BANNER = re.compile(rb"Asterisk Call Manager/[0-9.]{1,20}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}")
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class AmiMessage:
    """One event or response: its headers in order, repeated ones kept."""

    headers: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """The first value of a header, or empty."""
        for key, value in self.headers:
            if key == name:
                return value
        return ""

    @property
    def event(self) -> str:
        """The event's name; empty for a response."""
        return self.get("Event")

    @property
    def response(self) -> str:
        """Success, Error, ...; empty for an event, even one that carries a Response field (OriginateResponse does)."""
        return "" if self.event else self.get("Response")


def encode_action(action: str, identifier: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """One action.

    Raises:
        WireError: a name or value could start another header, or a line is too long.
    """
    lines = [_line(name, value) for name, value in (("Action", action), ("ActionID", identifier), *fields)]
    return b"".join(lines) + b"\r\n"


def _line(name: str, value: str) -> bytes:
    if not _NAME.fullmatch(name) or _UNSENDABLE.search(value):
        raise WireError(f"header {name!r}: its name or value cannot be sent")
    line = f"{name}: {value}\r\n".encode()
    if len(line) > LINE_LIMIT:
        raise WireError(f"header {name}: {len(line)} bytes are more than the {LINE_LIMIT} of one line")
    return line


class AmiReader:
    """Feed bytes, take messages: None means "need more", WireError that the stream cannot be trusted any more."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._greeted = False

    def feed(self, data: bytes) -> None:
        """More bytes from the connection."""
        self._buffer += data

    def next_message(self) -> AmiMessage | None:
        """The next whole message."""
        if not self._greeted and not self._greet():
            return None
        while (block := self._cut(b"\r\n\r\n")) is not None:
            headers = _headers(block)
            if headers:
                return AmiMessage(headers)
        return None

    def _greet(self) -> bool:
        line = self._cut(b"\r\n")
        if line is None:
            return False
        if not _BANNER.fullmatch(line):
            raise WireError("what answers is not an Asterisk manager port")
        self._greeted = True
        return True

    def _cut(self, end: bytes) -> bytes | None:
        at = self._buffer.find(end, max(0, self._searched - len(end) + 1))
        self._searched = 0 if at >= 0 else len(self._buffer)
        if max(at, self._searched) > MESSAGE_LIMIT:
            raise WireError(f"a message of more than {MESSAGE_LIMIT} bytes")
        if at < 0:
            return None
        block = bytes(self._buffer[:at])
        del self._buffer[: at + len(end)]
        return block


def _headers(block: bytes) -> tuple[tuple[str, str], ...]:
    """The lines `Name: value`; a line that is not one, such as command output, is left out.

    Decoded in one piece: an event has some thirty lines, and line by line took twice as long.
    """
    lines = [line.partition(":") for line in block.decode("utf-8", "surrogateescape").split("\r\n")]
    return tuple([(name, value.removeprefix(" ")) for name, colon, value in lines if colon and name])

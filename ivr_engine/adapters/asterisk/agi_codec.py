"""FastAGI on the wire, without any I/O: bytes in, messages out; values in, command bytes out.

Framing is on LF bytes only: values may hold other line separators, and text-mode splitting would cut them.
A reader's `next_*` gives None for "need more" and raises WireError when the bytes make no sense; after that the
connection is to be closed. The same bytes give the same messages however they are split.

Protocol facts are measured on Asterisk 22.10: a HANGUP notice is a line of its own after the interrupted command's
reply; a command with bad syntax is answered by a 520 block of many lines; a dead channel answers 511; a line of more than
8,190 bytes is cut and its rest taken as another command, hence the much lower limit on ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ivr_engine.errors import WireError

COMMAND_LIMIT = 2048
LINE_LIMIT = 8192
ENVIRONMENT_LIMIT = 16384
USAGE_LIMIT = 65536
ARGUMENTS_LIMIT = 32

# The environment in the order in which Asterisk writes it; a key may be missing, none may come twice or out of turn.
ENVIRONMENT_KEYS = (
    "agi_network",
    "agi_network_script",
    "agi_request",
    "agi_channel",
    "agi_language",
    "agi_type",
    "agi_uniqueid",
    "agi_version",
    "agi_callerid",
    "agi_calleridname",
    "agi_callingpres",
    "agi_callingani2",
    "agi_callington",
    "agi_callingtns",
    "agi_dnid",
    "agi_rdnis",
    "agi_context",
    "agi_extension",
    "agi_priority",
    "agi_enhanced",
    "agi_accountcode",
    "agi_threadid",
)
_RANK = {key: rank for rank, key in enumerate(ENVIRONMENT_KEYS)}
_ARGUMENT = re.compile(r"agi_arg_([1-9][0-9]?)")
_REPLY = re.compile(r"200 result=(?P<result>[^ ]*)(?: \((?P<data>.*)\))?(?: endpos=(?P<endpos>-?[0-9]{1,18}))?", re.DOTALL)
_REFUSED = re.compile(r"(?P<code>5[0-9]{2}) (?P<text>.*)", re.DOTALL)
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_VERB = re.compile(r"[A-Z]+(?: [A-Z]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What Asterisk says of the call when it connects. `script` has no leading slash; arguments are those of AGI()."""

    script: str
    call: str
    channel: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to one command. `code` 200, or 5xx with the reason in `data`; `endpos` is in samples."""

    code: int
    result: str = ""
    data: str = ""
    endpos: int | None = None


@dataclass(frozen=True, slots=True)
class HangupNotice:
    """The caller left; it comes unasked and answers no command."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The other side has said all it will say. A reply cut in half by it is no reply."""


AgiMessage = Reply | HangupNotice | Closed


def encode_command(verb: str, *values: str) -> bytes:
    """One command line: `verb` as it stands, each value quoted.

    Raises:
        WireError: a value holds a control character or half a surrogate pair, the verb is not one, or the line is too long.
    """
    if not _VERB.fullmatch(verb):
        raise WireError("not a command of ours")
    if any(_UNSENDABLE.search(value) for value in values):
        raise WireError(f"{verb}: a value with control characters cannot be sent")
    line = " ".join([verb, *map(_quote, values)]).encode() + b"\n"
    if len(line) > COMMAND_LIMIT:
        raise WireError(f"{verb}: {len(line)} bytes are more than the {COMMAND_LIMIT} of one command")
    return line


def _quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class Lines:
    """Bytes cut at LF, with a limit on the length of a line."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self.ended = False

    def feed(self, data: bytes) -> None:
        """More bytes from the connection."""
        self._buffer += data

    def end(self) -> None:
        """No more bytes will come."""
        self.ended = True

    def take(self) -> str | None:
        """The next whole line without its LF, or None."""
        at = self._buffer.find(b"\n", self._searched)
        self._searched = len(self._buffer)
        if max(at, -1 if at >= 0 else self._searched) > LINE_LIMIT:
            raise WireError(f"a line of more than {LINE_LIMIT} bytes")
        if at < 0:
            return None
        line = bytes(self._buffer[:at])
        del self._buffer[: at + 1]
        self._searched = 0
        return line.decode("utf-8", "surrogateescape")


class EnvironmentReader:
    """Reads the block with which a connection begins, up to its empty line, and refuses one that was tampered with.

    A caller's name or number that smuggles lines into the block can only repeat keys or put them out of turn, because the
    true ones follow: both are refused. Unknown keys are left out.
    """

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._values: dict[str, str] = {}
        self._arguments: list[str] = []
        self._rank = -1
        self._size = 0

    def next_environment(self) -> Environment | None:
        """The environment once its block is complete."""
        while (line := self._lines.take()) is not None:
            if not line:
                return self._finish(self._values)
            self._size += len(line)
            if self._size > ENVIRONMENT_LIMIT:
                raise WireError("the environment does not end")
            self._accept(line)
        if self._lines.ended:
            raise WireError("the connection ended within the environment")
        return None

    def _accept(self, line: str) -> None:
        key, separator, value = line.partition(":")
        if not separator:
            raise WireError("a line of the environment has no colon")
        argument = _ARGUMENT.fullmatch(key)
        if argument:
            self._accept_argument(int(argument[1]), value.removeprefix(" "))
        elif key in _RANK:
            self._accept_known(key, value.removeprefix(" "))

    def _accept_argument(self, number: int, value: str) -> None:
        if number != len(self._arguments) + 1 or number > ARGUMENTS_LIMIT:
            raise WireError("an argument of the environment comes twice or out of turn")
        self._arguments.append(value)

    def _accept_known(self, key: str, value: str) -> None:
        if self._arguments or _RANK[key] <= self._rank:
            raise WireError(f"{key} comes twice or out of turn in the environment")
        self._rank = _RANK[key]
        self._values[key] = value

    def _finish(self, values: Mapping[str, str]) -> Environment:
        missing = [key for key in ("agi_network_script", "agi_channel", "agi_uniqueid") if not values.get(key)]
        if missing:
            raise WireError(f"the environment lacks {', '.join(missing)}")
        return Environment(
            script=values["agi_network_script"].lstrip("/"),
            call=values["agi_uniqueid"],
            channel=values["agi_channel"],
            arguments=tuple(self._arguments),
        )


class ReplyReader:
    """Reads what follows the environment: replies, and the hangup notice."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._usage = 0

    def next_message(self) -> AgiMessage | None:
        """The next message; after the end of input always `Closed`."""
        while (line := self._lines.take()) is not None:
            message = self._within_usage(line) if self._usage else self._read(line)
            if message is not None:
                return message
        return Closed() if self._lines.ended else None

    def _read(self, line: str) -> AgiMessage | None:
        if line == "HANGUP":
            return HangupNotice()
        if line.startswith("520-"):
            self._usage = len(line)
            return None
        return _reply(line)

    def _within_usage(self, line: str) -> Reply | None:
        self._usage += len(line) + 1
        if self._usage > USAGE_LIMIT:
            raise WireError("a usage text does not end")
        if not line.startswith("520 "):
            return None
        self._usage = 0
        return Reply(code=520, data="bad syntax")


def _reply(line: str) -> Reply:
    if match := _REPLY.fullmatch(line):
        endpos = match["endpos"]
        return Reply(
            code=200, result=match["result"], data=match["data"] or "", endpos=None if endpos is None else int(endpos)
        )
    if match := _REFUSED.fullmatch(line):
        return Reply(code=int(match["code"]), data=match["text"])
    raise WireError("a line that is neither a reply nor a notice")

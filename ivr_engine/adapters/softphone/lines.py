"""What a telephone is, how it treats an incoming call, and what it reports. Shared by both processes.

The two processes exchange one JSON object per line. To the telephone process, orders:

| do       | fields                        |
|----------|-------------------------------|
| connect  | the fields of `Line`, `line`  |
| leave    | line (unregisters)            |
| policy   | line, answering               |
| dial     | line, call, uri               |
| record   | call, path                    |
| press    | call, keys, key_ms, gap_ms    |
| answer   | call, code                    |
| hang_up  | call                          |
| hold     | call, on                      |

From it, reports: the fields of `PhoneEvent`. `line` and `call` are names that the driving side chooses; calls that come in
are named by the telephone process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from ivr_engine.core.ids import Millis

# The wheel of PJSIP 2.15 is compiled for 8 accounts (a ninth aborts the process) and 4 calls at a time.
LINES_PER_PROCESS = 4


class PhoneEventKind(StrEnum):
    """What a telephone reports."""

    READY = "ready"  # the telephone process runs; reason: its SIP address HOST:PORT
    CONNECTED = "connected"  # the line exists; without a secret it does not register
    REGISTERED = "registered"
    REGISTRATION_FAILED = "registration_failed"
    UNREGISTERED = "unregistered"
    DIALLED = "dialled"
    POLICY_SET = "policy_set"  # the next calls are treated as ordered
    INCOMING = "incoming"
    RINGING = "ringing"  # the far telephone rings
    ANSWERED = "answered"
    SOUND = "sound"  # the line began to sound
    HEARD = "heard"  # ... and went quiet; began, lasted and level describe the burst
    KEY_HEARD = "key_heard"  # a key of the far side, RFC 4733
    PRESSED = "pressed"  # every key of one `press` went out
    FAILED = "failed"  # PJSIP refused an order; reason says why
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneEvent:
    """One report. `at` is milliseconds since the telephone process started; other fields as the kind needs them.

    `code`, `reason`: SIP status. `number`, `name`: the caller of an INCOMING call. `began`, `lasted`: a burst, in ms since
    the answer. `level`: mean amplitude, 0..1. `keys`: what was heard in KEY_HEARD. `near`: ENDED by this side.
    """

    kind: PhoneEventKind
    at: Millis
    line: str = ""
    call: str = ""
    code: int = 0
    reason: str = ""
    number: str = ""
    name: str = ""
    began: Millis = Millis(0)
    lasted: Millis = Millis(0)
    level: float = 0.0
    keys: str = field(default="", repr=False)
    near: bool = False

    def encode(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def decode(cls, raw: Mapping[str, Any]) -> Self:
        """From a JSON object."""
        return cls(**{**raw, "kind": PhoneEventKind(raw["kind"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """How a line treats an incoming call: after `after` ms of ringing it sends `code`, or rings on when there is none.

    `talk`: after an answer, hang up this many ms later; None: talk until told otherwise.
    A line that is in a call answers 486 at once, as a telephone without call waiting does.
    """

    code: int | None = 200
    after: Millis = Millis(0)
    talk: Millis | None = None

    @classmethod
    def answer(cls, *, after: int = 0, talk: int | None = None) -> Self:
        """Pick up after `after` ms and, if `talk` is given, hang up that many ms later."""
        return cls(code=200, after=Millis(after), talk=None if talk is None else Millis(talk))

    @classmethod
    def decline(cls, *, after: int = 0) -> Self:
        """Refuse with 603."""
        return cls(code=603, after=Millis(after))

    @classmethod
    def busy(cls) -> Self:
        """Refuse with 486."""
        return cls(code=486)

    @classmethod
    def ring(cls) -> Self:
        """Never answer."""
        return cls(code=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One telephone at the PBX `pbx` (HOST:PORT). With a `secret` it registers as `number`; without, it stands outside.

    `number` and `name` are what the called side sees. `tone_hz`: a tone this telephone says while it talks; 0: silence.
    """

    number: str
    pbx: str
    name: str = ""
    secret: str = field(default="", repr=False)
    tone_hz: int = 0
    answering: Answering = field(default_factory=Answering)

    @classmethod
    def decode(cls, raw: Mapping[str, Any]) -> Self:
        """From a JSON object; the inverse of `dataclasses.asdict`."""
        return cls(**{**raw, "answering": Answering(**raw["answering"])})

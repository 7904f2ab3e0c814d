"""What a session of the dialplan says of its call, every value of it checked: it comes from outside."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from contextlib import suppress

from ivr_engine.adapters.asterisk.agi_session import AgiSession
from ivr_engine.adapters.asterisk.causes import cause_text, offer_outcome
from ivr_engine.core.ids import CallId
from ivr_engine.errors import WireError
from ivr_engine.ports.inbound import (
    Arrival,
    Rang,
)

NAME_LIMIT = 79
_CALL_ID = re.compile(r"[A-Za-z0-9_.-]{1,150}")
_PEER = re.compile(r"PJSIP/([A-Za-z0-9_-]{1,32})-[0-9a-f]{8}")
_NUMBER = re.compile(r"[0-9*#+]{1,32}")


def call_id(session: AgiSession) -> CallId:
    """The call that the session is about. Raises WireError."""
    call = session.environment.call
    if not _CALL_ID.fullmatch(call):
        raise WireError("the call's id is not one")
    return CallId(call)


def arguments(session: AgiSession, count: int) -> list[str]:
    """The arguments after the token; missing ones are empty, as Asterisk leaves out empty ones at the end."""
    return [*session.environment.arguments[1:], *[""] * count][:count]


def attempts_of(session: AgiSession) -> int:
    """How many times the dialplan has asked an engine for this call, this time included; 1 where it does not say."""
    asked = arguments(session, 4)[3]
    return int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 5 else 1


def arrival_of(session: AgiSession) -> Arrival:
    """Who calls, whom, and what rang for them last. Raises WireError."""
    number, caller, name, _attempt, status, cause, peer = arguments(session, 7)
    return Arrival(
        call=call_id(session),
        number=number if _NUMBER.fullmatch(number) else "",
        caller=caller if _NUMBER.fullmatch(caller) else "",
        caller_name=clean_name(name),
        rang=_rang(status, cause, peer),
    )


def _rang(status: str, cause: str, peer: str) -> Rang | None:
    """What the dialplan says of the last dialling; nothing when there was none, or when it speaks nonsense."""
    if not status.isalpha() or not status.isupper():
        return None
    answered = _PEER.fullmatch(peer)
    return Rang(
        outcome=offer_outcome(status, cause, rang_out=cause == "0"),
        cause=cause_text(status, cause),
        phone=answered[1] if answered else "",
    )


def clean_name(encoded: str) -> str:
    """The caller's name out of its BASE64: at most 79 characters, none of them a control, format or unassigned one."""
    raw = b""
    with suppress(binascii.Error, ValueError):
        raw = base64.b64decode(encoded.encode("ascii", "replace")[:512], validate=True)
    text = raw.decode("utf-8", "replace")
    return "".join(letter for letter in text if unicodedata.category(letter)[0] not in "CZ" or letter == " ")[:NAME_LIMIT]

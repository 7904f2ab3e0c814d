"""Session <-> plain JSON values, strict both ways, at every wait.

What comes out holds everything the call needs to go on, secret values included (a PIN between its collect and its request):
whoever stores it must treat it as a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.errors import StoreError
from ivr_engine.flows.session import CallFacts, Frame, Session
from ivr_engine.flows.utterances import Date, Digits, Money, Number, Prompt, Text, Time, Utterance
from ivr_engine.flows.waits import (
    KeysWait,
    Lock,
    PlayWait,
    QueueWait,
    RecordWait,
    RequestWait,
    ScriptWait,
    TransferWait,
    VerifyWait,
    Wait,
)

Plain = dict[str, Any]

_WAITS: Mapping[str, type[Wait]] = {
    "play": PlayWait,
    "keys": KeysWait,
    "request": RequestWait,
    "queue": QueueWait,
    "verify": VerifyWait,
    "record": RecordWait,
    "transfer": TransferWait,
    "script": ScriptWait,
}
_WAIT_NAMES = {kind: name for name, kind in _WAITS.items()}
_UTTERANCES: Mapping[str, type[Utterance]] = {
    "prompt": Prompt,
    "text": Text,
    "money": Money,
    "digits": Digits,
    "number": Number,
    "date": Date,
    "time": Time,
}
_UTTERANCE_NAMES = {kind: name for name, kind in _UTTERANCES.items()}


def to_plain(session: Session) -> Plain:
    """The session as JSON-ready values."""
    plain = _fields(session)
    plain["facts"] = _fields(session.facts)
    plain["variables"] = dict(session.variables)
    plain["secrets"] = sorted(session.secrets)
    plain["stack"] = [_plain_frame(frame) for frame in session.stack]
    plain["menus"] = list(session.menus)
    plain["given"], plain["memo"], plain["place"] = dict(session.given), dict(session.memo), dict(session.place)
    plain["wait"] = None if session.wait is None else _plain_wait(session.wait)
    return plain


def from_plain(plain: Mapping[str, Any]) -> Session:
    """The session that `to_plain` wrote.

    Raises:
        StoreError: fields are missing, too many or of another shape.
    """
    try:
        read: Plain = dict(plain)
        read["facts"] = CallFacts(**read["facts"])
        read["variables"] = dict(read["variables"])
        read["secrets"] = set(read["secrets"])
        read["stack"] = [_frame(each) for each in read.get("stack", ())]
        read["menus"] = list(read.get("menus", ()))
        read |= {name: dict(read.get(name, {})) for name in ("given", "memo", "place")}
        read["wait"] = None if read["wait"] is None else _wait(read["wait"])
        return _checked(Session(**read))
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise StoreError(f"a stored session cannot be read: {type(error).__name__}") from error


def _fields(value: Any) -> Plain:  # noqa: ANN401 - any of our dataclasses, all of them slotted
    return {name: getattr(value, name) for name in value.__slots__}


def _plain_frame(frame: Frame) -> Plain:
    variables = dict(frame.variables)  # they change in place once the flow has its turn again
    return {**_fields(frame), "variables": variables, "secrets": sorted(frame.secrets), "menus": list(frame.menus)}


def _frame(plain: Plain) -> Frame:
    return Frame(**{**plain, "secrets": frozenset(plain["secrets"]), "menus": tuple(plain.get("menus", ()))})


def _plain_wait(wait: Wait) -> Plain:
    plain = {"kind": _WAIT_NAMES[type(wait)], **_fields(wait)}
    if isinstance(wait, PlayWait | KeysWait | RecordWait):
        plain["prompts"] = [{"kind": _UTTERANCE_NAMES[type(each)], **_fields(each)} for each in wait.prompts]
    elif isinstance(wait, RequestWait):
        plain["send"] = dict(wait.send)
    elif isinstance(wait, VerifyWait):
        plain["lock"] = _fields(wait.lock)
    elif isinstance(wait, ScriptWait):
        plain["arguments"], plain["read"] = list(wait.arguments), list(wait.read)
    elif isinstance(wait, QueueWait):
        plain["needs"] = [_fields(need) for need in wait.needs]
        plain["prefers"] = [_fields(need) for need in wait.prefers]
    return plain


def _wait(plain: Mapping[str, Any]) -> Wait:
    fields: Plain = {name: _PARTS.get(name, _same)(value) for name, value in plain.items() if name != "kind"}
    return _WAITS[plain["kind"]](**fields)


def _utterances(plain: list[Plain]) -> tuple[Utterance, ...]:
    return tuple(
        _UTTERANCES[each["kind"]](**{name: value for name, value in each.items() if name != "kind"}) for each in plain
    )


def _needs(plain: list[Plain]) -> tuple[SkillNeed, ...]:
    return tuple(SkillNeed(**each) for each in plain)


def _lock(plain: Plain) -> Lock:
    return Lock(**plain)


def _same(value: object) -> object:
    return value


_PARTS: Mapping[str, Callable[[Any], object]] = {
    "prompts": _utterances,
    "needs": _needs,
    "prefers": _needs,
    "lock": _lock,
    "arguments": tuple,
    "read": tuple,
}


def _checked(session: Session) -> Session:
    texts = (session.flow, session.version, session.node, session.language, session.typed_ahead)
    if all(type(text) is str for text in texts) and type(session.attempt) is type(session.steps) is int:
        return session
    raise TypeError("a field has another type")

"""Event <-> plain dict, strict both ways: an unknown type, a missing or an extra field is an error, never a guess."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from ivr_engine.core.events import CATALOGUE
from ivr_engine.core.events.base import Event
from ivr_engine.errors import StoreError

Plain = dict[str, Any]

_AS_IT_IS = frozenset({str, int, bool, float, type(None)})


def to_plain(event: Event) -> Plain:
    """The event as JSON-ready values under `type` and its field names."""
    plain: Plain = {"type": event.TYPE}
    _write(event, plain)
    return plain


def _write(value: object, plain: Plain) -> None:
    kind: type = type(value)
    names, unsaid = _names(kind)
    for name in names:
        told = getattr(value, name)
        plain[name] = told if type(told) in _AS_IT_IS else _lower(told)
    for name, default in unsaid:
        told = getattr(value, name)
        if told != default:
            plain[name] = told


def from_plain(plain: Mapping[str, Any]) -> Event:
    """The event that `to_plain` wrote.

    Raises:
        StoreError: unknown type, or fields that are missing, too many or of another shape.
    """
    kind = CATALOGUE.get(str(plain.get("type")))
    if kind is None:
        raise StoreError(f"unknown event type {plain.get('type')!r}")
    return cast("Event", _build(kind, {name: value for name, value in plain.items() if name != "type"}))


@cache
def _names(kind: type) -> tuple[tuple[str, ...], tuple[tuple[str, object], ...]]:
    """The fields that are always written, and the others with the defaults that are not."""
    fields = dataclasses.fields(kind)
    unsaid = tuple((field.name, field.default) for field in fields if "unsaid" in field.metadata)
    return tuple(field.name for field in fields if "unsaid" not in field.metadata), unsaid


def _lower(value: object) -> object:
    if isinstance(value, tuple):
        return [item if type(item) in _AS_IT_IS else _lower(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        plain: Plain = {}
        _write(value, plain)
        return plain
    return str(value) if isinstance(value, StrEnum) else value


def _build(kind: type, fields: Mapping[str, Any]) -> object:
    raisers = _readers(kind)
    extra = fields.keys() - raisers.keys()
    if extra:
        raise StoreError(f"{kind.__name__} has no field {', '.join(sorted(extra))}")
    try:
        return kind(**{name: raisers[name](value) for name, value in fields.items()})
    except (TypeError, ValueError) as error:
        raise StoreError(f"{kind.__name__} cannot be read: {error}") from error


@cache
def _readers(kind: type) -> dict[str, Callable[[Any], object]]:
    hints = get_type_hints(kind)
    return {field.name: _reader(hints[field.name]) for field in dataclasses.fields(kind)}


def _reader(hint: Any) -> Callable[[Any], object]:  # noqa: ANN401 - a type hint has no narrower type
    origin = get_origin(hint)
    if origin is tuple:
        item = _reader(get_args(hint)[0])
        return lambda value: tuple(item(each) for each in value)
    if origin in (types.UnionType, Union):
        (inner,) = (_reader(arg) for arg in get_args(hint) if arg is not type(None))
        return lambda value: None if value is None else inner(value)
    base = getattr(hint, "__supertype__", hint)
    if dataclasses.is_dataclass(base):
        return lambda value: _build(cast("type", base), value)
    if issubclass(base, StrEnum):
        return cast("Callable[[Any], object]", base)
    return lambda value: _exactly(base, value)


def _exactly(base: type, value: object) -> object:
    if type(value) is not base:
        raise TypeError(f"expected {base.__name__}, found {type(value).__name__}")
    return value

"""The journal outlives the program: what is written today must be readable for years, so its shape is pinned down here."""

from __future__ import annotations

import dataclasses
import json
import os
import typing
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from ivr_engine.core.events import CATALOGUE
from ivr_engine.core.events.codec import from_plain, to_plain

SNAPSHOTS = Path(__file__).with_name("event_snapshots.json")
ADVICE = """
The journal's form of {type} has changed. Journals in the field hold the old one.
- A new field: give it a default, so that old rows still read. Then renew the sample:
  IVR_ENGINE_RENEW_SNAPSHOTS=1 pytest {file}
- A field that was renamed, removed or changed its type: do not. Leave the event as it is and add a new type."""


def _samples() -> dict[str, Any]:
    samples: dict[str, Any] = json.loads(SNAPSHOTS.read_text(encoding="utf-8"))
    return samples


def _sample_of(hint: Any, name: str) -> Any:  # noqa: ANN401 - a type hint has no narrower type
    """A value that shows the shape of a field: never a default, so that nothing hides."""
    if typing.get_origin(hint) is tuple:
        return [_sample_of(typing.get_args(hint)[0], name)]
    for arg in typing.get_args(hint):
        if arg is not type(None):
            return _sample_of(arg, name)
    base = getattr(hint, "__supertype__", hint)
    if dataclasses.is_dataclass(base):
        hints = typing.get_type_hints(base)
        return {field.name: _sample_of(hints[field.name], field.name) for field in dataclasses.fields(base)}
    if issubclass(base, StrEnum):
        return str(next(iter(base)))
    return {bool: True, int: 7, str: f"some {name}"}[base]


def _renewed() -> dict[str, Any]:
    return {kind: {"type": kind, **_sample_of(cls, "")} for kind, cls in CATALOGUE.items()}


if os.environ.get("IVR_ENGINE_RENEW_SNAPSHOTS"):
    SNAPSHOTS.write_text(json.dumps(_renewed(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


@pytest.mark.parametrize("kind", sorted(CATALOGUE))
def test_an_event_is_written_as_it_always_was(kind: str) -> None:
    advice = ADVICE.format(type=kind, file="tests/unit/test_event_snapshots.py")
    stored = _samples().get(kind)
    assert stored == _renewed()[kind], advice
    assert to_plain(from_plain(stored)) == stored, advice


def test_no_event_that_was_ever_written_has_been_forgotten() -> None:
    forgotten = set(_samples()) - set(CATALOGUE)
    assert not forgotten, f"journals in the field hold {', '.join(sorted(forgotten))}: a type once written stays readable"

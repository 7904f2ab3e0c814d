"""Lengths of time as people type them: `500ms`, `10s`, `2m`, `1h`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import typer

from ivr_engine.core.ids import Millis

UNITS: Mapping[str, int] = MappingProxyType({"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000})


def span_of(option: str, text: str) -> Millis:
    """The length that was given to `option`.

    Raises:
        typer.BadParameter: it is none.
    """
    found = re.fullmatch(rf"(\d{{1,6}})({'|'.join(UNITS)})", text)
    if not found:
        raise typer.BadParameter(f"{text!r} is not a time; write 500ms, 10s, 2m or 1h", param_hint=option)
    return Millis(int(found[1]) * UNITS[found[2]])

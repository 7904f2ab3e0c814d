"""What an unquoted YAML scalar means: YAML 1.2's core schema without its surprises.

`on`, `off`, `yes`, `no`, `12:30`, `+8613800138000`, `1e3` and dates stay texts. A number is decimal, of at most nine digits;
longer ones are texts, for they are telephone and card numbers. A leading zero is refused: YAML 1.1 reads `010` as 8, and a
service number that loses its zero reaches somebody else.
"""

from __future__ import annotations

import re

_CONSTANTS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,8})", re.ASCII)
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,8})\.[0-9]{1,9}", re.ASCII)
_LEADING_ZERO = re.compile(r"[-+]?0(?:[0-9][0-9_]*(?:\.[0-9]*)?|[xob][0-9A-Fa-f_]+)", re.ASCII)


def resolve(text: str) -> str | int | float | bool | None:
    """The value of an unquoted scalar."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def loses_a_zero(text: str) -> bool:
    """Whether some YAML reader would take this unquoted scalar for another number than the one written."""
    return _LEADING_ZERO.fullmatch(text) is not None

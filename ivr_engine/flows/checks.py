"""What a caller's keys must be: built-in checks of an entry, and patterns that cannot take long.

Each check gives the value to keep for the keys, or None when they are no such thing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

Check = Callable[[str], str | None]

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_DIGITS = "10X98765432"  # by the weighted sum modulo 11
_PHONE = re.compile(r"1[3-9][0-9]{9}|0[1-9][0-9]{8,10}", re.ASCII)
_PIECE = re.compile(r"([0-9.*]|\[[0-9]+(?:-[0-9]+)?[0-9]*\])(?:\{([0-9]{1,2})\})?", re.ASCII)
LONGEST_PATTERN = 200


def digits(keys: str) -> str | None:
    """Digits alone."""
    return keys if keys.isascii() and keys.isdigit() else None


def luhn(keys: str) -> str | None:
    """A card number: its last digit checks the others (ISO/IEC 7812-1, annex B)."""
    if digits(keys) is None:
        return None
    doubled = [sum(divmod(2 * int(key), 10)) for key in keys[-2::-2]]
    return keys if (sum(map(int, keys[::-2])) + sum(doubled)) % 10 == 0 else None


def amount(keys: str) -> str | None:
    """An amount; `*` is the decimal point."""
    return keys.replace("*", ".") if re.fullmatch(r"[0-9]{1,12}(\*[0-9]{1,2})?", keys, re.ASCII) else None


def civil_date(keys: str) -> str | None:
    """A date, yyyymmdd; kept with hyphens."""
    if not re.fullmatch("[0-9]{8}", keys, re.ASCII):
        return None
    try:
        return date(int(keys[:4]), int(keys[4:6]), int(keys[6:])).isoformat()
    except ValueError:
        return None


def id_number(keys: str) -> str | None:
    """A Chinese identity number, GB 11643-1999: 17 digits with a date of birth, and a check digit; `*` stands for X."""
    if not re.fullmatch(r"[1-9][0-9]{16}[0-9*]", keys, re.ASCII) or civil_date(keys[6:14]) is None:
        return None
    total = sum(weight * int(key) for weight, key in zip(_ID_WEIGHTS, keys, strict=False))
    number = keys.replace("*", "X")
    return number if number[-1] == _ID_DIGITS[total % 11] else None


def phone(keys: str) -> str | None:
    """A mainland Chinese telephone number: a mobile one, or a fixed one with its area code."""
    return keys if _PHONE.fullmatch(keys) else None


CHECKS: Mapping[str, Check] = {
    "none": digits,
    "luhn": luhn,
    "amount": amount,
    "date": civil_date,
    "id_number": id_number,
    "phone": phone,
}


_DIGITS = "0123456789"
FIRSTS: Mapping[str, str] = {
    "none": _DIGITS,
    "luhn": _DIGITS,
    "amount": _DIGITS,
    "date": _DIGITS,
    "id_number": "123456789",
    "phone": "01",
}
"""The keys that an entry which passes the check can begin with."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A check of the centre's own. `firsts`: the keys that what fits can begin with."""

    form: re.Pattern[str]
    firsts: str

    def __call__(self, keys: str) -> str | None:
        """The keys when they fit as a whole."""
        return keys if self.form.fullmatch(keys) else None


def compile_pattern(text: str) -> Pattern | None:
    """The check of a pattern, or None when the text is none.

    A pattern is digits, `.` for any digit, `*`, and `[1-4]` or `[159]` for one of several, each perhaps followed by `{n}`
    for n times; `|` stands between alternatives. Each piece has one length, so matching looks once at each key, for each
    alternative.
    """
    alternatives = text.split("|")
    if len(text) > LONGEST_PATTERN or not all(map(_is_pieces, alternatives)):
        return None
    try:
        pattern = re.compile("|".join(each.replace("*", r"\*").replace(".", "[0-9]") for each in alternatives), re.ASCII)
    except re.error:  # a range from high to low
        return None
    return Pattern(pattern, "".join(key for key in f"{_DIGITS}*" if any(_begins(each, key) for each in alternatives)))


def _begins(alternative: str, key: str) -> bool:
    """Whether the first piece that stands for anything takes this key."""
    pieces = _PIECE.finditer(alternative)
    first = next((piece[1] for piece in pieces if piece[2] is None or int(piece[2])), "")
    return first == key if key == "*" or first == "*" else bool(re.match(first.replace(".", "[0-9]") or "(?!)", key))


def _is_pieces(text: str) -> bool:
    at = 0
    while at < len(text):
        found = _PIECE.match(text, at)
        if found is None:
            return False
        at = found.end()
    return text != ""

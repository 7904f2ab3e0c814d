"""What the operators and functions of `{{ }}` do with values: JSON values in, a JSON value or a fault out.

Nothing here can reach an attribute, call a method named by the author, or build a value larger than its bounds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum

from ivr_engine.errors import EngineError
from ivr_engine.flows.waits import Json

LONGEST_TEXT = 4_096  # characters of any text an expression or template may build
LARGEST_NUMBER = 10**15  # magnitude; floats are exact for integers up to 2**53 = 9.007e15

MOST_DIGITS = 15
_WHOLE = re.compile(rf"[+-]?[0-9]{{1,{MOST_DIGITS}}}", re.ASCII)


class Fault(StrEnum):
    """Why an expression has no value."""

    MISSING_NAME = "missing_name"
    MISSING_KEY = "missing_key"
    WRONG_TYPE = "wrong_type"
    DIVISION_BY_ZERO = "division_by_zero"
    TOO_LARGE = "too_large"
    NOT_A_NUMBER = "not_a_number"


class ExpressionFault(EngineError):
    """An expression has no value for these names. The text names the fault and the author's own words, never a value."""

    def __init__(self, code: Fault, message: str) -> None:
        super().__init__(message)
        self.code = code


def kind_of(value: Json) -> str:
    """The author's word for a value's type."""
    if value is None:
        return "null"
    words = {bool: "true/false", int: "a number", float: "a number", str: "text", list: "a list"}
    return words.get(type(value), "a mapping")


def _wrong(operator: str, *values: Json) -> ExpressionFault:
    return ExpressionFault(Fault.WRONG_TYPE, f"`{operator}` cannot take {' and '.join(map(kind_of, values))}")


def _checked(value: float) -> float:
    if -LARGEST_NUMBER <= value <= LARGEST_NUMBER:  # false for nan as well
        return value
    raise ExpressionFault(Fault.TOO_LARGE, f"a number beyond {LARGEST_NUMBER:.0e}")


def _numbers(operator: str, left: Json, right: Json) -> tuple[float, float]:
    if type(left) in _NUMBER and type(right) in _NUMBER:
        return _checked(left), _checked(right)  # type: ignore[arg-type]  # the line above is the check, by exact type: no bool
    raise _wrong(operator, left, right)


_NUMBER = frozenset({int, float})


def bounded(text: str) -> str:
    """`text`, or a fault when it is longer than an expression may build."""
    if len(text) > LONGEST_TEXT:
        raise ExpressionFault(Fault.TOO_LARGE, f"a text longer than {LONGEST_TEXT} characters")
    return text


def add(left: Json, right: Json) -> Json:
    """Sum of numbers, or one text after the other."""
    if isinstance(left, str) and isinstance(right, str):
        return bounded(left + right)
    first, second = _numbers("+", left, right)
    return _checked(first + second)


def subtract(left: Json, right: Json) -> Json:
    """Difference of numbers."""
    first, second = _numbers("-", left, right)
    return _checked(first - second)


def multiply(left: Json, right: Json) -> Json:
    """Product of numbers; a text is never repeated."""
    first, second = _numbers("*", left, right)
    return _checked(first * second)


def divide(left: Json, right: Json) -> Json:
    """Quotient of numbers, always with a fraction."""
    first, second = _numbers("/", left, right)
    if not second:
        raise ExpressionFault(Fault.DIVISION_BY_ZERO, "division by zero")
    return _checked(first / second)


def remainder(left: Json, right: Json) -> Json:
    """Remainder with the divisor's sign; `%` never formats a text."""
    first, second = _numbers("%", left, right)
    if not second:
        raise ExpressionFault(Fault.DIVISION_BY_ZERO, "division by zero")
    return _checked(first % second)


def negate(value: Json) -> Json:
    """The number with its sign turned."""
    return subtract(0, value)


def equal(left: Json, right: Json) -> bool:
    """Equality of plain values: `"1"` is not `1`, and `true` is not `1`. Lists and mappings compare to null only."""
    if left is None or right is None:
        return left is right
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        raise _wrong("==", left, right)
    return (type(left) is bool) is (type(right) is bool) and left == right


def unequal(left: Json, right: Json) -> bool:
    """The opposite of `equal`."""
    return not equal(left, right)


def _ordering(operator: str, decide: Callable[[object, object], bool]) -> Callable[[Json, Json], bool]:
    def compare(left: Json, right: Json) -> bool:
        if (type(left) in _NUMBER and type(right) in _NUMBER) or (type(left) is str and type(right) is str):
            return decide(left, right)
        raise _wrong(operator, left, right)

    return compare


less = _ordering("<", lambda left, right: left < right)  # type: ignore[operator]  # _ordering has checked the types
at_most = _ordering("<=", lambda left, right: left <= right)  # type: ignore[operator]  # same
more = _ordering(">", lambda left, right: left > right)  # type: ignore[operator]  # same
at_least = _ordering(">=", lambda left, right: left >= right)  # type: ignore[operator]  # same


def contained(left: Json, right: Json) -> bool:
    """`left in right`: a text within a text, a plain value in a list, a key in a mapping."""
    if isinstance(right, list):
        return any(type(item) not in (list, dict) and equal(left, item) for item in right)
    if isinstance(left, str) and isinstance(right, str | dict):
        return left in right
    raise _wrong("in", left, right)


def not_contained(left: Json, right: Json) -> bool:
    """The opposite of `contained`."""
    return not contained(left, right)


def pick(holder: Json, key: Json) -> Json:
    """`holder[key]` or `holder.key`: a mapping's value by text, a list's or text's item by whole number from 0."""
    if isinstance(holder, dict) and isinstance(key, str):
        if key in holder:
            return holder[key]
        raise ExpressionFault(Fault.MISSING_KEY, "the mapping has no such key")
    if isinstance(holder, list | str) and type(key) is int:
        if -len(holder) <= key < len(holder):
            return holder[key]
        raise ExpressionFault(Fault.MISSING_KEY, "the list has no such item")
    if holder is None:
        raise ExpressionFault(Fault.MISSING_KEY, "null has no keys")
    raise _wrong("[]", holder, key)


def text_of(value: Json) -> str:
    """A plain value as a caller's prompt or a request would show it; null is empty, a decimal has at most 6 places."""
    if isinstance(value, str):
        return bounded(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, list | dict):
        raise _wrong("text", value)
    shown = f"{_checked(value):.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(_checked(value))
    return "0" if shown == "-0" else shown


def whole_of(value: Json) -> Json:
    """A whole number from a number (fraction cut off) or from a text of up to 15 digits."""
    if type(value) in _NUMBER:
        return int(_checked(value))  # type: ignore[arg-type]  # checked by exact type
    if isinstance(value, str) and (_plain_digits(value) or _WHOLE.fullmatch(value)):
        return int(value)
    if isinstance(value, str):
        raise ExpressionFault(Fault.NOT_A_NUMBER, "`int` needs a text of digits only")
    raise _wrong("int", value)


def _plain_digits(text: str) -> bool:
    """What `_WHOLE` takes and has no sign: what callers key, and found in a fifth of the time."""
    return len(text) <= MOST_DIGITS and text.isascii() and text.isdigit()


def length_of(value: Json) -> Json:
    """Characters of a text, items of a list, keys of a mapping."""
    if isinstance(value, str | list | dict):
        return len(value)
    raise _wrong("len", value)


def last_of(value: Json, count: Json) -> Json:
    """The last `count` characters of a text: the digits a caller knows a card by."""
    if isinstance(value, str) and type(count) is int and count >= 0:
        return value[-count:] if count else ""
    raise _wrong("last", value, count)


# name -> (how many arguments, what it does); `default` is not here: it decides whether its argument is evaluated at all.
FUNCTIONS: Mapping[str, tuple[int, Callable[..., Json]]] = {
    "len": (1, length_of),
    "int": (1, whole_of),
    "text": (1, text_of),
    "last": (2, last_of),
}

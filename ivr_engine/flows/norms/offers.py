"""How many keys with a condition a menu can offer at once, at worst.

Decided by trying every case, where conditions compare values with constants: then only the constants, what lies between them
and what is none of them can make a difference. Other conditions are taken to hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from math import prod
from typing import Final

from ivr_engine.flows.expression_tokens import Token, tokens_of
from ivr_engine.flows.expressions import Expression, ExpressionFault
from ivr_engine.flows.waits import Json

MOST_CASES: Final = 20_000
_COMPARES = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
_CONSTANTS: Final[Mapping[str, Json]] = {"true": True, "false": False, "null": None}
_WORDS = frozenset({"and", "or", "not", "in", "default", *_CONSTANTS})
_ELSE: Final = "(something else)"

Path = tuple[str, ...]


def most_at_once(conditions: Iterable[Expression]) -> int:
    """How many of the conditions can hold together; all of them where that cannot be decided."""
    known = list(conditions)
    tokens = [tokens_of(each.source)[:-1] for each in known]
    paths = sorted({path for each in tokens for path in _paths(each)})
    values = _values([token for each in tokens for token in each])
    if not known or not all(map(_is_plain, tokens)) or prod([len(values)] * len(paths)) > MOST_CASES or _overlap(paths):
        return len(known)
    cases = (_names(dict(zip(paths, case, strict=True))) for case in product(values, repeat=len(paths)))
    return max(sum(_holds(each, names) for each in known) for names in cases)


def _is_plain(tokens: list[Token]) -> bool:
    """Whether the condition compares values with constants, and nothing with one another."""
    signs = {token.text for token in tokens if token.kind == "sign"}
    if signs & {"<", "<=", ">", ">="} and any(token.kind == "text" for token in tokens):
        return False  # what lies between two texts is not tried
    words = {token.text for token in tokens if token.kind == "name"}
    if signs & {"+", "-", "*", "/", "%"} or words & {"if", "len", "int", "text", "last"}:
        return False
    return all(
        _has_constant(tokens, at) for at, token in enumerate(tokens) if token.text in _COMPARES and token.kind != "text"
    )


def _has_constant(tokens: list[Token], at: int) -> bool:
    left, right = tokens[at - 1 : at], tokens[at + 1 : at + 2]
    return any(map(_is_constant, (*left, *right))) or [each.text for each in right] == ["["]


def _is_constant(token: Token) -> bool:
    return token.kind in ("number", "text") or token.text in _CONSTANTS


def _paths(tokens: list[Token]) -> Iterator[Path]:
    """The values that are read: `account.vip` is one."""
    at = 0
    while at < len(tokens):
        begins = tokens[at].kind == "name" and tokens[at].text not in _WORDS
        path = [tokens[at].text]
        at += 1
        while begins and at + 1 < len(tokens) and tokens[at].text == "." and tokens[at + 1].kind == "name":
            path.append(tokens[at + 1].text)
            at += 2
        if begins:
            yield tuple(path)


def _values(tokens: list[Token]) -> list[Json]:
    """Each constant, a number on either side of each number, and what is none of them."""
    texts = [token.text[1:-1] for token in tokens if token.kind == "text"]
    numbers = sorted({float(token.text) for token in tokens if token.kind == "number"})
    beside = [edge for number in numbers for edge in (number - 0.5, number, number + 0.5)]
    found: list[Json] = [*dict.fromkeys((*texts, _ELSE)), *dict.fromkeys(beside), True, False, None]
    return found


def _overlap(paths: list[Path]) -> bool:
    """Whether one value is read as a whole, and in parts too."""
    return any(one != other and other[: len(one)] == one for one in paths for other in paths)


def _names(values: Mapping[Path, Json]) -> dict[str, Json]:
    names: dict[str, Json] = {}
    for path, value in values.items():
        holder = names
        for part in path[:-1]:
            inner = holder.setdefault(part, {})
            assert isinstance(inner, dict)  # noqa: S101 - paths that overlap were refused
            holder = inner
        holder[path[-1]] = value
    return names


def _holds(condition: Expression, names: Mapping[str, Json]) -> bool:
    try:
        return bool(condition.evaluate(names))
    except ExpressionFault:
        return False

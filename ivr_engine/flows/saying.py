"""What a node says, as written in a flow file: names of prompts, and values to be read aloud.

welcome                                  a prompt of prompts/<language>.yaml
{text: "Hello {{ name }}"}               words as they stand
{money: "{{ balance }}", currency: CNY}  an amount
{digits: "{{ last(card, 4) }}"}          digit by digit
{number: 3}  {date: "2026-03-02"}  {time: "14:05"}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time

from ivr_engine.flows import limits, settings, shapes
from ivr_engine.flows.expression_values import text_of
from ivr_engine.flows.expressions import Template
from ivr_engine.flows.faults import NodeFault
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.messages import Message
from ivr_engine.flows.settings import Setting
from ivr_engine.flows.shapes import Shape, ShapeFault, taking
from ivr_engine.flows.tree import Mapping as TreeMapping
from ivr_engine.flows.tree import Sequence, Tree
from ivr_engine.flows.utterances import Date, Digits, Money, Number, Prompt, Text, Time, Utterance
from ivr_engine.flows.walk import Walk

_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
_DIGITS = re.compile(r"[0-9*#+-]{1,64}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A value to be read aloud, as its kind."""

    kind: str
    value: Setting
    currency: Setting = "CNY"


Line = Prompt | Spoken


def utter(walk: Walk, lines: Iterable[Line]) -> tuple[Utterance, ...]:
    """The lines with their values of now. Raises ExpressionFault or NodeFault when one cannot be said."""
    return tuple([line if isinstance(line, Prompt) else _spoken(walk, line) for line in lines])


def prompt_names(lines: Iterable[Line]) -> tuple[str, ...]:
    """The prompts that the lines name."""
    return tuple(line.name for line in lines if isinstance(line, Prompt))


def names_read(lines: Iterable[Line]) -> frozenset[str]:
    """The variables that the lines read."""
    return settings.reads(each for line in lines if isinstance(line, Spoken) for each in (line.value, line.currency))


def _spoken(walk: Walk, line: Spoken) -> Utterance:
    value = walk.value(line.value)
    text = "" if value is None else text_of(value)
    if not _FITS[line.kind](text):
        raise NodeFault("unspeakable", f"`{{{line.kind}: ...}}` {_WANTED[line.kind]}; the value is something else")
    masked = walk.is_secret(line.value)
    if line.kind == "money":
        return Money(text, _currency(walk, line), masked=masked)
    return _MAKE[line.kind](text, masked)


def _currency(walk: Walk, line: Spoken) -> str:
    currency = text_of(walk.open_value(line.currency, "currency"))
    if not re.fullmatch("[A-Z]{3}", currency):
        raise NodeFault("unspeakable", "a currency is three capital letters, such as CNY")
    return currency


def _is_date(text: str) -> bool:
    return _DATE.fullmatch(text) is not None and _parses(date.fromisoformat, text)


def _is_time(text: str) -> bool:
    return _TIME.fullmatch(text) is not None and _parses(time.fromisoformat, text)


def _parses(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


_FITS: Mapping[str, Callable[[str], bool]] = {
    "text": lambda text: 0 < len(text) <= limits.TEXT_CHARS,
    "money": lambda text: _DECIMAL.fullmatch(text) is not None,
    "number": lambda text: _DECIMAL.fullmatch(text) is not None,
    "digits": lambda text: _DIGITS.fullmatch(text) is not None,
    "date": _is_date,
    "time": _is_time,
}
_WANTED: Mapping[str, Message] = {
    "text": Message.of("needs 1 to $most characters", most=limits.TEXT_CHARS),
    "money": Message("needs a decimal number such as 1234.50"),
    "number": Message("needs a decimal number such as 1234.5"),
    "digits": Message("needs 1 to 64 digits"),
    "date": Message("needs a date such as 2026-03-02"),
    "time": Message("needs a time such as 14:05"),
}
_MAKE: Mapping[str, Callable[[str, bool], Utterance]] = {
    "text": Text,
    "number": Number,
    "digits": Digits,
    "date": Date,
    "time": Time,
}


def read_lines(fields: Fields, key: str, *, required: bool = True) -> tuple[Line, ...]:
    """The lines under `key`: one, or a list of them."""
    tree = fields.get(key)
    if tree is None:
        return fields.read(key, lambda _tree: (), default=(), required=required)
    items = tree.items if isinstance(tree, Sequence) else (tree,)
    if len(items) > limits.PROMPTS:
        fields.error("S303", Message.of("a node says at most $most things", most=limits.PROMPTS), at=tree.at)
    read = [_read_line(item, fields) for item in items[: limits.PROMPTS]]
    return tuple(line for line in read if line is not None)


def _read_line(tree: Tree, fields: Fields) -> Line | None:
    if not isinstance(tree, TreeMapping):
        name = shapes.read(tree, shapes.as_name, "", fields.issues)
        return Prompt(name) if name else None
    return _read_spoken(Fields(tree, fields.issues, where="a value to say"))


def _read_spoken(fields: Fields) -> Spoken | None:
    values = {kind: fields.read(kind, _as_value(kind), default=None) for kind in _FITS if fields.has(kind)}
    currency = fields.read("currency", settings.as_setting, default="CNY") if "money" in values else "CNY"
    if len(values) != 1:
        listed = ", ".join(f"`{kind}:`" for kind in _FITS)
        fields.error("S304", Message.of("expected the name of a prompt, or exactly one of $kinds", kinds=listed))
        return None
    fields.finish()
    ((kind, value),) = values.items()
    return Spoken(kind, value, currency)


def _as_value(kind: str) -> Shape[Setting]:
    @taking(type=("string", "integer", "number"))
    def read(tree: Tree) -> Setting:
        value = settings.as_setting(tree)
        if isinstance(value, Template):
            return value
        text = shapes.as_text(tree)
        if not _FITS[kind](text):
            raise ShapeFault(tree.at, "S305", Message.of("`$kind` $wants", kind=kind, wants=_WANTED[kind]))
        return text

    return read

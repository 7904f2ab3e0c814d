"""Choosing the language and the kind of value."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from typing import NamedTuple

from ivr_engine.core.ids import Language
from ivr_engine.flows.reading import en, zh
from ivr_engine.flows.reading.values import (
    Decimal,
    ReadingError,
    Sum,
    parse_date,
    parse_decimal,
    parse_digits,
    parse_sum,
    parse_time,
)
from ivr_engine.flows.utterances import Date, Digits, Money, Number, Text, Time

Readable = Text | Money | Digits | Number | Date | Time


class _Tongue(NamedTuple):
    money: Callable[[Sum, str], str]
    digits: Callable[[tuple[str, ...]], str]
    number: Callable[[Decimal], str]
    date: Callable[[date], str]
    time: Callable[[time], str]


_TONGUES = {
    "zh": _Tongue(zh.money, zh.digits, zh.number, zh.day, zh.clock),
    "en": _Tongue(en.money, en.digits, en.number, en.day, en.clock),
}


def supported(language: Language) -> bool:
    """Whether values can be read in this language: `zh`, `zh-CN`, `en`, `en-GB` and the like, by the tag's first part."""
    return _primary(language) in _TONGUES


def read(utterance: Readable, language: Language) -> str:
    """The words for `utterance`, to be spoken as they stand.

    Raises:
        ReadingError: the value is not of its kind's form, there is nothing to say, or no reading exists for the language.
    """
    if isinstance(utterance, Text):
        return _words(utterance.text)
    tongue = _TONGUES.get(_primary(language))
    if tongue is None:
        raise ReadingError(f"values cannot be read in language {language!r}; known: {', '.join(_TONGUES)}")
    return _read_value(utterance, tongue)


def _read_value(value: Money | Digits | Number | Date | Time, tongue: _Tongue) -> str:
    match value:
        case Money(amount, currency):
            return tongue.money(parse_sum(amount, currency), currency)
        case Digits(digits):
            return tongue.digits(parse_digits(digits))
        case Number(number):
            return tongue.number(parse_decimal(number))
        case Date(day):
            return tongue.date(parse_date(day))
        case Time(clock):
            return tongue.time(parse_time(clock))


def _primary(language: Language) -> str:
    return language.partition("-")[0].lower()


def _words(text: str) -> str:
    words = text.strip()
    if not words:
        raise ReadingError("a text to be spoken must not be empty")
    return words

"""The texts that utterances carry, checked and taken apart. No message ever quotes the text: it is a customer's figure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time

from ivr_engine.errors import PromptError

CURRENCIES = ("CNY", "USD", "EUR", "HKD", "GBP", "JPY")
"""ISO 4217 codes that every language here can read."""

LARGEST = 10**15
"""The largest quantity read as a number; a larger one is read digit by digit, which is how people read them too."""

_DECIMAL = re.compile(r"([+-]?)([0-9]{1,30})(?:\.([0-9]{1,12}))?")
_DIGITS = re.compile(r"[0-9*#]+(?:[ -][0-9*#]+)*")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(?::[0-9]{2})?")
_MOST_DIGITS = 64


class ReadingError(PromptError):
    """A value cannot be read aloud. The text names the kind of value and the form expected, never the value."""


@dataclass(frozen=True, slots=True)
class Decimal:
    """An exact decimal as digits. `whole` has no leading zeros and at least one digit; `fraction` is as given."""

    negative: bool
    whole: str
    fraction: str

    @property
    def countable(self) -> bool:
        """Whether the whole part is read as a number rather than digit by digit."""
        return int(self.whole) <= LARGEST


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount of money: main units, then hundredths.

    `exact` is None, unless the amount is finer than the currency: then it is the amount as a decimal, to be read as such,
    because rounding a customer's money is not the reader's business.
    """

    negative: bool
    whole: str
    hundredths: int
    exact: Decimal | None


def parse_decimal(text: str) -> Decimal:
    """Take `-1234.50` apart. Minus zero is zero.

    Raises:
        ReadingError: not plain decimal text (no grouping commas, no exponent, at most 30 digits before the point).
    """
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise ReadingError("a number must be decimal text such as 1234.50, without grouping commas, unit or exponent")
    sign, whole, fraction = match.group(1), match.group(2).lstrip("0") or "0", match.group(3) or ""
    return Decimal(sign == "-" and (whole + fraction).strip("0") != "", whole, fraction)


def parse_sum(amount: str, currency: str) -> Sum:
    """Take an amount apart by what the currency can pay: hundredths, or for the yen nothing below one.

    Raises:
        ReadingError: the amount is not decimal text, or the currency is not one of CURRENCIES.
    """
    if currency not in CURRENCIES:
        raise ReadingError(f"a currency must be one of {', '.join(CURRENCIES)}")
    value = parse_decimal(amount)
    fraction = value.fraction.rstrip("0")
    if len(fraction) > (0 if currency == "JPY" else 2):
        return Sum(value.negative, value.whole, 0, Decimal(value.negative, value.whole, fraction))
    return Sum(value.negative, value.whole, int(fraction.ljust(2, "0")), None)


def parse_digits(text: str) -> tuple[str, ...]:
    """The groups in which digits are spoken, a short pause between them.

    Spaces and hyphens in the text part the groups. Without them eleven digits go 3-4-4 as a mobile number, nine or more go
    by fours as on a card (a last single digit joins the group before it), fewer stay together.

    Raises:
        ReadingError: empty, more than 64 characters, or something else than 0-9, *, #.
    """
    if len(text) > _MOST_DIGITS or not _DIGITS.fullmatch(text):
        raise ReadingError("digits must be 1 to 64 of 0-9, * and #, single spaces or hyphens between groups")
    groups = tuple(re.split("[ -]", text))
    return _grouped(text) if len(groups) == 1 else groups


def _grouped(digits: str) -> tuple[str, ...]:
    if len(digits) <= 8:
        return (digits,)
    if len(digits) == 11:
        return digits[:3], digits[3:7], digits[7:]
    groups = [digits[at : at + 4] for at in range(0, len(digits), 4)]
    if len(groups[-1]) == 1:
        groups[-2:] = ["".join(groups[-2:])]
    return tuple(groups)


def parse_date(text: str) -> date:
    """A civil date of ISO form `2026-03-02`.

    Raises:
        ReadingError: another form, or a day that does not exist.
    """
    try:
        return date.fromisoformat(_of_form(_DATE, text))
    except ValueError as error:
        raise ReadingError("a date must be an existing day of the form 2026-03-02") from _unquoted(error)


def parse_time(text: str) -> time:
    """A time of day of ISO form `14:05` or `14:05:09`.

    Raises:
        ReadingError: another form, or a time that does not exist.
    """
    try:
        return time.fromisoformat(_of_form(_TIME, text))
    except ValueError as error:
        raise ReadingError("a time must be of the form 14:05 or 14:05:09, from 00:00 to 23:59:59") from _unquoted(error)


def _of_form(form: re.Pattern[str], text: str) -> str:
    if form.fullmatch(text) is None:
        raise ValueError
    return text


def _unquoted(error: ValueError) -> ValueError:
    # datetime's own messages quote the text; a traceback in a log would then show a customer's date.
    return type(error)()

"""English words for values, for callers whose first language is often not English: plain, with `and`.

Decisions, all of them audible:

* `and` stands before the last two digits of each group and of the number: two thousand and five, one hundred and one
  thousand two hundred and thirty-four.
* Money: main units, `and`, hundredths: one yuan and five fen, two US dollars and fifty cents. Yuan, fen and yen have no
  plural.
* Dates: March the second, two thousand and twenty-six. Years such as 1987 go by pairs: nineteen eighty-seven.
* Times: two oh five p.m., twelve noon, twelve midnight.
"""

from __future__ import annotations

from datetime import date, time

from ivr_engine.flows.reading.values import Decimal, Sum

_UNDER_TWENTY = (  # noqa: SIM905 - twenty quoted words on twenty lines read worse
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905 - same
_GROUPS = ((10**15, "quadrillion"), (10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (10**3, "thousand"))
_KEYS = dict(zip("0123456789*#", (*_UNDER_TWENTY[:10], "star", "hash"), strict=True))
_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905 - same
_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"}
_ORDINALS |= {"twelve": "twelfth"}

# Currency -> main unit for one, for several; hundredth for one, for several.
_UNITS = {
    "CNY": ("yuan", "yuan", "fen", "fen"),
    "USD": ("US dollar", "US dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "HKD": ("Hong Kong dollar", "Hong Kong dollars", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "JPY": ("yen", "yen", "", ""),
}


def cardinal(value: int) -> str:
    """A whole number, 0 to 10**15."""
    words: list[str] = []
    rest = value
    for size, name in _GROUPS:
        count, rest = divmod(rest, size)
        if count:
            words += [_under_thousand(count), name]
    if words and 0 < rest < 100:
        words.append("and")
    if rest or not words:
        words.append(_under_thousand(rest))
    return " ".join(words)


def number(value: Decimal) -> str:
    """A quantity: minus one thousand two hundred point zero five. The fraction digit by digit, as given."""
    return _sign(negative=value.negative) + _decimal(value)


def money(value: Sum, currency: str) -> str:
    """An amount: one thousand two hundred and thirty-four yuan and fifty fen."""
    one, many, coin, coins = _UNITS[currency]
    sign = _sign(negative=value.negative)
    if value.exact is not None:
        return f"{sign}{_decimal(value.exact)} {many}"
    parts = []
    if value.whole != "0" or not value.hundredths:
        parts.append(f"{_whole(value.whole)} {one if value.whole == '1' else many}")
    if value.hundredths:
        parts.append(f"{cardinal(value.hundredths)} {coin if value.hundredths == 1 else coins}")
    return sign + " and ".join(parts)


def digits(groups: tuple[str, ...]) -> str:
    """Digits one by one, a comma (a short pause) between groups: one three eight, zero zero one three."""
    return ", ".join(" ".join(_KEYS[key] for key in group) for group in groups)


def day(value: date) -> str:
    """A date: March the second, two thousand and twenty-six."""
    return f"{_MONTHS[value.month - 1]} the {_ordinal(value.day)}, {_year(value.year)}"


def clock(value: time) -> str:
    """A time of day: two oh five p.m."""
    if value in (time(0), time(12)):
        return "twelve noon" if value.hour else "twelve midnight"
    hour = cardinal(value.hour % 12 or 12)
    minute = f" {_pair(value.minute)}" if value.minute else " o'clock" if value.second else ""
    second = f" and {cardinal(value.second)} second{'s' * (value.second != 1)}" if value.second else ""
    return f"{hour}{minute}{second} {'p.m.' if value.hour >= 12 else 'a.m.'}"


def _under_thousand(value: int) -> str:
    hundreds, rest = divmod(value, 100)
    if not hundreds:
        return _under_hundred(rest)
    tail = f" and {_under_hundred(rest)}" if rest else ""
    return f"{_UNDER_TWENTY[hundreds]} hundred{tail}"


def _under_hundred(value: int) -> str:
    if value < 20:
        return _UNDER_TWENTY[value]
    tens, ones = divmod(value, 10)
    return _TENS[tens] + (f"-{_UNDER_TWENTY[ones]}" if ones else "")


def _ordinal(value: int) -> str:
    head, dash, last = cardinal(value).rpartition("-")
    if last.endswith("y"):
        return f"{last[:-1]}ieth"
    return head + dash + _ORDINALS.get(last, f"{last}th")


def _year(year: int) -> str:
    century, rest = divmod(year, 100)
    if year < 1100 or century % 10 == 0:
        return cardinal(year)
    return f"{cardinal(century)} {_pair(rest) if rest else 'hundred'}"


def _pair(value: int) -> str:
    return f"oh {cardinal(value)}" if 0 < value < 10 else cardinal(value)


def _decimal(value: Decimal) -> str:
    return _whole(value.whole) + (f" point {_one_by_one(value.fraction)}" if value.fraction else "")


def _whole(whole: str) -> str:
    value = Decimal(negative=False, whole=whole, fraction="")
    return cardinal(int(whole)) if value.countable else _one_by_one(whole)


def _one_by_one(text: str) -> str:
    return " ".join(_UNDER_TWENTY[int(digit)] for digit in text)


def _sign(*, negative: bool) -> str:
    return "minus " if negative else ""

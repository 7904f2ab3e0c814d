"""Mandarin words for values, as a bank's telephone service speaks them.

Decisions, all of them audible:

* Zeros: inside a group of four, and between groups, any run of zeros is one 零; zeros that end a group are silent
  (10010 一万零一十, 1001000 一百万一千, 100000001 一亿零一). This is the rule taught in Chinese schools.
* 两: a 2 that opens the value and stands right before 千, 万, 亿 or a currency unit is 两, and so is two o'clock; every
  other 2 is 二 (2000 两千, 32000 三万二千, 200 二百, 2.5 二点五, 2.22 yuan 两元二角二分).
* 十: a value that opens with 10 to 19 of anything is 十..., not 一十... (15 十五, 150000 十五万, but 110 一百一十).
* 幺: in digit strings 1 is 幺, because 一 is misheard as 七 on the telephone. In years and fractions it stays 一.
"""

from __future__ import annotations

from datetime import date, time

from ivr_engine.flows.reading.values import Decimal, Sum

_NUMERALS = "零一二三四五六七八九"
_KEYS = dict(zip("0123456789*#", (*"零幺二三四五六七八九", "星号", "井号"), strict=True))
_PLACES = ((1000, "千"), (100, "百"), (10, "十"), (1, ""))
_GROUPS = ((10**8, "亿"), (10**4, "万"))

_UNITS = {"CNY": "元", "USD": "美元", "EUR": "欧元", "HKD": "港元", "GBP": "英镑", "JPY": "日元"}
# Currencies whose hundredths are said as one number of a named coin; the others have tenths (角) and hundredths (分).
_COINS = {"USD": "美分", "EUR": "欧分", "GBP": "便士"}
_TWO_BEFORE = ("千", "万", "亿", "角", "分", *_UNITS.values(), *_COINS.values())


def cardinal(value: int) -> str:
    """A whole number, 0 to 10**15."""
    return _opened(_count(value)) if value else "零"


def number(value: Decimal) -> str:
    """A quantity: 负一千二百点零五. The fraction digit by digit, as given."""
    return _sign(negative=value.negative) + _opened(_decimal(value))


def money(value: Sum, currency: str) -> str:
    """An amount: 一千二百三十四元五角, 一元零五分, 五分, 一美元五十美分."""
    unit = _UNITS[currency]
    sign = _sign(negative=value.negative)
    if value.exact is not None:
        return sign + _opened(_decimal(value.exact) + unit)
    small = _coins(value, currency)
    if value.whole == "0" and small:
        return sign + _opened(small)
    link = "零" if 0 < value.hundredths < 10 else ""
    return sign + _opened(_whole(value.whole) + unit) + link + small


def digits(groups: tuple[str, ...]) -> str:
    """Digits one by one, a comma (a short pause) between groups: 幺三八，零零幺三，八零零零."""
    return "，".join("".join(_KEYS[key] for key in group) for group in groups)


def day(value: date) -> str:
    """A date: 二零二六年三月二日, the year digit by digit."""
    return f"{_one_by_one(f'{value.year:04}')}年{cardinal(value.month)}月{cardinal(value.day)}日"


def clock(value: time) -> str:
    """A time of day by the 24 hours, which needs no 上午/下午 and cannot be mistaken: 十四点零五分, 两点整."""
    hour = "两点" if value.hour == 2 else cardinal(value.hour) + "点"
    if not value.minute and not value.second:
        return hour + "整"
    return hour + _padded(value.minute, "分") + (_padded(value.second, "秒") if value.second else "")


def _coins(value: Sum, currency: str) -> str:
    if not value.hundredths:
        return ""
    coin = _COINS.get(currency)
    if coin:
        return _opened(_count(value.hundredths)) + coin
    tenths, hundredths = divmod(value.hundredths, 10)
    return (f"{_NUMERALS[tenths]}角" if tenths else "") + (f"{_NUMERALS[hundredths]}分" if hundredths else "")


def _count(value: int) -> str:
    """The plain reading without the rules for an opening 十 or 两; nothing for zero."""
    for size, name in _GROUPS:
        if value >= size:
            high, low = divmod(value, size)
            return _count(high) + name + ("零" if 0 < low < size // 10 else "") + _count(low)
    return _group(value)


def _group(value: int) -> str:
    words, gap = "", False
    for size, name in _PLACES:
        digit = value // size % 10
        if digit:
            words += ("零" if gap and words else "") + _NUMERALS[digit] + name
        gap = not digit
    return words


def _opened(words: str) -> str:
    if words.startswith("一十"):
        return words[1:]
    if words.startswith("二") and words[1:].startswith(_TWO_BEFORE):
        return "两" + words[1:]
    return words


def _decimal(value: Decimal) -> str:
    point = "点" + _one_by_one(value.fraction) if value.fraction else ""
    return _whole(value.whole) + point


def _whole(whole: str) -> str:
    value = Decimal(negative=False, whole=whole, fraction="")
    return (_count(int(whole)) or "零") if value.countable else _one_by_one(whole)


def _one_by_one(text: str) -> str:
    return "".join(_NUMERALS[int(digit)] for digit in text)


def _padded(value: int, unit: str) -> str:
    return ("零" if 0 < value < 10 else "") + (_opened(_count(value)) or "零") + unit


def _sign(*, negative: bool) -> str:
    return "负" if negative else ""

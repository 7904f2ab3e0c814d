"""Mandarin readings, each row decided by the rules at the head of `flows/reading/zh.py` before the code was run."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ivr_engine.core.ids import Language
from ivr_engine.flows.reading import read
from ivr_engine.flows.utterances import Date, Digits, Money, Number, Time

ZH = Language("zh-CN")

NUMBERS = """
0 零
7 七
2 二
10 十
11 十一
12 十二
19 十九
20 二十
22 二十二
100 一百
101 一百零一
110 一百一十
111 一百一十一
115 一百一十五
200 二百
202 二百零二
1000 一千
1001 一千零一
1010 一千零一十
1100 一千一百
2000 两千
2002 两千零二
2020 两千零二十
2222 两千二百二十二
10000 一万
10001 一万零一
10010 一万零一十
10100 一万零一百
11000 一万一千
20000 两万
22000 两万二千
32000 三万二千
100000 十万
100010 十万零一十
120000 十二万
150015 十五万零一十五
200000 二十万
1001000 一百万一千
1000100 一百万零一百
10001000 一千万一千
10010001 一千零一万零一
20000000 两千万
100000000 一亿
100000001 一亿零一
100001000 一亿零一千
100010000 一亿零一万
110000000 一亿一千万
200000000 两亿
200020000 两亿零二万
1000000000 十亿
1000010001 十亿零一万零一
10000000000 一百亿
100000000000 一千亿
1000000000000 一万亿
1000000000001 一万亿零一
1234567890123 一万二千三百四十五亿六千七百八十九万零一百二十三
2000000000000 两万亿
1000000000000000 一千万亿
1000000000000001 一零零零零零零零零零零零零零零一
007 七
+5 五
-5 负五
-2000 负两千
-0 零
-0.00 零点零零
0.5 零点五
2.5 二点五
12.34 十二点三四
12.30 十二点三零
100.01 一百点零一
-0.05 负零点零五
2000.2 两千点二
"""

YUAN = """
0 零元
0.00 零元
0.01 一分
0.02 两分
0.05 五分
0.10 一角
0.1 一角
0.20 两角
0.22 两角二分
0.55 五角五分
1 一元
1.00 一元
1.05 一元零五分
1.5 一元五角
1.55 一元五角五分
2 两元
2.02 两元零二分
2.20 两元二角
2.22 两元二角二分
3.10 三元一角
10 十元
10.01 十元零一分
12 十二元
15.15 十五元一角五分
20 二十元
22.22 二十二元二角二分
100.00 一百元
101.10 一百零一元一角
110.00 一百一十元
200 二百元
1000.05 一千元零五分
1000.50 一千元五角
1234.50 一千二百三十四元五角
1234.56 一千二百三十四元五角六分
2000.00 两千元
2020.02 两千零二十元零二分
10010.10 一万零一十元一角
20000 两万元
32000 三万二千元
100010.00 十万零一十元
1000000 一百万元
100000001 一亿零一元
0001.50 一元五角
1.500 一元五角
1.2345 一点二三四五元
0.005 零点零零五元
-0.00 零元
-0.05 负五分
-2 负两元
-1234.50 负一千二百三十四元五角
1000000000000000 一千万亿元
"""

OTHER_MONEY = [
    ("1234.50", "USD", "一千二百三十四美元五十美分"),
    ("2.02", "USD", "两美元零二美分"),
    ("0.02", "USD", "两美分"),
    ("0.12", "USD", "十二美分"),
    ("0.20", "USD", "二十美分"),
    ("3.12", "USD", "三美元十二美分"),
    ("2.00", "EUR", "两欧元"),
    ("0.05", "EUR", "五欧分"),
    ("1.50", "HKD", "一港元五角"),
    ("2.05", "HKD", "两港元零五分"),
    ("10.99", "GBP", "十英镑九十九便士"),
    ("1.01", "GBP", "一英镑零一便士"),
    ("2000", "JPY", "两千日元"),
    ("2000.00", "JPY", "两千日元"),
    ("0", "JPY", "零日元"),
    ("1.5", "JPY", "一点五日元"),
    ("-20.5", "USD", "负二十美元五十美分"),
]

DIGITS = """
0|零
1|幺
7|七
95588|九五五八八
12345678|幺二三四五六七八
13800138000|幺三八，零零幺三，八零零零
6222020200112233|六二二二，零二零二，零零幺幺，二二三三
6222020200112233445|六二二二，零二零二，零零幺幺，二二三三，四四五
123456789|幺二三四，五六七八九
1234567890|幺二三四，五六七八，九零
400-800-1234|四零零，八零零，幺二三四
010 6655 4433|零幺零，六六五五，四四三三
**** 2233|星号星号星号星号，二二三三
#1|井号幺
0000|零零零零
1-1|幺，幺
"""

DATES = """
2026-03-02 二零二六年三月二日
2026-12-31 二零二六年十二月三十一日
2000-01-01 二零零零年一月一日
1999-10-10 一九九九年十月十日
1981-11-11 一九八一年十一月十一日
2024-02-29 二零二四年二月二十九日
2026-02-12 二零二六年二月十二日
2026-05-20 二零二六年五月二十日
2022-02-22 二零二二年二月二十二日
0987-06-05 零九八七年六月五日
"""

TIMES = """
14:05 十四点零五分
02:00 两点整
02:02 两点零二分
00:00 零点整
00:30 零点三十分
10:10 十点十分
12:00 十二点整
12:12 十二点十二分
20:20 二十点二十分
22:22 二十二点二十二分
23:59 二十三点五十九分
01:01 一点零一分
14:05:09 十四点零五分零九秒
14:05:00 十四点零五分
14:00:30 十四点零分三十秒
09:00:00 九点整
"""


def rows(table: str, mark: str = " ") -> list[tuple[str, str]]:
    return [(given_text, words) for given_text, _, words in (line.partition(mark) for line in table.strip().splitlines())]


@pytest.mark.parametrize(("number", "words"), rows(NUMBERS))
def test_a_number_is_read_as_taught_in_school(number: str, words: str) -> None:
    assert read(Number(number), ZH) == words


@pytest.mark.parametrize(("amount", "words"), rows(YUAN))
def test_an_amount_in_yuan_is_read_with_jiao_and_fen(amount: str, words: str) -> None:
    assert read(Money(amount), ZH) == words


@pytest.mark.parametrize(("amount", "currency", "words"), OTHER_MONEY)
def test_an_amount_in_another_currency_names_it(amount: str, currency: str, words: str) -> None:
    assert read(Money(amount, currency), ZH) == words


@pytest.mark.parametrize(("digits", "words"), rows(DIGITS, "|"))
def test_digits_are_read_one_by_one_in_groups(digits: str, words: str) -> None:
    assert read(Digits(digits), ZH) == words


@pytest.mark.parametrize(("date", "words"), rows(DATES))
def test_a_date_is_read_with_the_year_digit_by_digit(date: str, words: str) -> None:
    assert read(Date(date), ZH) == words


@pytest.mark.parametrize(("time", "words"), rows(TIMES))
def test_a_time_is_read_by_the_24_hours(time: str, words: str) -> None:
    assert read(Time(time), ZH) == words


# An independent reader of Chinese numerals: it accumulates, where the code under test divides.
VALUES = {numeral: value for value, numeral in enumerate("零一二三四五六七八九")} | {"两": 2}
PLACES = {"十": 10, "百": 100, "千": 1000}


def understood(words: str) -> int:
    """The number a listener understands."""
    total = section = digit = 0
    for letter in words:
        if letter in VALUES:
            digit = VALUES[letter]
        elif letter in PLACES:
            section += (digit or 1) * PLACES[letter]
            digit = 0
        elif letter == "万":
            total, section, digit = total + (section + digit) * 10_000, 0, 0
        else:
            assert letter == "亿"
            total, section, digit = (total + section + digit) * 100_000_000, 0, 0
    return total + section + digit


sizes = st.integers(0, 12).flatmap(lambda power: st.integers(0, 10**power))
full_of_zeros = st.lists(st.sampled_from("00012"), min_size=1, max_size=12).map(lambda digits: int("".join(digits)))


@given(sizes | full_of_zeros)
@example(10**12)
@example(10**12 + 1)
def test_a_listener_understands_the_number_that_was_meant(number: int) -> None:
    assert understood(read(Number(str(number)), ZH)) == number


@given(sizes | full_of_zeros)
def test_a_number_never_has_two_zeros_in_a_row_nor_one_at_its_end(number: int) -> None:
    words = read(Number(str(number)), ZH)
    assert "零零" not in words
    assert words == "零" or not re.search("零$|零[万亿]|^零", words)


@given(sizes | full_of_zeros, st.integers(0, 99))
def test_a_listener_understands_every_fen(yuan: int, fen: int) -> None:
    words = read(Money(f"{yuan}.{fen:02}"), ZH)
    whole, found, small = words.rpartition("元")
    jiao = re.search("(.)角", small)
    last = re.search("(.)分", small)
    heard = (VALUES[jiao[1]] * 10 if jiao else 0) + (VALUES[last[1]] if last else 0)
    assert (understood(whole) if found else 0, heard) == (yuan, fen)

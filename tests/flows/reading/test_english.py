"""English readings, each row decided by the rules at the head of `flows/reading/en.py` before the code was run."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ivr_engine.core.ids import Language
from ivr_engine.flows.reading import read
from ivr_engine.flows.utterances import Date, Digits, Money, Number, Time

EN = Language("en")

NUMBERS = """
0|zero
1|one
10|ten
11|eleven
13|thirteen
19|nineteen
20|twenty
21|twenty-one
40|forty
99|ninety-nine
100|one hundred
101|one hundred and one
110|one hundred and ten
115|one hundred and fifteen
200|two hundred
999|nine hundred and ninety-nine
1000|one thousand
1001|one thousand and one
2005|two thousand and five
1100|one thousand one hundred
1234|one thousand two hundred and thirty-four
10010|ten thousand and ten
12000|twelve thousand
20020|twenty thousand and twenty
100000|one hundred thousand
100001|one hundred thousand and one
101000|one hundred and one thousand
101234|one hundred and one thousand two hundred and thirty-four
999999|nine hundred and ninety-nine thousand nine hundred and ninety-nine
1000000|one million
1000001|one million and one
1000100|one million one hundred
1002005|one million two thousand and five
2500000|two million five hundred thousand
1000000000|one billion
1000000001|one billion and one
1000000000000|one trillion
1000000000000000|one quadrillion
1000000000000001|one zero zero zero zero zero zero zero zero zero zero zero zero zero zero one
007|seven
+5|five
-5|minus five
-0|zero
0.5|zero point five
-0.05|minus zero point zero five
12.34|twelve point three four
12.30|twelve point three zero
2005.0|two thousand and five point zero
"""

YUAN = """
0|zero yuan
0.00|zero yuan
0.01|one fen
0.05|five fen
0.10|ten fen
0.5|fifty fen
0.99|ninety-nine fen
1|one yuan
1.00|one yuan
1.01|one yuan and one fen
1.05|one yuan and five fen
1.5|one yuan and fifty fen
2.00|two yuan
2.22|two yuan and twenty-two fen
10|ten yuan
11.11|eleven yuan and eleven fen
20.20|twenty yuan and twenty fen
100|one hundred yuan
101.10|one hundred and one yuan and ten fen
1000.05|one thousand yuan and five fen
1234.50|one thousand two hundred and thirty-four yuan and fifty fen
1234.56|one thousand two hundred and thirty-four yuan and fifty-six fen
2005|two thousand and five yuan
10010.00|ten thousand and ten yuan
100010|one hundred thousand and ten yuan
1000000|one million yuan
100000001|one hundred million and one yuan
0001.50|one yuan and fifty fen
1.500|one yuan and fifty fen
1.2345|one point two three four five yuan
0.005|zero point zero zero five yuan
-0.00|zero yuan
-0.05|minus five fen
-2|minus two yuan
-1234.50|minus one thousand two hundred and thirty-four yuan and fifty fen
1000000000000000|one quadrillion yuan
"""

OTHER_MONEY = [
    ("1", "USD", "one US dollar"),
    ("1.01", "USD", "one US dollar and one cent"),
    ("2.50", "USD", "two US dollars and fifty cents"),
    ("0.01", "USD", "one cent"),
    ("0", "USD", "zero US dollars"),
    ("1.00", "EUR", "one euro"),
    ("3.03", "EUR", "three euros and three cents"),
    ("1", "HKD", "one Hong Kong dollar"),
    ("1234.50", "HKD", "one thousand two hundred and thirty-four Hong Kong dollars and fifty cents"),
    ("1.01", "GBP", "one pound and one penny"),
    ("2.02", "GBP", "two pounds and two pence"),
    ("1", "JPY", "one yen"),
    ("2000.00", "JPY", "two thousand yen"),
    ("1.5", "JPY", "one point five yen"),
    ("-20.5", "USD", "minus twenty US dollars and fifty cents"),
]

DIGITS = """
0|zero
1|one
95588|nine five five eight eight
12345678|one two three four five six seven eight
13800138000|one three eight, zero zero one three, eight zero zero zero
6222020200112233|six two two two, zero two zero two, zero zero one one, two two three three
123456789|one two three four, five six seven eight nine
1234567890|one two three four, five six seven eight, nine zero
400-800-1234|four zero zero, eight zero zero, one two three four
**** 2233|star star star star, two two three three
#1|hash one
0000|zero zero zero zero
"""

DATES = """
2026-03-02|March the second, two thousand and twenty-six
2026-12-31|December the thirty-first, two thousand and twenty-six
2000-01-01|January the first, two thousand
2005-02-03|February the third, two thousand and five
1999-10-10|October the tenth, nineteen ninety-nine
1987-04-12|April the twelfth, nineteen eighty-seven
1905-05-05|May the fifth, nineteen oh five
1900-06-08|June the eighth, nineteen hundred
2024-02-29|February the twenty-ninth, two thousand and twenty-four
2026-07-20|July the twentieth, two thousand and twenty-six
2026-08-21|August the twenty-first, two thousand and twenty-six
2026-09-22|September the twenty-second, two thousand and twenty-six
2026-11-30|November the thirtieth, two thousand and twenty-six
2100-01-13|January the thirteenth, twenty-one hundred
1066-10-14|October the fourteenth, one thousand and sixty-six
2026-03-09|March the ninth, two thousand and twenty-six
"""

TIMES = """
14:05|two oh five p.m.
02:00|two a.m.
14:00|two p.m.
00:00|twelve midnight
12:00|twelve noon
00:30|twelve thirty a.m.
12:30|twelve thirty p.m.
10:10|ten ten a.m.
23:59|eleven fifty-nine p.m.
01:01|one oh one a.m.
11:00|eleven a.m.
14:05:01|two oh five and one second p.m.
14:05:09|two oh five and nine seconds p.m.
14:00:30|two o'clock and thirty seconds p.m.
14:05:00|two oh five p.m.
"""


def rows(table: str) -> list[tuple[str, str]]:
    return [(given_text, words) for given_text, _, words in (line.partition("|") for line in table.strip().splitlines())]


@pytest.mark.parametrize(("number", "words"), rows(NUMBERS))
def test_a_number_is_read_with_and_before_its_last_two_digits(number: str, words: str) -> None:
    assert read(Number(number), EN) == words


@pytest.mark.parametrize(("amount", "words"), rows(YUAN))
def test_an_amount_in_yuan_is_read_with_fen(amount: str, words: str) -> None:
    assert read(Money(amount), EN) == words


@pytest.mark.parametrize(("amount", "currency", "words"), OTHER_MONEY)
def test_an_amount_in_another_currency_names_it(amount: str, currency: str, words: str) -> None:
    assert read(Money(amount, currency), EN) == words


@pytest.mark.parametrize(("digits", "words"), rows(DIGITS))
def test_digits_are_read_one_by_one_in_groups(digits: str, words: str) -> None:
    assert read(Digits(digits), EN) == words


@pytest.mark.parametrize(("date", "words"), rows(DATES))
def test_a_date_is_read_month_first(date: str, words: str) -> None:
    assert read(Date(date), EN) == words


@pytest.mark.parametrize(("time", "words"), rows(TIMES))
def test_a_time_is_read_by_the_twelve_hours(time: str, words: str) -> None:
    assert read(Time(time), EN) == words


# An independent reader of English numerals: it accumulates, where the code under test divides.
VALUES = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
GROUPS = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}


def understood(words: str) -> int:
    """The number a listener understands."""
    total = group = 0
    for word in words.replace("-", " ").split():
        if word in VALUES:
            group += VALUES[word]
        elif word == "hundred":
            group *= 100
        elif word in GROUPS:
            total, group = total + group * GROUPS[word], 0
        else:
            assert word == "and"
    return total + group


sizes = st.integers(0, 12).flatmap(lambda power: st.integers(0, 10**power))
full_of_zeros = st.lists(st.sampled_from("00012"), min_size=1, max_size=12).map(lambda digits: int("".join(digits)))


@given(sizes | full_of_zeros)
@example(10**12)
@example(10**12 + 1)
def test_a_listener_understands_the_number_that_was_meant(number: int) -> None:
    assert understood(read(Number(str(number)), EN)) == number


@given(sizes | full_of_zeros, st.integers(0, 99))
def test_a_listener_understands_every_fen(yuan: int, fen: int) -> None:
    whole, found, small = read(Money(f"{yuan}.{fen:02}"), EN).rpartition("yuan")
    heard = understood(small.removesuffix(" fen"))
    assert (understood(whole) if found else 0, heard) == (yuan, fen)

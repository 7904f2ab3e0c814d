"""What cannot be read is refused by kind, and the refusal never shows the value."""

from __future__ import annotations

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.core.ids import Language
from ivr_engine.errors import PromptError
from ivr_engine.flows.reading import Readable, ReadingError, read, supported
from ivr_engine.flows.utterances import Date, Digits, Money, Number, Text, Time

ZH, EN = Language("zh-CN"), Language("en-GB")

REFUSED: list[Readable] = [
    Money("1,234.50"), Money(""), Money("abc917"), Money("12.3.4"), Money(".5"), Money("5."), Money("1e5"), Money("NaN"),
    Money("٣٤٥"), Money("一百"), Money("12 34"), Money("$917"), Money("917\n"), Money("9" * 31), Money("1", "XXX"),
    Money("1", "cny"), Number("1/917"), Number("0x917"), Number("--917"), Number("917."), Number("½"),
    Digits(""), Digits("917a"), Digits("+86917"), Digits("917 "), Digits("9  17"), Digits("9" * 65), Digits("９１７"),
    Date("2026-02-30"), Date("2025-02-29"), Date("2026-3-2"), Date("20260302"), Date("2026-03-02T10:00"), Date("0000-01-01"),
    Date("２０２６-03-02"), Time("24:00"), Time("14:60"), Time("1405"), Time("14:05Z"), Time("2:05"), Time("14:05+08:00"),
    Time(""), Text(""), Text(" \n"),
]  # fmt: skip


@pytest.mark.parametrize("language", [ZH, EN])
@pytest.mark.parametrize("value", REFUSED, ids=repr)
def test_a_value_of_another_form_is_refused(value: Readable, language: Language) -> None:
    with pytest.raises(ReadingError):
        read(value, language)


SECRET = "9173826"


def refusal(value: Readable) -> str:
    """The traceback of the refusal, as a log would show it; nothing if the value was read."""
    try:
        read(value, ZH)
    except ReadingError as error:
        return "".join(traceback.format_exception(error))
    return ""


@given(st.text(st.sampled_from("0123456789.-: +e"), max_size=9), st.sampled_from([Money, Number, Digits, Date, Time]))
def test_no_refusal_shows_the_value_not_even_in_its_traceback(rest: str, kind: type[Readable]) -> None:
    assert SECRET not in refusal(kind(SECRET + rest))


def test_a_refusal_is_a_prompt_error_so_that_the_call_goes_on_as_with_any_missing_sound() -> None:
    assert issubclass(ReadingError, PromptError)


@pytest.mark.parametrize("tag", ["zh", "zh-CN", "zh-Hans-CN", "ZH-cn", "en", "en-US", "en-GB"])
def test_a_language_is_known_by_the_first_part_of_its_tag(tag: str) -> None:
    assert supported(Language(tag))


@pytest.mark.parametrize("tag", ["", "fr", "zhx", "yue", "eng", "-en"])
def test_another_language_is_known_to_be_unknown_before_any_call(tag: str) -> None:
    assert not supported(Language(tag))
    with pytest.raises(ReadingError, match="known: zh, en"):
        read(Number("1"), Language(tag))


def test_text_is_spoken_as_it_stands_in_any_language() -> None:
    assert read(Text(" Bonjour, 12 "), Language("fr")) == "Bonjour, 12"

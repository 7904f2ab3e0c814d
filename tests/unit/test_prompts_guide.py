"""docs/prompts.md tells operations staff how values are read; it must not drift from what is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr_engine.core.ids import Language
from ivr_engine.flows.reading import CURRENCIES, Readable, read
from ivr_engine.flows.utterances import Date, Digits, Money, Number, Time

GUIDE = (Path(__file__).parents[2] / "docs/prompts.md").read_text(encoding="utf-8")


def value(kind: str, text: str) -> Readable:
    if kind == "money":
        amount, currency = text.split()
        return Money(amount, currency)
    kinds: dict[str, type[Number | Digits | Date | Time]] = {"number": Number, "digits": Digits, "date": Date, "time": Time}
    return kinds[kind](text)


def rows() -> list[tuple[str, ...]]:
    table = GUIDE.partition("| kind | value | zh-CN | en |\n|---|---|---|---|\n")[2].partition("\n\n")[0]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.splitlines()]


@pytest.mark.parametrize(("kind", "text", "chinese", "english"), rows())
def test_the_guides_table_says_what_callers_hear(kind: str, text: str, chinese: str, english: str) -> None:
    assert read(value(kind, text), Language("zh-CN")) == chinese
    assert read(value(kind, text), Language("en")) == english


def test_the_guides_table_shows_every_kind_and_currency() -> None:
    assert {row[0] for row in rows()} == {"money", "number", "digits", "date", "time"}
    assert {row[1].split()[1] for row in rows() if row[0] == "money"} == set(CURRENCIES)
    assert f"Currencies: {', '.join(CURRENCIES)}." in GUIDE

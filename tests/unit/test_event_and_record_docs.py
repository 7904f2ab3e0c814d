"""What the documents say of events and records is what the code does."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from ivr_engine.adapters.store.tables import CallRow
from ivr_engine.cdr.disposition import RULES
from ivr_engine.cdr.record import LegKind
from ivr_engine.core import outcomes
from ivr_engine.core.events import CATALOGUE
from ivr_engine.core.outcomes import Disposition

DOCS = Path(__file__).parents[2] / "docs"


def _rows(text: str) -> list[list[str]]:
    """The cells of the table rows in a piece of Markdown, without head and rule."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return rows[2:]


def _section(name: str, title: str) -> str:
    text = (DOCS / name).read_text(encoding="utf-8")
    return re.split(r"^## ", text.split(f"## {title}\n")[1], flags=re.MULTILINE)[0]


def test_the_catalogue_lists_every_event_with_its_fields_in_order() -> None:
    text = (DOCS / "events.md").read_text(encoding="utf-8").split("\n## Shapes")[0]
    pieces = re.split(r"^### `([a-z_.]+)`$", text, flags=re.MULTILINE)[1:]
    documented = {kind: [row[0].strip("`") for row in _rows(piece)] for kind, piece in zip(*[iter(pieces)] * 2, strict=True)}
    assert documented == {kind: [field.name for field in dataclasses.fields(cls)] for kind, cls in CATALOGUE.items()}


def test_every_enumeration_is_listed_with_all_its_values() -> None:
    for name, values in _rows(_section("events.md", "Shapes")):
        if enumeration := getattr(outcomes, name, None):
            assert re.findall(r"`([^`]+)`", values) == [str(member) for member in enumeration], name


def test_every_column_of_the_records_is_explained() -> None:
    documented = [row[0].strip("`") for row in _rows(_section("records.md", "Columns"))]
    assert sorted(documented) == sorted(CallRow.model_fields)


def test_every_kind_of_leg_is_explained() -> None:
    assert [row[0].strip("`") for row in _rows(_section("records.md", "Legs"))] == [str(kind) for kind in LegKind]


def test_the_rules_of_disposition_stand_in_their_order() -> None:
    documented = [tuple(row) for row in _rows(_section("records.md", "Disposition"))]
    assert documented == [(rule.says, f"`{rule.gives}`" if rule.gives else "the forced one") for rule in RULES]


def test_every_disposition_is_named() -> None:
    section = _section("records.md", "Disposition")
    assert [each for each in Disposition if f"`{each}`" not in section] == []

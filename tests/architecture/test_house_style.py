"""Budgets and the vocabulary wall: short functions, short modules, Asterisk's words only where Asterisk is."""

from __future__ import annotations

import ast
import io
import re
import statistics
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "ivr_engine"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FUNCTION = 50
LONGEST_MODULE = 400
MEDIAN_FUNCTION = 8

# DESIGN: legal only in adapters/asterisk, dialplans and asterisk-conf; elsewhere texts may say them, code may not.
ASTERISK_WORDS = re.compile(r"channel|uniqueid|exten\b|linkedid|astdb|dialplan", re.IGNORECASE)
WALLED = [path for path in MODULES if "asterisk" not in path.parts]
# The same word in another trade: a WAV file has channels of sound.
OTHER_TRADES = {"pcm.py": {"channels", "getnchannels", "setnchannels"}}


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Every function of a module with its length in lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1


def names_in_code(path: Path) -> Iterator[str]:
    """Every name of a module's code; comments and texts are free."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.NAME:
            yield token.string


def test_no_function_is_longer_than_a_screen() -> None:
    long = [name for path in MODULES for name, lines in functions(path) if lines > LONGEST_FUNCTION]
    assert long == []


def test_functions_are_short_by_habit() -> None:
    assert statistics.median(lines for path in MODULES for _, lines in functions(path)) <= MEDIAN_FUNCTION


def test_no_module_outgrows_its_subject() -> None:
    long = [str(path) for path in MODULES if path.read_text(encoding="utf-8").count("\n") > LONGEST_MODULE]
    assert long == []


@pytest.mark.parametrize("path", WALLED, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_words_of_the_switch_stay_behind_the_wall(path: Path) -> None:
    found = {name for name in names_in_code(path) if ASTERISK_WORDS.search(name)}
    assert found - OTHER_TRADES.get(path.name, set()) == set()


@pytest.mark.parametrize("word", ["manager", "helper", "utils", "handle_stuff"])
def test_no_module_has_a_name_without_meaning(word: str) -> None:
    assert [path for path in MODULES if word in path.stem] == []

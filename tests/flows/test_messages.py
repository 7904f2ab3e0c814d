"""Every message can be said in Chinese, with the same figures."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Template

import pytest

from ivr_engine.adapters.flow_files import load_centre
from ivr_engine.adapters.flow_files.yaml_faults import _EXPLANATIONS, _STARTS
from ivr_engine.flows.centre_reader import _LANGUAGE_SHAPE, _NUMBER_SHAPE, _PHONE_SHAPE, _RUN_SHAPE, _WHERE
from ivr_engine.flows.expression_tokens import _HINTS
from ivr_engine.flows.messages import ENGLISH, Message
from ivr_engine.flows.messages_zh import CHINESE
from ivr_engine.flows.nodes.collect import _STARRED
from ivr_engine.flows.nodes.survey import _NO_KEY
from tests.flows.corpus import Case, written_by_hand

PACKAGE = Path(__file__).parents[2] / "ivr_engine"
SOURCES = sorted(
    path
    for part in ("flows", "adapters/flow_files", "cli/check.py", "testing/rehearsal")
    for path in ([PACKAGE / part] if part.endswith(".py") else (PACKAGE / part).rglob("*.py"))
)

# Calls that carry a sentence, and at which of their arguments.
CARRIERS = {
    "Message": 0,
    "of": 0,
    "unknown": 0,
    "known": 2,
    "matching": 1,
    "error": 1,
    "_error": 2,
    "_issue": 2,
    "ShapeFault": 2,
    "ExpressionSyntax": 0,
    "_count": 1,
}
CODE = re.compile("[YSGRNT][0-9]{3}")
OFTEN_NAMED = {"message", "sentence", "template", "wanted", "SUMMARY_READY"}
TABLES = [
    *_WHERE.values(),
    *_HINTS.values(),
    *(message for _code, message in _STARTS.values()),
    *(each.message for each in _EXPLANATIONS),
    _LANGUAGE_SHAPE,
    _NUMBER_SHAPE,
    _PHONE_SHAPE,
    _RUN_SHAPE,
    _NO_KEY,
    *(message.template for message in _STARRED.values()),
]


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def texts(node: ast.expr | None) -> Iterator[str]:
    """The literal sentences of an argument."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*texts(node.body), *texts(node.orelse))


def carried(path: Path) -> Iterator[ast.expr]:
    """The arguments that are sentences."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and (place := CARRIERS.get(called(node))) is not None:
            place += path.name == "folder.py" and called(node) == "error"  # takes the file first
            yield from node.args[place : place + 1 + (called(node) == "_count")]


def sentences(path: Path) -> Iterator[str]:
    yield from (text for argument in carried(path) for text in texts(argument))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and called(node) == "Fields":
            wheres = [keyword.value for keyword in node.keywords if keyword.arg == "where"]
            yield from (text for where in wheres for text in texts(where) if " " in text)  # others are names of files
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in OFTEN_NAMED:
            yield from texts(node.value)
        elif isinstance(node, ast.Tuple) and node.elts and CODE.fullmatch(str(getattr(node.elts[0], "value", ""))):
            yield from texts(node.elts[1])  # ("R402", "queue", ...)


ALL = sorted({*TABLES, *(text for path in SOURCES for text in sentences(path))})


def test_no_sentence_is_put_together_in_place_where_nobody_can_translate_it() -> None:
    found = [(path.name, node.lineno) for path in SOURCES for node in carried(path) if isinstance(node, ast.JoinedStr)]
    assert found == []


def test_every_sentence_of_the_checks_has_its_chinese() -> None:
    assert [text for text in ALL if text not in CHINESE] == []


def test_no_chinese_stands_for_a_sentence_that_is_no_longer_said() -> None:
    assert sorted(CHINESE.keys() - set(ALL)) == []


@pytest.mark.parametrize("english", sorted(CHINESE))
def test_a_sentence_has_the_same_figures_in_both_languages(english: str) -> None:
    names = [set(Template(text).get_identifiers()) for text in (english, CHINESE[english])]
    assert names[0] == names[1]


def untranslated(message: Message) -> Iterator[str]:
    if message.template not in CHINESE:
        yield message.template
    for _name, value in message.values:
        if isinstance(value, Message):
            yield from untranslated(value)


NAMES_ONLY = re.compile(r"[a-z]+|N-[0-9a-z]+|(centre|agents|norms)\.yaml")


@pytest.mark.parametrize("case", list(written_by_hand()), ids=lambda case: case.name)
def test_every_problem_of_the_corpus_is_said_in_chinese(case: Case, tmp_path: Path) -> None:
    case.found(tmp_path)
    for issue in load_centre(tmp_path / "centre").issues:
        assert [text for text in untranslated(issue.message) if not NAMES_ONLY.fullmatch(text)] == []
        assert re.search("[\u4e00-\u9fff]", issue.line(CHINESE))


def test_a_message_without_its_translation_is_said_in_english() -> None:
    assert Message.of("so $big", big=Message("great")).worded({"great": "大"}) == "so 大"


def test_what_an_author_wrote_is_never_taken_for_a_placeholder_nor_for_a_command_of_the_terminal() -> None:
    assert str(Message.of("found $found", found="$found\x1b[31m")) == "found $found\\x1b[31m"
    assert Message("costs $5").worded(ENGLISH) == "costs $5"

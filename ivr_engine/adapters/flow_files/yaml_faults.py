"""libyaml's complaints in an author's words, at the place the author has to look at."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from ivr_engine.flows.issues import Issue, Severity
from ivr_engine.flows.messages import Message
from ivr_engine.flows.tree import Position


@dataclass(frozen=True, slots=True)
class _Explanation:
    """`context`, `problem`: how libyaml's two texts begin; `opened`: report the place where the thing was opened."""

    context: str
    problem: str
    code: str
    message: str
    opened: bool = False


_EXPLANATIONS = (
    _Explanation("while scanning an alias", "", "Y108", 'a bare * means an alias here; quote it: "*"', opened=True),
    _Explanation("while scanning an anchor", "", "Y108", 'a bare & means an anchor here; quote it: "&"', opened=True),
    _Explanation("while scanning a quoted scalar", "", "Y109", "this quotation mark is never closed", opened=True),
    _Explanation(
        "while parsing a quoted scalar", "", "Y106", r"after \ only escapes such as \n, \" and \\ may stand; write \\"
    ),
    _Explanation(
        "while parsing a flow sequence", "", "Y109", "this [ is not closed, or a comma is missing in it", opened=True
    ),
    _Explanation(
        "while parsing a flow mapping", "", "Y109", "this { is not closed, or a comma is missing in it", opened=True
    ),
    _Explanation("while parsing a flow node", "", "Y106", "a value is missing here, or a text must be quoted"),
    _Explanation("while parsing a block node", "", "Y106", "a value is missing here, or a text must be quoted"),
    _Explanation("while parsing a block mapping", "", "Y106", "expected `key: value` here, in line with the keys above"),
    _Explanation("while parsing a block collection", "", "Y106", "expected `- item` here, in line with the items above"),
    _Explanation("while scanning a simple key", "", "Y106", "this line needs a `:` and a blank after its key", opened=True),
    _Explanation(
        "", "mapping values are not allowed", "Y106", "a `:` cannot stand here: check the indentation, or quote the text"
    ),
    _Explanation("", "found incompatible YAML document", "Y106", "the %YAML line names another version; delete the line"),
)
_STARTS = {
    "\t": ("Y107", "a tab cannot indent; use spaces"),
    "@": ("Y106", "a text that begins with @ must be quoted"),
    "`": ("Y106", "a text that begins with ` must be quoted"),
    "%": ("Y106", "a text that begins with % must be quoted"),
}


def explain(error: yaml.MarkedYAMLError, text: str, file: str) -> Issue:
    """The issue for an error of libyaml; a complaint that is not in the table is passed on as it is."""
    context, problem = error.context or "", error.problem or "the syntax is wrong"
    mark = error.problem_mark or error.context_mark
    found = next((e for e in _EXPLANATIONS if context.startswith(e.context) and problem.startswith(e.problem)), None)
    if found is not None and found.opened:
        mark = error.context_mark or mark
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    code, message = (found.code, found.message) if found is not None else ("Y106", "")
    if context.startswith("while scanning for the next token"):
        code, message = _STARTS.get(_character(text, line, column), (code, message))
    shown = (
        Message(message) if message else Message.of("the syntax is wrong: $problem", problem=f"{context} {problem}".strip())
    )
    return Issue(at=Position(file, line + 1, column + 1), severity=Severity.ERROR, code=code, message=shown)


def _character(text: str, line: int, column: int) -> str:
    lines = text.splitlines()
    return lines[line][column : column + 1] if line < len(lines) else ""

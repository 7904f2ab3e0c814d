"""The words of an expression: numbers, quoted texts, names and signs, each with its offset."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ivr_engine.errors import EngineError
from ivr_engine.flows.messages import Message, message_of

LONGEST_SOURCE = 1_000  # characters of one expression
MOST_TOKENS = 200


class ExpressionSyntax(EngineError):
    """The text is not an expression; `offset` counts characters from 0 in the compiled text."""

    def __init__(self, message: str | Message, offset: int) -> None:
        super().__init__(str(message))
        self.message = message_of(message)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Token:
    """One word. `kind`: number, text, name, sign or end; `offset` counts characters from 0."""

    kind: str
    text: str
    offset: int


_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)(?![A-Za-z0-9_.])
          |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
          |(?P<text>'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*")
          |(?P<sign>==|!=|<=|>=|[-+*/%<>().,\[\]]))""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_HINTS = {
    "=": "to compare, write `==`",
    "&": "write `and`",
    "|": "write `or`",
    "!": "write `not` or `!=`",
    "'": "the quoted text is not closed",
    '"': "the quoted text is not closed",
    "{": "there are no mappings in expressions",
}


def tokens_of(source: str) -> list[Token]:
    """The words of `source`, closed by one of kind `end`. Raises ExpressionSyntax."""
    if len(source) > LONGEST_SOURCE:
        message = Message.of("the expression is longer than $most characters", most=LONGEST_SOURCE)
        raise ExpressionSyntax(message, LONGEST_SOURCE)
    tokens: list[Token] = []
    end = len(source.rstrip())
    at = 0
    while at < end:
        found = _TOKEN.match(source, at)
        if found is None:
            raise _unreadable(source, at)
        kind = found.lastgroup or ""
        tokens.append(Token(kind, found[kind], found.start(kind)))
        at = found.end()
    if len(tokens) > MOST_TOKENS:
        message = Message.of("the expression has more than $most parts", most=MOST_TOKENS)
        raise ExpressionSyntax(message, tokens[MOST_TOKENS].offset)
    return [*tokens, Token("end", "", end)]


def _unreadable(source: str, at: int) -> ExpressionSyntax:
    at += len(source[at:]) - len(source[at:].lstrip())
    character = source[at]
    if character.isdigit():
        return ExpressionSyntax("a number is digits, or digits with one decimal point", at)
    hint = _HINTS.get(character)
    return ExpressionSyntax(hint or Message.of("`$character` has no meaning here", character=character), at)

"""The language of `{{ }}`: compiled when the files are loaded, evaluated in microseconds while a call waits.

    choice      = either [ "if" either "else" choice ]
    either      = both { "or" both }                  both = negation { "and" negation }
    negation    = "not" negation | comparison
    comparison  = sum [ ("==" "!=" "<" "<=" ">" ">=" "in" "not in") sum ]
    sum         = product { ("+" | "-") product }     product = sign { ("*" | "/" | "%") sign }
    sign        = "-" sign | value { "." name | "[" choice "]" }
    value       = number | 'text' | "text" | true | false | null | name | name "(" choice, ... ")"
                | "[" choice, ... "]" | "(" choice ")"

Functions: `len(x)`, `int(x)`, `text(x)`, `last(text, n)`, `default(x, y)` (y when x is missing or null). A dot reads a key
of a mapping and nothing else: there are no attributes, no methods, no loops, no way to repeat a text. What an expression may
cost is therefore bounded by its length; the bounds are constants here, in `expression_tokens`, `_parser` and `_values`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ivr_engine.flows import expression_values as values
from ivr_engine.flows.expression_closures import Evaluate, Names
from ivr_engine.flows.expression_parser import Parser
from ivr_engine.flows.expression_tokens import ExpressionSyntax, tokens_of
from ivr_engine.flows.expression_values import ExpressionFault, Fault
from ivr_engine.flows.messages import Message
from ivr_engine.flows.waits import Json

__all__ = [
    "Expression",
    "ExpressionFault",
    "ExpressionSyntax",
    "Fault",
    "Template",
    "compile_expression",
    "compile_template",
]

LONGEST_TEMPLATE = 4_000  # characters of one text with its expressions


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression; two are equal when their sources are. `names`: the root names it reads."""

    source: str
    names: frozenset[str] = field(compare=False)
    evaluate: Evaluate = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Template:
    """A text with `{{ }}`. One `{{ }}` and nothing else gives its raw value; otherwise the result is a bounded text."""

    source: str
    names: frozenset[str] = field(compare=False)
    evaluate: Evaluate = field(compare=False, repr=False)


def compile_expression(source: str) -> Expression:
    """Compile what stands between `{{` and `}}`.

    Raises:
        ExpressionSyntax: it is no expression, or larger than the bounds.
    """
    parser = Parser(tokens_of(source))
    evaluate = parser.choice()
    parser.end()
    return Expression(source.strip(), frozenset(parser.names), evaluate)


# An expression holds no braces outside its quoted texts, so its end is found without parsing it.
_HOLE = re.compile(r"""\{\{((?:[^'"}]|'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*"|\}(?!\}))*)\}\}""", re.DOTALL)


def compile_template(text: str) -> Template:
    """Compile a text in which `{{ expression }}` may stand any number of times.

    Raises:
        ExpressionSyntax: an expression is wrong or not closed; the offset counts in `text`.
    """
    if len(text) > LONGEST_TEMPLATE:
        message = Message.of("the text is longer than $most characters", most=LONGEST_TEMPLATE)
        raise ExpressionSyntax(message, LONGEST_TEMPLATE)
    pieces: list[str | Expression] = []
    done = 0
    while (start := text.find("{{", done)) >= 0:
        hole = _HOLE.match(text, start)
        if hole is None:
            raise ExpressionSyntax("`{{` has no matching `}}`", start)
        pieces += [text[done:start], _compile_at(hole[1], start + 2)]
        done = hole.end()
    pieces.append(text[done:])
    return _joined(text, [piece for piece in pieces if piece != ""])


def _compile_at(source: str, offset: int) -> Expression:
    try:
        return compile_expression(source)
    except ExpressionSyntax as error:
        raise ExpressionSyntax(error.message, offset + error.offset) from error


def _joined(text: str, pieces: list[str | Expression]) -> Template:
    if not any(isinstance(piece, Expression) for piece in pieces):
        return Template(text, frozenset(), lambda _names: text)
    if len(pieces) == 1 and isinstance(pieces[0], Expression):
        return Template(text, pieces[0].names, pieces[0].evaluate)
    parts = [piece if isinstance(piece, str) else piece.evaluate for piece in pieces]
    names = frozenset[str]().union(*(piece.names for piece in pieces if isinstance(piece, Expression)))

    def evaluate(given: Names) -> Json:
        return values.bounded("".join(part if isinstance(part, str) else values.text_of(part(given)) for part in parts))

    return Template(text, names, evaluate)

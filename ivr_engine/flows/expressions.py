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
cost is therefore bounded by its length; the bounds are the constants below and in `expression_values`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ivr_engine.errors import EngineError
from ivr_engine.flows import expression_values as values
from ivr_engine.flows.expression_values import ExpressionFault, Fault
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

LONGEST_SOURCE = 1_000  # characters of one expression
LONGEST_TEMPLATE = 4_000  # characters of one text with its expressions
MOST_TOKENS = 200
DEEPEST = 24  # brackets, signs and choices within each other

Names = Mapping[str, Json]
Evaluate = Callable[[Names], Json]


class ExpressionSyntax(EngineError):
    """The text is not an expression; `offset` counts characters from 0 in the compiled text."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


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
    parser = _Parser(_tokens(source))
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
        raise ExpressionSyntax(f"the text is longer than {LONGEST_TEMPLATE} characters", LONGEST_TEMPLATE)
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


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # number, text, name, sign, end
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


def _tokens(source: str) -> list[_Token]:
    if len(source) > LONGEST_SOURCE:
        raise ExpressionSyntax(f"the expression is longer than {LONGEST_SOURCE} characters", LONGEST_SOURCE)
    tokens: list[_Token] = []
    end = len(source.rstrip())
    at = 0
    while at < end:
        found = _TOKEN.match(source, at)
        if found is None:
            raise _unreadable(source, at)
        kind = found.lastgroup or ""
        tokens.append(_Token(kind, found[kind], found.start(kind)))
        at = found.end()
    if len(tokens) > MOST_TOKENS:
        raise ExpressionSyntax(f"the expression has more than {MOST_TOKENS} parts", tokens[MOST_TOKENS].offset)
    return [*tokens, _Token("end", "", end)]


def _unreadable(source: str, at: int) -> ExpressionSyntax:
    at += len(source[at:]) - len(source[at:].lstrip())
    character = source[at]
    if character.isdigit():
        return ExpressionSyntax("a number is digits, or digits with one decimal point", at)
    return ExpressionSyntax(_HINTS.get(character, f"{character!r} has no meaning here"), at)


_RESERVED = {"if", "else", "and", "or", "not", "in"}
_CONSTANTS: Mapping[str, Json] = {"true": True, "false": False, "null": None}
_COMPARISONS: Mapping[str, Callable[[Json, Json], bool]] = {
    "==": values.equal,
    "!=": values.unequal,
    "<": values.less,
    "<=": values.at_most,
    ">": values.more,
    ">=": values.at_least,
    "in": values.contained,
    "not in": values.not_contained,
}
_SUMS: Mapping[str, Callable[[Json, Json], Json]] = {"+": values.add, "-": values.subtract}
_PRODUCTS: Mapping[str, Callable[[Json, Json], Json]] = {
    "*": values.multiply,
    "/": values.divide,
    "%": values.remainder,
}


class _Parser:
    """Recursive descent over the grammar of the module's docstring; every rule returns the closure that evaluates it."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0
        self.names: set[str] = set()

    def choice(self) -> Evaluate:
        self._deeper()
        chosen = self._either()
        if self._taken("if"):
            condition = self._either()
            self._expect("else")
            chosen = _choice(chosen, condition, self.choice())
        self._depth -= 1
        return chosen

    def end(self) -> None:
        if self._token.kind != "end":
            raise self._unexpected("the end of the expression")

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _taken(self, text: str) -> bool:
        found = self._token.text == text and self._token.kind in ("sign", "name")
        self._next += found
        return found

    def _expect(self, text: str) -> None:
        if not self._taken(text):
            raise self._unexpected(f"`{text}`")

    def _unexpected(self, wanted: str) -> ExpressionSyntax:
        found = "the end" if self._token.kind == "end" else f"`{self._token.text}`"
        return ExpressionSyntax(f"expected {wanted}, found {found}", self._token.offset)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ExpressionSyntax(f"the expression nests deeper than {DEEPEST}", self._token.offset)

    def _either(self) -> Evaluate:
        left = self._both()
        while self._taken("or"):
            left = _either(left, self._both())
        return left

    def _both(self) -> Evaluate:
        left = self._negation()
        while self._taken("and"):
            left = _both(left, self._negation())
        return left

    def _negation(self) -> Evaluate:
        if not self._taken("not"):
            return self._comparison()
        self._deeper()
        operand = self._negation()
        self._depth -= 1
        return lambda names: not operand(names)

    def _comparison(self) -> Evaluate:
        left = self._sum()
        if (operator := self._comparing()) is None:
            return left
        result = _binary(_COMPARISONS[operator], left, self._sum())
        at = self._token.offset
        if self._comparing() is not None:
            raise ExpressionSyntax("one comparison at a time: write `a < b and b < c`", at)
        return result

    def _comparing(self) -> str | None:
        if self._taken("not"):
            self._expect("in")
            return "not in"
        return next((operator for operator in _COMPARISONS if self._taken(operator)), None)

    def _sum(self) -> Evaluate:
        return self._chain(_SUMS, self._product)

    def _product(self) -> Evaluate:
        return self._chain(_PRODUCTS, self._sign)

    def _chain(self, operators: Mapping[str, Callable[[Json, Json], Json]], operand: Callable[[], Evaluate]) -> Evaluate:
        left = operand()
        while (operator := next((sign for sign in operators if self._taken(sign)), None)) is not None:
            left = _binary(operators[operator], left, operand())
        return left

    def _sign(self) -> Evaluate:
        if not self._taken("-"):
            return self._path()
        self._deeper()
        operand = self._sign()
        self._depth -= 1
        return lambda names: values.negate(operand(names))

    def _path(self) -> Evaluate:
        holder, path = self._value()
        while True:
            if self._taken("."):
                if path is None:
                    raise ExpressionSyntax("a dot reads a key of a named value; this is none", self._token.offset)
                key = self._name("a key")
                path = f"{path}.{key}"
                holder = _key(holder, key, path)
            elif self._taken("["):
                holder, path = _binary(values.pick, holder, self.choice()), f"{path or ''}[]"
                self._expect("]")
            else:
                return holder

    def _name(self, wanted: str) -> str:
        token = self._token
        if token.kind != "name":
            raise self._unexpected(wanted)
        self._next += 1
        return token.text

    def _value(self) -> tuple[Evaluate, str | None]:
        """The value's closure, and how to name it in a fault; None for a constant, which has no keys."""
        token = self._token
        if self._taken("("):
            inner = self.choice()
            self._expect(")")
            return inner, "()"
        if self._taken("["):
            return _listing(self._arguments("]")), None
        if token.kind in ("number", "text"):
            self._next += 1
            return _constant(_literal(token)), None
        if token.kind != "name" or token.text in _RESERVED:
            raise self._unexpected("a value")
        self._next += 1
        return self._named(token), token.text

    def _named(self, token: _Token) -> Evaluate:
        if token.text in _CONSTANTS:
            return _constant(_CONSTANTS[token.text])
        if token.text.lower() in ("true", "false", "none"):
            raise ExpressionSyntax("write `true`, `false` or `null`, in small letters", token.offset)
        if self._taken("("):
            return _call(token, self._arguments(")"))
        self.names.add(token.text)
        return _root(token.text)

    def _arguments(self, closing: str) -> list[Evaluate]:
        arguments: list[Evaluate] = []
        while not self._taken(closing):
            if arguments:
                self._expect(",")
            arguments.append(self.choice())
        return arguments


def _literal(token: _Token) -> Json:
    if token.kind == "text":
        return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
    if len(token.text) > len(str(values.LARGEST_NUMBER)):
        raise ExpressionSyntax(f"a number has at most {len(str(values.LARGEST_NUMBER))} characters", token.offset)
    return float(token.text) if "." in token.text else int(token.text)


def _constant(value: Json) -> Evaluate:
    return lambda _names: value


def _root(name: str) -> Evaluate:
    def evaluate(names: Names) -> Json:
        try:
            return names[name]
        except KeyError:
            raise ExpressionFault(Fault.MISSING_NAME, f"`{name}` has no value yet") from None

    return evaluate


def _key(holder: Evaluate, key: str, path: str) -> Evaluate:
    def evaluate(names: Names) -> Json:
        held = holder(names)
        if type(held) is not dict:
            code = Fault.MISSING_KEY if held is None else Fault.WRONG_TYPE
            raise ExpressionFault(code, f"`{path}`: {values.kind_of(held)} has no keys")
        if key not in held:
            raise ExpressionFault(Fault.MISSING_KEY, f"`{path}` has no value")
        return held[key]

    return evaluate


def _binary(operation: Callable[[Json, Json], Json], left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda names: operation(left(names), right(names))


def _choice(chosen: Evaluate, condition: Evaluate, otherwise: Evaluate) -> Evaluate:
    return lambda names: chosen(names) if condition(names) else otherwise(names)


def _either(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda names: left(names) or right(names)


def _both(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda names: left(names) and right(names)


def _listing(items: list[Evaluate]) -> Evaluate:
    return lambda names: [item(names) for item in items]


def _call(token: _Token, arguments: list[Evaluate]) -> Evaluate:
    known = {name: wanted for name, (wanted, _) in values.FUNCTIONS.items()} | {"default": 2}
    wanted = known.get(token.text)
    if wanted is None:
        raise ExpressionSyntax(f"unknown function `{token.text}`; there are {', '.join(sorted(known))}", token.offset)
    if len(arguments) != wanted:
        raise ExpressionSyntax(f"`{token.text}` takes {wanted} arguments, found {len(arguments)}", token.offset)
    if token.text == "default":
        return _default(*arguments)
    function = values.FUNCTIONS[token.text][1]
    return lambda names: function(*(argument(names) for argument in arguments))


def _default(value: Evaluate, otherwise: Evaluate) -> Evaluate:
    def evaluate(names: Names) -> Json:
        try:
            found = value(names)
        except ExpressionFault as fault:
            if fault.code not in (Fault.MISSING_NAME, Fault.MISSING_KEY):
                raise
            found = None
        return otherwise(names) if found is None else found

    return evaluate

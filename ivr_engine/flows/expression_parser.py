"""Recursive descent over the language of `{{ }}`; the grammar stands in `flows.expressions`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ivr_engine.flows import expression_closures as closures
from ivr_engine.flows import expression_values as values
from ivr_engine.flows.expression_closures import Evaluate
from ivr_engine.flows.expression_tokens import ExpressionSyntax, Token
from ivr_engine.flows.messages import Message
from ivr_engine.flows.waits import Json

DEEPEST = 24  # brackets, signs and choices within each other

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


class Parser:
    """One pass over the words; every rule returns the closure that evaluates it. `names`: the root names met."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0
        self.names: set[str] = set()

    def choice(self) -> Evaluate:
        """A whole expression. Raises ExpressionSyntax."""
        self._deeper()
        chosen = self._either()
        if self._taken("if"):
            condition = self._either()
            self._expect("else")
            chosen = closures.choice(chosen, condition, self.choice())
        self._depth -= 1
        return chosen

    def end(self) -> None:
        """Nothing may follow. Raises ExpressionSyntax."""
        if self._token.kind != "end":
            raise self._unexpected(Message("the end of the expression"))

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _taken(self, text: str) -> bool:
        found = self._token.text == text and self._token.kind in ("sign", "name")
        self._next += found
        return found

    def _expect(self, text: str) -> None:
        if not self._taken(text):
            raise self._unexpected(Message.of("`$text`", text=text))

    def _unexpected(self, wanted: Message) -> ExpressionSyntax:
        token = self._token
        found = Message("the end") if token.kind == "end" else Message.of("`$text`", text=token.text)
        return ExpressionSyntax(Message.of("expected $wanted, found $found", wanted=wanted, found=found), token.offset)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            message = Message.of("the expression nests deeper than $most", most=DEEPEST)
            raise ExpressionSyntax(message, self._token.offset)

    def _either(self) -> Evaluate:
        left = self._both()
        while self._taken("or"):
            left = closures.either(left, self._both())
        return left

    def _both(self) -> Evaluate:
        left = self._negation()
        while self._taken("and"):
            left = closures.both(left, self._negation())
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
        result = closures.binary(_COMPARISONS[operator], left, self._sum())
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
            left = closures.binary(operators[operator], left, operand())
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
                key = self._name(Message("a key"))
                path = f"{path}.{key}"
                holder = closures.key(holder, key, path)
            elif self._taken("["):
                holder, path = closures.binary(values.pick, holder, self.choice()), f"{path or ''}[]"
                self._expect("]")
            else:
                return holder

    def _name(self, wanted: Message) -> str:
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
            return closures.listing(self._arguments("]")), None
        if token.kind in ("number", "text"):
            self._next += 1
            return closures.constant(_literal(token)), None
        if token.kind != "name" or token.text in _RESERVED:
            raise self._unexpected(Message("a value"))
        self._next += 1
        return self._named(token), token.text

    def _named(self, token: Token) -> Evaluate:
        if token.text in _CONSTANTS:
            return closures.constant(_CONSTANTS[token.text])
        if token.text.lower() in ("true", "false", "none"):
            raise ExpressionSyntax("write `true`, `false` or `null`, in small letters", token.offset)
        if self._taken("("):
            return _call(token, self._arguments(")"))
        self.names.add(token.text)
        return closures.root(token.text)

    def _arguments(self, closing: str) -> list[Evaluate]:
        arguments: list[Evaluate] = []
        while not self._taken(closing):
            if arguments:
                self._expect(",")
            arguments.append(self.choice())
        return arguments


def _literal(token: Token) -> Json:
    if token.kind == "text":
        return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
    if len(token.text) > len(str(values.LARGEST_NUMBER)):
        message = Message.of("a number has at most $most characters", most=len(str(values.LARGEST_NUMBER)))
        raise ExpressionSyntax(message, token.offset)
    return float(token.text) if "." in token.text else int(token.text)


def _call(token: Token, arguments: list[Evaluate]) -> Evaluate:
    known = {name: wanted for name, (wanted, _) in values.FUNCTIONS.items()} | {"default": 2}
    wanted = known.get(token.text)
    if wanted is None:
        there_are = ", ".join(sorted(known))
        message = Message.of("unknown function `$name`; there are $names", name=token.text, names=there_are)
        raise ExpressionSyntax(message, token.offset)
    if len(arguments) != wanted:
        sentence = "`$name` takes $wanted arguments, found $found"
        message = Message.of(sentence, name=token.text, wanted=wanted, found=len(arguments))
        raise ExpressionSyntax(message, token.offset)
    if token.text == "default":
        return closures.default(*arguments)
    return closures.call(values.FUNCTIONS[token.text][1], arguments)

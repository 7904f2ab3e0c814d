"""From one positioned value to one typed value: text, whole number, span, range, name, template.

Every reader takes a `Tree` and returns the value or raises `ShapeFault` with a code, a place and a remedy. `Fields` and
`read` turn the fault into an `Issue`, so that reading goes on and every problem is reported at once.
"""

from __future__ import annotations

import collections.abc
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ivr_engine.core.ids import Millis
from ivr_engine.errors import EngineError
from ivr_engine.flows.expressions import Expression, ExpressionSyntax, Template, compile_expression, compile_template
from ivr_engine.flows.issues import Issue, Severity
from ivr_engine.flows.messages import Message, message_of
from ivr_engine.flows.tree import Entry, Mapping, Position, Scalar, Sequence, Tree

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
D = TypeVar("D")

_SPAN = re.compile(r"([0-9]{1,9})(ms|s|m|h)")
_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}
_RANGE = re.compile(r"([0-9]{1,6})(?:\.\.([0-9]{1,6}))?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
LONGEST_SHOWN = 40
_PLAIN = ("string", "integer", "number", "boolean")
LONGEST_SPAN = Millis(7 * 24 * 3_600_000)


class ShapeFault(EngineError):
    """A value has not the shape that its place wants."""

    def __init__(self, at: Position, code: str, message: str | Message) -> None:
        super().__init__(str(message))
        self.at = at
        self.code = code
        self.message = message_of(message)

    def issue(self) -> Issue:
        """The fault as a problem of the files."""
        return Issue(at=self.at, severity=Severity.ERROR, code=self.code, message=self.message)


Schema = collections.abc.Mapping[str, Any]
"""A JSON Schema, draft 7."""


@dataclass(frozen=True, slots=True)
class Shape(Generic[T_co]):
    """A reader that can also say, as a JSON Schema, what it takes."""

    reads: Callable[[Tree], T_co]
    schema: Schema

    def __call__(self, tree: Tree) -> T_co:
        """What the value means. Raises ShapeFault."""
        return self.reads(tree)


def taking(**schema: object) -> Callable[[Callable[[Tree], T]], Shape[T]]:
    """Say what a reader takes."""
    return lambda reads: Shape(reads, schema)


class Asked:
    """A tree that stands for any value and keeps note of what readers ask of it; see `flows.outline`."""

    __slots__ = ()

    def by(self, reader: Callable[[Tree], T], default: D) -> T | D:
        """A reader asks for its shape."""
        raise NotImplementedError

    def needs(self, key: str) -> None:
        """A reader cannot do without this key."""
        raise NotImplementedError


def read(tree: Tree, reader: Callable[[Tree], T], default: D, issues: list[Issue]) -> T | D:
    """`reader(tree)`; when it does not fit, the default, and the problem among the issues."""
    if isinstance(tree, Asked):
        return tree.by(reader, default)
    try:
        return reader(tree)
    except ShapeFault as fault:
        issues.append(fault.issue())
        return default


def describe(tree: Tree) -> Message:
    """What stands there, for a message."""
    if isinstance(tree, Mapping):
        return Message("a mapping")
    if isinstance(tree, Sequence):
        return Message("a list")
    if tree.value is None or not tree.text.strip():
        return Message("nothing")
    shown = " ".join(tree.text.split())
    return Message.of("`$text`", text=shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}...")


def key_of(entry: Entry) -> Scalar:
    """The key of an entry, for readers of values."""
    return entry.name


@taking(type="object")
def as_mapping(tree: Tree) -> Mapping:
    """A mapping."""
    if isinstance(tree, Mapping):
        return tree
    raise ShapeFault(
        tree.at, "S201", Message.of("expected a mapping (`key: value` lines), found $found", found=describe(tree))
    )


@taking(type="array")
def as_sequence(tree: Tree) -> Sequence:
    """A list."""
    if isinstance(tree, Sequence):
        return tree
    raise ShapeFault(
        tree.at, "S202", Message.of("expected a list (`[a, b]` or `- a` lines), found $found", found=describe(tree))
    )


@taking(type=_PLAIN)
def as_text(tree: Tree) -> str:
    """A text as it was written: `1001` and `1.50` too, for whoever forgets the quotes loses no digit."""
    if isinstance(tree, Scalar) and tree.value is not None:
        return tree.text
    raise ShapeFault(tree.at, "S203", Message.of("expected text, found $found", found=describe(tree)))


@taking(type=_PLAIN, pattern=r"\S")
def as_filled(tree: Tree) -> str:
    """A text that is not blank."""
    text = as_text(tree)
    if text.strip():
        return text
    raise ShapeFault(tree.at, "S203", "expected text, found an empty text")


@taking(type="boolean")
def as_boolean(tree: Tree) -> bool:
    """`true` or `false`; `yes`, `no`, `on` and `off` are texts."""
    if isinstance(tree, Scalar) and isinstance(tree.value, bool):
        return tree.value
    raise ShapeFault(tree.at, "S205", Message.of("expected true or false, found $found", found=describe(tree)))


def whole(least: int, most: int) -> Shape[int]:
    """A reader of whole numbers within bounds, both included."""

    @taking(type="integer", minimum=least, maximum=most)
    def as_whole(tree: Tree) -> int:
        value = tree.value if isinstance(tree, Scalar) else None
        if not isinstance(value, int) or isinstance(value, bool):
            raise ShapeFault(tree.at, "S204", Message.of("expected a whole number, found $found", found=describe(tree)))
        if not least <= value <= most:
            wanted = Message.of(
                "expected a whole number from $least to $most, found $found", least=least, most=most, found=value
            )
            raise ShapeFault(tree.at, "S207", wanted)
        return value

    return as_whole


def span(least: Millis = Millis(0), most: Millis = LONGEST_SPAN) -> Shape[Millis]:
    """A reader of spans: a whole number and `ms`, `s`, `m` or `h`."""

    @taking(type="string", pattern=f"^{_SPAN.pattern}$", examples=("500ms", "5s", "2m", "1h"))
    def as_span(tree: Tree) -> Millis:
        found = _SPAN.fullmatch(tree.text) if isinstance(tree, Scalar) else None
        if found is None:
            wanted = Message.of("expected a span such as 500ms, 5s, 2m or 1h, found $found", found=describe(tree))
            raise ShapeFault(tree.at, "S206", wanted)
        millis = Millis(int(found[1]) * _UNITS[found[2]])
        if not least <= millis <= most:
            bounds = Message.of("expected a span from $least to $most", least=spoken(least), most=spoken(most))
            raise ShapeFault(tree.at, "S207", bounds)
        return millis

    return as_span


def spoken(millis: Millis) -> str:
    """A span as an author writes it: the largest unit that divides it."""
    unit = next((unit for unit in ("h", "m", "s") if millis and millis % _UNITS[unit] == 0), "ms")
    return f"{millis // _UNITS[unit]}{unit}"


def number_range(least: int, most: int) -> Shape[tuple[int, int]]:
    """A reader of `16..19`, or of `6` which is `6..6`."""

    @taking(type=("integer", "string"), minimum=least, maximum=most, pattern=f"^{_RANGE.pattern}$", examples=("16..19",))
    def as_range(tree: Tree) -> tuple[int, int]:
        found = _RANGE.fullmatch(tree.text) if isinstance(tree, Scalar) else None
        if found is None:
            wanted = Message.of("expected a number or a range such as 16..19, found $found", found=describe(tree))
            raise ShapeFault(tree.at, "S208", wanted)
        low, high = int(found[1]), int(found[2] or found[1])
        if not least <= low <= high <= most:
            bounds = Message.of("expected a range within $least..$most, the smaller number first", least=least, most=most)
            raise ShapeFault(tree.at, "S207", bounds)
        return low, high

    return as_range


def matching(pattern: re.Pattern[str], wanted: str) -> Shape[str]:
    """A reader of texts that match a pattern as a whole."""
    kinds = [kind for kind, text in (("integer", "1"), ("number", "1.5"), ("boolean", "true")) if pattern.fullmatch(text)]

    @taking(type=("string", *kinds), pattern=f"^(?:{pattern.pattern})$")
    def as_matching(tree: Tree) -> str:
        text = as_text(tree)
        if pattern.fullmatch(text):
            return text
        raise ShapeFault(tree.at, "S209", Message.of("expected $wanted", wanted=Message(wanted)))

    return as_matching


as_name = matching(_NAME, "a name: letters, digits, _ and -, beginning with a letter, at most 64")
"""A name of a node, flow, queue, prompt, service or skill."""

as_variable = matching(_VARIABLE, "a variable's name: letters, digits and _, beginning with a letter, at most 64")
"""A name that expressions can read."""


def one_of(*choices: str) -> Shape[str]:
    """A reader of one word out of several."""

    @taking(enum=choices)
    def as_choice(tree: Tree) -> str:
        text = as_text(tree)
        if text in choices:
            return text
        raise ShapeFault(tree.at, "S210", Message.of("expected one of $choices", choices=", ".join(choices)))

    return as_choice


@taking(type=_PLAIN)
def as_template(tree: Tree) -> Template:
    """A text in which `{{ expression }}` may stand; see `flows.expressions`."""
    return _compiled(tree, compile_template)


@taking(type=_PLAIN)
def as_expression(tree: Tree) -> Expression:
    """An expression, with or without `{{ }}` around it."""
    return _compiled(tree, lambda text: compile_expression(_bare(text)))


def _bare(text: str) -> str:
    stripped = text.strip()
    inner = stripped[2:-2] if stripped.startswith("{{") and stripped.endswith("}}") else stripped
    # The braces leave blanks behind, so that an error's offset still counts in the text as written.
    return " " * (text.find(inner) if inner else 0) + inner


def _compiled(tree: Tree, compiler: Callable[[str], T]) -> T:
    text = as_text(tree)
    try:
        return compiler(text)
    except ExpressionSyntax as error:
        raise ShapeFault(_within(tree, text, error.offset), "S220", error.message) from error


def _within(tree: Tree, text: str, offset: int) -> Position:
    """The place of a character of a scalar: exact on one line, the scalar's own place when the text is folded."""
    if "\n" in text[:offset] or not isinstance(tree, Scalar):
        return tree.at
    return Position(tree.at.file, tree.at.line, tree.at.column + offset + tree.quoted)

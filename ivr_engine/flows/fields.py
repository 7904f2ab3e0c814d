"""Typed access to one mapping of a file, collecting every problem instead of stopping at the first.

    fields = Fields(mapping, issues, where="collect")
    into = fields.variable("into", required=True)
    low, high = fields.number_range("digits", default=(1, 32), least=1, most=64)
    timeout = fields.span("timeout", default=Millis(5_000))
    fields.finish()                     # reports keys that nobody asked for

A missing or misshapen field is reported at its place and the default is returned, so the caller goes on; whether the result
may be used is decided at the end, by the issues.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import TypeVar

from ivr_engine.core.ids import Millis
from ivr_engine.flows import shapes
from ivr_engine.flows.expressions import Expression, Template, compile_expression, compile_template
from ivr_engine.flows.issues import Issue, Severity
from ivr_engine.flows.messages import Message, message_of
from ivr_engine.flows.tree import Entry, Mapping, Position, Tree

T = TypeVar("T")
D = TypeVar("D")


class Fields:
    """The fields of one mapping. `where` names the mapping in messages: `collect`, `queue cards`."""

    def __init__(self, mapping: Mapping, issues: list[Issue], *, where: str | Message) -> None:
        self.mapping = mapping
        self.issues = issues
        self.where = message_of(where)
        self._asked: dict[str, None] = {}

    @property
    def at(self) -> Position:
        """Where the mapping stands."""
        return self.mapping.at

    def has(self, key: str) -> bool:
        """Whether the author wrote this key."""
        self._asked[key] = None
        return self.mapping.get(key) is not None

    def get(self, key: str) -> Tree | None:
        """The raw value under `key`, for shapes that are decided by looking."""
        self._asked[key] = None
        return self.mapping.get(key)

    def place(self, key: str) -> Position:
        """Where the value of `key` stands, or the mapping when the key is missing."""
        value = self.mapping.get(key)
        return self.at if value is None else value.at

    def error(self, code: str, message: str | Message, *, at: Position | None = None) -> None:
        """Report a problem, by default at the mapping itself."""
        self.issues.append(Issue(at=at or self.at, severity=Severity.ERROR, code=code, message=message_of(message)))

    def read(self, key: str, reader: Callable[[Tree], T], *, default: D, required: bool = False) -> T | D:
        """The value of `key` by any reader of `flows.shapes`, or by one of the caller's own that raises `ShapeFault`."""
        value = self.get(key)
        if required and isinstance(self.mapping, shapes.Asked):
            self.mapping.needs(key)
        if value is None:
            if required:
                self.error("S211", Message.of("$where needs `$key`", where=self.where, key=key))
            return default
        return shapes.read(value, reader, default, self.issues)

    def text(self, key: str, *, default: str = "", required: bool = False) -> str:
        """A text as written."""
        return self.read(key, shapes.as_filled if required else shapes.as_text, default=default, required=required)

    def name(self, key: str, *, default: str = "", required: bool = False) -> str:
        """A name of a node, flow, queue, prompt, service or skill."""
        return self.read(key, shapes.as_name, default=default, required=required)

    def variable(self, key: str, *, default: str = "", required: bool = False) -> str:
        """A name that expressions can read."""
        return self.read(key, shapes.as_variable, default=default, required=required)

    def choice(self, key: str, choices: Iterable[str], *, default: str, required: bool = False) -> str:
        """One word out of several."""
        return self.read(key, shapes.one_of(*choices), default=default, required=required)

    def boolean(self, key: str, *, default: bool = False, required: bool = False) -> bool:
        """`true` or `false`."""
        return self.read(key, shapes.as_boolean, default=default, required=required)

    def integer(self, key: str, *, default: D, least: int = 0, most: int = 10**9, required: bool = False) -> int | D:
        """A whole number within bounds."""
        return self.read(key, shapes.whole(least, most), default=default, required=required)

    def span(
        self, key: str, *, default: D, least: Millis = Millis(0), most: Millis = shapes.LONGEST_SPAN, required: bool = False
    ) -> Millis | D:
        """A span such as `5s`, in milliseconds."""
        return self.read(key, shapes.span(least, most), default=default, required=required)

    def number_range(
        self, key: str, *, default: tuple[int, int], least: int = 0, most: int = 10**6, required: bool = False
    ) -> tuple[int, int]:
        """`16..19`, or `6`, as (fewest, most)."""
        return self.read(key, shapes.number_range(least, most), default=default, required=required)

    def template(self, key: str, *, default: str = "", required: bool = False) -> Template:
        """A text in which `{{ }}` may stand."""
        return self.read(key, shapes.as_template, default=compile_template(default), required=required)

    def expression(self, key: str, *, default: str = "null", required: bool = False) -> Expression:
        """An expression, with or without `{{ }}` around it."""
        return self.read(key, shapes.as_expression, default=compile_expression(default), required=required)

    def entries(self, key: str, *, required: bool = False) -> tuple[Entry, ...]:
        """The entries of the mapping under `key`, for keys the author chooses; none when it is missing or no mapping."""
        found = self.read(key, shapes.as_mapping, default=None, required=required)
        return found.entries if found is not None else ()

    def items(self, key: str, *, required: bool = False) -> tuple[Tree, ...]:
        """The items of the list under `key`; none when it is missing or no list."""
        found = self.read(key, shapes.as_sequence, default=None, required=required)
        return found.items if found is not None else ()

    def each(self, key: str, reader: Callable[[Tree], T], *, required: bool = False) -> tuple[T, ...]:
        """The items of the list under `key`, each by `reader`; those that do not fit are reported and left out."""
        found = (shapes.read(item, reader, None, self.issues) for item in self.items(key, required=required))
        return tuple(item for item in found if item is not None)

    def mapping_of(self, key: str, reader: Callable[[Tree], T], *, required: bool = False) -> dict[str, T]:
        """The mapping under `key` with author-chosen keys, each value by `reader`; those that do not fit are left out."""
        found = {e.key: shapes.read(e.value, reader, None, self.issues) for e in self.entries(key, required=required)}
        return {key: value for key, value in found.items() if value is not None}

    def fields(self, key: str, *, required: bool = False, where: str | Message = "") -> Fields | None:
        """The fields of the mapping under `key`; None when it is missing or no mapping."""
        found = self.read(key, shapes.as_mapping, default=None, required=required)
        return Fields(found, self.issues, where=where or key) if found is not None else None

    def finish(self) -> None:
        """Report the keys nobody asked for, each with the nearest known one."""
        for entry in self.mapping:
            if entry.key not in self._asked:
                what = Message.of("key in $where", where=self.where)
                self.error("S212", unknown(what, entry.key, self._asked), at=entry.key_at)


def unknown(what: str | Message, name: str, known: Iterable[str]) -> Message:
    """`unknown <what> <name>`, with the nearest known name, or all of them when they are few."""
    names, what = list(known), message_of(what)
    nearest = get_close_matches(name, _similar(name, names), n=1, cutoff=0.6)
    if nearest:
        return Message.of("unknown $what: `$name`; did you mean `$nearest`?", what=what, name=name, nearest=nearest[0])
    few = 8
    if names and len(names) <= few:
        listed = ", ".join(f"`{each}`" for each in names)
        return Message.of("unknown $what: `$name`; choose from $names", what=what, name=name, names=listed)
    return Message.of("unknown $what: `$name`", what=what, name=name)


MOST_COMPARED = 1_000  # names looked through for a nearest one: a file with thousands of mistakes must not take minutes


def _similar(name: str, names: list[str]) -> list[str]:
    """The names worth a close comparison: about as long, and beginning or ending alike."""
    ends = {name[:1], name[-1:]}
    return [each for each in names[:MOST_COMPARED] if abs(len(each) - len(name)) <= 3 and ends & {each[:1], each[-1:]}]

"""One YAML file -> `flows.tree`, with the place of every value and every problem as an `Issue`.

libyaml's events are read one by one instead of its composed nodes: events still tell anchors and tags apart from what they
stand for, an alias costs nothing, and depth and size are counted before anything is built. A broken syntax ends the file
(libyaml cannot go on), every other problem is reported and passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

import yaml

from ivr_engine.adapters.flow_files.scalars import loses_a_zero, resolve
from ivr_engine.adapters.flow_files.yaml_faults import explain
from ivr_engine.flows.issues import Issue, Severity
from ivr_engine.flows.messages import Message, message_of
from ivr_engine.flows.tree import Entry, Mapping, Position, Scalar, Sequence, Tree

LARGEST_FILE: Final = 1_000_000  # bytes
DEEPEST: Final = 50  # lists and mappings within each other
MOST_HINTS: Final = 20  # about commented-out # keys, each of which counts the lines before it
MOST_VALUES: Final = 50_000  # scalars, lists and mappings of one file

# What libyaml accepts (YAML 1.2, 5.1), less the line separators that editors do not count as line ends.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_LINE_END = re.compile(r"\r\n|\r|\n")
_BARE_HASH = re.compile(r"^[ ]*#[ ]*:(?=\s|$)", re.MULTILINE)


def parse(content: bytes, file: str, issues: list[Issue]) -> Tree | None:
    """The tree of a file's bytes; None when nothing can be made of it, and then the issues say why."""
    text = _decoded(content, file, issues)
    if text is None:
        return None
    for bare in islice(_BARE_HASH.finditer(text), MOST_HINTS):
        message = Message('this line is a comment; to name the # key, quote it: "#":')
        issues.append(Issue(at=_place(file, text, bare.end() - 2), severity=Severity.WARNING, code="Y116", message=message))
    builder = _Builder(file, yaml.parse(text, Loader=yaml.CLoader), issues)
    try:
        return builder.document()
    except yaml.MarkedYAMLError as error:
        issues.append(explain(error, text, file))
    except _TooMuch as error:
        issues.append(_issue(error.at, "Y114", error.message))
    return None


def _issue(at: Position, code: str, message: str | Message) -> Issue:
    return Issue(at=at, severity=Severity.ERROR, code=code, message=message_of(message))


def _place(file: str, text: str, offset: int) -> Position:
    """The place of the character at `offset`."""
    ends = list(_LINE_END.finditer(text, 0, offset))
    return Position(file, len(ends) + 1, offset - (ends[-1].end() if ends else 0) + 1)


def _decoded(content: bytes, file: str, issues: list[Issue]) -> str | None:
    start = Position(file, 1, 1)
    if len(content) > LARGEST_FILE:
        message = Message.of("the file is larger than $most bytes; split it", most=f"{LARGEST_FILE:,}")
        issues.append(_issue(start, "Y103", message))
        return None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        issues.append(_issue(start, "Y104", "the file is UTF-16; save it as UTF-8"))
        return None
    content = content.removeprefix(b"\xef\xbb\xbf")  # the mark some editors put before UTF-8; harmless
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        at = _place(file, before := content[: error.start].decode(), len(before))
        issues.append(_issue(at, "Y104", "this is not UTF-8; save the file as UTF-8 (GBK and Latin-1 are not read)"))
        return None
    if forbidden := _FORBIDDEN.search(text):
        point = f"U+{ord(forbidden[0]):04X}"
        message = Message.of("the invisible character $point is not allowed; delete it", point=point)
        issues.append(_issue(_place(file, text, forbidden.start()), "Y105", message))
        return None
    return text


def _given_twice(name: str, first: Position) -> Message:
    message = "`$name` is already given at $line:$column; remove one of the two"
    return Message.of(message, name=name, line=first.line, column=first.column)


class _TooMuch(Exception):
    """The file nests too deep or holds too much; reading ends here."""

    def __init__(self, at: Position, message: Message) -> None:
        super().__init__(str(message))
        self.at = at
        self.message = message


class _Builder:
    """Builds the tree of one document from libyaml's events; recursion is bounded by `DEEPEST`."""

    def __init__(self, file: str, events: Iterator[yaml.Event], issues: list[Issue]) -> None:
        self._file = file
        self._events = events
        self._issues = issues
        self._values = 0

    def document(self) -> Tree | None:
        tree: Tree | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent) and tree is not None:
                self._error(self._at(event), "Y117", "a second document begins here; one file holds one document")
                return tree
            if isinstance(event, yaml.NodeEvent):
                tree = self._node(event, 1)
        if tree is None or (isinstance(tree, Scalar) and tree.value is None):
            self._error(Position(self._file, 1, 1), "Y118", "the file is empty")
            return None
        return tree

    def _at(self, event: yaml.Event) -> Position:
        mark = event.start_mark
        return Position(self._file, mark.line + 1, mark.column + 1) if mark is not None else Position(self._file, 1, 1)

    def _error(self, at: Position, code: str, message: str | Message) -> None:
        self._issues.append(_issue(at, code, message))

    def _node(self, event: yaml.Event, depth: int) -> Tree:
        at = self._at(event)
        self._values += 1
        if depth > DEEPEST:
            raise _TooMuch(at, Message.of("lists and mappings nest deeper than $most", most=DEEPEST))
        if self._values > MOST_VALUES:
            message = Message.of("the file holds more than $most values; split it", most=f"{MOST_VALUES:,}")
            raise _TooMuch(at, message)
        self._refuse_marks(event, at)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(at, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(at, depth)
        return self._scalar(event, at)

    def _refuse_marks(self, event: yaml.Event, at: Position) -> None:
        if isinstance(event, yaml.AliasEvent):
            message = 'aliases are not allowed: write the value out, or quote it if it is a text: "*$name"'
            self._error(at, "Y112", Message.of(message, name=event.anchor or ""))
        elif getattr(event, "anchor", None) is not None:
            self._error(at, "Y112", "anchors (`&name`) are not allowed: write the value out where it is used")
        if getattr(event, "tag", None) is not None:
            self._error(at, "Y113", "tags (`!name`) are not allowed: leave the tag out, or quote the text")

    def _scalar(self, event: yaml.Event, at: Position) -> Scalar:
        if not isinstance(event, yaml.ScalarEvent):
            name = getattr(event, "anchor", "")
            return Scalar(at, name, name)  # an alias, reported; its name stands in for it, so that nothing else is reported
        quoted = event.style is not None and event.style != ""
        if quoted:
            return Scalar(at, event.value, event.value, quoted=True)
        if loses_a_zero(event.value):
            message = '$text is read differently by different programs; quote it: "$text"'
            self._error(at, "Y111", Message.of(message, text=event.value))
            return Scalar(at, event.value, event.value)
        return Scalar(at, resolve(event.value), event.value)

    def _sequence(self, at: Position, depth: int) -> Sequence:
        items: list[Tree] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return Sequence(at, tuple(items))

    def _mapping(self, at: Position, depth: int) -> Mapping:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            name = self._key(key, at)
            if name is not None and name in entries:
                first = entries[name].key_at
                self._error(key.at, "Y110", _given_twice(name, first))
            elif name is not None:
                entries[name] = Entry(name, key.at, value)
        return Mapping(at, tuple(entries.values()))

    def _key(self, key: Tree, holder: Position) -> str | None:
        if isinstance(key, Mapping):
            self._error(holder, "Y115", 'a mapping cannot be a key; to use an expression, quote it: "{{ ... }}"')
        elif isinstance(key, Sequence):
            self._error(key.at, "Y115", "a list cannot be a key")
        elif key.text == "<<" and not key.quoted:
            self._error(key.at, "Y112", "merge keys (`<<`) are not allowed: write the fields out")
        elif key.text == "":
            self._error(key.at, "Y115", "the key is empty")
        else:
            return key.text
        return None

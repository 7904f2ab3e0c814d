"""What the readers of the files take, found out by asking them: they are run on values that keep note of what was asked.

    ask(Set.read)  ->  {"type": "object", "properties": {"set": {"type": "object", "additionalProperties": ...}}, ...}

A reader is Python that asks for one field after the other, so its questions are the schema, and no second list of fields can
differ from what is read. It is run as if every value were a mapping, a list and a plain value in turn, what lies inside such
a value again each of them, and once more for each key as if that key were missing: so shapes decided by looking are seen
from every side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any, Literal, TypeVar

from ivr_engine.flows.fields import Fields
from ivr_engine.flows.shapes import Asked, Schema, Shape, as_mapping, as_sequence
from ivr_engine.flows.tree import Entry, Mapping, Position, Scalar, Sequence, Tree

T = TypeVar("T")
D = TypeVar("D")

Form = Literal["mapping", "sequence", "scalar"]
FORMS: tuple[Form, ...] = ("mapping", "sequence", "scalar")
NOWHERE = Position("", 1, 1)
_ANY_KEY = "key"


def ask(reader: Callable[[Fields], object]) -> dict[str, Any]:
    """The schema of the mapping that a reader of fields takes."""

    def read(tree: Tree) -> None:
        assert isinstance(tree, Mapping)  # noqa: S101 - the first one asked about is
        reader(Fields(tree, [], where=""))

    return ask_tree(read)


def ask_tree(reader: Callable[[Tree], object]) -> dict[str, Any]:
    """The schema of what a reader of a whole file takes, which is a mapping."""
    notes = Notes()
    for form, inner in product(FORMS, FORMS):
        reader(_tree(notes, "mapping", _Round(form, inner, "")))
    for key in sorted(notes.keys()):
        for form in FORMS:
            reader(_tree(notes, "mapping", _Round(form, form, key)))
    return notes.schema()


class Notes:
    """What was asked of one place in a file."""

    def __init__(self) -> None:
        self.shapes: list[dict[str, Any]] = []
        self.fields: dict[str, Notes] = {}
        self.required: dict[str, None] = {}
        self.names: Notes | None = None  # of keys that the author chooses
        self.values: Notes | None = None  # under such keys
        self.items: Notes | None = None
        self.is_mapping = False

    def keys(self) -> set[str]:
        """Every key that was asked for, here and below."""
        below = [*self.fields.values(), *(each for each in (self.values, self.items) if each is not None)]
        return set(self.fields).union(*(each.keys() for each in below))

    def note(self, shape: dict[str, Any]) -> None:
        """A reader takes this here."""
        if shape not in self.shapes:
            self.shapes.append(shape)

    def schema(self) -> dict[str, Any]:
        """All that was asked for, any of which may stand here."""
        choices = [*self._structures(), *self.shapes]
        if len(choices) == 1:
            return choices[0]
        return {"anyOf": choices} if choices else {}

    def _structures(self) -> Iterator[dict[str, Any]]:
        if self.is_mapping or self.fields or self.values is not None:
            yield self._mapping()
        if self.items is not None:
            yield {"type": "array", "items": self.items.schema()}

    def _mapping(self) -> dict[str, Any]:
        found: dict[str, Any] = {"type": "object"}
        if self.fields:
            found["properties"] = {key: notes.schema() for key, notes in self.fields.items()}
        if self.required:
            found["required"] = list(self.required)
        if self.names is not None and self.names.shapes and "pattern" in self.names.shapes[0]:
            found["propertyNames"] = {"pattern": self.names.shapes[0]["pattern"]}
        found["additionalProperties"] = self.values.schema() if self.values is not None else False
        return found


class _Round:
    """One time of asking: what values of unasked shape look like, what those in them do, which key is missing."""

    __slots__ = ("form", "inner", "missing")

    def __init__(self, form: Form, inner: Form, missing: str) -> None:
        self.form = form
        self.inner = inner
        self.missing = missing

    def inside(self) -> _Round:
        """The round for what lies in a value whose shape was not asked for."""
        return self if self.form == self.inner else _Round(self.inner, self.inner, self.missing)


class _Any(Asked):
    """A value that may be anything. Subclasses are what `isinstance` of a reader finds."""

    __slots__ = ()
    notes: Notes
    round: _Round

    def by(self, reader: Callable[[Tree], T], default: D) -> T | D:
        """Note the shape; a mapping or list is given as one that can be asked further."""
        schema: Schema = reader.schema if isinstance(reader, Shape) else {}
        structure = _structure(schema)
        if structure is None:
            self.notes.note(dict(schema))
            return default
        if schema.get("type") == ("object", "null"):
            self.notes.note({"type": "null"})
        self.notes.is_mapping |= structure == "mapping"
        return reader(_tree(self.notes, structure, self.round))

    def needs(self, key: str) -> None:
        """Note that this key must be there."""
        self.notes.required[key] = None


def _structure(schema: Schema) -> Form | None:
    if schema == as_sequence.schema:
        return "sequence"
    return "mapping" if schema == as_mapping.schema or schema.get("type") == ("object", "null") else None


class _AnyScalar(_Any, Scalar):
    """Taken for a plain value."""

    __slots__ = ("notes", "round")


class _AnySequence(_Any, Sequence):
    """Taken for a list."""

    __slots__ = ("notes", "round")

    @property
    def items(self) -> tuple[Tree, ...]:
        """One item of each form."""
        self.notes.items = self.notes.items or Notes()
        return tuple(_each_form(self.notes.items, self.round))


class _AnyMapping(_Any, Mapping):
    """Taken for a mapping."""

    __slots__ = ("notes", "round")

    def get(self, key: str) -> Tree | None:
        """A value under a key that the reader knows."""
        notes = self.notes.fields.setdefault(key, Notes())
        return None if key == self.round.missing else _tree(notes, self.round.form, self.round.inside())

    @property
    def entries(self) -> tuple[Entry, ...]:
        """One entry of each form, under a key of the author's choice."""
        self.notes.values = self.notes.values or Notes()
        self.notes.names = self.notes.names or Notes()
        return tuple(_AnyEntry(self.notes.names, value) for value in _each_form(self.notes.values, self.round))

    def __iter__(self) -> Iterator[Entry]:
        """Nothing that is not asked for by name."""
        return iter(())


class _AnyEntry(Entry):
    """An entry with a key of the author's choice."""

    __slots__ = ("_names",)

    def __init__(self, names: Notes, value: Tree) -> None:
        super().__init__(_ANY_KEY, NOWHERE, value)
        object.__setattr__(self, "_names", names)

    @property
    def name(self) -> Scalar:
        """The key, to be asked what it must look like."""
        names: Notes = object.__getattribute__(self, "_names")
        found = _tree(names, "scalar", _Round("scalar", "scalar", ""))
        assert isinstance(found, Scalar)  # noqa: S101 - that form was asked for
        return found


def _each_form(notes: Notes, round_: _Round) -> Iterable[Tree]:
    return (_tree(notes, form, round_) for form in FORMS)


def _tree(notes: Notes, form: Form, round_: _Round) -> Tree:
    kind = _KINDS[form]
    tree = kind.__new__(kind)
    parts: dict[str, object] = {"notes": notes, "round": round_, "at": NOWHERE}
    if form == "scalar":
        parts |= {"value": "", "text": "", "quoted": False}
    for name, value in parts.items():
        object.__setattr__(tree, name, value)  # trees are frozen, and have no other way in
    return tree


_KINDS: dict[Form, type[_AnyMapping | _AnySequence | _AnyScalar]] = {
    "mapping": _AnyMapping,
    "sequence": _AnySequence,
    "scalar": _AnyScalar,
}

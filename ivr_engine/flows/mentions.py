"""Where a piece of a file mentions a word, so that a problem is reported there and not at the piece's beginning."""

from __future__ import annotations

import re

from ivr_engine.flows.tree import Position, Scalar, Sequence, Tree


def find(tree: Tree, word: str) -> Position | None:
    """The first value that is this word or reads it in `{{ }}`, else the first such key."""
    return _value(tree, word) or _key(tree, word)


def _value(tree: Tree, word: str) -> Position | None:
    if isinstance(tree, Scalar):
        return tree.at if tree.text == word or ("{{" in tree.text and _is_read(word, tree.text)) else None
    inner = tree.items if isinstance(tree, Sequence) else [entry.value for entry in tree]
    return next((found for each in inner if (found := _value(each, word)) is not None), None)


def _is_read(word: str, template: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", template) is not None


def _key(tree: Tree, word: str) -> Position | None:
    if isinstance(tree, Scalar):
        return None
    if isinstance(tree, Sequence):
        return next((found for item in tree.items if (found := _key(item, word)) is not None), None)
    here = next((entry.key_at for entry in tree if entry.key == word), None)
    return here or next((found for entry in tree if (found := _key(entry.value, word)) is not None), None)

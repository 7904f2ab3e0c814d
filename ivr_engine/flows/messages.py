"""What is said about a problem: a sentence and its figures, kept apart so that it can be said in another language.

    Message.of("expected a whole number from $least to $most, found $found", least=1, most=9, found="12")

The sentence is English and stands where the problem is found. `flows.messages_zh` holds the same in Chinese.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from typing import Self, Union

Value = Union[str, int, "Message"]
Wordings = Mapping[str, str]
"""Another language's sentence for each English one, with the same `$names`."""

ENGLISH: Wordings = {}


@dataclass(frozen=True, slots=True)
class Message:
    """`template` with `$names`, and the value of each; a value may be a message of its own."""

    template: str
    values: tuple[tuple[str, Value], ...] = ()

    @classmethod
    def of(cls, template: str, **values: Value) -> Self:
        """The message with these values."""
        return cls(template, tuple(values.items()))

    def __str__(self) -> str:
        return self.worded(ENGLISH)

    def worded(self, wordings: Wordings) -> str:
        """The sentence in the language of `wordings`, in English where that has none; one line a terminal can show."""
        template = wordings.get(self.template, self.template)
        if not self.values:
            return printable(template)
        values = {name: value.worded(wordings) if isinstance(value, Message) else value for name, value in self.values}
        return printable(Template(template).substitute(values))


def message_of(text: str | Message) -> Message:
    """A sentence without figures may be given as it stands."""
    return text if isinstance(text, Message) else Message(text)


def printable(text: str) -> str:
    """The text without anything a terminal takes for a command, whatever a key or a file is called."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)

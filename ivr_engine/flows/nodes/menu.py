"""Ask for one key.

    choose:
      menu:
        prompt: welcome
        keys:
          1: balance
          3: {say: welcome, when: "{{ identity.level >= 2 }}", next: end}
          2: {set: {language: en}, next: choose}
          "*": choose
        timeout: 5s
        attempts: 3
      failed: end
    balance: {play: [welcome], next: end}

A key with `when` is there only while that holds, and `say` is said after the prompt, for the keys that are there, in
their order. A key that is not listed says the prompt `invalid_key`, silence says `no_input` (where the centre has
them), and the menu is said again, `attempts` times in all; `retry: {no_input: ..., no_match: ...}` gives words to say
in place of both. Then it leaves by `no_match` or `no_input` if they are given, else by `failed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from ivr_engine.core.ids import NodeName
from ivr_engine.flows import settings, shapes
from ivr_engine.flows.expressions import Expression
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.messages import Message
from ivr_engine.flows.nodes import asking
from ivr_engine.flows.nodes.base import Leave, NodeFacts, Step
from ivr_engine.flows.saying import Line, names_read, prompt_names, read_lines, utter
from ivr_engine.flows.settings import Setting
from ivr_engine.flows.tree import Entry
from ivr_engine.flows.tree import Mapping as TreeMapping
from ivr_engine.flows.utterances import Utterance
from ivr_engine.flows.walk import KEYS, Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Where a key leads, and what it sets on the way."""

    next: NodeName
    sets: Mapping[str, Setting]
    when: Expression | None = None
    says: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu(asking.Asking):
    """Ask for one of the keys of `choices`."""

    KIND: ClassVar[str] = "menu"
    choices: Mapping[str, Choice]

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`menu: {prompt, keys, timeout, attempts, retry, barge_in}`."""
        fields = node.fields(cls.KIND)
        if fields is None:
            return cls(lines=(), choices={})
        timeout, attempts = asking.read_patience(fields)
        lines = read_lines(fields, "prompt")
        choices = {entry.key: _read_choice(entry, fields) for entry in fields.entries("keys", required=True)}
        if not choices and fields.has("keys"):
            fields.error("S310", "a menu needs at least one key", at=fields.place("keys"))
        spec = cls(
            lines=lines,
            timeout=timeout,
            attempts=attempts,
            choices=choices,
            barge_in=fields.boolean("barge_in", default=True),
            retries=asking.read_retries(fields),
        )
        fields.finish()
        return spec

    def facts(self) -> NodeFacts:
        """Leaves by its keys, or when the attempts are used up."""
        says = tuple(line for choice in self.choices.values() for line in choice.says)
        lines = (*self.all_lines, *says)
        conditions = [choice.when for choice in self.choices.values() if choice.when is not None]
        sets = [(name, setting) for choice in self.choices.values() for name, setting in choice.sets.items()]
        return NodeFacts(
            exits=(*self.choices, *asking.EXITS),
            required=(("no_input", "failed"), ("no_match", "failed")),
            keys=tuple(self.choices),
            claims=tuple(self.choices),
            conditions={key: choice.when for key, choice in self.choices.items() if choice.when is not None},
            attempts=self.attempts,
            lines=(*self.lines, *says),
            prompts=prompt_names(lines),
            reads=names_read(lines) | settings.reads(setting for _name, setting in sets) | settings.reads(conditions),
            writes=tuple(name for name, _setting in sets if name != "language"),
            made_from=settings.made_from(sets),
        )

    def own_exits(self) -> Mapping[str, NodeName]:
        """Each key is an exit of its own."""
        return {key: choice.next for key, choice in self.choices.items()}

    def run(self, walk: Walk) -> Step:
        """Ask."""
        walk.note_menu()
        return super(Menu, self).run(walk)

    def returned(self, walk: Walk, leave: Leave) -> Step:
        """Back from the flow of the agent key: ask again."""
        del leave
        return self.run(walk)

    def begins(self, key: str) -> bool:
        """See Asking. A key with a condition counts: whether it is there shows only then."""
        return key in self.choices

    def question(self, walk: Walk) -> tuple[Utterance, ...]:
        """The prompt, then the words of each key that is there."""
        offered = [
            line for choice in self.choices.values() if choice.says and _is_there(walk, choice) for line in choice.says
        ]
        return utter(walk, (*self.lines, *offered))

    def accept(self, walk: Walk, keys: str) -> Step | None:
        """Set what the key sets and leave by it."""
        choice = self.choices.get(keys)
        if choice is None or not _is_there(walk, choice):
            return None
        for name, setting in choice.sets.items():
            walk.assign(name, walk.value(setting), secret=walk.is_secret(setting))
        return keys


def _is_there(walk: Walk, choice: Choice) -> bool:
    return choice.when is None or bool(walk.value(choice.when))


def _read_choice(entry: Entry, fields: Fields) -> Choice:
    if entry.key not in KEYS or len(entry.key) != 1:
        message = Message.of("`$key` is not a key of a telephone: 0 to 9, `*` or `#` (in quotes)", key=entry.key)
        fields.error("S311", message, at=entry.key_at)
    if not isinstance(entry.value, TreeMapping):
        return Choice(next=NodeName(shapes.read(entry.value, shapes.as_name, "", fields.issues)), sets={})
    inner = Fields(entry.value, fields.issues, where=Message.of("key $name", name=entry.key))
    choice = Choice(
        next=NodeName(inner.name("next", required=True)),
        sets=settings.read_assignments(inner.entries("set"), fields.issues),
        when=inner.expression("when") if inner.has("when") else None,
        says=read_lines(inner, "say", required=False),
    )
    inner.finish()
    return choice

"""The tree of a tests file -> conversation tests, every problem with its place and a code of T5xx (or of the shape, S2xx).

A file holds one test, or a list of tests. See docs/testing-flows.md for the language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from ivr_engine.core.ids import Instant
from ivr_engine.core.outcomes import Disposition
from ivr_engine.flows import shapes
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.fields import Fields, unknown
from ivr_engine.flows.issues import Issue
from ivr_engine.flows.messages import Message
from ivr_engine.flows.shapes import ShapeFault
from ivr_engine.flows.tree import Entry, Sequence, Tree
from ivr_engine.testing.clock import START
from ivr_engine.testing.rehearsal.names import known, known_agent, known_language, known_node, plain
from ivr_engine.testing.rehearsal.outside import read_outside
from ivr_engine.testing.rehearsal.script import Answer, ConversationTest, Ends, Step
from ivr_engine.testing.rehearsal.steps import read_step

CALLER = "13800138000"


def read_tests(tree: Tree, centre: CentreDefinition, issues: list[Issue]) -> tuple[ConversationTest, ...]:
    """The tests of one file; those with a problem are left out, and the problem is among the issues."""
    items = tree.items if isinstance(tree, Sequence) else (tree,)
    return tuple(test for item in items if (test := _sound(item, centre, issues)) is not None)


def name_twice(tests: Iterable[ConversationTest]) -> list[Issue]:
    """The tests whose name another one before them has."""
    first: dict[str, ConversationTest] = {}
    return [
        ShapeFault(
            test.at,
            "T509",
            Message.of("another test is called `$name` already, in $place", name=test.name, place=_place(first[test.name])),
        ).issue()
        for test in tests
        if first.setdefault(test.name, test) is not test
    ]


def _place(test: ConversationTest) -> str:
    return f"{test.at.file}:{test.at.line}"


def _sound(tree: Tree, centre: CentreDefinition, issues: list[Issue]) -> ConversationTest | None:
    before = len(issues)
    mapping = shapes.read(tree, shapes.as_mapping, None, issues)
    test = read_fields(Fields(mapping, issues, where="a test"), centre) if mapping is not None else None
    return test if len(issues) == before else None


def read_fields(fields: Fields, centre: CentreDefinition) -> ConversationTest:
    """One test."""
    test = ConversationTest(
        name=fields.text("test", required=True),
        at=fields.place("test"),
        number=fields.read("number", _number(centre), default="", required=True),
        caller=fields.text("caller", default=CALLER),
        reroute=fields.read("reroute", known(centre.flows, "T515", "flow"), default=""),
        instant=fields.read("at", _instant, default=START),
        answers=_answers(fields, centre) | read_outside(fields, centre),
        steps=_steps(fields, centre),
        ends=_ends(fields, centre),
    )
    fields.finish()
    return test


def _number(centre: CentreDefinition) -> Callable[[Tree], str]:
    def as_number(tree: Tree) -> str:
        number = shapes.as_text(tree)
        if number in centre.numbers:
            return number
        raise ShapeFault(tree.at, "T502", unknown("number", number, centre.numbers))

    return as_number


def _instant(tree: Tree) -> Instant:
    text = shapes.as_text(tree)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ShapeFault(tree.at, "T505", "expected a moment with its time zone, such as 2026-03-02T10:00:00+08:00")
    return Instant(round(moment.timestamp() * 1_000))


def _steps(fields: Fields, centre: CentreDefinition) -> tuple[Step, ...]:
    read = [read_step(item, centre, fields.issues) for item in fields.items("steps", required=True)]
    return tuple(step for step in read if step is not None)


def _answers(fields: Fields, centre: CentreDefinition) -> dict[str, tuple[Answer, ...]]:
    found: dict[str, tuple[Answer, ...]] = {}
    for entry in fields.entries("services"):
        service, dot, operation = entry.key.partition(".")
        if not dot or not operation:
            fields.error(
                "T506", Message.of("`$key` is not SERVICE.OPERATION, such as host.balance", key=entry.key), at=entry.key_at
            )
        elif service not in centre.services:
            fields.error("T506", unknown("service", service, centre.services), at=entry.key_at)
        found[entry.key] = _in_turn(entry)
    return found


def _in_turn(entry: Entry) -> tuple[Answer, ...]:
    tree = entry.value
    if isinstance(tree, Sequence):
        return tuple(Answer(at=item.at, body=plain(item)) for item in tree.items)
    return (Answer(at=entry.key_at, body=plain(tree), always=True),)


def _ends(fields: Fields, centre: CentreDefinition) -> Ends | None:
    inner = fields.fields("ends")
    if inner is None:
        return None
    disposition = inner.choice("disposition", [*Disposition], default="")
    ends = Ends(
        at=fields.place("ends"),
        node=inner.read("node", known_node(centre), default=""),
        disposition=Disposition(disposition) if disposition else None,
        language=inner.read("language", known_language(centre), default=""),
        queue=inner.read("queue", known(centre.queues, "T512", "queue"), default=""),
        agent=inner.read("agent", known_agent(centre), default=""),
        answers=_kept(inner, centre),
        faults=inner.each("faults", shapes.as_name),
    )
    inner.finish()
    return ends


def _kept(fields: Fields, centre: CentreDefinition) -> dict[str, str]:
    for entry in fields.entries("answers"):
        if entry.key not in centre.answers:
            fields.error("T510", unknown("answer kept in the call record", entry.key, centre.answers), at=entry.key_at)
    return fields.mapping_of("answers", shapes.as_text)

"""The tree of one step -> the step: `- press: "1"`, `- hangs_up`, `- {agent: answers, who: "1001"}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ivr_engine.core.ids import AgentId, Millis
from ivr_engine.core.outcomes import OfferOutcome, QueueOutcome
from ivr_engine.flows import shapes
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.fields import Fields, unknown
from ivr_engine.flows.issues import Issue
from ivr_engine.flows.messages import Message
from ivr_engine.flows.shapes import ShapeFault
from ivr_engine.flows.tree import Entry, Position, Scalar, Sequence, Tree
from ivr_engine.flows.tree import Mapping as TreeMapping
from ivr_engine.testing.rehearsal.names import known_agent, known_language, known_node, known_prompt, plain
from ivr_engine.testing.rehearsal.script import (
    RINGS,
    AgentActs,
    Expects,
    HangsUp,
    Hears,
    Interrupts,
    Presses,
    QueueEnds,
    ScriptEnds,
    Speaks,
    Step,
    Talks,
    Transfers,
    Waits,
    Words,
)

_KEYS = re.compile(r"[0-9*#]{1,64}", re.ASCII)
_SAID = ("text", "money", "digits", "number", "date", "time")
AGENT_DOES: Mapping[str, OfferOutcome | None] = {
    "answers": OfferOutcome.ANSWERED,
    "declines": OfferOutcome.DECLINED,
    "no_answer": OfferOutcome.NO_ANSWER,
    "busy": OfferOutcome.BUSY,
    "unreachable": OfferOutcome.UNREACHABLE,
    "failed": OfferOutcome.FAILED,
    RINGS: None,
}
TRANSFER_ENDS: Mapping[str, OfferOutcome] = {word: end for word, end in AGENT_DOES.items() if end is not None}
_NO_END = (QueueOutcome.ANSWERED, QueueOutcome.ABANDONED, QueueOutcome.OVERFLOWED, QueueOutcome.FLOWOUT)
QUEUE_ENDS = [str(each) for each in QueueOutcome if each not in _NO_END]
NO_VALUE = ("waits", "hangs_up")


class StepFields(Fields):
    """The fields of one step; `centre` is what its names are looked up in, `kind_at` where its kind stands."""

    def __init__(self, mapping: TreeMapping, issues: list[Issue], *, centre: CentreDefinition, kind_at: Position) -> None:
        super().__init__(mapping, issues, where="a step")
        self.centre = centre
        self.kind_at = kind_at


def read_step(tree: Tree, centre: CentreDefinition, issues: list[Issue]) -> Step | None:
    """The step, or None; a misshapen part of it is among the issues."""
    mapping = shapes.read(tree, _as_step, None, issues)
    if mapping is None:
        return None
    kinds = [entry for entry in mapping if entry.key in READERS]
    if len(kinds) != 1:
        issues.append(_no_kind(mapping, len(kinds)).issue())
        return None
    fields = StepFields(mapping, issues, centre=centre, kind_at=kinds[0].key_at)
    step = READERS[kinds[0].key](fields)
    fields.finish()
    return step


def _as_step(tree: Tree) -> TreeMapping:
    """A mapping; a step without a value may be written as its word alone."""
    if isinstance(tree, Scalar) and tree.text in NO_VALUE:
        return TreeMapping(tree.at, (Entry(tree.text, tree.at, Scalar(tree.at, None, "")),))
    if isinstance(tree, TreeMapping):
        return tree
    raise ShapeFault(
        tree.at, "T507", Message.of('expected a step such as `press: "1"`, found $found', found=shapes.describe(tree))
    )


def _no_kind(mapping: TreeMapping, count: int) -> ShapeFault:
    if count:
        return ShapeFault(mapping.at, "T507", "a step does one thing; make it two steps")
    first = mapping.entries[0].key if mapping.entries else ""
    return ShapeFault(mapping.at, "T507", unknown("kind of step", first, READERS))


def _hears(fields: StepFields) -> Step:
    tree = fields.get("hears")
    items = tree.items if isinstance(tree, Sequence) else (tree,) if tree is not None else ()
    words = [shapes.read(item, _words(fields), None, fields.issues) for item in items]
    if not items:
        fields.error("T513", '`hears` needs the name of a prompt, or a value such as {money: "12.50"}')
    return Hears(at=fields.kind_at, words=tuple(each for each in words if each is not None))


def _words(fields: StepFields) -> Callable[[Tree], Words]:
    def as_words(tree: Tree) -> Words:
        if isinstance(tree, Scalar):
            return Words("prompt", known_prompt(fields.centre)(tree))
        inner = Fields(shapes.as_mapping(tree), fields.issues, where="a value that is heard")
        kinds = [kind for kind in _SAID if inner.has(kind)]
        if len(kinds) != 1:
            raise ShapeFault(
                tree.at,
                "T513",
                Message.of("expected exactly one of $kinds", kinds=", ".join(f"`{kind}:`" for kind in _SAID)),
            )
        words = Words(kinds[0], inner.text(kinds[0]), inner.text("currency") if kinds[0] == "money" else "")
        inner.finish()
        return words

    return as_words


def _as_keys(tree: Tree) -> str:
    text = shapes.as_text(tree)
    if _KEYS.fullmatch(text):
        return text
    raise ShapeFault(tree.at, "T504", 'expected keys of a telephone, in quotes: 0 to 9, * and #, such as "1" or "6222#"')


def _presses(fields: StepFields) -> Step:
    return Presses(at=fields.kind_at, keys=fields.read("press", _as_keys, default="", required=True))


def _interrupts(fields: StepFields) -> Step:
    keys = fields.read("interrupts", _as_keys, default="", required=True)
    if len(keys) > 1:
        fields.error("T504", "one key interrupts a prompt; press the others in a step of their own")
    return Interrupts(at=fields.kind_at, key=keys)


def _waits(fields: StepFields) -> Step:
    tree = fields.get("waits")
    bare = isinstance(tree, Scalar) and tree.value is None
    span = None if bare else fields.span("waits", default=None, least=Millis(1))
    return Waits(at=fields.kind_at, span=span)


def _hangs_up(fields: StepFields) -> Step:
    fields.get("hangs_up")
    return HangsUp(at=fields.kind_at)


def _agent(fields: StepFields) -> Step:
    word = fields.choice("agent", AGENT_DOES, default=RINGS, required=True)
    who: AgentId | None = fields.read("who", known_agent(fields.centre), default=None)
    return AgentActs(at=fields.kind_at, outcome=AGENT_DOES[word], who=who, after=fields.span("after", default=None))


def _talks(fields: StepFields) -> Step:
    return Talks(at=fields.kind_at, span=fields.span("talks", default=Millis(0), required=True))


def _queue(fields: StepFields) -> Step:
    word = fields.choice("queue", QUEUE_ENDS, default="timeout", required=True)
    return QueueEnds(at=fields.kind_at, outcome=QueueOutcome(word))


def _speaks(fields: StepFields) -> Step:
    return Speaks(at=fields.kind_at, span=fields.span("speaks", default=Millis(0), required=True))


def _transfer(fields: StepFields) -> Step:
    word = fields.choice("transfer", TRANSFER_ENDS, default="failed", required=True)
    return Transfers(at=fields.kind_at, outcome=TRANSFER_ENDS[word])


def _script(fields: StepFields) -> Step:
    tree = fields.get("script")
    if isinstance(tree, Scalar) and tree.text == "failed":
        return ScriptEnds(at=fields.kind_at, values=None)
    return ScriptEnds(at=fields.kind_at, values=fields.mapping_of("script", shapes.as_text, required=True))


def _expects(fields: StepFields) -> Step:
    inner = fields.fields("expects", required=True)
    if inner is None:
        return Expects(at=fields.kind_at)
    step = Expects(
        at=fields.kind_at,
        node=inner.read("node", known_node(fields.centre), default=""),
        language=inner.read("language", known_language(fields.centre), default=""),
        variables={entry.key: plain(entry.value) for entry in inner.entries("variables")},
    )
    inner.finish()
    return step


READERS: Mapping[str, Callable[[StepFields], Step]] = {
    "hears": _hears,
    "press": _presses,
    "interrupts": _interrupts,
    "waits": _waits,
    "hangs_up": _hangs_up,
    "agent": _agent,
    "talks": _talks,
    "queue": _queue,
    "speaks": _speaks,
    "transfer": _transfer,
    "script": _script,
    "expects": _expects,
}

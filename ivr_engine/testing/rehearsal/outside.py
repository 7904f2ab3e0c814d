"""What comes of recordings, transfers and scripts, said beside the answers of services: in tests and in simulations.

records: {leave_word: 20s}                  # by node: the caller speaks so long, or `empty`
transfers: {fraud_desk: [busy, answers]}    # by name in centre.yaml: what comes of the first, the second
scripts: {points: {POINTS: "120"}}          # by name in centre.yaml: what it sets, or `failed`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ivr_engine.core.ids import Millis
from ivr_engine.core.outcomes import OfferOutcome
from ivr_engine.flows import shapes
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.fields import Fields, unknown
from ivr_engine.flows.messages import Message
from ivr_engine.flows.shapes import ShapeFault, taking
from ivr_engine.flows.tree import Entry, Scalar, Tree
from ivr_engine.flows.tree import Mapping as TreeMapping
from ivr_engine.flows.tree import Sequence as TreeSequence
from ivr_engine.flows.waits import (
    Json,
    RecordWait,
    Reply,
    ScriptOver,
    ScriptWait,
    TransferOver,
    TransferWait,
    VoiceTaken,
    Wait,
)
from ivr_engine.testing.rehearsal.names import known_node, plain
from ivr_engine.testing.rehearsal.script import Answer
from ivr_engine.testing.rehearsal.steps import TRANSFER_ENDS
from ivr_engine.testing.rehearsal.visit import PICKS_UP_AFTER

EMPTY, FAILED = "empty", "failed"
TALK: Final = Millis(60_000)
SCRIPT_TAKES: Final = Millis(10_000)
KINDS: Final = ("records", "transfers", "scripts")


def line_of(wait: Wait | None, node: str) -> str:
    """The name under which a script says what comes of this wait; empty: it is no such wait."""
    if isinstance(wait, RecordWait):
        return f"records {node}"
    if isinstance(wait, TransferWait):
        return f"transfers {wait.to}"
    return f"scripts {wait.script}" if isinstance(wait, ScriptWait) else ""


def reply_to(wait: RecordWait | TransferWait | ScriptWait, said: Json) -> tuple[Reply, Millis]:
    """What comes of it, and how long that takes. `said` is as the readers here leave it."""
    if isinstance(wait, RecordWait):
        lasted = Millis(min(said, wait.longest)) if isinstance(said, int) else Millis(0)
        return VoiceTaken(name=wait.name, lasted=lasted), lasted
    if isinstance(wait, TransferWait):
        outcome = TRANSFER_ENDS.get(str(said), OfferOutcome.FAILED)
        talked = TALK if outcome is OfferOutcome.ANSWERED else Millis(0)
        return TransferOver(to=wait.to, outcome=outcome, talked=talked), Millis(PICKS_UP_AFTER + talked)
    values = {name: str(value) for name, value in said.items()} if isinstance(said, dict) else {}
    return ScriptOver(done=isinstance(said, dict), values=values), SCRIPT_TAKES


def read_outside(fields: Fields, centre: CentreDefinition) -> dict[str, tuple[Answer, ...]]:
    """The three fields of a test, by the names of `line_of`."""
    found: dict[str, tuple[Answer, ...]] = {}
    for entry in fields.entries("records"):
        shapes.read(entry.name, known_node(centre), "", fields.issues)
        found[f"records {entry.key}"] = _in_turn(entry, as_recording, fields)
    for kind, what, reader in (("transfers", "transfer", as_transfer), ("scripts", "script", as_script)):
        there_are = getattr(centre, kind)
        for entry in fields.entries(kind):
            if entry.key not in there_are:
                fields.error("T516", unknown(what, entry.key, there_are), at=entry.key_at)
            found[f"{kind} {entry.key}"] = _in_turn(entry, reader, fields)
    return found


def _in_turn(entry: Entry, reader: shapes.Shape[Json], fields: Fields) -> tuple[Answer, ...]:
    """One for every time, or a list in turn."""
    tree = entry.value
    if isinstance(tree, TreeSequence):
        items = ((item, shapes.read(item, reader, None, fields.issues)) for item in tree.items)
        return tuple(Answer(at=item.at, body=body) for item, body in items)
    return (Answer(at=entry.key_at, body=shapes.read(tree, reader, None, fields.issues), always=True),)


@taking(type="string", pattern="^(empty|[0-9]{1,9}(ms|s|m|h))$", examples=("20s", EMPTY))
def as_recording(tree: Tree) -> Json:
    """How long the caller speaks, in milliseconds."""
    if isinstance(tree, Scalar) and tree.text == EMPTY:
        return 0
    return shapes.span()(tree)


@taking(enum=tuple(TRANSFER_ENDS))
def as_transfer(tree: Tree) -> Json:
    """What comes of a transfer."""
    return shapes.one_of(*TRANSFER_ENDS)(tree)


@taking(anyOf=({"const": FAILED}, {"type": "object"}))
def as_script(tree: Tree) -> Json:
    """What a script sets, or that it failed."""
    if isinstance(tree, Scalar) and tree.text == FAILED:
        return FAILED
    if isinstance(tree, TreeMapping):
        return plain(tree)
    message = Message.of("expected what the script sets, or failed, found $found", found=shapes.describe(tree))
    raise ShapeFault(tree.at, "T517", message)


class ScriptedOutside:
    """For simulations: what was scripted, in turn, the last one from then on; all else goes well."""

    def __init__(self, said: Mapping[str, Sequence[Json]] | None = None) -> None:
        self._left = {name: list(each) for name, each in (said or {}).items()}

    def reply(self, wait: RecordWait | TransferWait | ScriptWait, node: str) -> tuple[Reply, Millis]:
        """What comes of it, and how long that takes."""
        left = self._left.get(line_of(wait, node))
        if not left:
            return reply_to(wait, _well(wait))
        return reply_to(wait, left.pop(0) if len(left) > 1 else left[0])


def _well(wait: RecordWait | TransferWait | ScriptWait) -> Json:
    if isinstance(wait, RecordWait):
        return 10_000
    return "answers" if isinstance(wait, TransferWait) else dict.fromkeys(wait.read, "1")

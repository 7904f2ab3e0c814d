"""The JSON Schema of conversation tests, made by asking their readers (see `flows.outline`); names are free."""

from __future__ import annotations

from typing import Any

from ivr_engine.core.ids import Language
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.outline import NOWHERE, ask
from ivr_engine.flows.schemas import titled
from ivr_engine.testing.rehearsal.outside import FAILED, as_recording
from ivr_engine.testing.rehearsal.reader import read_fields
from ivr_engine.testing.rehearsal.steps import NO_VALUE, READERS, TRANSFER_ENDS, StepFields

Schema = dict[str, Any]

_NOTES = {
    "test": ("Its name: what the caller wants.", "balance by card"),
    "number": ("The number dialled, in quotes.", "95500"),
    "at": ("When; with its time zone.", "2026-03-02T10:00:00+08:00"),
    "caller": ("The caller's own number.", "13800138000"),
    "reroute": ("The flow to which operations send the number meanwhile.", "emergency"),
    "services": (
        "What services answer, by service.operation; a list is in turn.",
        {"host.get": "timeout"},
    ),
    "records": ("By node: how long the caller speaks, or empty.", {"leave_word": "20s"}),
    "transfers": ("By name in centre.yaml: what comes of it.", {"fraud_desk": "busy"}),
    "scripts": ("By name in centre.yaml: what it sets, or failed.", {"points": {"POINTS": "120"}}),
    "steps": ("What the caller hears and does, in order.", [{"press": "1"}, "waits"]),
    "ends": ("How the call must end; with it, the call must end by itself.", {"disposition": "self_served"}),
}


def schema_of_tests() -> Schema:
    """A file of tests: one, or a list."""
    test = ask(lambda fields: read_fields(fields, _NO_CENTRE))
    test["properties"]["steps"]["items"] = {"anyOf": [{"enum": list(NO_VALUE)}, *map(_step, READERS)]}
    outside: dict[str, Schema] = {"services": {}, "records": _RECORD, "transfers": _TRANSFER, "scripts": _SCRIPT}
    for name, kinds in outside.items():
        several: Schema = {"anyOf": [kinds, {"type": "array", "items": kinds}]} if kinds else {}
        test["properties"][name] = {"type": "object", "additionalProperties": several}
    for name, (description, example) in _NOTES.items():
        test["properties"][name] |= {"description": description, "examples": [example]}
    one_or_more = {"anyOf": [{"$ref": "#/definitions/test"}, {"type": "array", "items": {"$ref": "#/definitions/test"}}]}
    return titled("Conversations that must go as written", {"definitions": {"test": test}, **one_or_more})


def _step(kind: str) -> Schema:
    """One kind of step; its value may be anything where only the centre can tell."""

    def read(fields: Fields) -> None:
        asked = StepFields(fields.mapping, [], centre=_NO_CENTRE, kind_at=NOWHERE)
        READERS[kind](asked)

    schema = ask(read)
    schema["properties"].setdefault(kind, {})
    if kind in ("hears", "script", "waits", "expects"):
        schema["properties"][kind] = {}
    return {**schema, "required": [kind]}


_RECORD: Schema = dict(as_recording.schema)
_TRANSFER: Schema = {"enum": list(TRANSFER_ENDS)}
_SCRIPT: Schema = {"anyOf": [{"const": FAILED}, {"type": "object"}]}
_NO_CENTRE = CentreDefinition(
    name="",
    version="",
    folder="",
    languages=(Language(""),),
    numbers={},
    flows={},
    queues={},
    services={},
    skills=(),
    agents={},
    prompts={},
)

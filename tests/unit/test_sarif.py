"""SARIF for every broken file at hand, held to what its 2.1.0 schema demands of the parts used, and what code hosts need.

Sections of OASIS sarif-v2.1.0: 3.13 log file, 3.14 run, 3.19 tool component, 3.27 result, 3.29 physical location,
3.30 region, 3.35 suppression, 3.49 reporting descriptor.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import jsonschema
import pytest

from ivr_engine.adapters.flow_files import load_centre
from ivr_engine.cli.sarif import sarif
from tests.flows.corpus import BAD, Case

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
RULE = {
    "type": "object",
    "required": ["id", "shortDescription", "help"],
    "properties": {"id": {"type": "string", "minLength": 1}, "shortDescription": TEXT, "help": TEXT},
    "additionalProperties": False,
}
DRIVER = {
    "type": "object",
    "required": ["name", "rules"],
    "properties": {
        "name": {"type": "string"},
        "version": {"type": "string"},
        "rules": {"type": "array", "items": RULE, "uniqueItems": True},
    },
    "additionalProperties": False,
}
REGION = {
    "type": "object",
    "required": ["startLine"],
    "properties": {"startLine": {"type": "integer", "minimum": 1}, "startColumn": {"type": "integer", "minimum": 1}},
    "additionalProperties": False,
}
ARTIFACT = {
    "type": "object",
    "required": ["uri"],
    "properties": {"uri": {"type": "string", "minLength": 1}, "uriBaseId": {"const": "%SRCROOT%"}},
    "additionalProperties": False,
}
PHYSICAL = {
    "type": "object",
    "required": ["artifactLocation", "region"],
    "properties": {"artifactLocation": ARTIFACT, "region": REGION},
    "additionalProperties": False,
}
LOCATION = {"type": "object", "required": ["physicalLocation"], "properties": {"physicalLocation": PHYSICAL}}
SUPPRESSION = {
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": {"enum": ["inSource", "external"]}, "status": {"enum": ["accepted", "underReview", "rejected"]}},
    "additionalProperties": False,
}
RESULT = {
    "type": "object",
    "required": ["ruleId", "ruleIndex", "level", "message", "locations"],
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": TEXT,
        "locations": {"type": "array", "items": LOCATION, "minItems": 1},
        "suppressions": {"type": "array", "items": SUPPRESSION, "uniqueItems": True},
    },
    "additionalProperties": False,
}
RUN = {
    "type": "object",
    "required": ["tool", "results"],
    "properties": {
        "tool": {"type": "object", "required": ["driver"], "properties": {"driver": DRIVER}, "additionalProperties": False},
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "results": {"type": "array", "items": RESULT},
    },
    "additionalProperties": False,
}
LOG = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"type": "string", "pattern": "^https://docs.oasis-open.org/sarif/.*sarif-schema-2.1.0.json$"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": RUN, "minItems": 1},
    },
    "additionalProperties": False,
}
BY_HAND = [Case(path) for path in sorted(BAD.glob("*/*.yaml")) if "made_" not in path.name]


def log_of(case: Case, folder: Path) -> dict[str, Any]:
    case.found(folder)
    issues = load_centre(folder / "centre").issues
    log: dict[str, Any] = json.loads(json.dumps(sarif(issues, issues[:1], {})))
    return log


@pytest.mark.parametrize("case", BY_HAND, ids=lambda case: case.name)
def test_every_log_is_valid_and_points_into_its_files(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    log = log_of(case, tmp_path)
    jsonschema.Draft7Validator(LOG).validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        for location in result["locations"]:
            points_into_a_file(location["physicalLocation"], tmp_path)


def points_into_a_file(place: dict[str, Any], root: Path) -> None:
    """A relative URI without scheme, backslash or way out of the root, whose file has that line."""
    artifact, region = place["artifactLocation"], place["region"]
    parts = urlsplit(artifact["uri"])
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
    assert not parts.path.startswith("/")
    assert ".." not in parts.path.split("/")
    assert artifact["uri"].isascii()
    assert "\\" not in artifact["uri"]
    assert artifact["uriBaseId"] == "%SRCROOT%"
    file = root / unquote(artifact["uri"])
    if file.is_file():
        lines = file.read_bytes().decode("utf-8", "replace").splitlines()
        assert region["startLine"] <= max(1, len(lines)) + 1

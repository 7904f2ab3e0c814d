"""Problems as SARIF 2.1.0 (OASIS standard), which code hosts and editors show at the place in the file."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ivr_engine.flows.issues import Issue
    from ivr_engine.flows.messages import Wordings

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
Object = dict[str, Any]


def sarif(issues: Sequence[Issue], waived: Sequence[Issue], wordings: Wordings) -> Object:
    """One run with a result per problem; what norms.yaml waives is there too, marked as suppressed."""
    codes = list(dict.fromkeys(issue.code for issue in (*issues, *waived)))
    results = [_result(issue, codes, wordings) for issue in issues]
    results += [_result(issue, codes, wordings) | {"suppressions": [_SUPPRESSION]} for issue in waived]
    driver = {"name": "ivr-engine", "version": version("ivr-engine"), "rules": [_rule(code) for code in codes]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


_SUPPRESSION: Object = {"kind": "external", "status": "accepted"}


def _rule(code: str) -> Object:
    page = f"docs/norms.md, {code}" if code.startswith("N-") else f"docs/problems.md#{code.lower()}"
    help_text = f"What it means and what to do: {page}"
    return {
        "id": code,
        "shortDescription": {"text": f"Problem {code} of a contact centre's files"},
        "help": {"text": help_text},
    }


def _result(issue: Issue, codes: list[str], wordings: Wordings) -> Object:
    return {
        "ruleId": issue.code,
        "ruleIndex": codes.index(issue.code),
        "level": str(issue.severity),  # SARIF's own words
        "message": {"text": issue.message.worded(wordings)},
        "locations": [{"physicalLocation": _place(issue)}],
    }


def _from_here(file: str) -> PurePath:
    """The path from where the command was run, which a code host takes for the root; as it is where it lies elsewhere."""
    path = Path(os.path.normpath(Path.cwd() / file))
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _place(issue: Issue) -> Object:
    path = _from_here(issue.at.file)
    if path.is_absolute():
        artifact: Object = {"uri": path.as_uri()}
    else:
        artifact = {"uri": quote(path.as_posix()), "uriBaseId": "%SRCROOT%"}
    return {"artifactLocation": artifact, "region": {"startLine": issue.at.line, "startColumn": issue.at.column}}

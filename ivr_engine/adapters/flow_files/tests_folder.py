"""The conversation tests beside a centre's flows: DIR/tests/*.yaml as trees."""

from __future__ import annotations

from pathlib import Path

from ivr_engine.adapters.flow_files.yaml_tree import LARGEST_FILE, parse
from ivr_engine.flows.issues import Issue, Severity
from ivr_engine.flows.messages import Message
from ivr_engine.flows.tree import Position, Tree

FOLDER = "tests"


def read_tests_folder(folder: Path, issues: list[Issue]) -> tuple[Tree, ...]:
    """The files in the order of their names; what cannot be read is among the issues. Never raises for what it finds."""
    tests = folder / FOLDER
    try:
        paths = sorted(path for path in tests.iterdir() if path.suffix == ".yaml") if tests.is_dir() else []
    except OSError as error:
        issues.append(
            _issue(tests, "T501", Message.of("this cannot be read: $reason", reason=error.strerror or "unknown reason"))
        )
        return ()
    if not paths:
        issues.append(
            _issue(tests, "T501", Message("there are no tests here; put them into files such as tests/balance.yaml"))
        )
    trees = [_tree(path, issues) for path in paths]
    return tuple(tree for tree in trees if tree is not None)


def _tree(path: Path, issues: list[Issue]) -> Tree | None:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        issues.append(
            _issue(path, "T501", Message.of("this cannot be read: $reason", reason=error.strerror or "unknown reason"))
        )
        return None
    return parse(content, str(path), issues)


def _issue(path: Path, code: str, message: Message) -> Issue:
    return Issue(at=Position(str(path), 1, 1), severity=Severity.ERROR, code=code, message=message)

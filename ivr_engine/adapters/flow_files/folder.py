"""One folder -> one centre: which files belong to it, what they say, and the version they make together."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ivr_engine.adapters.flow_files.yaml_tree import LARGEST_FILE, parse
from ivr_engine.core.ids import Language
from ivr_engine.flows.assembly import CentreTrees, assemble
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.issues import Issue, Severity
from ivr_engine.flows.tree import Mapping, Position, Tree

MOST_FILES: Final = 1_000  # YAML files of one folder
LARGEST_RECORDING: Final = 50_000_000  # bytes: an hour of telephone sound
VERSION_DIGITS: Final = 12  # of SHA-256, in hexadecimal: 48 bits, plenty for the versions one centre ever has
_NOT_FLOWS: Final = frozenset({"centre.yaml", "agents.yaml", "norms.yaml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedCentre:
    """What loading brought: the centre, or None when any issue is an error; and every problem, in the order of the files."""

    definition: CentreDefinition | None
    issues: tuple[Issue, ...]
    digests: dict[str, str] = field(default_factory=dict)  # file within the folder -> SHA-256 of the bytes that were read


def load_centre(folder: Path) -> LoadedCentre:
    """Read and check a whole folder. Never raises for what the folder holds; every problem is an issue.

    Issues name files as `folder` was given: relative to the current folder when it was.
    """
    reading = _Reading(folder)
    if not os.path.isdir(folder):  # noqa: PTH112 - unlike Path.is_dir, never raises for a folder that may not be looked into
        reading.error(folder, "Y101", "there is no such folder; name the folder that holds centre.yaml")
        return LoadedCentre(definition=None, issues=tuple(map(_printable, reading.issues)))
    trees = reading.trees()
    # The name and the place must not depend on how the folder was typed.
    home = folder.resolve()
    centre = assemble(trees, reading.issues, name=home.name, folder=str(home), zones=time_zone)
    if centre is not None:
        reading.recordings(centre, trees)
        centre = replace(centre, version=reading.version())
    issues = tuple(sorted(_causes(reading.issues), key=_order))
    sound = all(issue.severity is not Severity.ERROR for issue in issues)
    return LoadedCentre(definition=centre if sound else None, issues=issues, digests=reading.digests)


def time_zone(name: str) -> ZoneInfo | None:
    """The time zone of this name, from the machine's tables or those installed with us; None when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a name with odd characters, or that of a folder
        return None


def _causes(issues: list[Issue]) -> set[Issue]:
    """The issues without those that only follow from another one at the same place.

    What YAML already complains about is not complained about again by its reader, and what is no mapping lacks no key.
    """
    syntax = {issue.at for issue in issues if issue.code.startswith("Y") and issue.severity is Severity.ERROR}
    shapeless = {issue.at for issue in issues if issue.code == "S201"}
    kept = {issue for issue in issues if issue.code.startswith("Y") or issue.at not in syntax}
    return {_printable(issue) for issue in kept if issue.code != "S211" or issue.at not in shapeless}


def _printable(issue: Issue) -> Issue:
    """The issue on one line that no terminal takes for a command, whatever a key or a file is called."""
    return replace(issue, message=_escaped(issue.message), at=replace(issue.at, file=_escaped(issue.at.file)))


def _escaped(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _order(issue: Issue) -> tuple[str, int, int, str, str]:
    return (issue.at.file, issue.at.line, issue.at.column, issue.code, issue.message)


@dataclass(slots=True)
class _Reading:
    """One pass over the folder. `digests`: name within the folder -> SHA-256 of the file's bytes."""

    folder: Path
    issues: list[Issue] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    complete: bool = True

    def error(self, path: Path, code: str, message: str, *, severity: Severity = Severity.ERROR) -> None:
        self.issues.append(Issue(at=Position(str(path), 1, 1), severity=severity, code=code, message=message))

    def trees(self) -> CentreTrees:
        centre = self._required("centre.yaml")
        agents = self._tree(agents_file) if os.path.lexists(agents_file := self.folder / "agents.yaml") else None
        prompts = {Language(path.stem): tree for path, tree in self._trees(self._yaml_files(self.folder / "prompts"))}
        flow_files = [path for path in self._yaml_files(self.folder) if path.name not in _NOT_FLOWS]
        flows = tuple(flow for path, tree in self._trees(flow_files) if (flow := self._flow(path, tree)) is not None)
        return CentreTrees(centre=centre, agents=agents, prompts=prompts, flows=flows, complete=self.complete)

    def _required(self, name: str) -> Tree | None:
        path = self.folder / name
        if os.path.lexists(path):
            return self._tree(path)
        self.error(path, "Y101", f"the folder has no {name}; every centre needs one")
        self.complete = False
        return None

    def _yaml_files(self, folder: Path) -> list[Path]:
        try:
            paths = sorted(folder.iterdir()) if folder.is_dir() else []
        except OSError as error:
            self._unreadable(folder, error)
            return []
        for path in paths:
            if path.suffix == ".yml":
                self.error(path, "Y119", "this file is not read; rename it to .yaml", severity=Severity.WARNING)
        found = [path for path in paths if path.suffix == ".yaml" and not path.name.startswith(".")]
        if len(found) > MOST_FILES:
            self.error(folder, "Y103", f"the folder holds more than {MOST_FILES} YAML files")
        return found[:MOST_FILES]

    def _trees(self, paths: Iterable[Path]) -> Iterable[tuple[Path, Tree]]:
        for path in paths:
            if (tree := self._tree(path)) is not None:
                yield path, tree

    def _tree(self, path: Path) -> Tree | None:
        content = self._bytes(path)
        tree = parse(content, str(path), self.issues) if content is not None else None
        self.complete = self.complete and tree is not None
        return tree

    def _bytes(self, path: Path) -> bytes | None:
        try:
            if not path.is_file():
                self.error(path, "Y102", "this is not a file that can be read")
                return None
            with path.open("rb") as file:
                content = file.read(LARGEST_FILE + 1)
        except OSError as error:
            self._unreadable(path, error)
            return None
        self.digests[path.relative_to(self.folder).as_posix()] = hashlib.sha256(content).hexdigest()
        return content

    def _unreadable(self, path: Path, error: OSError) -> None:
        self.complete = False
        self.error(path, "Y102", f"this cannot be read: {error.strerror or 'unknown reason'}")

    def _flow(self, path: Path, tree: Tree) -> Mapping | None:
        if isinstance(tree, Mapping) and tree.get("flow") is not None:
            return tree
        message = "not a flow, so it is not used: a flow file has `flow: name` at its top"
        self.error(path, "Y120", message, severity=Severity.WARNING)
        return None

    def recordings(self, centre: CentreDefinition, trees: CentreTrees) -> None:
        """Take every recorded prompt into the version, and report those that are not there."""
        for language, prompts in centre.prompts.items():
            for name, prompt in prompts.items():
                if prompt.file is not None:
                    tree = trees.prompts[language]
                    entry = tree.get(name) if isinstance(tree, Mapping) else None
                    self._recording((entry or tree).at, prompt.file)

    def _recording(self, at: Position, file: str) -> None:
        path = self.folder / file
        try:
            inside = path.resolve().is_relative_to(self.folder.resolve())
            if not inside or not path.is_file() or path.stat().st_size > LARGEST_RECORDING:
                self._unheard(at, f"{file} is no file of the centre's folder, or is larger than 50 MB")
                return
            with path.open("rb") as sound:
                self.digests[file] = hashlib.file_digest(sound, "sha256").hexdigest()
        except OSError as error:
            self._unheard(at, f"{file} cannot be read: {error.strerror or 'unknown reason'}")

    def _unheard(self, at: Position, message: str) -> None:
        self.issues.append(Issue(at=at, severity=Severity.ERROR, code="R411", message=message))

    def version(self) -> str:
        """The content hash over every file's name and bytes."""
        lines = "".join(f"{digest} {name}\n" for name, digest in sorted(self.digests.items()))
        return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()[:VERSION_DIGITS]

"""One folder -> one centre: which files belong to it, what they say, and the version they make together."""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ivr_engine.adapters.flow_files.yaml_tree import LARGEST_FILE, parse
from ivr_engine.core.ids import Language
from ivr_engine.flows.assembly import CentreTrees, assemble, judge_centre
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.issues import Issue, Severity
from ivr_engine.flows.messages import Message, message_of, printable
from ivr_engine.flows.norms import EXPIRED
from ivr_engine.flows.tree import Mapping, Position, Tree

MOST_FILES: Final = 1_000  # YAML files of one folder
LARGEST_RECORDING: Final = 50_000_000  # bytes: an hour of telephone sound
VERSION_DIGITS: Final = 12  # of SHA-256, in hexadecimal: 48 bits, plenty for the versions one centre ever has
_NOT_FLOWS: Final = frozenset({"centre.yaml", "agents.yaml", "norms.yaml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedCentre:
    """What loading brought: the centre, or None when an error keeps it from use; and every problem.

    `has_norms`: there is a norms.yaml, so the norms were checked; `waived`: what it waives.
    """

    definition: CentreDefinition | None
    issues: tuple[Issue, ...]
    has_norms: bool = False
    waived: tuple[Issue, ...] = ()
    digests: dict[str, str] = field(default_factory=dict)  # file within the folder -> SHA-256 of the bytes that were read


def load_centre(folder: Path, *, today: date | None = None) -> LoadedCentre:
    """Read and check a whole folder. Never raises for what the folder holds; every problem is an issue.

    `today`: the day on which waivers of norms.yaml are judged; by default the machine's. Issues come in the order of the
    files, and name them as `folder` was given: relative to the current folder when it was.
    """
    with _collector_at_rest():
        return _load(folder, today or datetime.now().astimezone().date())


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Until the end nearly everything made here is alive: to look for garbage costs half of the time and finds none."""
    was_at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_at_work:
            gc.enable()


def _load(folder: Path, today: date) -> LoadedCentre:
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
    judged = judge_centre(trees, centre, reading.issues, today)
    issues = in_order(_causes([*reading.issues, *judged.issues]))
    loaded = LoadedCentre(
        definition=None if any(map(_keeps_from_use, issues)) else centre,
        issues=issues,
        has_norms=trees.norms is not None,
        waived=in_order(judged.waived),
        digests=reading.digests,
    )
    flows = list(trees.flows)
    del trees
    while flows:  # one by one: freed at once, the trees of a large centre would keep every other thread waiting
        flows.pop()
    return loaded


def _keeps_from_use(issue: Issue) -> bool:
    return issue.severity is Severity.ERROR and issue.code != EXPIRED


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
    return {issue for issue in kept if issue.code != "S211" or issue.at not in shapeless}


def in_order(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """The issues in the order of the files, each once and on one printable line."""
    return tuple(sorted(set(map(_printable, issues)), key=_order))


def _printable(issue: Issue) -> Issue:
    """The issue with a file name that no terminal takes for a command."""
    return replace(issue, at=issue.at._replace(file=printable(issue.at.file)))


def _order(issue: Issue) -> tuple[str, int, int, str, str]:
    return (issue.at.file, issue.at.line, issue.at.column, issue.code, str(issue.message))


@dataclass(slots=True)
class _Reading:
    """One pass over the folder. `digests`: name within the folder -> SHA-256 of the file's bytes."""

    folder: Path
    issues: list[Issue] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    complete: bool = True

    def error(self, path: Path, code: str, message: str | Message, *, severity: Severity = Severity.ERROR) -> None:
        at = Position(str(path), 1, 1)
        self.issues.append(Issue(at=at, severity=severity, code=code, message=message_of(message)))

    def trees(self) -> CentreTrees:
        centre = self._required("centre.yaml")
        agents, norms = self._optional("agents.yaml"), self._optional("norms.yaml")
        prompts = {Language(path.stem): tree for path, tree in self._trees(self._yaml_files(self.folder / "prompts"))}
        flow_files = [path for path in self._yaml_files(self.folder) if path.name not in _NOT_FLOWS]
        flows = tuple(flow for path, tree in self._trees(flow_files) if (flow := self._flow(path, tree)) is not None)
        complete = self.complete
        return CentreTrees(centre=centre, agents=agents, prompts=prompts, flows=flows, norms=norms, complete=complete)

    def _optional(self, name: str) -> Tree | None:
        path = self.folder / name
        return self._tree(path) if os.path.lexists(path) else None

    def _required(self, name: str) -> Tree | None:
        path = self.folder / name
        if os.path.lexists(path):
            return self._tree(path)
        self.error(path, "Y101", Message.of("the folder has no $name; every centre needs one", name=name))
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
            self.error(folder, "Y103", Message.of("the folder holds more than $most YAML files", most=MOST_FILES))
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
        self.error(path, "Y102", Message.of("this cannot be read: $reason", reason=error.strerror or "unknown reason"))

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
                message = "$file is no file of the centre's folder, or is larger than 50 MB"
                self._unheard(at, Message.of(message, file=file))
                return
            with path.open("rb") as sound:
                self.digests[file] = hashlib.file_digest(sound, "sha256").hexdigest()
        except OSError as error:
            reason = error.strerror or "unknown reason"
            self._unheard(at, Message.of("$file cannot be read: $reason", file=file, reason=reason))

    def _unheard(self, at: Position, message: Message) -> None:
        self.issues.append(Issue(at=at, severity=Severity.ERROR, code="R411", message=message))

    def version(self) -> str:
        """The content hash over every file's name and bytes."""
        lines = "".join(f"{digest} {name}\n" for name, digest in sorted(self.digests.items()))
        return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()[:VERSION_DIGITS]

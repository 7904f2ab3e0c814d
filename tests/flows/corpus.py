"""The corpus of broken files: each replaces one file of the good centre and says in its first line what must be reported."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ivr_engine.adapters.flow_files import load_centre

HERE = Path(__file__).parent
GOOD = HERE / "good"
BAD = HERE / "bad"
MADE = "made_"  # how the names of those begin that `make_bad` makes
PLACES = {
    "main": "main.yaml",
    "centre": "centre.yaml",
    "agents": "agents.yaml",
    "prompts": "prompts/en.yaml",
    "norms": "norms.yaml",
}


@dataclass(frozen=True)
class Case:
    """A broken file, and the problems expected as `CODE line:column`, with the file's name when it is another one."""

    path: Path

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def replaces(self) -> str:
        return PLACES[self.path.parent.name]

    @property
    def expected(self) -> list[str]:
        first = self.path.read_text().splitlines()[0]
        return [each.strip() for each in first.removeprefix("# expect:").split(",")]

    def found(self, folder: Path) -> list[str]:
        """Put the file into a copy of the good centre under `folder`, and check that."""
        centre = folder / "centre"
        shutil.copytree(GOOD, centre)
        shutil.copyfile(self.path, centre / self.replaces)
        issues = load_centre(centre).issues
        return [self._shown(issue.at.file, issue.code, f"{issue.at.line}:{issue.at.column}", centre) for issue in issues]

    def _shown(self, file: str, code: str, place: str, centre: Path) -> str:
        name = Path(file).relative_to(centre).as_posix()
        return f"{code} {place}" if name == self.replaces else f"{code} {name} {place}"


def cases() -> Iterator[Case]:
    for path in sorted(BAD.glob("*/*.yaml")):
        yield Case(path)


def written_by_hand() -> Iterator[Case]:
    return (case for case in cases() if not case.path.name.startswith(MADE))

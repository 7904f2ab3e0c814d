"""Comma-separated files with a first row of names: cells with their places, and every problem at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from ivr_engine.core.ids import Instant, Millis
from ivr_engine.errors import DefinitionError

MOST_ROWS = 2_000_000
MOST_PROBLEMS = 50
MIDNIGHT = Instant(1_772_409_600_000)  # 2026-03-02T00:00:00Z, a Monday; rehearsed days begin here
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text without blanks around it, and where it stands."""

    text: str
    line: int
    column: int


Row = Mapping[str, Cell]


@dataclass(slots=True)
class Sheet:
    """A file being read. Reading a cell that makes no sense notes the problem and gives a harmless value."""

    name: str
    problems: list[tuple[int, int, str]] = field(default_factory=list)

    def problem(self, line: int, column: int, words: str) -> None:
        """Note what is wrong where."""
        self.problems.append((line, column, words))

    def refuse(self) -> None:
        """Raise DefinitionError with the first problems, if there are any."""
        if self.problems:
            more = len(self.problems) - MOST_PROBLEMS
            rest = [f"{self.name}: and {more} more"] if more > 0 else []
            first = sorted(self.problems)[:MOST_PROBLEMS]
            told = [f"{self.name}:{line}:{column}: error {words}" for line, column, words in first]
            raise DefinitionError((*told, *rest))

    def rows(self, text: str, *, needed: Collection[str], known: Collection[str]) -> Iterator[Row]:
        """The rows below the first; blank lines and lines that begin with # are passed over."""
        names: list[str] | None = None
        for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            cells = list(_cells(line, number))
            if names is None:
                names = self._names(cells, needed, known)
                if names is None:
                    return
            elif number > MOST_ROWS:
                self.problem(number, 1, f"a file may have {MOST_ROWS} rows at most; split it")
                return
            elif self._as_wide(cells, names):
                yield dict(zip(names, cells, strict=True))
        if names is None:
            self.problem(1, 1, f"the file is empty; its first row names the columns: {', '.join(needed)}")

    def _names(self, cells: list[Cell], needed: Collection[str], known: Collection[str]) -> list[str] | None:
        names = [cell.text for cell in cells]
        for place, cell in enumerate(cells):
            if cell.text not in known:
                self.problem(cell.line, cell.column, f"unknown column {cell.text!r}{_meant(cell.text, known)}")
            elif cell.text in names[:place]:
                self.problem(cell.line, cell.column, f"column {cell.text} is there twice")
        missing = [name for name in needed if name not in names]
        if missing:
            self.problem(cells[0].line, 1, f"the first row lacks {', '.join(missing)}; it names the columns of the file")
        return None if self.problems else names

    def _as_wide(self, cells: list[Cell], names: list[str]) -> bool:
        if len(cells) == len(names):
            return True
        place = min(len(cells), len(names))
        at = cells[place].column if len(cells) > place else cells[-1].column
        self.problem(cells[0].line, at, f"{len(cells)} cells where the first row names {len(names)} columns")
        return False

    def one_of(self, cell: Cell, kind: str, known: Collection[str]) -> str:
        """The text, which must be known."""
        if cell.text not in known:
            self.problem(cell.line, cell.column, f"unknown {kind} {cell.text!r}{_meant(cell.text, known)}")
        return cell.text

    def clock(self, cell: Cell) -> Instant:
        """A time of the day, `09:30`, `09:30:15` or `09:30:15.250`; `24:00` is the end of the day."""
        parts = cell.text.split(":")
        try:
            hours, minutes, seconds = int(parts[0]), int(parts[1]), float(parts[2]) if len(parts) > 2 else 0.0
            span = hours * 3_600 + minutes * 60 + seconds
            right = len(parts) in {2, 3} and 0 <= minutes < 60 and 0 <= seconds < 60 and 0 <= span <= _DAY
        except (ValueError, IndexError):
            right = False
        if not right:
            self.problem(cell.line, cell.column, f"{cell.text!r} is no time of the day; write 09:30 or 09:30:15")
            return MIDNIGHT
        return Instant(MIDNIGHT + round(span * 1_000))

    def number(self, cell: Cell, *, what: str, whole: bool = False) -> float:
        """A number from 0 up."""
        try:
            value = float(int(cell.text)) if whole else float(cell.text)
        except ValueError:
            value = -1.0
        if not 0.0 <= value < 1e9:
            words = "a whole number" if whole else "a number"
            self.problem(cell.line, cell.column, f"{cell.text!r} is not {what}; write {words} from 0 up")
            return 0.0
        return value

    def seconds(self, cell: Cell) -> Millis:
        """A span written as seconds."""
        return Millis(round(1_000 * self.number(cell, what="a number of seconds")))


def _cells(line: str, number: int) -> Iterator[Cell]:
    column = 1
    for raw in line.split(","):
        yield Cell(raw.strip(), number, column + len(raw) - len(raw.lstrip()))
        column += len(raw) + 1


def _meant(text: str, known: Collection[str]) -> str:
    close = get_close_matches(text, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(sorted(known))}"

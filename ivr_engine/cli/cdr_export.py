"""Call records into a file for other programs."""

from __future__ import annotations

import contextlib
import csv
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from ivr_engine.adapters.store.rows import to_json
from ivr_engine.cdr.record import CallRecord
from ivr_engine.cli.cdr_text import printable, record_plain, to_line
from ivr_engine.errors import SetupError

COLUMNS = (
    "call", "arrived", "ended", "number", "caller", "caller_name", "disposition", "ended_by", "refused", "language", "flow",
    "version", "last_node", "queue", "agent", "lasted_ms", "waited_ms", "talked_ms", "offers", "resumed",
    "faults", "answers", "legs",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How to write: CSV or JSON lines, with a byte order mark, with personal data in full."""

    as_csv: bool
    bom: bool
    unmask: bool


def write(records: Iterable[CallRecord], out: Path, *, style: Style) -> int:
    """Write the records and give their number. The file is put in place only when it is complete.

    Raises:
        SetupError: the file cannot be written.
    """
    if str(out) == "-":
        return _write(records, sys.stdout, style)
    part = out.with_name(out.name + ".part")
    encoding = "utf-8-sig" if style.bom else "utf-8"
    try:
        with os.fdopen(
            os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding=encoding, newline=""
        ) as file:
            count = _write(records, file, style)
        part.replace(out)
    except OSError as error:
        raise SetupError(f"{out} cannot be written: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):  # in place already, or never made
            part.unlink()
    return count


def guarded(cell: object) -> object:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _write(records: Iterable[CallRecord], file: TextIO, style: Style) -> int:
    rows = (record_plain(record, unmask=style.unmask) for record in records)
    return _write_csv(rows, file) if style.as_csv else _write_lines(rows, file)


def _write_lines(rows: Iterable[Mapping[str, Any]], file: TextIO) -> int:
    count = 0
    for row in rows:
        file.write(to_line(dict(row)) + "\n")
        count += 1
    return count


def _write_csv(rows: Iterable[Mapping[str, Any]], file: TextIO) -> int:
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    count = 0
    for row in rows:
        writer.writerow([_cell(guarded(row[name])) for name in COLUMNS])
        count += 1
    return count


def _cell(value: object) -> object:
    text = to_json(value) if isinstance(value, list | dict) else value
    return printable(text) if isinstance(text, str) else text

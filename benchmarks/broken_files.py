"""Milliseconds until a broken centre is refused, over the whole corpus of broken files.

    python -m benchmarks.broken_files

The baseline, measured in the same run, is the check of the good centre that the files were broken in. `ratio` is the
baseline's time over that of the slowest broken file; `goal` is the baseline's time over the 100 ms that the project allows.
Seconds are of the processor, the best of some rounds.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from time import process_time

from ivr_engine.adapters.flow_files import load_centre
from tests.flows.corpus import GOOD, Case, cases

ALLOWED = 0.1  # seconds
ROUNDS = 3


def seconds(centre: Path) -> float:
    """Of one check."""
    return min(_round(centre) for _ in range(ROUNDS))


def _round(centre: Path) -> float:
    began = process_time()
    load_centre(centre)
    return process_time() - began


def broken(case: Case, folder: Path) -> Path:
    """The good centre with one file broken."""
    centre = Path(shutil.copytree(GOOD, folder / "centre", dirs_exist_ok=True))
    shutil.copyfile(case.path, centre / case.replaces)
    return centre


def _measured(case: Case) -> tuple[float, str]:
    with tempfile.TemporaryDirectory() as name:
        return seconds(broken(case, Path(name))), case.name


def main() -> None:
    """Measure and print."""
    good = seconds(GOOD)
    took = sorted(map(_measured, cases()))
    slowest, name = took[-1]
    print(f"good centre      {good * 1e3:7.2f} ms")
    print(f"broken, median   {took[len(took) // 2][0] * 1e3:7.2f} ms   of {len(took)} files")
    print(f"broken, slowest  {slowest * 1e3:7.2f} ms   {name}")
    ratio, goal = good / slowest, good / ALLOWED
    print(f"broken_files ratio={ratio:.4f} goal={goal:.4f} {'met' if ratio >= goal else 'short'}")


if __name__ == "__main__":
    main()

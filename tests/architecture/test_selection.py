"""Which tests a run of pytest takes: the long counts only when they are asked for by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("options", "taken"), [((), False), (("-m", "not system"), False), (("-m", "soak"), True)])
def test_the_long_counts_run_only_when_the_expression_names_them(options: tuple[str, ...], *, taken: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *options, "tests/soak"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    nothing_collected = 5
    assert done.returncode == (0 if taken else nothing_collected), done.stdout + done.stderr
    assert ("::test_" in done.stdout) is taken

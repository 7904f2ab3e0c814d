"""The sample script of an old shop, spoken to as Asterisk speaks to a script."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "examples" / "points.py"


@pytest.mark.parametrize(("number", "points"), [("13800138042", "42"), ("", "0")])
def test_the_sample_script_sets_its_variable(number: str, points: str) -> None:
    told = f"agi_request: points.py\nagi_uniqueid: 1.1\nagi_arg_1: {number}\n\n200 result=1\n"
    done = subprocess.run([sys.executable, SCRIPT], input=told, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout.split() == ["SET", "VARIABLE", '"POINTS"', f'"{points}"'], done.stderr

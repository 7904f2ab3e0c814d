"""Sound files for tests."""

from __future__ import annotations

import array
import math
import sys
from pathlib import Path


def write_tone(path: Path, *, hertz: float, seconds: float, peak: float = 0.9) -> Path:
    """A sine as 8 kHz signed linear."""
    samples = array.array(
        "h", (round(peak * 32767 * math.sin(2 * math.pi * hertz * n / 8000)) for n in range(int(8000 * seconds)))
    )
    if sys.byteorder == "big":
        samples.byteswap()
    path.write_bytes(samples.tobytes())
    return path

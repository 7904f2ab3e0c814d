"""Pictures by Graphviz: its program `dot` reads the drawing from stdin and writes the file to stdout."""

from __future__ import annotations

import shutil
import subprocess
from typing import Final, Literal

from ivr_engine.errors import EngineError, SetupError

PATIENCE: Final = 120.0  # seconds; a drawing of 1,000 nodes takes about ten
Format = Literal["svg", "png"]


class DrawingFailed(EngineError):
    """Graphviz could not draw it."""


def render(drawing: str, form: Format, *, program: str = "dot") -> bytes:
    """The picture as a file's bytes.

    Raises:
        SetupError: Graphviz is not installed.
        DrawingFailed: it gave up, or took longer than PATIENCE.
    """
    found = shutil.which(program)
    if found is None:
        raise SetupError("to draw SVG and PNG, Graphviz is needed: apt-get install graphviz fonts-wqy-microhei")
    try:
        done = subprocess.run(  # noqa: S603 - the program found on the path, with arguments of our own
            [found, f"-T{form}"], input=drawing.encode(), capture_output=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DrawingFailed(f"Graphviz did not draw the flow: {type(error).__name__}") from error
    if done.returncode != 0 or not done.stdout:
        raise DrawingFailed(f"Graphviz did not draw the flow: {done.stderr.decode(errors='replace').strip()[:200]}")
    return done.stdout

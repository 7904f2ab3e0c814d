"""Music on hold, generated: slow chords with soft edges, 8 kHz signed linear, in a loop that joins without a click."""

from __future__ import annotations

import array
import math
import sys
from functools import cache
from pathlib import Path

from ivr_engine.errors import SetupError

RATE = 8000  # samples/s of Asterisk's `.sln`
CHORD_S = 4
PEAK = 0.25  # of full scale: -12 dB, well under speech, so that nobody holds the phone away from the ear

# Frequencies in Hz, equal temperament from A4 = 440: C, Am, F, G twice, the second time inverted. 8 chords of 4 s: 32 s.
CHORDS = (
    (130.81, 261.63, 329.63, 392.00),
    (110.00, 261.63, 329.63, 440.00),
    (87.31, 261.63, 349.23, 440.00),
    (98.00, 246.94, 293.66, 392.00),
    (130.81, 329.63, 392.00, 523.25),
    (110.00, 329.63, 440.00, 523.25),
    (87.31, 349.23, 440.00, 523.25),
    (98.00, 293.66, 392.00, 493.88),
)


def write_music(folder: Path) -> Path:
    """`folder/waiting.sln`, made once.

    Raises:
        SetupError: the folder cannot be written.
    """
    path = folder / "waiting.sln"
    if path.exists():
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(".draft")
        draft.write_bytes(music())
        draft.replace(path)
    except OSError as error:
        raise SetupError(
            f"{path}: cannot be written: {error.strerror}. Choose another folder: IVR_ENGINE_STATE_DIR"
        ) from error
    return path


@cache
def music() -> bytes:
    """The whole loop: 16-bit little-endian samples."""
    samples = array.array("h")
    for chord in CHORDS:
        samples.extend(_chord(chord))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


def _chord(frequencies: tuple[float, ...]) -> list[int]:
    """One chord, rising from and returning to silence, so that any chord may follow it."""
    length = RATE * CHORD_S
    scale = PEAK * 32767 / len(frequencies)
    steps = [2 * math.pi * frequency / RATE for frequency in frequencies]
    envelope = (math.sin(math.pi * n / length) ** 0.5 for n in range(length))
    return [round(level * scale * sum(math.sin(step * n) for step in steps)) for n, level in enumerate(envelope)]

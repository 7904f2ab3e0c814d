"""Sound as samples: what comes in (WAV of any usual shape) and what the telephone takes (8 kHz, mono, 16 bit).

Standard library only: `audioop` is gone from Python 3.13 and a number package would be a heavy guest for this little work.
"""

from __future__ import annotations

import math
import wave
from array import array
from functools import lru_cache
from operator import mul
from pathlib import Path

from ivr_engine.errors import PromptError

RATE = 8000
"""Samples per second on the telephone."""

_PEAK = round(32768 * 10 ** (-6 / 20))  # -6 dBFS: loud enough for a line, room for the codec's overshoot
_SILENCE = 10 ** (-40 / 20)  # quieter than this part of the peak is silence at the ends
_MARGIN = RATE * 40 // 1000  # soft consonants start and end below any threshold: 40 ms stay
_LARGEST_FILE = 64 * 2**20
_RATES = range(6000, 192_001)


def read_wav(path: Path) -> tuple[int, array[int]]:
    """Rate and samples of a PCM WAV file of 8, 16, 24 or 32 bits, channels mixed to one.

    Raises:
        PromptError: missing, too large (64 MB), not PCM WAV, or of a rate outside 6 to 192 kHz.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise PromptError(f"{path}: larger than 64 MB")
        with wave.open(str(path), "rb") as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            raw = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise PromptError(f"{path}: not a readable PCM WAV file: {error}") from error
    if rate not in _RATES:
        raise PromptError(f"{path}: {rate} samples per second; 6000 to 192000 can be converted")
    return rate, _mixed(_sixteen_bits(raw[: len(raw) - len(raw) % (width * channels)], width), channels)


def write_wav(path: Path, samples: array[int], rate: int = RATE) -> None:
    """Write mono 16-bit samples as WAV. Raises OSError."""
    with path.open("wb") as raw, wave.open(raw, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def resampled(samples: array[int], rate: int) -> array[int]:
    """The samples at 8 kHz: a polyphase windowed-sinc filter, flat to 3.3 kHz, at least 50 dB down from 4 kHz.

    Source of the method: J. O. Smith, Digital Audio Resampling Home Page (bandlimited interpolation).
    """
    if rate == RATE:
        return samples
    phases, reach = _kernel(rate)
    pad = [0.0] * reach
    padded = [*pad, *map(float, samples), *pad]
    step, width = rate // math.gcd(rate, RATE), 2 * reach
    count = len(samples) * RATE // rate
    return array("h", [_output(padded, phases, place, width) for place in range(0, count * step, step)])


def levelled(samples: array[int]) -> array[int]:
    """Silence at both ends cut to 40 ms, peak at -6 dBFS, so that sounds of different origin follow each other smoothly.

    Raises:
        PromptError: there is no sound in it.
    """
    peak = max(map(abs, samples), default=0)
    if not peak:
        raise PromptError("the voice gave only silence")
    floor = peak * _SILENCE
    first = next(at for at, sample in enumerate(samples) if abs(sample) > floor)
    last = len(samples) - next(at for at, sample in enumerate(reversed(samples)) if abs(sample) > floor)
    gain = _PEAK / peak
    return array("h", [round(sample * gain) for sample in samples[max(0, first - _MARGIN) : last + _MARGIN]])


def _output(padded: list[float], phases: list[list[float]], place: int, width: int) -> int:
    whole, phase = divmod(place, len(phases))
    # The window's first tap lies `reach - 1` samples before the place; the padding shifts it by `reach`.
    value: float = sum(map(mul, phases[phase], padded[whole + 1 : whole + 1 + width]))
    return max(-32768, min(32767, round(value)))


@lru_cache(maxsize=8)
def _kernel(rate: int) -> tuple[list[list[float]], int]:
    """One filter per position between two input samples, and the reach of the filter to each side in input samples."""
    count = RATE // math.gcd(rate, RATE)
    cutoff = 0.915 * min(1.0, RATE / rate)
    reach = math.ceil(23 * max(1.0, rate / RATE))
    return [_phase(number / count, cutoff, reach) for number in range(count)], reach


def _phase(fraction: float, cutoff: float, reach: int) -> list[float]:
    taps = [_tap(tap - fraction, cutoff, reach) for tap in range(1 - reach, reach + 1)]
    total = sum(taps)
    return [tap / total for tap in taps]


def _tap(distance: float, cutoff: float, reach: int) -> float:
    window = 0.54 + 0.46 * math.cos(math.pi * distance / reach)
    angle = math.pi * distance * cutoff
    return window * (math.sin(angle) / angle if angle else 1.0)


def _sixteen_bits(raw: bytes, width: int) -> array[int]:
    if width == 1:
        return array("h", [(byte - 128) << 8 for byte in raw])
    short = bytearray(len(raw) // width * 2)
    short[0::2], short[1::2] = raw[width - 2 :: width], raw[width - 1 :: width]
    return array("h", bytes(short))


def _mixed(samples: array[int], channels: int) -> array[int]:
    if channels == 1:
        return samples
    sides = [samples[side::channels] for side in range(channels)]
    return array("h", [sum(frame) // channels for frame in zip(*sides, strict=True)])

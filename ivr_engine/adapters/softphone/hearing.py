"""Tells sound from silence: levels of the received audio in, bursts out. Knows no clock and no telephone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ivr_engine.core.ids import Millis

# Mean amplitude above which the line sounds. Speech and music lie above 0.01, comfort noise and G.711 idle below 0.001.
SOUND_LEVEL = 0.004
# A pause inside a sentence is shorter than this, the pause after a prompt longer.
QUIET_AFTER = Millis(400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """A stretch of sound. `began`: ms since the answer; `lasted`: to its last sounding sample; `level`: mean, 0..1."""

    began: Millis
    lasted: Millis
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Everything one side of a call heard."""

    bursts: tuple[Burst, ...] = ()

    @property
    def sound(self) -> Millis:
        """Milliseconds of sound in all."""
        return Millis(sum(burst.lasted for burst in self.bursts))

    @property
    def level(self) -> float:
        """Mean amplitude over the sound, 0..1."""
        weighed = sum(burst.level * burst.lasted for burst in self.bursts)
        return weighed / self.sound if self.sound else 0.0


class Ear:
    """Folds levels into bursts. Feed it `level(at, amplitude)` in the order of `at` (ms since the answer)."""

    def __init__(self, *, threshold: float = SOUND_LEVEL, quiet_after: Millis = QUIET_AFTER) -> None:
        self._threshold = threshold
        self._quiet_after = quiet_after
        self._began: Millis | None = None
        self._last = Millis(0)
        self._levels: list[float] = []

    @property
    def sounding(self) -> bool:
        """A burst has begun and not ended."""
        return self._began is not None

    def level(self, at: Millis, amplitude: float) -> Burst | None:
        """Take one level. Returns the burst that has just ended, if one has."""
        if amplitude >= self._threshold:
            if self._began is None:
                self._began = at
            self._last = at
            self._levels.append(amplitude)
            return None
        return self.end() if self.sounding and at - self._last >= self._quiet_after else None

    def end(self) -> Burst | None:
        """The audio is over: the burst that was still going on, if one was."""
        if self._began is None:
            return None
        burst = Burst(began=self._began, lasted=Millis(self._last - self._began), level=_mean(self._levels))
        self._began, self._levels = None, []
        return burst


def amplitude_of(level: int) -> float:
    """PJSIP's signal level as a mean amplitude 0..1, within 15 %.

    The level is a complemented mu-law code (ITU-T G.711) of the mean sample, given in percent of 255, so 0..50.
    """
    code = round((level + 0.5) * 2.55) if level else 0
    exponent, mantissa = code >> 4, code & 0x0F
    return float((((mantissa << 3) + 0x84) << exponent) - 0x84) / 32768


def _mean(levels: Iterable[float]) -> float:
    values = tuple(levels)
    return sum(values) / len(values)

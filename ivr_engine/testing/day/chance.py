"""Seeded chance, the same on every machine and every Python, and the spans of time drawn from it.

Only `random()` of the standard library's generator is used: its sequence is promised to stay, those of its other methods
are not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, exp, log, pi, sqrt
from random import Random
from typing import Protocol

from ivr_engine.core.ids import Millis


class Chance:
    """Numbers in [0, 1) that follow from a seed. Streams of one seed do not disturb each other.

    So another routing rule, which draws more or fewer numbers in one stream, meets the same callers.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self.draw: Callable[[], float] = Random(seed).random  # noqa: S311 - for rehearsals, not for secrets

    def stream(self, name: str) -> Chance:
        """An independent source; the same name gives the same numbers."""
        return Chance(f"{self._seed}/{name}")

    def exponential(self) -> float:
        """With mean 1."""
        return -log(1.0 - self.draw())

    def normal(self) -> float:
        """With mean 0 and deviation 1 (Box and Muller)."""
        return sqrt(2.0 * self.exponential()) * cos(2.0 * pi * self.draw())

    def gamma(self, shape: float) -> float:
        """With mean and variance `shape` (Marsaglia and Tsang 2000)."""
        if shape < 1.0:
            return self.gamma(shape + 1.0) * exp(-self.exponential() / shape)
        third = shape - 1.0 / 3.0
        while True:
            normal = self.normal()
            cube = (1.0 + normal / sqrt(9.0 * third)) ** 3
            if cube > 0.0 and log(1.0 - self.draw()) < normal * normal / 2.0 + third * (1.0 - cube + log(cube)):
                return third * cube


class Span(Protocol):
    """A distribution of spans of time."""

    def draw(self, chance: Chance) -> Millis:
        """One of them."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same."""

    span: Millis

    def draw(self, _chance: Chance) -> Millis:
        """That one."""
        return self.span


@dataclass(frozen=True, slots=True)
class Exponential:
    """Memoryless, with this mean in milliseconds."""

    mean: float

    def draw(self, chance: Chance) -> Millis:
        """One of them."""
        return Millis(round(self.mean * chance.exponential()))


@dataclass(frozen=True, slots=True)
class Uniform:
    """Any span from `low` to `high`, in milliseconds."""

    low: float
    high: float

    def draw(self, chance: Chance) -> Millis:
        """One of them."""
        return Millis(round(self.low + (self.high - self.low) * chance.draw()))


@dataclass(frozen=True, slots=True)
class Gamma:
    """Gamma with this shape and this mean in milliseconds; shape 1 is exponential, more is less scattered."""

    shape: float
    mean: float

    def draw(self, chance: Chance) -> Millis:
        """One of them."""
        return Millis(round(self.mean / self.shape * chance.gamma(self.shape)))


@dataclass(frozen=True, slots=True)
class Observed:
    """One of these, each as likely as the next."""

    spans: tuple[Millis, ...]

    def draw(self, chance: Chance) -> Millis:
        """One of them."""
        return self.spans[int(chance.draw() * len(self.spans))]

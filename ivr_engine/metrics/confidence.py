"""How sure a mean is: confidence intervals from independent runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

# Student's t for 99 %, two sides, by degrees of freedom 1, 2, 3, ...
_T99 = (
    63.657, 9.925, 5.841, 4.604, 4.032, 3.707, 3.499, 3.355, 3.250, 3.169,
    3.106, 3.055, 3.012, 2.977, 2.947, 2.921, 2.898, 2.878, 2.861, 2.845,
    2.831, 2.819, 2.807, 2.797, 2.787, 2.779, 2.771, 2.763, 2.756, 2.750,
)  # fmt: skip
_NORMAL99 = 2.576


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and how far from it the truth is at most, in 99 of 100 cases."""

    mean: float
    margin: float


def estimate(runs: Sequence[float]) -> Estimate:
    """From the figure of each of at least two independent runs (Student's t)."""
    freedom = len(runs) - 1
    quantile = _T99[freedom - 1] if freedom <= len(_T99) else _NORMAL99
    return Estimate(fmean(runs), quantile * stdev(runs) / sqrt(len(runs)))

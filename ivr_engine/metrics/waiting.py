"""Estimates of the wait, for comparison: what Asterisk's Queue() announces, and how good the best one can be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def queue_holdtimes(waits: Iterable[int]) -> Iterator[int]:
    """What `Queue()` holds for the wait after each answered caller, in whole seconds.

    The first wait as it is, then three quarters of the old figure and one of the new, rounded down (app_queue.c).
    """
    held: int | None = None
    for wait in waits:
        held = wait if held is None else (3 * held + wait) >> 2
        yield held


def least_squared_error(*, agents: int, occupancy: float, talk: float) -> float:
    """The mean squared error of the best estimate for a caller who must wait, nobody giving up.

    The estimate is (callers ahead + 1) x `talk` / `agents`; what remains is the chance in the conversations themselves.
    """
    return (talk / agents) ** 2 / (1.0 - occupancy)

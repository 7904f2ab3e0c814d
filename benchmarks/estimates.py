"""The error of the estimated wait against that of Asterisk's moving average.

    python -m benchmarks.estimates

Five kinds of day in the simulator, 24 hours each, 40 agents, talks of 3 minutes on average. The callers, their waits and
the journal are the same for both figures: only what is said to a caller on entering differs. `ratio` is the mean of the
ratios of mean squared errors; theory says one half for a line that is steady (Ibrahim and Whitt, 2009).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ivr_engine.core.ids import Instant, Millis
from ivr_engine.metrics.estimates import Accuracy, EstimateAccuracy
from ivr_engine.testing.one_queue import QUEUE, QueueDay

HOUR: Final = 3_600_000
HOURS: Final = 24
AGENTS: Final = 40
SERVICE: Final = Millis(180_000)
ABLE: Final = AGENTS * 1_000 / SERVICE
GOAL: Final = 0.5


@dataclass(frozen=True, slots=True)
class Load:
    """Callers as a share of what the agents bear, by the hour; their patience; how many agents leave at noon."""

    callers: Callable[[float], float]
    patience: Millis | None
    leaving: int = 0


LOADS: Final = {
    "steady 0.90": Load(lambda _hour: 0.9, None),
    "steady 0.98": Load(lambda _hour: 0.98, None),
    "overload 1.4": Load(lambda _hour: 1.4, SERVICE),
    "morning ramp": Load(lambda hour: 0.5 + 0.75 * min(1.0, (hour % 8) / 2), Millis(300_000)),
    "agents leave": Load(lambda _hour: 0.95, Millis(300_000), leaving=16),
}


def measure(load: Load) -> Accuracy:
    """One day."""
    day = QueueDay(seed=2026, service=SERVICE, patience=load.patience, agents=AGENTS)
    for shift in range(0, HOURS, 8):
        day.staff(AGENTS, at=Instant(shift * HOUR))
        for gone in range(load.leaving):
            day.staff(AGENTS - gone - 1, at=Instant(shift * HOUR + 4 * HOUR + gone * HOUR // 8))
    day.callers(lambda at: ABLE * load.callers(at / HOUR), until=Instant(HOURS * HOUR), most=1.5 * ABLE)
    day.run()
    fold = EstimateAccuracy()
    for recorded in day.journal:
        fold.apply(recorded.event)
    return fold.queues[QUEUE]


def main() -> None:
    """Measure and print."""
    print(f"{'day':14} {'callers':>8} {'P90 kept':>9} {'P50 kept':>9} {'bias':>8} {'ratio':>7}")
    ratios = []
    for name, load in LOADS.items():
        found = measure(load)
        ratios.append(found.ratio_to_average)
        kept = f"{found.p90_kept:9.3f} {found.p50_kept:9.3f}"
        print(f"{name:14} {found.callers:8} {kept} {found.bias_s:6.1f} s {found.ratio_to_average:7.3f}")
    ratio = sum(ratios) / len(ratios)
    print(f"estimates ratio={ratio:.3f} goal={GOAL} {'met' if ratio <= GOAL else 'short'}")


if __name__ == "__main__":
    main()

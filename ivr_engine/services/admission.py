"""Who is let in when there is more than the engine can serve well.

Callers already on the line are never turned away: what they were begun with they get. A new one is declined before the call
is answered, so that the network in front of us can try another node or tell the caller, and it costs us next to nothing.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from ivr_engine.cdr.disposition import OVERLOAD
from ivr_engine.core.events import CallRefused
from ivr_engine.core.ids import CallId, Instant, Millis, between, later
from ivr_engine.ports.clock import Clock
from ivr_engine.ports.log import Log

LOOK_EVERY = Millis(100)
LOOKS = 10
"""How many looks the lag is judged by: the worst of one second."""

TELL_EVERY = Millis(10_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is served at most: `calls` at once, `calls_per_s` new ones a second, and none while the loop lags by `lag`."""

    calls: int
    calls_per_s: int
    lag: Millis


class Admission:
    """Decides on each new call. `keep_watch` must run for the lag to be seen and refusals to be told.

    `room`: whether what calls do can still be recorded.
    """

    def __init__(self, *, limits: Limits, room: Callable[[], bool], clock: Clock, log: Log) -> None:
        self._limits = limits
        self._room = room
        self._clock = clock
        self._log = log
        self._lags: deque[int] = deque([0], maxlen=LOOKS)
        self._lagging = False
        self._allowance = float(limits.calls_per_s)
        self._counted = clock.now()
        self._refused: Counter[str] = Counter()
        self._told = clock.now()
        self.draining = False

    @property
    def lag(self) -> Millis:
        """How late the event loop was at worst in the last second."""
        return Millis(max(self._lags))

    def refusal(self, call: CallId, *, serving: int) -> CallRefused | None:
        """Why a new call cannot be served while `serving` are, or None: it is let in, and counts."""
        over = self.over(serving)
        if over is None and not self._within_rate(self._clock.now()):
            over = "rate"
        if over is None:
            return None
        self._refused[over] += 1
        return CallRefused(call=call, reason=OVERLOAD, detail=over)

    def over(self, serving: int) -> str | None:
        """What there is too much of while `serving` calls are served, as the `detail` of a refusal; the rate apart."""
        if self.draining:
            return "draining"
        if not self._room():
            return "store"
        if serving >= self._limits.calls:
            return "calls"
        return "lag" if self._lagging else None

    def _within_rate(self, now: Instant) -> bool:
        """A token bucket that holds one second's worth, so that a burst after silence is no overload."""
        most = self._limits.calls_per_s
        gained = between(self._counted, now) * most / 1000
        self._allowance, self._counted = min(float(most), self._allowance + gained), now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    async def keep_watch(self) -> None:
        """Look at the lag, and tell the operator of refusals. Runs until cancelled."""
        while True:
            due = later(self._clock.now(), LOOK_EVERY)
            await self._clock.sleep_until(due)
            self._look(self._clock.now(), between(due, self._clock.now()))

    def _look(self, now: Instant, lag: Millis) -> None:
        self._lags.append(lag)
        bound = self._limits.lag // 2 if self._lagging else self._limits.lag  # else it would flutter around the limit
        self._lagging = self.lag >= bound
        if self._refused and between(self._told, now) >= TELL_EVERY:
            self._log.warning("calls_turned_away", calls=self._refused.total(), why=dict(self._refused), lag_ms=self.lag)
            self._refused.clear()
            self._told = now

"""How long a caller still waits: from the measured rate at which the queue is drained, the place, and those who give up.

With `n` callers ahead, a drain of `r` answers a second and each waiting caller giving up at rate `g`, the wait is a sum of
`n + 1` independent stages with rates `r + i g`, i = 0..n (predictor QLm: Ibrahim and Whitt, 2009). Its mean and variance
fix a gamma distribution, whose quantiles are the estimate. Two things make it hold on a real day:

- the drain is kept per agent at work, so it follows people who come and go within the same decision;
- each quantile carries a factor that every answered caller corrects, so that nine in ten P90s are kept whatever the day
  (online quantile tracking: Gibbs and Candes, 2021). A caller who gave up says less than one who was answered; the answered
  stand in for them by the inverse of the chance to have stayed.

Nothing is said before `KNOWN` callers were drained, nor while nobody is at work. Everything here is a fold of events, so a
snapshot, or the journal, restores it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import exp, log
from typing import Any

from ivr_engine.core.events import AgentPresenceChanged, CallLeftQueue, CallQueued, Event, OfferMade, WaitEstimated
from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import CallId, Instant, Millis, QueueName
from ivr_engine.core.outcomes import Presence, QueueOutcome

KNOWN = 5
"""So many callers must have been drained before anything is estimated."""

MEMORY = 500
"""About so many drained callers back the rates look."""

STEP = 0.05
"""How far one answered caller moves the factor of a quantile."""

LARGEST_WEIGHT = 5.0
EXACT_STAGES = 60
P50, P90 = 0.5, 0.9
NORMAL = {P50: 0.0, P90: 1.2815515655446004}


@frozen
class Wait:
    """An estimate: half of such callers are answered within `p50`, nine in ten within `p90`; `mean` is the average."""

    mean: Millis
    p50: Millis
    p90: Millis


@dataclass(slots=True, kw_only=True)
class Forecast:
    """A caller who was not served at once: since when, and what was estimated then (None: nothing)."""

    since: Instant
    p50: Millis | None = None
    p90: Millis | None = None


@dataclass(slots=True, kw_only=True)
class Meter:
    """What is known of one queue. Sums fade by the callers drained since; times in milliseconds.

    `staff`: agents of the queue who are ready. `served`: callers drained; `manned`: agent time in which somebody waited.
    `lost`: callers who left unanswered; `waited`: caller time. `factor50`, `factor90`: logarithms of the corrections.
    """

    staff: int = 0
    served: float = 0.0
    manned: float = 0.0
    lost: float = 0.0
    waited: float = 0.0
    factor50: float = 0.0
    factor90: float = 0.0
    until: Instant = Instant(0)
    waiting: dict[CallId, Forecast] = field(default_factory=dict)

    def pass_time(self, now: Instant) -> None:
        """Count agent and caller time up to `now`; agents count only while somebody waits for them."""
        span = max(0, now - self.until)
        if self.waiting:
            self.manned += span * self.staff
            self.waited += span * len(self.waiting)
        self.until = Instant(max(self.until, now))

    def fade(self) -> None:
        """One more caller was drained: what came before counts a little less."""
        keep = 1 - 1 / MEMORY
        self.served, self.manned, self.lost, self.waited = (
            keep * each for each in (self.served, self.manned, self.lost, self.waited)
        )


Meters = dict[QueueName, Meter]

OF_A_QUEUE = (CallQueued, OfferMade, CallLeftQueue, WaitEstimated)
"""The events by which a line moves."""


def estimate(meter: Meter, ahead: int) -> Wait | None:
    """The wait of a caller who has `ahead` others before them; None where nothing is known."""
    if meter.served < KNOWN or meter.manned <= 0 or meter.staff <= 0:
        return None
    drain = meter.staff * meter.served / meter.manned
    gives_up = meter.lost / meter.waited if meter.waited > 0 else 0.0
    mean, variance = _stages(drain, gives_up, ahead)
    variance += mean * mean / meter.served  # the rate itself is only measured
    half = exp(meter.factor50) * _gamma_quantile(mean, variance, P50)
    most = exp(meter.factor90) * _gamma_quantile(mean, variance, P90)
    return Wait(mean=Millis(round(mean)), p50=Millis(round(half)), p90=Millis(round(max(half, most))))


def follow(meters: Meters, event: Event, now: Instant, *, queues: Iterable[QueueName] = ()) -> None:
    """Fold one event of the centre at its instant; `queues` are those of the agent that the event is about."""
    if isinstance(event, OF_A_QUEUE):
        move(meters, event, now)
    elif isinstance(event, AgentPresenceChanged):
        came = (event.presence is Presence.READY) - (event.previous is Presence.READY)
        for queue in queues if came else ():
            _staffed(meters, queue, came, now)


def move(meters: Meters, event: CallQueued | OfferMade | CallLeftQueue | WaitEstimated, now: Instant) -> None:
    """Fold one event of a line."""
    meter = meters.get(event.queue)
    if meter is not None:
        meter.pass_time(now)
        _moved(meter, event, now)


def _staffed(meters: Meters, queue: QueueName, came: int, now: Instant) -> None:
    meter = meters.get(queue)
    if meter is not None:
        meter.pass_time(now)
        meter.staff += came


def _moved(meter: Meter, event: CallQueued | OfferMade | CallLeftQueue | WaitEstimated, now: Instant) -> None:
    match event:
        case CallQueued():
            meter.waiting[event.call] = Forecast(since=now)
        case WaitEstimated() if event.call in meter.waiting:
            forecast = meter.waiting[event.call]
            forecast.p50, forecast.p90 = event.p50, event.p90
        case OfferMade() if event.call in meter.waiting and meter.waiting[event.call].since == now:
            del meter.waiting[event.call]  # served at once: says nothing of how fast a line moves
        case CallLeftQueue():
            forecast_of = meter.waiting.pop(event.call, None)
            if forecast_of is not None and now > forecast_of.since:
                _left(meter, forecast_of, event.outcome, Millis(now - forecast_of.since))
        case _:
            pass


def _left(meter: Meter, forecast: Forecast, outcome: QueueOutcome, waited: Millis) -> None:
    if outcome is not QueueOutcome.ANSWERED:
        meter.lost += 1
        return
    _learn(meter, forecast, waited)
    meter.fade()
    meter.served += 1


def _learn(meter: Meter, forecast: Forecast, waited: Millis) -> None:
    if forecast.p50 is None or forecast.p90 is None:
        return
    gives_up = meter.lost / meter.waited if meter.waited > 0 else 0.0
    weight = min(LARGEST_WEIGHT, exp(gives_up * waited))
    meter.factor50 += STEP * weight * ((waited > forecast.p50) - (1 - P50))
    meter.factor90 += STEP * weight * ((waited > forecast.p90) - (1 - P90))


def _stages(drain: float, gives_up: float, ahead: int) -> tuple[float, float]:
    """Mean and variance of the sum; beyond `EXACT_STAGES` stages by the integral, as exact as a millisecond needs."""
    exact = min(ahead + 1, EXACT_STAGES)
    rates = [drain + index * gives_up for index in range(exact)]
    mean, variance = sum(1 / rate for rate in rates), sum(1 / (rate * rate) for rate in rates)
    left = ahead + 1 - exact
    if left <= 0:
        return mean, variance
    first, last = drain + (exact - 0.5) * gives_up, drain + (ahead + 0.5) * gives_up
    if last - first < 1e-9 * first:
        return mean + left / drain, variance + left / (drain * drain)
    return mean + log(last / first) / gives_up, variance + (1 / first - 1 / last) / gives_up


def _gamma_quantile(mean: float, variance: float, part: float) -> float:
    """Wilson and Hilferty's cube: within 1.5 % of the gamma quantile from one stage (exponential) upwards."""
    ninth = variance / (9 * mean * mean)
    return mean * max(0.0, 1 - ninth + NORMAL[part] * ninth**0.5) ** 3  # type: ignore[no-any-return] # float ** float


def forget_callers(meters: Meters, staff: Mapping[QueueName, int], now: Instant) -> None:
    """Begin anew at `now` with what was learnt, but with nobody in line, and `staff` at work."""
    for queue, meter in meters.items():
        meter.waiting.clear()
        meter.staff, meter.until = staff.get(queue, 0), now


_SUMS = ("staff", "served", "manned", "lost", "waited", "factor50", "factor90", "until")


def save(meters: Meters) -> dict[str, Any]:
    """JSON-ready values."""
    return {queue: _plain(meter) for queue, meter in meters.items()}


def _plain(meter: Meter) -> dict[str, Any]:
    waiting = [[call, each.since, each.p50, each.p90] for call, each in meter.waiting.items()]
    return {name: getattr(meter, name) for name in _SUMS} | {"waiting": waiting}


def load(queues: Iterable[QueueName], saved: Mapping[str, Any]) -> Meters:
    """What `save` gave, for the queues that there are; a new queue begins with nothing."""
    return {queue: _read(saved[queue]) if queue in saved else Meter() for queue in queues}


def _read(plain: Mapping[str, Any]) -> Meter:
    waiting = {CallId(call): Forecast(since=since, p50=p50, p90=p90) for call, since, p50, p90 in plain["waiting"]}
    return Meter(**{name: plain[name] for name in _SUMS}, waiting=waiting)

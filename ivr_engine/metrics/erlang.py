"""Closed forms for one queue with alike agents: Erlang B, C and A, and the square-root rule.

Callers come by a Poisson process, conversations and patience are exponential. Rates are per any one unit of time; waits
come out in that unit. `load` is calls per unit x mean conversation, in Erlang: the agents who would always be busy.
Sources: Erlang 1917; Palm 1946; Halfin and Whitt 1981; Garnett, Mandelbaum and Reiman 2002.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count, pairwise
from math import erfc, exp, lgamma, log, log1p, pi, sqrt

_FORGET = 1e-20
"""States less likely than this, against the likeliest one looked at, are left out."""


def blocked(load: float, agents: int) -> float:
    """Erlang B: the share of callers who find all agents busy when nobody may wait."""
    share = 1.0
    for busy in range(1, agents + 1):
        share = load * share / (busy + load * share)
    return share


def load_at(blocked_share: float, agents: int) -> float:
    """The load at which Erlang B is `blocked_share` (between 0 and 1)."""
    low, high = 0.0, 1.0
    while blocked(high, agents) < blocked_share:
        high *= 2.0
    while high - low > 1e-15 * high:
        middle = (low + high) / 2.0
        if middle in {low, high}:
            break
        low, high = (middle, high) if blocked(middle, agents) < blocked_share else (low, middle)
    return (low + high) / 2.0


def delayed(load: float, agents: int) -> float:
    """Erlang C: the share of callers who wait when nobody gives up; 1.0 when the agents cannot carry the load."""
    if load >= agents:
        return 1.0
    share, used = blocked(load, agents), load / agents
    return share / (1.0 - used * (1.0 - share))


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientQueue:
    """M/M/n: nobody gives up. `calls`: per unit of time; `talk`: mean conversation; more agents than load.

    Raises:
        ValueError: the load is not below the number of agents; the queue would grow for ever.
    """

    calls: float
    talk: float
    agents: int

    def __post_init__(self) -> None:
        if not self.load < self.agents:
            raise ValueError(f"{self.agents} agents cannot carry a load of {self.load:g} Erlang")

    @property
    def load(self) -> float:
        """Erlang."""
        return self.calls * self.talk

    @property
    def delayed(self) -> float:
        """The share of callers who wait."""
        return delayed(self.load, self.agents)

    @property
    def occupancy(self) -> float:
        """The share of the agents' time that they talk."""
        return self.load / self.agents

    @property
    def mean_wait(self) -> float:
        """Over all callers (average speed of answer)."""
        return self.delayed * self._drain

    @property
    def mean_waiting(self) -> float:
        """Callers waiting at an instant."""
        return self.calls * self.mean_wait

    def answered_within(self, wait: float) -> float:
        """Service level: the share of callers who are answered within `wait`."""
        return 1.0 - self.delayed * exp(-wait / self._drain)

    def wait_quantile(self, share: float) -> float:
        """The wait that this share of callers does not exceed."""
        late = self.delayed / (1.0 - share)
        return self._drain * log(late) if late > 1.0 else 0.0

    @property
    def _drain(self) -> float:
        """Mean wait of those who wait."""
        return self.talk / (self.agents - self.load)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpatientQueue:
    """M/M/n+M: callers give up after an exponential time with mean `patience`. Any load."""

    calls: float
    talk: float
    patience: float
    agents: int

    @property
    def delayed(self) -> float:
        """The share of callers who are not answered at once."""
        return sum(self._in_state()[1])

    @property
    def mean_waiting(self) -> float:
        """Callers waiting at an instant."""
        return sum(waiting * share for waiting, share in enumerate(self._in_state()[1]))

    @property
    def abandoned(self) -> float:
        """The share of callers who give up."""
        return self.mean_waiting / self.patience / self.calls

    @property
    def mean_wait(self) -> float:
        """Over all callers, those who gave up included."""
        return self.mean_waiting / self.calls

    @property
    def occupancy(self) -> float:
        """The share of the agents' time that they talk."""
        return self.calls * self.talk * (1.0 - self.abandoned) / self.agents

    @property
    def mean_answer(self) -> float:
        """Average speed of answer: the mean wait of those answered, those answered at once included."""
        spent, waited = 0.0, 0.0
        for waiting, share in enumerate(self._in_state()[1]):
            spent += 1.0 / self._leaving(waiting + 1)
            waited += share * self._answered(waiting) * spent
        return waited / (1.0 - self.abandoned)

    def answered_within(self, wait: float) -> float:
        """Service level: answered within `wait` / all callers."""
        at_once, waiting_states = self._in_state()
        left = 1.0 - exp(-wait / self.patience)
        drain = self.agents * self.patience / self.talk
        return at_once + sum(
            share * self._answered(waiting) * _beta_share(waiting + 1.0, drain + 1.0, left)
            for waiting, share in enumerate(waiting_states)
        )

    def abandoned_within(self, wait: float) -> float:
        """The share of all callers who give up within `wait`."""
        left = 1.0 - exp(-wait / self.patience)
        drain = self.agents * self.patience / self.talk
        gone = sum(  # of those who met so many waiting: answered or given up by then, which leaves the rest waiting
            share * (1.0 - (1.0 - _beta_share(waiting + 1.0, drain, left)) * exp(-wait / self.patience))
            for waiting, share in enumerate(self._in_state()[1])
        )
        return gone - (self.answered_within(wait) - self._in_state()[0])

    def _leaving(self, ahead: int) -> float:
        """The rate at which a line of `ahead` callers, all agents being busy, gets shorter by one."""
        return self.agents / self.talk + ahead / self.patience

    def _answered(self, waiting: int) -> float:
        """The share answered of those who meet `waiting` callers in line."""
        return (self.agents / self.talk) / self._leaving(waiting + 1)

    def _in_state(self) -> tuple[float, list[float]]:
        """The share of callers who meet a free agent, and of those who meet all busy and 0, 1, 2... waiting.

        Weights from "all busy, nobody waits" outwards, so that none grows beyond measure.
        """
        below, weight = 0.0, 1.0
        for busy in range(self.agents, 0, -1):
            weight *= busy / self.talk / self.calls
            below += weight
        line, weight = [1.0], 1.0
        for waiting in count(1):
            weight *= self.calls / self._leaving(waiting)
            line.append(weight)
            if weight < _FORGET * max(line) and self.calls < self._leaving(waiting):
                break
        whole = below + sum(line)
        return below / whole, [weight / whole for weight in line]


def _beta_share(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, by Lentz's evaluation of its continued fraction."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - _beta_share(b, a, 1.0 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    return front / _beta_fraction(a, b, x)


def _beta_fraction(a: float, b: float, x: float) -> float:
    """1 + d1/(1 + d2/(1 + ...)), from the far end: convergents with ever more terms until two agree."""
    for last, terms in pairwise(2**power for power in range(5, 20)):
        shorter, longer = (_fraction(a, b, x, upto) for upto in (last, terms))
        if abs(longer - shorter) <= 1e-14 * abs(longer):
            return longer
    raise ArithmeticError(f"the incomplete beta function does not converge at a={a:g}, b={b:g}, x={x:g}")


def _fraction(a: float, b: float, x: float, terms: int) -> float:
    value = 1.0
    for step in range(terms, 0, -1):
        half = step // 2
        if step % 2:
            term = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        else:
            term = half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))
        value = 1.0 + term / value
    return value


def _tail(beta: float) -> float:
    """The share of the standard normal above `beta`."""
    return erfc(beta / sqrt(2.0)) / 2.0


def _density(beta: float) -> float:
    return exp(-beta * beta / 2.0) / sqrt(2.0 * pi)


def _hazard(beta: float) -> float:
    return _density(beta) / _tail(beta)


def delayed_at(spare: float, *, patience_over_talk: float | None = None) -> float:
    """The share who wait, in large centres with load + `spare` x sqrt(load) agents.

    `patience_over_talk` None: nobody gives up (Halfin and Whitt), `spare` positive. Else mean patience over mean
    conversation (Garnett, Mandelbaum and Reiman), and `spare` may be negative.
    """
    if patience_over_talk is None:
        return 1.0 / (1.0 + spare * (1.0 - _tail(spare)) / _density(spare))
    ratio = sqrt(1.0 / patience_over_talk)
    return 1.0 / (1.0 + ratio * _hazard(spare / ratio) / _hazard(-spare))


def agents_for(load: float, most_delayed: float) -> int:
    """The fewest agents with whom at most this share of callers waits, nobody giving up."""
    agents = int(load) + 1
    while delayed(load, agents) > most_delayed:
        agents += 1
    return agents

"""A day of one queue in virtual time: callers with patience, agents who come and go, and the real distribution core.

    day = QueueDay(seed=1, service=Millis(180_000), patience=Millis(300_000))
    day.staff(50)
    day.callers(rate=lambda at: 0.25, until=Instant(3_600_000))
    day.run()
    waits = day.outcomes            # every caller who did not find an agent free, with what was estimated

Service and patience are exponential. One caller in `probes` never gives up: what they wait is what anybody would have waited
who stayed, so estimates are judged by them. Equal seeds give equal days.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from random import Random

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.effects import Decision, RingAgent
from ivr_engine.acd.queues import QueuePolicy
from ivr_engine.acd.stimuli import CallEntered, CallerLeft, ConversationOver, LogIn, OfferAnswered, Pause, SetReady, Stimulus
from ivr_engine.core.events import CallLeftQueue, CallQueued, ConversationBegan, Recorded, WaitEstimated
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, Millis, QueueName, later
from ivr_engine.core.outcomes import EndedBy, Presence, QueueOutcome

QUEUE = QueueName("calls")
Rate = Callable[[Instant], float]
"""Callers a second at an instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A caller who had to wait. `estimated` is None before anything was known; `probe`: one who never gives up."""

    entered: Instant
    waited: Millis
    answered: bool
    probe: bool
    estimated: WaitEstimated | None


class QueueDay:
    """See the module. `agents` is the most that may be at work."""

    def __init__(self, *, seed: int, service: Millis, patience: Millis | None, agents: int = 200, probes: int = 20) -> None:
        self._random = Random(seed)  # noqa: S311 - a simulation
        self._service, self._patience, self._probes = service, patience, probes
        profiles = [AgentProfile(agent=AgentId(f"a{number:04}"), queues=(QUEUE,)) for number in range(agents)]
        self._centre = Centre(queues=[QueuePolicy(name=QUEUE, wrap_up=Millis(0))], agents=profiles)
        self._agents = [profile.agent for profile in profiles]
        self._agenda: list[tuple[Instant, int, Callable[[Instant], None]]] = []
        self._order = count()
        self._callers = count()
        self._entered: dict[CallId, Instant] = {}
        self._estimates: dict[CallId, WaitEstimated] = {}
        self._patient: set[CallId] = set()
        self._sequence = 0
        self.journal: list[Recorded] = []
        self.outcomes: list[Outcome] = []

    def at(self, instant: Instant, deed: Callable[[Instant], None]) -> None:
        """Let `deed` happen at `instant`."""
        heappush(self._agenda, (instant, next(self._order), deed))

    def staff(self, number: int, *, at: Instant = Instant(0)) -> None:
        """From `at` on so many agents are at work; who leaves finishes the conversation."""
        self.at(at, lambda now: self._staff(number, now))

    def callers(self, rate: Rate, *, until: Instant, most: float) -> None:
        """Callers come as a Poisson stream of changing rate, at no instant more than `most` a second."""
        self._next_caller(Instant(0), rate, until, most)

    def run(self) -> None:
        """To the end of the agenda."""
        while self._agenda:
            instant, _, deed = heappop(self._agenda)
            deed(instant)

    def _next_caller(self, now: Instant, rate: Rate, until: Instant, most: float) -> None:
        at = later(now, Millis(max(1, round(self._random.expovariate(most) * 1000))))
        if at >= until:
            return
        self.at(at, lambda then: self._next_caller(then, rate, until, most))
        if self._random.random() * most < rate(at):
            self.at(at, self._enter)

    def _enter(self, now: Instant) -> None:
        number = next(self._callers)
        call = CallId(f"c{number}")
        if self._patience is not None:
            if number % self._probes:
                patience = Millis(round(self._random.expovariate(1 / self._patience)))
                self.at(later(now, patience), lambda then: self._give_up(call, then))
            else:
                self._patient.add(call)
        self._send(CallEntered(call=call, queue=QUEUE, needs=(), priority=0, language=Language("zh")), now)

    def _give_up(self, call: CallId, now: Instant) -> None:
        if call in self._entered:
            self._send(CallerLeft(call=call), now)

    def _staff(self, number: int, now: Instant) -> None:
        known = {status.agent: status.presence for status in self._centre.agents()}
        for place, agent in enumerate(self._agents):
            if place < number and known[agent] is not Presence.READY:
                if known[agent] is Presence.LOGGED_OUT:
                    self._send(LogIn(agent=agent), now)
                self._send(SetReady(agent=agent), now)
            elif place >= number and known[agent] is Presence.READY:
                self._send(Pause(agent=agent, reason="home"), now)

    def _send(self, stimulus: Stimulus, now: Instant) -> None:
        decision = self._centre.handle(stimulus, now)
        self._note(decision, now)
        for effect in decision.effects:
            if isinstance(effect, RingAgent):
                self._send(OfferAnswered(offer=effect.offer), now)

    def _note(self, decision: Decision, now: Instant) -> None:
        for event in decision.events:
            self._sequence += 1
            self.journal.append(Recorded(sequence=self._sequence, at=now, event=event))
            match event:
                case CallQueued():
                    self._entered[event.call] = now
                case WaitEstimated():
                    self._estimates[event.call] = event
                case CallLeftQueue():
                    self._left(event)
                case ConversationBegan():
                    self._talk(event, now)
                case _:
                    pass

    def _left(self, event: CallLeftQueue) -> None:
        entered = self._entered.pop(event.call)
        if event.waited:
            self.outcomes.append(
                Outcome(
                    entered=entered,
                    waited=event.waited,
                    answered=event.outcome is QueueOutcome.ANSWERED,
                    probe=event.call in self._patient or self._patience is None,
                    estimated=self._estimates.pop(event.call, None),
                )
            )

    def _talk(self, event: ConversationBegan, now: Instant) -> None:
        talked = Millis(max(1, round(self._random.expovariate(1 / self._service))))
        over = ConversationOver(call=event.call, ended_by=EndedBy.CALLER, talked=talked)
        self.at(later(now, talked), lambda then: self._send(over, then))

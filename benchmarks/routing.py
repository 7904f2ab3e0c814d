"""How long the distribution core takes to decide, with everything written down that `ivr-engine why` tells.

    python -m benchmarks.routing

Every agent has queues and skills of their own, everybody talks, and callers wait for skills at levels. Conversations end,
so an agent is freed and takes the call whose turn it is; others arrive and wait. One decision is one stimulus, timed by the
processor's clock of this thread: what else the machine does must not change the result.

The baseline, measured in the same run, is the plain way: look at every waiting call for each freed agent, take the first
that fits, and write nothing down. `ratio` is its median over our 99th percentile, where we do worse against the goal;
`goal` is its median over what the project asks for: 1 ms with 1,000 agents, 50 queues and 500 callers waiting, 10 ms
with ten times as many.

Last, the cost of a decision when all agents serve 10, 100 and 1,000 queues of which one has callers: it must not grow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from statistics import mean, median
from time import thread_time_ns

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.effects import RingAgent
from ivr_engine.acd.queues import QueuePolicy
from ivr_engine.acd.stimuli import CallEntered, ConversationOver, LogIn, OfferAnswered, SetReady, Stimulus
from ivr_engine.core.events import SkillNeed
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, Millis, QueueName, SkillName
from ivr_engine.core.outcomes import EndedBy

SKILLS = [SkillName(f"skill{number}") for number in range(10)]
ZH = Language("zh")
ROUNDS = 2_000
PER_AGENT = 4  # queues


@dataclass(frozen=True)
class Size:
    """How large a centre is, and what the project asks for."""

    agents: int
    queues: int
    waiting: int
    limit_ms: float


SIZES = (Size(1_000, 50, 500, 1.0), Size(10_000, 500, 5_000, 10.0))


@dataclass
class Floor:
    """A centre at work."""

    centre: Centre
    profiles: dict[AgentId, AgentProfile]
    talking: dict[CallId, AgentId]
    random: Random
    now: Instant = Instant(0)
    calls: int = 0

    def send(self, stimulus: Stimulus) -> int:
        """Let it happen a moment later; agents answer at once. The nanoseconds that it took to decide."""
        self.now = Instant(self.now + 1)
        began = thread_time_ns()
        decision = self.centre.handle(stimulus, self.now)
        took = thread_time_ns() - began
        for effect in decision.effects:
            if isinstance(effect, RingAgent):
                self.talking[effect.call] = effect.agent
                self.centre.handle(OfferAnswered(offer=effect.offer), self.now)
        return took

    def arrival(self, queue: QueueName, needs: tuple[SkillNeed, ...]) -> CallEntered:
        """Another caller."""
        self.calls += 1
        return CallEntered(call=CallId(f"c{self.calls}"), queue=queue, needs=needs, priority=0, language=ZH)

    def end(self) -> ConversationOver:
        """Any conversation comes to its end."""
        call = self.random.choice(list(self.talking))
        del self.talking[call]
        return ConversationOver(call=call, ended_by=EndedBy.AGENT, talked=Millis(1))


def floor(queues: list[QueueName], profiles: list[AgentProfile], seed: int) -> Floor:
    """A centre with everybody ready."""
    policies = [QueuePolicy(name=queue, wrap_up=Millis(0)) for queue in queues]
    at_work = Floor(
        Centre(queues=policies, agents=profiles),
        {profile.agent: profile for profile in profiles},
        {},
        Random(seed),
    )
    for profile in profiles:
        at_work.centre.handle(LogIn(agent=profile.agent), Instant(0))
        at_work.centre.handle(SetReady(agent=profile.agent), Instant(0))
    return at_work


def busy(size: Size) -> tuple[Floor, list[QueueName]]:
    """Everybody talks and so many callers wait."""
    random = Random(size.agents)
    queues = [QueueName(f"queue{number}") for number in range(size.queues)]
    profiles = [
        AgentProfile(
            agent=AgentId(f"a{number:05}"),
            queues=tuple(random.sample(queues, PER_AGENT)),
            skills={skill: random.randint(1, 10) for skill in random.sample(SKILLS, 5)},
        )
        for number in range(size.agents)
    ]
    at_work = floor(queues, profiles, size.agents)
    while len(at_work.talking) < size.agents or at_work.calls - len(at_work.talking) < size.waiting:
        at_work.send(at_work.arrival(random.choice(queues), needs_of(random, all_talk=len(at_work.talking) == size.agents)))
    return at_work, queues


def needs_of(random: Random, *, all_talk: bool) -> tuple[SkillNeed, ...]:
    """What a caller needs; nothing as long as agents are free, so that everybody is soon busy."""
    return (SkillNeed(skill=random.choice(SKILLS), level=random.randint(1, 8)),) if all_talk else ()


def measured(at_work: Floor, queues: list[QueueName]) -> Iterator[int]:
    """Conversations end and callers arrive, in turn: the nanoseconds of each."""
    for _ in range(ROUNDS):
        yield at_work.send(at_work.end())
        yield at_work.send(at_work.arrival(at_work.random.choice(queues), needs_of(at_work.random, all_talk=True)))


def plain(at_work: Floor) -> float:
    """The baseline's median nanoseconds, on the same callers and agents."""
    waiting = sorted(
        (call.arrived, call.call, call.queue, at_work.random.choice(SKILLS), at_work.random.randint(1, 8))
        for call in at_work.centre.calls()
        if call.position is not None
    )
    took = []
    for profile in at_work.random.sample(list(at_work.profiles.values()), 200):
        began = thread_time_ns()
        fitting = [call for call in waiting if call[2] in profile.queues and profile.skills.get(call[3], 0) >= call[4]]
        min(fitting, default=None)
        took.append(thread_time_ns() - began)
    return median(took)


def idle_queues() -> None:
    """What queues without callers cost."""
    for count in (10, 100, 1_000):
        queues = [QueueName(f"queue{number}") for number in range(count)]
        profiles = [AgentProfile(agent=AgentId(f"a{number:03}"), queues=tuple(queues)) for number in range(200)]
        at_work = floor(queues, profiles, count)
        while len(at_work.talking) < len(profiles):
            at_work.send(at_work.arrival(queues[0], ()))
        took = [at_work.send(at_work.end()) + at_work.send(at_work.arrival(queues[0], ())) for _ in range(ROUNDS)]
        print(f"{count:>5} queues, one with callers: {mean(took) / 2_000:8.1f} us a decision")


def main() -> None:
    """Measure and print."""
    worst = (float("inf"), 0.0, 0.0)
    for size in SIZES:
        at_work, queues = busy(size)
        took = sorted(measured(at_work, queues))
        middle, late = took[len(took) // 2] / 1e6, took[len(took) * 99 // 100] / 1e6
        baseline = plain(at_work) / 1e6
        print(
            f"{size.agents:>6,} agents {size.queues:>4} queues {size.waiting:>5,} waiting: "
            f"median {middle:.3f} ms  p99 {late:.3f} ms  asked {size.limit_ms:g} ms  plain way {baseline:.3f} ms"
        )
        worst = min(worst, (size.limit_ms / late, baseline / late, baseline / size.limit_ms))
    idle_queues()
    _, ratio, goal = worst
    print(f"routing ratio={ratio:.3f} goal={goal:.3f} {'met' if ratio >= goal else 'short'}")


if __name__ == "__main__":
    main()

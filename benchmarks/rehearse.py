"""A whole day of a large centre, rehearsed: 1,000 seats, 400,000 calls, ten queues, on one core.

    python -m benchmarks.rehearse

Callers come unevenly over 12 hours, most of them before noon; agents serve two queues each and wrap up. The baseline, in
the same run on the same machine, is the day without a centre: the same callers, the same telephones and conversations, taken
off the same kind of heap one by one, deciding nothing and recording nothing. `ratio` is the day's seconds over the
baseline's; `goal` is the rate that the project asks for, 60 seconds for the day, over the baseline's.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import replace
from heapq import heappop, heappush
from time import process_time

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.queues import QueuePolicy
from ivr_engine.cli.app import COLLECT_AFTER
from ivr_engine.core.events import Event
from ivr_engine.core.ids import AgentId, Instant, Millis, QueueName, later
from ivr_engine.testing.clock import START
from ivr_engine.testing.day.callers import Caller, CallerKind, Traffic, poisson
from ivr_engine.testing.day.chance import Chance, Exponential, Gamma, Uniform
from ivr_engine.testing.day.drive import drive
from ivr_engine.testing.day.figures import DayFigures
from ivr_engine.testing.day.people import Person, Shift, Telephone
from ivr_engine.testing.day.rehearsal import Rehearsal

SEATS, CALLS, QUEUES = 1_000, 400_000, 10
WANTED = 60.0  # seconds
HALF_HOUR = Millis(1_800_000)
# The day's shape: the share of calls in each half hour of twelve hours.
SHAPE = (2, 3, 4, 5, 6, 6, 6, 5, 5, 4, 4, 4, 4, 4, 5, 5, 5, 4, 4, 4, 3, 3, 3, 2)
NAMES = tuple(QueueName(f"queue{place}") for place in range(QUEUES))


def kind(queue: QueueName) -> CallerKind:
    return CallerKind(name=queue, queue=queue, talk=Gamma(2.0, 70_000), patience=Exponential(240_000))


def callers(chance: Chance) -> list[Caller]:
    traffic = []
    for place, share in enumerate(SHAPE):
        begin = later(START, Millis(place * HALF_HOUR))
        calls = CALLS * share / sum(SHAPE) / QUEUES
        traffic += [Traffic(kind=kind(name), begin=begin, end=later(begin, HALF_HOUR), calls=calls) for name in NAMES]
    return list(poisson(traffic, chance))


def staff() -> list[AgentProfile]:
    return [
        AgentProfile(agent=AgentId(f"agent{seat:04}"), queues=(NAMES[seat % QUEUES], NAMES[(seat + 1) % QUEUES]))
        for seat in range(SEATS)
    ]


def day(found: Sequence[Caller], chance: Chance) -> tuple[float, DayFigures]:
    """Seconds of the processor, and the day's figures."""
    figures, profiles = DayFigures(), staff()
    last: list[Instant] = [START]

    def record(events: Sequence[Event], at: Instant) -> None:
        figures.record(events, at)
        last[0] = at

    telephone = Telephone(answers=Uniform(2_000, 6_000))
    people = [Person(agent=each.agent, shifts=(Shift(begin=START),), telephone=telephone) for each in profiles]
    policies = [QueuePolicy(name=name, wrap_up=Millis(10_000)) for name in NAMES]
    began = process_time()
    centre = Centre(queues=policies, agents=profiles, brief=True)
    drive(centre, Rehearsal(callers=found, people=people, chance=chance), record)
    figures.close(last[0])
    return process_time() - began, figures


def bare_day(found: Sequence[Caller]) -> float:
    """Seconds of the processor for the happenings alone."""
    began = process_time()
    agenda: list[tuple[int, int, int]] = []
    for place, caller in enumerate(found):
        heappush(agenda, (caller.at, place, 3))
        while agenda[0][0] <= caller.at:
            at, number, steps = heappop(agenda)
            if steps:
                heappush(agenda, (at + found[number].talk // 3 + 1, number, steps - 1))
    return process_time() - began


def main() -> None:
    """Rehearse and print."""
    gc.set_threshold(*COLLECT_AFTER)  # as the command does
    chance = Chance("1")
    found = [replace(caller) for caller in callers(chance)]
    bare = bare_day(found)
    took, figures = day(found, chance)
    whole, agents = figures.queues()[-1], figures.agents()[-1].worked
    print(f"callers            {whole.offered:>10,}   answered {whole.answered:,}, gave up {whole.abandoned:,}")
    print(f"service level      {100 * (whole.level or 0):>10.1f} %   within 20 s")
    print(f"agents occupied    {100 * (agents.occupancy or 0):>10.1f} %")
    print(f"bare happenings    {bare:>10.2f} s")
    print(f"the day            {took:>10.2f} s   {1e6 * took / whole.offered:.0f} us a call")
    print(f"wanted             {WANTED:>10.2f} s")
    ratio, goal = took / bare, WANTED / bare
    print(f"rehearse ratio={ratio:.1f} goal={goal:.1f} {'met' if ratio <= goal else 'short'}")


if __name__ == "__main__":
    main()

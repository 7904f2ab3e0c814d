"""A recorded day under other rules: both days' figures, the first decision that differs, and what had to be estimated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ivr_engine.acd.centre import Centre
from ivr_engine.acd.stimuli import LogIn, Pause, SetReady, Stimulus
from ivr_engine.core.events import AgentPresenceChanged, Recorded
from ivr_engine.core.ids import AgentId, Instant, Millis
from ivr_engine.core.outcomes import Presence
from ivr_engine.testing.day.chance import Chance
from ivr_engine.testing.day.drive import Happening, drive
from ivr_engine.testing.day.estimates import estimates_from
from ivr_engine.testing.day.figures import IN_TIME, DayFigures
from ivr_engine.testing.day.hours import always_open
from ivr_engine.testing.day.record import Moment, read_day
from ivr_engine.testing.day.replay import Comparison, Replay

A_DAY = Millis(86_400_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What would have been different.

    `estimated`: how often what was needed from an estimate: `patience` (callers who waited longer than recorded), `gave
    up` (those of them who gave up, by estimate), `talk`, `ring`. `not_come_again`: later visits of callers whose earlier
    one ended otherwise than recorded; they are left out.
    """

    recorded: DayFigures
    replayed: DayFigures
    comparison: Comparison
    estimated: Counter[str]
    not_come_again: int
    starts: int
    versions: int


def what_if(
    journal: Iterable[Recorded],
    centre: Centre,
    *,
    hours: Callable[[Instant, Instant], Iterable[Happening]] = always_open,
    since: Instant | None = None,
    in_time: Millis = IN_TIME,
    seed: str = "1",
) -> Answer:
    """Let the journal's day happen again in `centre`, which is fresh.

    Args:
        journal: in order of sequence.
        centre: with the rules to try.
        hours: when its queues open and close between two instants; see `hours.hours_of`.
        since: from when the day counts. Of what was before only who was at work is taken over, as if free since then.
        in_time: for the service level.
        seed: for estimates; the same seed gives the same answer.
    """
    before, counted = _cut(journal, since)
    day = read_day(counted)
    if since is not None:
        day.commands[:0] = _standing(before, since)
    world = Replay(day, estimates_from(day, Chance(seed)))
    recorded, replayed = _figures(before, since, in_time), DayFigures(in_time=in_time)
    for event in day.events:
        recorded.record([event.event], event.at)
    end = day.events[-1].at if day.events else Instant(0)
    recorded.close(end)
    changes = hours(day.events[0].at, end) if day.events else ()
    drive(centre, world, replayed.record, hours=changes, until=Instant(end + A_DAY))
    replayed.close(end)
    world.comparison.close()
    return Answer(
        recorded=recorded,
        replayed=replayed,
        comparison=world.comparison,
        estimated=world.estimates.used,
        not_come_again=world.not_come_again,
        starts=day.starts,
        versions=day.versions,
    )


def _cut(journal: Iterable[Recorded], since: Instant | None) -> tuple[dict[AgentId, AgentPresenceChanged], list[Recorded]]:
    """Who was how at `since`, and all that came from then on."""
    before: dict[AgentId, AgentPresenceChanged] = {}
    counted: list[Recorded] = []
    for recorded in journal:
        if since is None or recorded.at >= since:
            counted.append(recorded)
        elif isinstance(recorded.event, AgentPresenceChanged):
            before[recorded.event.agent] = recorded.event
    return before, counted


def _standing(before: dict[AgentId, AgentPresenceChanged], since: Instant) -> list[tuple[Moment, Stimulus]]:
    commands: list[Stimulus] = []
    for agent, event in before.items():
        if event.presence is not Presence.LOGGED_OUT:
            commands.append(LogIn(agent=agent))
            ready = event.presence is Presence.READY
            commands.append(SetReady(agent=agent) if ready else Pause(agent=agent, reason=event.reason))
    return [(Moment(since, rank - len(commands)), command) for rank, command in enumerate(commands)]


def _figures(before: dict[AgentId, AgentPresenceChanged], since: Instant | None, in_time: Millis) -> DayFigures:
    figures = DayFigures(in_time=in_time)
    if since is not None:
        figures.record(list(before.values()), since)
    return figures

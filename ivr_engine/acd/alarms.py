"""What time alone brings."""

from __future__ import annotations

from collections.abc import Iterator

from ivr_engine.acd import announcements, offers, visits
from ivr_engine.acd.conversations import end_wrap_up
from ivr_engine.acd.state import Moment
from ivr_engine.acd.stimuli import TimePassed
from ivr_engine.acd.timers import Timer, TimerKind
from ivr_engine.core.ids import AgentId, OfferId


def time_passed(moment: Moment, _stimulus: TimePassed) -> None:
    """Handle everything due, in the order in which it fell due: an alarm that comes late decides as a punctual one.

    Except that all who may be offered again by now are let back first and matched together: else, of two callers whose
    telephone failed at the same instant, the one turned down first would be served before a more urgent one.
    """
    due = tuple(_due(moment))
    for timer in due:
        if timer.kind is TimerKind.RETRY:
            offers.retry(moment, timer.subject, timer.other)
    offers.rematch(moment)
    for timer in due:
        _ring(moment, timer)
        offers.rematch(moment)


def _due(moment: Moment) -> Iterator[Timer]:
    while (timer := moment.state.timers.take_due(moment.now)) is not None:
        yield timer


def _ring(moment: Moment, timer: Timer) -> None:
    match timer.kind:
        case TimerKind.WRAP_UP:
            end_wrap_up(moment, moment.state.agents[AgentId(timer.subject)])
        case TimerKind.OFFER:
            offers.lapse(moment, OfferId(timer.subject))
        case TimerKind.RETRY:
            pass  # came first
        case TimerKind.MAX_WAIT:
            visits.max_wait_over(moment, timer.subject)
        case TimerKind.ANNOUNCE:
            announcements.due(moment, timer.subject, timer.other)

"""What time alone brings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from ivr_engine.acd import announcements, offers, relaxation, visits, wishes
from ivr_engine.acd.conversations import wrap_up_over
from ivr_engine.acd.state import Moment
from ivr_engine.acd.stimuli import TimePassed
from ivr_engine.acd.timers import Timer, TimerKind
from ivr_engine.core.ids import AgentId, OfferId


def time_passed(moment: Moment, _stimulus: TimePassed) -> None:
    """Handle everything due, in the order in which it fell due: an alarm that comes late decides as a punctual one.

    Except that all who may be offered to more agents by now are looked at first and matched together: else, of two callers
    whose telephone failed, or who relaxed, at the same instant, the first by name would be served before a more urgent one.
    """
    due = tuple(_due(moment))
    for timer in due:
        if timer.kind in WIDER:
            WIDER[timer.kind](moment, timer)
    offers.rematch(moment)
    for timer in due:
        if timer.kind not in WIDER:
            _ring(moment, timer)
            offers.rematch(moment)


WIDER: Mapping[TimerKind, Callable[[Moment, Timer], None]] = MappingProxyType(
    {
        TimerKind.RETRY: lambda moment, timer: offers.retry(moment, timer.subject, timer.other),
        TimerKind.RELAX: lambda moment, timer: relaxation.step_due(moment, timer.subject),
        TimerKind.WISH: lambda moment, timer: wishes.time_over(moment, timer.subject),
    }
)
"""What lets more agents take a call."""


def _due(moment: Moment) -> Iterator[Timer]:
    while (timer := moment.state.timers.take_due(moment.now)) is not None:
        yield timer


def _ring(moment: Moment, timer: Timer) -> None:
    match timer.kind:
        case TimerKind.WRAP_UP:
            wrap_up_over(moment, AgentId(timer.subject), timer.other)
        case TimerKind.OFFER:
            offers.lapse(moment, OfferId(timer.subject))
        case TimerKind.MAX_WAIT:
            visits.max_wait_over(moment, timer.subject)
        case TimerKind.ANNOUNCE:
            announcements.due(moment, timer.subject, timer.other)

"""The hours of queues: the centre is told at the instant at which a queue's calendar opens or closes it."""

from __future__ import annotations

from collections.abc import Callable

from ivr_engine.acd.stimuli import HoursChanged
from ivr_engine.core.ids import Instant, QueueName
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.ports.clock import Clock
from ivr_engine.services.centre_config import closed_queues
from ivr_engine.services.centre_runner import CentreRunner

MINUTE = 60_000  # ms


class OpeningHours:
    """Looks at the calendars of the files as they are now, from the beginning on.

    Calendars turn on whole minutes, in every time zone and when clocks are put forward or back. To look once a minute costs
    less than to know all that, and a reload needs nothing of its own: other calendars hold from the next minute on.
    """

    def __init__(self, *, definition: Callable[[], CentreDefinition], centre: CentreRunner, clock: Clock) -> None:
        self._definition = definition
        self._centre = centre
        self._clock = clock
        self._closed: tuple[QueueName, ...] = ()
        self._look()

    async def keep_time(self) -> None:
        """Tell the centre of every change. Runs until cancelled."""
        while True:
            now = self._clock.now()
            await self._clock.sleep_until(Instant(now - now % MINUTE + MINUTE))
            self._look()

    def _look(self) -> None:
        closed = closed_queues(self._definition(), self._clock.now())
        if closed != self._closed:
            self._closed = closed
            self._centre.handle(HoursChanged(closed=closed))

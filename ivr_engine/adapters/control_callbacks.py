"""The control socket's commands for callbacks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ivr_engine.acd.callbacks import Booking
from ivr_engine.services.callbacks import CallbackDesk

Body = Mapping[str, Any]
MOST_LISTED = 200
"""Those whose turn comes first; a line of the socket is bounded."""


def callback_handlers(desk: CallbackDesk) -> dict[str, Callable[[Body], Awaitable[object]]]:
    """Command -> what answers it."""

    async def callback_list(_body: Body) -> object:
        return [_plain(each) for each in desk.live()[:MOST_LISTED]]

    async def callback_cancel(body: Body) -> object:
        return [_plain(desk.cancel(str(body.get("booking", "")), str(body.get("by", ""))))]

    return {"callback.list": callback_list, "callback.cancel": callback_cancel}


def _plain(booking: Booking) -> dict[str, Any]:
    """What a list shows; the number whole, for whoever may give commands may call it."""
    return {
        "booking": booking.id,
        "booked_by": booking.booked_by,
        "queue": booking.queue,
        "number": booking.number,
        "priority": booking.priority,
        "window": booking.window,
        "since": booking.since,
        "due": booking.due,
        "attempts": booking.attempts,
        "phase": str(booking.phase),
    }

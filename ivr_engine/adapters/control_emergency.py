"""The control socket's commands of the emergency switch. Answers are the facts that were recorded, or are on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from ivr_engine.core.events import Event
from ivr_engine.core.events.codec import to_plain
from ivr_engine.core.ids import Instant
from ivr_engine.errors import CommandRefused
from ivr_engine.flows.emergency import Wish, Word
from ivr_engine.services.emergency import EmergencyDesk

Body = Mapping[str, Any]


def emergency_handlers(desk: EmergencyDesk) -> dict[str, Callable[[Body], Awaitable[object]]]:
    """Command -> what answers it."""

    async def broadcast_on(body: Body) -> object:
        return _plain(await desk.broadcast(_wish(body), _word(body), until=_until(body)))

    async def broadcast_off(body: Body) -> object:
        return _plain(desk.end_broadcasts(_text(body, "number"), _text(body, "language"), _word(body)))

    async def broadcast_list(_body: Body) -> object:
        return _plain(desk.broadcasts())

    async def reroute_on(body: Body) -> object:
        return _plain([desk.reroute(_text(body, "number"), _text(body, "flow"), _word(body), until=_until(body))])

    async def reroute_off(body: Body) -> object:
        return _plain(desk.end_reroutes(_text(body, "number"), _word(body)))

    async def reroute_list(_body: Body) -> object:
        return _plain(desk.reroutes())

    return {
        "broadcast.on": broadcast_on,
        "broadcast.off": broadcast_off,
        "broadcast.list": broadcast_list,
        "reroute.on": reroute_on,
        "reroute.off": reroute_off,
        "reroute.list": reroute_list,
    }


def _wish(body: Body) -> Wish:
    return Wish(
        number=_text(body, "number"),
        language=_text(body, "language"),
        prompt=_text(body, "prompt"),
        text=_text(body, "text"),
        skippable=body.get("skippable", True) is not False,
    )


def _word(body: Body) -> Word:
    return Word(by=_text(body, "by"), reason=_text(body, "reason"))


def _until(body: Body) -> Instant:
    until = body.get("until")
    if type(until) is not int:
        raise CommandRefused("say when it ends: an emergency ends by itself")
    return Instant(until)


def _text(body: Body, field: str) -> str:
    return str(body.get(field, "")).strip()


def _plain(events: Iterable[Event]) -> list[dict[str, Any]]:
    return [to_plain(event) for event in events]

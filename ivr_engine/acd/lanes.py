"""What an agent has in hand, by kind of work: a lane for each kind, with room for so many pieces at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

from ivr_engine.acd.transitions import ACTIVITY, ActivityStep, IllegalTransition, advance
from ivr_engine.core.ids import VOICE, AgentId, CallId, Instant, Millis, OfferId, WorkKind
from ivr_engine.core.outcomes import Activity


@dataclass(slots=True, kw_only=True)
class Slot:
    """One piece of work in hand, from the offer to the end of its paper work; `since`: the last step of its activity.

    `offer` only while offered. `wrap_up_ends` and `wrap_up_most` say when the wrap-up ends, and how long it may be made.
    """

    call: CallId
    activity: Activity
    since: Instant
    offer: OfferId | None = None
    wrap_up_ends: Instant = Instant(0)
    wrap_up_most: Millis = Millis(0)


@dataclass(slots=True, kw_only=True, eq=False)
class Lane:
    """An agent's work of one kind. `taken`: the slots in use, at most `room` of them; a smaller `room` ends none.

    `beside_voice`: may be offered while the agent talks. `since`: the last step of any slot. `failed_calls`: the different
    callers, since the last that was answered, with whom the telephone failed. Since logging in: `calls` taken, `talks` ended
    with `talked` ms in all.
    """

    agent: AgentId
    kind: WorkKind = VOICE
    room: int = 1
    beside_voice: bool = False
    taken: dict[CallId, Slot] = field(default_factory=dict)
    since: Instant = Instant(0)
    failed_calls: list[CallId] = field(default_factory=list)
    calls: int = 0
    talks: int = 0
    talked: int = 0

    @property
    def has_room(self) -> bool:
        """Whether a slot is left."""
        return len(self.taken) < self.room

    @property
    def activity(self) -> Activity:
        """Of the piece of work that came first: in the voice lane, what the agent does."""
        for slot in self.taken.values():
            return slot.activity
        return Activity.IDLE

    def step(self, call: CallId, step: ActivityStep, *, now: Instant, offer: OfferId | None = None) -> int:
        """Move what is done with `call` by the table; how many pieces more are in hand afterwards: 1, 0 or -1.

        Raises:
            IllegalTransition: not from here, or there is no room; nothing changed.
        """
        slot = self.taken.get(call)
        if slot is None:
            return self._take(call, step, now, offer)
        slot.activity, slot.offer, slot.since = advance(ACTIVITY, slot.activity, step), offer, now
        self.since = now
        if slot.activity is not Activity.IDLE:
            return 0
        del self.taken[call]
        return -1

    def _take(self, call: CallId, step: ActivityStep, now: Instant, offer: OfferId | None) -> int:
        activity = advance(ACTIVITY, Activity.IDLE, step)
        if not self.has_room:
            raise IllegalTransition(f"agent {self.agent} has no room for {call}: {len(self.taken)} of {self.kind} in hand")
        self.taken[call] = Slot(call=call, activity=activity, since=now, offer=offer)
        self.since = now
        return 1

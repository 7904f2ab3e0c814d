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

    `beside_voice`: may be offered while the agent talks. `activity`: of what came first, so in the voice lane what the agent
    does; `since`: the last step of any slot. `failed_calls`: the different callers, since the last that was answered,
    with whom the telephone failed. Since logging in: `calls` taken, `talks` ended with `talked` ms in all.
    """

    agent: AgentId
    kind: WorkKind = VOICE
    room: int = 1
    beside_voice: bool = False
    taken: dict[CallId, Slot] = field(default_factory=dict)
    activity: Activity = Activity.IDLE
    since: Instant = Instant(0)
    failed_calls: list[CallId] = field(default_factory=list)
    calls: int = 0
    talks: int = 0
    talked: int = 0

    @property
    def has_room(self) -> bool:
        """Whether a slot is left."""
        return len(self.taken) < self.room

    def put(self, slot: Slot) -> None:
        """Take the slot in, as it stands."""
        self.taken[slot.call] = slot
        self._moved(slot.since)

    def step(self, call: CallId, step: ActivityStep, *, now: Instant, offer: OfferId | None = None) -> int:
        """Move what is done with `call` by the table; how many pieces more are in hand afterwards: 1, 0 or -1.

        Raises:
            IllegalTransition: not from here, or there is no room; nothing changed.
        """
        slot = self.taken.get(call)
        if slot is None:
            return self._take(call, step, now, offer)
        slot.activity, slot.offer, slot.since = advance(ACTIVITY, slot.activity, step), offer, now
        over = slot.activity is Activity.IDLE
        if over:
            del self.taken[call]
        self._moved(now)
        return -1 if over else 0

    def _take(self, call: CallId, step: ActivityStep, now: Instant, offer: OfferId | None) -> int:
        activity = advance(ACTIVITY, Activity.IDLE, step)
        if not self.has_room:
            raise IllegalTransition(f"agent {self.agent} has no room for {call}: {len(self.taken)} of {self.kind} in hand")
        self.put(Slot(call=call, activity=activity, since=now, offer=offer))
        return 1

    def _moved(self, now: Instant) -> None:
        self.since = now
        self.activity = next(iter(self.taken.values())).activity if self.taken else Activity.IDLE

"""Agents: who they are (configuration) and what they are doing (two axes, never mixed)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr_engine.acd.lanes import Lane, Slot
from ivr_engine.acd.transitions import PRESENCE, ActivityStep, PresenceStep, advance
from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import (
    VOICE,
    AgentId,
    CallId,
    Instant,
    Language,
    Millis,
    OfferId,
    QueueName,
    SkillName,
    WorkKind,
    between,
)
from ivr_engine.core.outcomes import Activity, Presence


@frozen
class AgentProfile:
    """An agent as configured. Skills have levels 1 (lowest) to 10; no languages listed means every language.

    `capacity`: how many pieces of work of a kind other than voice at a time, 1 where nothing is said.
    `rank`: the place in the list, for `top_down`. `talk`: how long a conversation of theirs lasts on average, for `fastest`
    until enough of them were measured.
    """

    agent: AgentId
    skills: Mapping[SkillName, int] = field(default_factory=dict)
    queues: tuple[QueueName, ...] = ()
    languages: tuple[Language, ...] = ()
    rank: int = 0
    talk: Millis | None = None
    capacity: Mapping[WorkKind, int] = field(default_factory=dict)

    def unfit_for(self, needs: tuple[SkillNeed, ...], language: Language) -> str | None:
        """Why this person could never take such a call, as a reason code, or None: able."""
        for need in needs:
            level = self.skills.get(need.skill)
            if level is None:
                return f"lacks_skill:{need.skill}"
            if level < need.level:
                return f"level_too_low:{need.skill}"
        if language and self.languages and language not in self.languages:
            return f"speaks_not:{language}"
        return None


@dataclass(slots=True, kw_only=True)
class Agent:
    """An agent at work. `free_since`: when the agent last became free, from which idle time counts.

    `lanes`: what is in hand, by kind; that of voice is always there, and first. `in_hand`: how many pieces in all.
    `configured`: the profile of the files, from which `profile` differs after a supervisor's command. `last_offer`: the
    number of the latest offer.

    Since logging in: ms `worked` (anything in hand) and `available` (ready, nothing in hand) up to `booked`.
    """

    profile: AgentProfile
    agent: AgentId = field(init=False)
    presence: Presence = Presence.LOGGED_OUT
    presence_since: Instant = Instant(0)
    reason: str = ""
    free_since: Instant = Instant(0)
    configured: AgentProfile | None = None
    in_hand: int = 0
    worked: int = 0
    available: int = 0
    booked: Instant = Instant(0)
    last_offer: int = 0
    voice: Lane = field(init=False)
    lanes: dict[WorkKind, Lane] = field(init=False)

    def __post_init__(self) -> None:
        self.agent = self.profile.agent
        self.voice = Lane(agent=self.agent)
        self.lanes = {VOICE: self.voice}

    def free_for(self, lane: Lane) -> bool:
        """Whether work of this lane may be offered now."""
        if self.presence is not Presence.READY:
            return False
        voice = self.voice.activity
        if lane is self.voice:
            return voice is Activity.IDLE
        return lane.has_room and (voice is Activity.IDLE or (lane.beside_voice and voice is Activity.TALKING))

    def free_lanes(self) -> list[Lane]:
        """Those of which work may be offered now."""
        return [lane for lane in self.lanes.values() if self.free_for(lane)]

    def wrap_ups(self) -> list[tuple[Lane, Slot]]:
        """The paper work that is being done, that of a call first."""
        slots = ((lane, slot) for lane in self.lanes.values() for slot in lane.taken.values())
        return [(lane, slot) for lane, slot in slots if slot.activity is Activity.WRAP_UP]

    def change_presence(self, step: PresenceStep, *, reason: str, now: Instant) -> None:
        """Move on the axis of presence.

        Raises:
            IllegalTransition: not from here; nothing changed.
        """
        presence = advance(PRESENCE, self.presence, step)
        self.book(now)
        if step is PresenceStep.LOG_IN:
            self.worked = self.available = 0
            for lane in self.lanes.values():
                lane.calls = lane.talks = lane.talked = 0
        self.presence = presence
        self.reason = reason
        self.presence_since = now

    def change_activity(
        self, lane: Lane, step: ActivityStep, *, now: Instant, call: CallId, offer: OfferId | None = None
    ) -> None:
        """Move what the agent does with `call`; `offer` is that of the call afterwards.

        Raises:
            IllegalTransition: not from here, or there is no room; nothing changed.
        """
        more = lane.step(call, step, now=now, offer=offer)
        self.book(now)
        self.in_hand += more

    def book(self, now: Instant) -> None:
        """Count the time since the last booking as worked or available; time away counts as neither."""
        if self.in_hand:
            self.worked += between(self.booked, now)
        elif self.presence is Presence.READY:
            self.available += between(self.booked, now)
        self.booked = now

    def busy_with(self, lane: Lane) -> str | None:
        """Why no work of this lane may be offered now, as a reason code, or None: free."""
        if self.presence is Presence.LOGGED_OUT:
            return "logged_out"
        if self.presence is Presence.PAUSED:
            return f"paused:{self.reason}"
        voice = self.voice.activity
        if lane is self.voice:
            return None if voice is Activity.IDLE else voice.value
        if not lane.has_room:
            return f"full:{len(lane.taken)}"
        return None if self.free_for(lane) else voice.value

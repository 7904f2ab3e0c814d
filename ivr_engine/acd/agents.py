"""Agents: who they are (configuration) and what they are doing (two axes, never mixed)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr_engine.acd.transitions import ACTIVITY, PRESENCE, ActivityStep, PresenceStep, advance
from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, Millis, OfferId, QueueName, SkillName, between
from ivr_engine.core.outcomes import Activity, Presence


@frozen
class AgentProfile:
    """An agent as configured. Skills have levels 1 (lowest) to 10; no languages listed means every language.

    `rank`: the place in the list, for `top_down`. `talk`: how long a conversation of theirs lasts on average, for `fastest`
    until enough of them were measured.
    """

    agent: AgentId
    skills: Mapping[SkillName, int] = field(default_factory=dict)
    queues: tuple[QueueName, ...] = ()
    languages: tuple[Language, ...] = ()
    rank: int = 0
    talk: Millis | None = None

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

    `call` is set while offered, talking or wrapping up; `offer` only while offered. `failed_calls`: the different
    callers, since the last that was answered, with whom the telephone failed. `configured`: the profile of the files, from
    which `profile` differs after a supervisor's command.

    Since logging in: `calls` taken, `talks` ended with `talked` ms in all, ms `worked` (offered, talking, wrap-up) and
    `available` (free) up to `booked`; `last_offer`: the number of the latest offer. `wrap_up_ends`
    and `wrap_up_most` say when the wrap-up ends, and how long it may be made.
    """

    profile: AgentProfile
    presence: Presence = Presence.LOGGED_OUT
    presence_since: Instant = Instant(0)
    reason: str = ""
    activity: Activity = Activity.IDLE
    activity_since: Instant = Instant(0)
    free_since: Instant = Instant(0)
    call: CallId | None = None
    offer: OfferId | None = None
    failed_calls: list[CallId] = field(default_factory=list)
    configured: AgentProfile | None = None
    calls: int = 0
    talks: int = 0
    talked: int = 0
    worked: int = 0
    available: int = 0
    booked: Instant = Instant(0)
    last_offer: int = 0
    wrap_up_ends: Instant = Instant(0)
    wrap_up_most: Millis = Millis(0)

    @property
    def agent(self) -> AgentId:
        """The agent's id."""
        return self.profile.agent

    @property
    def free(self) -> bool:
        """Whether a call may be offered now."""
        return self.presence is Presence.READY and self.activity is Activity.IDLE

    def change_presence(self, step: PresenceStep, *, reason: str, now: Instant) -> None:
        """Move on the axis of presence.

        Raises:
            IllegalTransition: not from here; nothing changed.
        """
        presence = advance(PRESENCE, self.presence, step)
        self.book(now)
        if step is PresenceStep.LOG_IN:
            self.calls = self.talks = self.talked = self.worked = self.available = 0
        self.presence = presence
        self.reason = reason
        self.presence_since = now

    def change_activity(
        self, step: ActivityStep, *, now: Instant, call: CallId | None, offer: OfferId | None = None
    ) -> None:
        """Move on the axis of activity; `call` and `offer` are what the agent holds afterwards.

        Raises:
            IllegalTransition: not from here; nothing changed.
        """
        activity = advance(ACTIVITY, self.activity, step)
        self.book(now)
        self.activity = activity
        self.call = call
        self.offer = offer
        self.activity_since = now

    def book(self, now: Instant) -> None:
        """Count the time since the last booking as worked or available; time away counts as neither."""
        if self.activity is not Activity.IDLE:
            self.worked += between(self.booked, now)
        elif self.presence is Presence.READY:
            self.available += between(self.booked, now)
        self.booked = now

    def busy_with(self) -> str | None:
        """Why no call may be offered now, as a reason code, or None: free."""
        if self.presence is Presence.LOGGED_OUT:
            return "logged_out"
        if self.presence is Presence.PAUSED:
            return f"paused:{self.reason}"
        return None if self.activity is Activity.IDLE else self.activity.value

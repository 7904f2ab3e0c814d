"""The centre: the one object that decides who gets which call.

Synchronous and deterministic: the same stimuli at the same instants give the same decisions. It reads no clock; time comes
in with each stimulus, and `Decision.next_alarm` says when time alone would change something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from ivr_engine.acd import (
    absence,
    alarms,
    callers,
    conversations,
    foresight,
    offers,
    people,
    reconfiguration,
    snapshot,
    standing,
    supervision,
    views,
)
from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.effects import Decision
from ivr_engine.acd.queues import QueuePolicy
from ivr_engine.acd.rules import CentreRules
from ivr_engine.acd.state import Moment, new_state
from ivr_engine.acd.stimuli import (
    CallEntered,
    CallerLeft,
    ConversationOver,
    ExtendWrapUp,
    FlowedOut,
    HoursChanged,
    JoinedElsewhere,
    LineLost,
    LogIn,
    LogOut,
    MoveAgent,
    OfferAnswered,
    OfferFailed,
    OfferPickedUp,
    OfferRinging,
    Pause,
    Reconfigure,
    SetReady,
    SetSkill,
    Stimulus,
    TimePassed,
)
from ivr_engine.core.events import Recorded
from ivr_engine.core.ids import CallId, Instant

HANDLERS: Mapping[type, Callable[[Moment, Any], None]] = MappingProxyType(
    {
        LogIn: people.log_in,
        SetReady: people.set_ready,
        Pause: people.pause,
        LogOut: people.log_out,
        ExtendWrapUp: people.extend_wrap_up,
        MoveAgent: supervision.move_agent,
        SetSkill: supervision.set_skill,
        HoursChanged: callers.hours_changed,
        CallEntered: callers.call_entered,
        CallerLeft: callers.caller_left,
        FlowedOut: callers.flowed_out,
        LineLost: absence.line_lost,
        OfferRinging: offers.offer_ringing,
        OfferPickedUp: offers.offer_picked_up,
        OfferAnswered: offers.offer_answered,
        OfferFailed: offers.offer_failed,
        JoinedElsewhere: absence.joined_elsewhere,
        ConversationOver: conversations.conversation_over,
        TimePassed: alarms.time_passed,
        Reconfigure: reconfiguration.reconfigure,
    }
)


_LONG_AGO = Instant(0)


class Centre:
    """Queues, agents, and the calls between them.

    Args:
        queues: the rules of each queue.
        agents: everybody who may work here; all start logged out.
        offer_prefix: offers are named `<prefix>-1`, `<prefix>-2`, ...; give each start of the engine its own, so that no
            two offers in a journal share a name.
        rules: what holds for the centre as a whole.
        brief: for rehearsals of whole days: the same decisions, with fewer words about the reasons (only the chosen agent
            is recorded as candidate, nobody as excluded).

    Raises:
        DefinitionError: a rule or a strategy is unknown, or a queue that is named.
    """

    def __init__(
        self,
        *,
        queues: Iterable[QueuePolicy],
        agents: Iterable[AgentProfile],
        offer_prefix: str = "offer",
        rules: CentreRules | None = None,
        brief: bool = False,
    ) -> None:
        self._state = new_state(queues, agents, offer_prefix, rules or CentreRules())
        self._state.brief = brief

    def handle(self, stimulus: Stimulus, now: Instant) -> Decision:
        """What `stimulus` at `now` brings. Late, repeated or unknown word about calls and offers brings nothing.

        Raises:
            CommandRefused: a command that is not possible now; nothing changed.
            IllegalTransition: an offer is said to have failed as ANSWERED; nothing changed.
        """
        moment = Moment(state=self._state, now=now)
        HANDLERS[type(stimulus)](moment, stimulus)
        offers.rematch(moment)
        foresight.follow(moment)
        return Decision(events=tuple(moment.events), effects=tuple(moment.effects), next_alarm=self.next_alarm)

    @property
    def next_alarm(self) -> Instant | None:
        """The instant at which time alone would change something."""
        return self._state.timers.next()

    def agents(self) -> tuple[views.AgentStatus, ...]:
        """Every agent, by id."""
        return views.agent_statuses(self._state)

    def calls(self) -> tuple[views.CallStatus, ...]:
        """Every call in a queue or talking: by queue, those in line first, in their order."""
        return views.call_statuses(self._state)

    def call(self, call: CallId) -> views.CallStatus | None:
        """One call in a queue or talking; None when it is neither."""
        return views.call_status(self._state, call)

    def take_up(
        self,
        presences: Iterable[standing.StandingPresence],
        conversations: Iterable[standing.StandingConversation],
        visits: Iterable[standing.StandingVisit] = (),
        *,
        now: Instant = _LONG_AGO,
    ) -> None:
        """After a start: agents are where they stood, those who talk are offered nothing until it is over.

        Callers who waited keep their places, and are offered to nobody before their line is back. `now`: how far they
        have relaxed what they ask for.
        """
        standing.take_up(self._state, presences, conversations)
        standing.take_up_visits(self._state, visits, now)
        foresight.recount(self._state)

    def recall(self, recorded: Iterable[Recorded], now: Instant) -> None:
        """After a start: learn from what an earlier run recorded how fast the queues move. Nobody in line is taken up."""
        foresight.recall(self._state, recorded, now)

    def snapshot(self) -> dict[str, Any]:
        """Everything that is not configuration, as JSON-ready values."""
        return snapshot.save(self._state)

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on from what `snapshot` gave; the names of offers go on with this centre's own prefix.

        Raises:
            StoreError: it is no snapshot, or a call in it needs a queue or an agent that the configuration no longer has.
        """
        self._state = snapshot.load(self._state, saved)

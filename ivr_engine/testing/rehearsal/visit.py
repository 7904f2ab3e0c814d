"""A rehearsed call's visit to a queue, on the stage's real distribution core; the script sets agents, line and clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ivr_engine.acd.effects import Announce, CentreEffect, ReleaseCall, RingAgent
from ivr_engine.acd.stimuli import (
    CallEntered,
    CallerLeft,
    ConversationOver,
    FlowedOut,
    LogIn,
    LogOut,
    OfferAnswered,
    OfferFailed,
    Pause,
    SetReady,
)
from ivr_engine.acd.views import AgentStatus
from ivr_engine.core.events import NobodyOffered
from ivr_engine.core.ids import AgentId, CallId, Millis, between
from ivr_engine.core.outcomes import EndedBy, OfferOutcome, Presence, QueueOutcome
from ivr_engine.flows.utterances import Utterance
from ivr_engine.flows.waits import QueueLeft, QueueWait
from ivr_engine.services.announcing import says
from ivr_engine.testing.rehearsal.outcome import Missed
from ivr_engine.testing.rehearsal.script import AgentActs
from ivr_engine.testing.stage import Stage

PICKS_UP_AFTER = Millis(3_000)
BUSY = "rehearsal"  # the reason of the pause in which agents wait for their cue
MOST_ALARMS = 1_000  # of one step: a queue without max_wait announces positions for ever


class Visit:
    """From the queue node to the flow's next turn. `left` says how it ended; until then the call waits, rings or talks."""

    def __init__(self, stage: Stage, call: CallId, wait: QueueWait, *, say: Callable[[Iterable[Utterance]], None]) -> None:
        self._stage = stage
        self._call = call
        self._wait = wait
        self._say = say
        self._offer: RingAgent | None = None
        self._others: list[CallId] = []
        self.entered = False
        self.talking_to: AgentId | None = None
        self.left: QueueLeft | None = None

    def __str__(self) -> str:
        if self.talking_to is not None:
            return f"the caller talks to agent {self.talking_to}"
        rung = f"; the telephone of agent {self._offer.agent} rings" if self._offer else ""
        return f"the caller waits in queue `{self._wait.queue}`{rung}"

    def enter(self, *, staffed: bool) -> None:
        """Get in line; without staff everybody is away until `act` calls for somebody."""
        for agent in self._stage.centre.agents():
            (self._ready if staffed else self._away)(agent)
        self._get_in_line()

    def enter_to_end(self, outcome: QueueOutcome) -> None:
        """Get in line under circumstances that make the visit end with `outcome`, and wait for that.

        Raises:
            Missed: the queue's rules never end a visit so.
        """
        for agent in self._stage.centre.agents():
            (self._gone if outcome is QueueOutcome.UNSTAFFED else self._away)(agent)
        arrange = _CIRCUMSTANCES.get(outcome)
        if arrange is not None:
            arrange(self)
        self._get_in_line()
        self._wait_for_release(outcome)
        self._clear_up()

    def act(self, step: AgentActs) -> None:
        """Let the agent whose telephone rings do what the step says; if none rings, those who are away come back."""
        if self._offer is None:
            for agent in self._stage.centre.agents():
                self._ready(agent)
        offer = self._offer
        if offer is None:
            raise Missed("an agent's telephone to ring", self._why_nobody())
        if step.who is not None and step.who != offer.agent:
            raise Missed(f"the telephone of agent {step.who} to ring", f"that of agent {offer.agent} rings")
        if step.outcome is not None:
            self._settle(offer, step.outcome, step.after)

    def talk(self, span: Millis) -> None:
        """Talk so long; then the agent hangs up."""
        if self.talking_to is None:
            raise Missed("caller and agent to talk", str(self))
        agent = self.talking_to
        self._take(self._stage.advance(span))
        self._take(self._stage.decide(ConversationOver(call=self._call, ended_by=EndedBy.AGENT, talked=span)))
        self.talking_to = None
        self.left = QueueLeft(outcome=QueueOutcome.ANSWERED, agent=agent)

    def wait(self, span: Millis) -> None:
        """Let time pass."""
        self._take(self._stage.advance(span))

    def wait_for_news(self) -> bool:
        """Let time pass to the centre's next alarm; False when there is none, or when an agent has the next word."""
        alarm = self._stage.centre.next_alarm
        if alarm is None or self._offer is not None or self.talking_to is not None:
            return False
        self.wait(between(self._stage.now, alarm))
        return True

    @property
    def takes_keys(self) -> bool:
        """Whether the caller may press something here."""
        return bool(self._wait.keys) and self.talking_to is None

    def press(self, key: str) -> None:
        """The caller presses a key that leaves the queue.

        Raises:
            Missed: the key does nothing here, or an agent's telephone rings for the caller already.
        """
        keys = self._wait.keys
        if key not in keys:
            raise Missed(f"key {key} to lead somewhere", f"{self}, where {' '.join(keys) or 'no key'} can be pressed")
        if self._offer is not None or self.talking_to is not None:
            raise Missed("a caller who only waits", str(self))
        self._take(self._stage.decide(FlowedOut(call=self._call)))
        self.left = QueueLeft(outcome=QueueOutcome.FLOWOUT, key=key)

    def hang_up(self) -> None:
        """The caller leaves."""
        self._take(self._stage.decide(CallerLeft(call=self._call)))

    def _get_in_line(self) -> None:
        self.entered = True
        wait = self._wait
        stimulus = CallEntered(
            call=self._call,
            queue=wait.queue,
            needs=wait.needs,
            priority=wait.priority,
            language=wait.language,
            arrived=wait.since,
        )
        self._take(self._stage.decide(stimulus))

    def _settle(self, offer: RingAgent, outcome: OfferOutcome, after: Millis | None) -> None:
        default = offer.ring if outcome is OfferOutcome.NO_ANSWER else min(PICKS_UP_AFTER, offer.ring)
        rings = default if after is None else after
        if rings > offer.ring:
            raise Missed(f"the telephone to ring {rings} ms", f"the queue lets it ring {offer.ring} ms")
        self._take(self._stage.advance(rings))
        self._offer = None
        if outcome is OfferOutcome.ANSWERED:
            self.talking_to = offer.agent
            self._take(self._stage.decide(OfferAnswered(offer=offer.offer)))
        else:
            self._take(self._stage.decide(OfferFailed(offer=offer.offer, outcome=outcome)))

    def _wait_for_release(self, outcome: QueueOutcome) -> None:
        for _ in range(MOST_ALARMS):
            if self.left is not None or not self.wait_for_news():
                break
        if self.left is None:
            raise Missed(f"the visit to end with `{outcome}`", f"queue `{self._wait.queue}` lets callers wait for ever")
        if self.left.outcome is not outcome:
            raise Missed(f"the visit to end with `{outcome}`", f"it ended with `{self.left.outcome}`")

    def _fill(self) -> None:
        most = self._stage.definition.queues[self._wait.queue].max_length
        if most is None:
            raise Missed("the queue to be full", f"queue `{self._wait.queue}` has no max_length, so it never is")
        wait = self._wait
        for number in range(most):
            call = CallId(f"{self._call}-before-{number + 1}")
            self._others.append(call)
            self._stage.decide(
                CallEntered(call=call, queue=wait.queue, needs=(), priority=wait.priority, language=wait.language)
            )

    def _close(self) -> None:
        self._stage.change_queue(self._wait.queue, open=False)

    def _staffed_only(self) -> None:
        self._stage.change_queue(self._wait.queue, staffed_only=True)

    def _break(self) -> None:
        self._stage.remove_queue(self._wait.queue)

    def _clear_up(self) -> None:
        self._stage.change_queue(self._wait.queue)
        for call in self._others:
            self._stage.decide(CallerLeft(call=call))

    def _take(self, effects: Iterable[CentreEffect]) -> None:
        for effect in effects:
            if effect.call != self._call:
                continue
            if isinstance(effect, RingAgent):
                self._offer = effect
            elif isinstance(effect, ReleaseCall):
                self.left = QueueLeft(outcome=effect.outcome)
            elif isinstance(effect, Announce):
                self._say(says(effect, self._stage.definition.prompts.get(self._wait.language, {})))
            else:
                self._offer = None

    def _why_nobody(self) -> str:
        if self.left is not None:
            return f"the visit to queue `{self._wait.queue}` ended with `{self.left.outcome}`"
        last = next((r.event for r in reversed(self._stage.journal) if isinstance(r.event, NobodyOffered)), None)
        why = ", ".join(f"{each.agent} {each.reason}" for each in last.excluded) if last else ""
        return f"nobody can take the call: {why or f'queue `{self._wait.queue}` has no agents'}"

    def _ready(self, agent: AgentStatus) -> None:
        if agent.presence is Presence.LOGGED_OUT:
            self._take(self._stage.decide(LogIn(agent=agent.agent)))
        self._take(self._stage.decide(SetReady(agent=agent.agent)))

    def _away(self, agent: AgentStatus) -> None:
        if agent.presence is Presence.LOGGED_OUT:
            self._take(self._stage.decide(LogIn(agent=agent.agent)))
        elif agent.presence is Presence.READY:
            self._take(self._stage.decide(Pause(agent=agent.agent, reason=BUSY)))

    def _gone(self, agent: AgentStatus) -> None:
        if agent.presence is not Presence.LOGGED_OUT:
            self._take(self._stage.decide(LogOut(agent=agent.agent)))


_CIRCUMSTANCES: Mapping[QueueOutcome, Callable[[Visit], None]] = {
    QueueOutcome.FULL: Visit._fill,  # noqa: SLF001 - the class's own table
    QueueOutcome.CLOSED: Visit._close,  # noqa: SLF001 - same
    QueueOutcome.UNSTAFFED: Visit._staffed_only,  # noqa: SLF001 - same
    QueueOutcome.FAILED: Visit._break,  # noqa: SLF001 - same
}

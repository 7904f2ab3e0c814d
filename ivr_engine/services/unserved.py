"""Open calls that no session of ours serves: their lines broke, or an engine before us had them.

Each comes back or is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass

from ivr_engine.acd.stimuli import ConversationOver, OfferAnswered
from ivr_engine.core.events import CallEnded, ConversationEnded
from ivr_engine.core.ids import AgentId, CallId, Instant, Millis, between
from ivr_engine.core.outcomes import Disposition, EndedBy, OfferOutcome, QueueOutcome
from ivr_engine.errors import SwitchError
from ivr_engine.flows.waits import QueueLeft
from ivr_engine.ports.clock import Clock
from ivr_engine.ports.inbound import Arrival
from ivr_engine.ports.log import Log
from ivr_engine.ports.switch_notes import NotedCall
from ivr_engine.services.centre_runner import CentreRunner
from ivr_engine.services.noted import NotedCalls
from ivr_engine.services.recorder import Recorder
from ivr_engine.services.standing import conversation_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """How a call ended, as the switch says, and when that was heard. `talked`: None where it did not measure."""

    ended_by: EndedBy
    at: Instant
    talked: Millis | None = None
    cause: str = ""


class Unserved:
    """Keeps them, and ends them.

    `left` are those who had left a queue when an engine was lost; `noted` is what the switch wrote down.
    """

    def __init__(
        self,
        *,
        centre: CentreRunner,
        recorder: Recorder,
        agent_of: Callable[[str], AgentId | None],
        clock: Clock,
        log: Log,
        noted: NotedCalls,
        left: Mapping[CallId, QueueLeft] | None = None,
    ) -> None:
        self._centre = centre
        self._recorder = recorder
        self._agent_of = agent_of
        self._clock = clock
        self._log = log
        self._noted = noted
        self._left = dict(left or {})
        self._broken: dict[CallId, Instant] = {}
        self._suspects: dict[CallId, Over] = {}

    @property
    def broken(self) -> Mapping[CallId, Instant]:
        """Calls whose line to the switch broke, and when; until they come back or their end is known."""
        return self._broken

    @property
    def suspects(self) -> Set[CallId]:
        """Calls of which an event said that they are over; the list of live lines has not confirmed it yet."""
        return self._suspects.keys()

    def line_broke(self, call: CallId, error: SwitchError) -> None:
        """The line to the switch broke, not the call: it comes back to a controller, or the switch reports its end."""
        self._log.error("line_to_switch_broke", call=call, error=str(error))
        self._broken[call] = self._clock.now()

    def said_over(self, call: CallId, over: Over) -> None:
        """An event says that the call is over."""
        self._suspects.setdefault(call, over)

    def believe_alive(self, call: CallId) -> None:
        """The switch lists the call: whoever said that it is over was mistaken, or forged."""
        if self._suspects.pop(call, None) is not None:
            self._log.warning("end_not_confirmed", call=call)

    def forget(self, call: CallId) -> None:
        """The call's broken line needs no more care."""
        self._broken.pop(call, None)

    def returns(self, arrival: Arrival) -> QueueLeft | None:
        """The call's line is back. How its visit to a queue ended meanwhile; None: it had not ended, or there was none."""
        call, rang = arrival.call, arrival.rang
        self._broken.pop(call, None)
        self._suspects.pop(call, None)
        left = self._left.pop(call, None)
        status = self._centre.centre.call(call)
        answered = rang is not None and rang.outcome is OfferOutcome.ANSWERED and self._agent_of(rang.phone)
        if status is not None and status.offer is not None and answered == status.agent:
            self._centre.handle(OfferAnswered(offer=status.offer))
        conversation = conversation_of(self._recorder, call)
        if conversation is None:
            return left
        self.let_go(call, ended_by=EndedBy.AGENT)  # who talked and is here again has been left by the agent
        return QueueLeft(outcome=QueueOutcome.ANSWERED, agent=conversation.agent)

    def close(self, call: CallId, over: Over) -> None:
        """The call is over, by the switch's own word."""
        self._log.info("call_over_unserved", call=call, cause=over.cause, talked_ms=over.talked)
        self.let_go(call, ended_by=over.ended_by, talked=over.talked, at=over.at)
        self._noted.tell_of_talk(call)
        self._recorder.record(CallEnded(call=call, ended_by=over.ended_by), at=over.at)

    def close_missing(self, call: CallId) -> None:
        """The switch does not have the call: as it noted, or as the event said that told of its end, or nobody knows how."""
        over = self._over_of(self._noted.of(call)) or self._suspects.get(call)
        if over is not None:
            self._settle(call)
            self.close(call, over)
        else:
            self.close_as(call, Disposition.UNKNOWN_RECONCILED, ended_by=EndedBy.UNKNOWN, at=self._clock.now())

    def _settle(self, call: CallId) -> None:
        """The telephone that was being rung when the line was lost had been answered, as the switch noted."""
        status = self._centre.centre.call(call)
        if status is not None and status.offer is not None and self._noted.answered_by(call) == status.agent:
            self._centre.handle(OfferAnswered(offer=status.offer))

    def noted_over(self, call: CallId) -> bool:
        """Whether the switch wrote down the call's end."""
        return self._over_of(self._noted.of(call)) is not None

    @staticmethod
    def _over_of(noted: NotedCall | None) -> Over | None:
        """Better than what an event says: of the millisecond, however late it is read."""
        if noted is None or noted.ended is None:
            return None
        return Over(ended_by=noted.ended_by, at=noted.ended)

    def close_as(self, call: CallId, disposition: Disposition, *, ended_by: EndedBy, at: Instant) -> None:
        """The call is over in a way that decides its disposition; `at` is the last instant at which it may have lived."""
        self.let_go(call, ended_by=ended_by, at=at)
        self._recorder.record(CallEnded(call=call, ended_by=ended_by, forced=disposition), at=at)

    def let_go(self, call: CallId, *, ended_by: EndedBy, talked: Millis | None = None, at: Instant | None = None) -> None:
        """End what the call was still in. `talked`: of a conversation that outlived its controller, if known."""
        self._broken.pop(call, None)
        self._suspects.pop(call, None)
        leg = conversation_of(self._recorder, call)
        if leg is None or leg.agent is None or leg.queue is None:
            self._centre.let_go(call)
            return
        talked = between(leg.began, self._clock.now() if at is None else at) if talked is None else talked
        self._centre.handle(ConversationOver(call=call, ended_by=ended_by, talked=talked))
        if conversation_of(self._recorder, call) is not None:  # the centre did not have it: the agent is configured no more
            over = ConversationEnded(call=call, agent=leg.agent, queue=leg.queue, ended_by=ended_by, talked=talked)
            self._recorder.record(over)

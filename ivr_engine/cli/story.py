"""Facts as sentences a newcomer understands: what the demo prints while a call goes on."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from functools import singledispatchmethod

from ivr_engine.core.events import (
    AgentPresenceChanged,
    AnswerGiven,
    AuthorFault,
    BroadcastPlayed,
    BroadcastSet,
    CallArrived,
    CallEnded,
    CallLeftQueue,
    CallQueued,
    ConversationBegan,
    ConversationEnded,
    Event,
    FlowFailed,
    KeysReceived,
    LanguageChosen,
    NobodyOffered,
    OfferEnded,
    OfferMade,
    PromptsPlayed,
    Recorded,
    RequestAnswered,
    WrapUpBegan,
)
from ivr_engine.core.ids import Instant
from ivr_engine.flows.definition import CentreDefinition

TEXT_WIDTH = 90  # and ten columns for the time: fits a terminal of 100


class Story:
    """Tells facts one line each, with seconds since the first."""

    def __init__(self, definition: CentreDefinition, tell: Callable[[str], None]) -> None:
        self._definition = definition
        self._tell = tell
        self._began: Instant | None = None

    def hear(self, recorded: Recorded) -> None:
        """Tell the fact if it is worth a line."""
        words = self._words(recorded.event)
        if not words:
            return
        self._began = self._began or recorded.at
        lines = textwrap.wrap(words, TEXT_WIDTH, subsequent_indent=" " * 10, break_long_words=False)
        self._tell(f"{(recorded.at - self._began) / 1000:7.2f}s  " + f"\n{'':10}".join(lines))

    @singledispatchmethod
    def _words(self, _event: Event) -> str:
        return ""

    @_words.register
    def _(self, event: CallArrived) -> str:
        return f"caller    dials {event.number}"

    @_words.register
    def _(self, event: BroadcastSet) -> str:
        return (
            f"operator  {event.by} has callers of {event.number} hear first ({event.reason}): “{event.text or event.prompt}”"
        )

    @_words.register
    def _(self, event: BroadcastPlayed) -> str:
        return f"engine    says the broadcast{' (interrupted by a key)' if event.interrupted else ''}, then begins the flow"

    @_words.register
    def _(self, event: PromptsPlayed) -> str:
        texts = self._definition.prompts[event.language]
        said = " ".join(texts[name].text if name in texts else name for name in event.prompts)
        return f"engine    says “{said}”{' (interrupted by a key)' if event.interrupted else ''}"

    @_words.register
    def _(self, event: KeysReceived) -> str:
        if event.count == 0:
            return "caller    presses nothing"
        return f"caller    presses {event.count * '•' + ' (secret)' if event.secret else event.keys}"

    @_words.register
    def _(self, event: LanguageChosen) -> str:
        return f"engine    goes on in {event.language}"

    @_words.register
    def _(self, event: RequestAnswered) -> str:
        return f"engine    asks {event.service}.{event.operation}: {event.result or event.outcome} after {event.took} ms"

    @_words.register
    def _(self, event: AnswerGiven) -> str:
        return f"engine    keeps the answer {event.name} = {event.value}"

    @_words.register
    def _(self, event: CallQueued) -> str:
        return f"engine    queues the call for {event.queue}, position {event.position}"

    @_words.register
    def _(self, event: NobodyOffered) -> str:
        why = ", ".join(f"{each.agent} {each.reason}" for each in event.excluded) or "no agent in the queue"
        return f"engine    finds nobody yet: {why}"

    @_words.register
    def _(self, event: OfferMade) -> str:
        among = len(event.candidates)
        return f"engine    rings agent {event.agent} after {event.waited} ms (rule {event.rule}, {among} eligible)"

    @_words.register
    def _(self, event: OfferEnded) -> str:
        return f"agent     {event.agent}: {event.outcome}"

    @_words.register
    def _(self, event: ConversationBegan) -> str:
        return f"agent     {event.agent} and the caller talk"

    @_words.register
    def _(self, event: ConversationEnded) -> str:
        return f"agent     {event.agent}: conversation over after {event.talked / 1000:.1f} s, ended by the {event.ended_by}"

    @_words.register
    def _(self, event: CallLeftQueue) -> str:
        return f"engine    queue visit: {event.outcome}, waited {event.waited / 1000:.1f} s"

    @_words.register
    def _(self, event: WrapUpBegan) -> str:
        return f"agent     {event.agent} wraps up, at most {event.limit / 1000:.0f} s"

    @_words.register
    def _(self, event: AgentPresenceChanged) -> str:
        return f"agent     {event.agent} is {event.presence}{f' ({event.reason})' if event.reason else ''}"

    @_words.register(AuthorFault)
    @_words.register(FlowFailed)
    def _(self, event: AuthorFault | FlowFailed) -> str:
        return f"engine    fault {event.code} at {event.node}: {event.message}"

    @_words.register
    def _(self, event: CallEnded) -> str:
        return f"call      over, ended by the {event.ended_by}"

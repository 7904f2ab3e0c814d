"""Facts about a call's walk through a flow. Keys of a secret node never appear: only how many came."""

from __future__ import annotations

from typing import ClassVar

from ivr_engine.core.events.base import Event
from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import AgentId, CallId, FlowName, Language, Millis, NodeName
from ivr_engine.core.outcomes import GatherEnd, Hours, OfferOutcome, RequestOutcome, SurveyOutcome


@frozen
class FlowStarted(Event):
    """The call began a flow. `version` is the content hash of the centre's folder and stays with the call."""

    TYPE: ClassVar[str] = "flow.started"
    call: CallId
    flow: FlowName
    version: str
    language: Language


@frozen
class FlowResumed(Event):
    """The call goes on at `node` where an engine that is gone left it. `previous`: the version it was on until then."""

    TYPE: ClassVar[str] = "flow.resumed"
    call: CallId
    flow: FlowName
    node: NodeName
    version: str
    previous: str


@frozen
class NodeEntered(Event):
    """The call reached a node. `by`: the exit of the node before that led here, empty where a flow begins."""

    TYPE: ClassVar[str] = "flow.node_entered"
    call: CallId
    flow: FlowName
    node: NodeName
    kind: str
    by: str = ""


@frozen
class SubflowEntered(Event):
    """At `node` of `flow` the call went into the flow `entered`, which will give it back."""

    TYPE: ClassVar[str] = "flow.subflow_entered"
    call: CallId
    flow: FlowName
    node: NodeName
    entered: FlowName


@frozen
class SubflowLeft(Event):
    """The flow that was entered last gave the call back, at its `node`, with a result by name."""

    TYPE: ClassVar[str] = "flow.subflow_left"
    call: CallId
    flow: FlowName
    node: NodeName
    result: str


@frozen
class PromptsPlayed(Event):
    """Prompts were played, whole or until a key. Named prompts by name, spoken values as `{money}`, `{digits}`, ..."""

    TYPE: ClassVar[str] = "flow.prompts_played"
    call: CallId
    node: NodeName
    prompts: tuple[str, ...]
    language: Language
    interrupted: bool = False


@frozen
class KeysReceived(Event):
    """The caller's keys. `keys` is empty and `count` stands alone where the node is secret."""

    TYPE: ClassVar[str] = "flow.keys_received"
    call: CallId
    node: NodeName
    keys: str
    count: int
    ended: GatherEnd
    secret: bool = False


@frozen
class LanguageChosen(Event):
    """From here on prompts are spoken in `language`."""

    TYPE: ClassVar[str] = "flow.language_chosen"
    call: CallId
    language: Language


@frozen
class RequestAnswered(Event):
    """An outside service was asked. `result` is the service's own named outcome (`not_found`), empty when OK."""

    TYPE: ClassVar[str] = "flow.request_answered"
    call: CallId
    node: NodeName
    service: str
    operation: str
    outcome: RequestOutcome
    result: str = ""
    took: Millis = Millis(0)


@frozen
class HoursChecked(Event):
    """The way was chosen by a calendar of the centre."""

    TYPE: ClassVar[str] = "flow.hours_checked"
    call: CallId
    node: NodeName
    calendar: str
    state: Hours


@frozen
class AnswerGiven(Event):
    """A value the centre keeps in the call record (`answers:` in centre.yaml) was set. Never a secret value."""

    TYPE: ClassVar[str] = "flow.answer_given"
    call: CallId
    name: str
    value: str


@frozen
class SurveyAnswered(Event):
    """One question of a survey was answered; `points` where the answer is a number, a reversed one turned round already."""

    TYPE: ClassVar[str] = "flow.survey_answered"
    call: CallId
    node: NodeName
    survey: str
    question: str
    value: str
    points: int | None = None
    agent: AgentId | None = None


@frozen
class SurveyEnded(Event):
    """A survey is over. A caller who hangs up during one leaves its answers and no end."""

    TYPE: ClassVar[str] = "flow.survey_ended"
    call: CallId
    node: NodeName
    survey: str
    outcome: SurveyOutcome
    asked: int
    answered: int
    points: int
    agent: AgentId | None = None


@frozen
class VoiceRecorded(Event):
    """What the caller said was recorded; `recording` names the file."""

    TYPE: ClassVar[str] = "flow.voice_recorded"
    call: CallId
    node: NodeName
    recording: str
    lasted: Millis


@frozen
class TransferEnded(Event):
    """The caller was to be connected with a telephone outside, under the name it has in the files."""

    TYPE: ClassVar[str] = "flow.transfer_ended"
    call: CallId
    node: NodeName
    to: str
    outcome: OfferOutcome
    talked: Millis


@frozen
class ScriptEnded(Event):
    """A script had the caller; `done`: it ended as it should."""

    TYPE: ClassVar[str] = "flow.script_ended"
    call: CallId
    node: NodeName
    script: str
    done: bool


@frozen
class IdentityConfirmed(Event):
    """A service confirmed who the caller is. `subject` is a keyed digest of the id; refusals before it count no more."""

    TYPE: ClassVar[str] = "identity.confirmed"
    call: CallId
    node: NodeName
    service: str
    subject: str
    level: int


@frozen
class IdentityRefused(Event):
    """A service refused an id and its PIN. Lockouts are counted from these, by `subject`."""

    TYPE: ClassVar[str] = "identity.refused"
    call: CallId
    node: NodeName
    service: str
    subject: str


@frozen
class Datum:
    """One value of a business event; never secret."""

    name: str
    value: str


@frozen
class BusinessEvent(Event):
    """The flow told whoever listens that something happened, such as `card_lost`."""

    TYPE: ClassVar[str] = "flow.business_event"
    call: CallId
    node: NodeName
    name: str
    data: tuple[Datum, ...]


@frozen
class TicketOpened(Event):
    """A ticket was opened in the bank's own system, under its number there."""

    TYPE: ClassVar[str] = "flow.ticket_opened"
    call: CallId
    node: NodeName
    kind: str
    number: str


@frozen
class AuthorFault(Event):
    """The flow misbehaved at run time and the call went on through its failure exit."""

    TYPE: ClassVar[str] = "flow.author_fault"
    call: CallId
    flow: FlowName
    node: NodeName
    code: str
    message: str


@frozen
class FlowFinished(Event):
    """The flow reached its end; `node` is the last one."""

    TYPE: ClassVar[str] = "flow.finished"
    call: CallId
    flow: FlowName
    node: NodeName


@frozen
class FlowFailed(Event):
    """The flow could not go on: a limit was reached or a fault had no exit. `code` names which."""

    TYPE: ClassVar[str] = "flow.failed"
    call: CallId
    flow: FlowName
    node: NodeName
    code: str
    message: str

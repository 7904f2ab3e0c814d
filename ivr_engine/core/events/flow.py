"""Facts about a call's walk through a flow. Keys of a secret node never appear: only how many came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ivr_engine.core.events.base import Event
from ivr_engine.core.ids import CallId, FlowName, Language, Millis, NodeName
from ivr_engine.core.outcomes import GatherEnd, RequestOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStarted(Event):
    """The call began a flow. `version` is the content hash of the centre's folder and stays with the call."""

    TYPE: ClassVar[str] = "flow.started"
    call: CallId
    flow: FlowName
    version: str
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEntered(Event):
    """The call reached a node. `by`: the exit of the node before that led here, empty where a flow begins."""

    TYPE: ClassVar[str] = "flow.node_entered"
    call: CallId
    flow: FlowName
    node: NodeName
    kind: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptsPlayed(Event):
    """Prompts were played, whole or until a key. Named prompts by name, spoken values as `{money}`, `{digits}`, ..."""

    TYPE: ClassVar[str] = "flow.prompts_played"
    call: CallId
    node: NodeName
    prompts: tuple[str, ...]
    language: Language
    interrupted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysReceived(Event):
    """The caller's keys. `keys` is empty and `count` stands alone where the node is secret."""

    TYPE: ClassVar[str] = "flow.keys_received"
    call: CallId
    node: NodeName
    keys: str
    count: int
    ended: GatherEnd
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageChosen(Event):
    """From here on prompts are spoken in `language`."""

    TYPE: ClassVar[str] = "flow.language_chosen"
    call: CallId
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerGiven(Event):
    """A value the centre keeps in the call record (`answers:` in centre.yaml) was set. Never a secret value."""

    TYPE: ClassVar[str] = "flow.answer_given"
    call: CallId
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorFault(Event):
    """The flow misbehaved at run time and the call went on through its failure exit."""

    TYPE: ClassVar[str] = "flow.author_fault"
    call: CallId
    flow: FlowName
    node: NodeName
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowFinished(Event):
    """The flow reached its end; `node` is the last one."""

    TYPE: ClassVar[str] = "flow.finished"
    call: CallId
    flow: FlowName
    node: NodeName


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowFailed(Event):
    """The flow could not go on: a limit was reached or a fault had no exit. `code` names which."""

    TYPE: ClassVar[str] = "flow.failed"
    call: CallId
    flow: FlowName
    node: NodeName
    code: str
    message: str

"""What a node may see and do while it runs: the narrow side of the engine that every kind works with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ivr_engine.core.events import Event
from ivr_engine.core.events.flow import AnswerGiven, AuthorFault, LanguageChosen
from ivr_engine.core.ids import Instant, Language, QueueName
from ivr_engine.core.outcomes import QueueOutcome
from ivr_engine.flows import limits
from ivr_engine.flows.effects import Effect
from ivr_engine.flows.expression_values import ExpressionFault, kind_of, text_of
from ivr_engine.flows.faults import NodeFault
from ivr_engine.flows.session import Session
from ivr_engine.flows.settings import Evaluated, Setting
from ivr_engine.flows.utterances import Prompt
from ivr_engine.flows.waits import Json

if TYPE_CHECKING:  # a definition is made of nodes, and nodes work with a walk
    from ivr_engine.flows.calendars import Calendar
    from ivr_engine.flows.definition import CentreDefinition, Node, ScriptDefinition, ServiceDefinition

NOBODY: Mapping[str, Json] = {"level": 0}
INVALID_KEY, NO_INPUT, SYSTEM_FAULT, RECORD_TONE = "invalid_key", "no_input", "system_fault", "record_tone"
ONE_MOMENT = "one_moment"
KEYS = "0123456789*#"
ENGINE_PROMPTS = (INVALID_KEY, NO_INPUT, SYSTEM_FAULT, RECORD_TONE, ONE_MOMENT)
"""Prompts the engine says of its own accord, where the centre has them."""


class Walk:
    """One turn: the session it changes, and the facts and instructions it brings."""

    __slots__ = ("definition", "effects", "events", "node", "now", "plays_skipped", "session")

    def __init__(self, definition: CentreDefinition, session: Session, node: Node, now: Instant) -> None:
        self.definition = definition
        self.session = session
        self.node = node
        self.now = now
        self.events: list[Event] = []
        self.effects: list[Effect] = []
        self.plays_skipped = 0

    def value(self, setting: Setting) -> Json:
        """What the setting is now. Raises ExpressionFault when it has no value."""
        return setting.evaluate(self._names()) if isinstance(setting, Evaluated) else setting

    def is_secret(self, setting: Setting) -> bool:
        """Whether the setting reads a tainted variable."""
        return isinstance(setting, Evaluated) and not setting.names.isdisjoint(self.session.secrets)

    def open_value(self, setting: Setting, use: str) -> Json:
        """The value of a setting that will be seen outside. Raises NodeFault when it is secret."""
        if self.is_secret(setting):
            raise NodeFault("secret_exposed", f"{use} reads a secret variable and would show it")
        return self.value(setting)

    def assign(self, name: str, value: Json, *, secret: bool) -> None:
        """Give a variable its value; `language` switches the language instead."""
        if name == "language":
            self._speak(value)
            return
        variables = self.session.variables
        if name not in variables and len(variables) >= limits.VARIABLES:
            raise NodeFault("too_many_variables", f"a call has at most {limits.VARIABLES} variables; `{name}` is one more")
        if not limits.fits(value):
            raise NodeFault("value_too_large", f"the value for `{name}` is larger than {limits.VALUE_SIZE}")
        variables[name] = value
        (self.session.secrets.add if secret else self.session.secrets.discard)(name)
        if name in self.definition.answers and not secret:
            self.events.append(AnswerGiven(call=self.session.facts.call, name=name, value=plain_text(name, value)))

    def note_fault(self, fault: ExpressionFault | NodeFault) -> None:
        """Record that the flow misbehaved at this node and the call goes on."""
        session = self.session
        message = f"{self.node.spec.KIND}: {fault}"
        event = AuthorFault(
            call=session.facts.call, flow=session.flow, node=session.node, code=str(fault.code), message=message
        )
        self.events.append(event)

    def prompt(self, name: str) -> tuple[Prompt, ...]:
        """The centre's prompt of this name, or nothing where the centre has none."""
        return (Prompt(name),) if name in self.definition.prompts.get(self.session.language, {}) else ()

    def keep(self, keys: str) -> None:
        """Keep keys typed ahead for the next menu or collect."""
        if not keys:
            return
        session = self.session
        session.typed_ahead = (session.typed_ahead + "".join(key for key in keys if key in KEYS))[: limits.TYPED_AHEAD]

    def keep_unless_stray(self, keys: str) -> bool:
        """Keep them, without a stray one at their head; whether that left none of them."""
        meant = keys[1:] if keys and self.is_stray(keys[0]) else keys
        self.keep(meant)
        return bool(keys) and not meant

    def is_stray(self, key: str) -> bool:
        """Whether `key` only ends an entry that was complete already: nobody means it for what is said or asked next."""
        stray, self.session.stray = self.session.stray, ""
        return stray != "" and key == stray

    def note_menu(self) -> None:
        """Remember that the call is at this menu; one it has been at before is the same place, not a further one."""
        menus, here = self.session.menus, self.session.node
        if here in menus:
            del menus[menus.index(here) + 1 :]
        else:
            self.session.menus = [*menus, here][-limits.MENUS :]

    def in_flow(self, name: str) -> bool:
        """Whether the call is in this flow, or in one that it entered."""
        return name == self.session.flow or any(frame.flow == name for frame in self.session.stack)

    def service(self, name: str) -> ServiceDefinition:
        """The service of this name."""
        service = self.definition.services.get(name)
        if service is None:
            raise NodeFault("unknown_service", f"there is no service `{name}`")
        return service

    def calendar(self, name: str) -> Calendar:
        """The calendar of this name."""
        calendar = self.definition.calendars.get(name)
        if calendar is None:
            raise NodeFault("unknown_calendar", f"there is no calendar `{name}`")
        return calendar

    def transfer(self, name: Json) -> str:
        """The number of a transfer that the centre allows."""
        number = self.definition.transfers.get(name) if isinstance(name, str) else None
        if number is None:
            raise NodeFault("unknown_transfer", "there is no transfer of the name asked for")
        return number

    def script(self, name: str) -> ScriptDefinition:
        """The script of this name."""
        script = self.definition.scripts.get(name)
        if script is None:
            raise NodeFault("unknown_script", f"there is no script `{name}`")
        return script

    def queue(self, name: Json) -> QueueName:
        """The queue of this name."""
        if not isinstance(name, str) or name not in self.definition.queues:
            raise NodeFault("unknown_queue", "there is no queue of the name asked for")
        return QueueName(name)

    def left_queue(self, outcome: QueueOutcome, agent: str) -> None:
        """Let expressions read `queue.outcome` and `queue.agent`; who was not answered may keep the place for a callback."""
        self.session.given["queue"] = {"outcome": str(outcome), "agent": agent}
        self.session.place = {} if outcome is QueueOutcome.ANSWERED else {**self.session.memo, "left": str(outcome)}

    def place_in(self, queue: QueueName) -> tuple[Instant, int] | None:
        """Since when the caller has waited in this queue, which they left unanswered, and with what priority."""
        place = self.session.place
        if place.get("name") != queue:
            return None
        return Instant(place["since"]), int(place["priority"])

    def comes_back_to(self, queue: QueueName) -> Instant | None:
        """Since when a caller has waited who left this queue by a key, and is in it again."""
        place = self.place_in(queue)
        return place[0] if place is not None and self.session.place.get("left") == QueueOutcome.FLOWOUT else None

    @property
    def identity(self) -> dict[str, Json]:
        """Who the caller is, as expressions read it: `level`, and `customer` above level 0."""
        return self.session.given.get("identity") or dict(NOBODY)

    def identify(self, level: int, customer: Json) -> None:
        """Let every flow of the call read `identity.level` and `identity.customer`. Raises NodeFault for a huge customer."""
        if not limits.fits(customer):
            raise NodeFault("value_too_large", f"what the service answers is larger than {limits.VALUE_SIZE}")
        self.session.given["identity"] = {"level": level, "customer": customer}

    def _names(self) -> dict[str, Json]:
        session = self.session
        call: Json = {"number": session.facts.number, "caller": session.facts.caller, "language": session.language}
        return {"identity": NOBODY, **session.variables, **session.given, "call": call}

    def _speak(self, value: Json) -> None:
        if value not in self.definition.languages:
            raise NodeFault("unknown_language", f"the language must be one of {', '.join(self.definition.languages)}")
        self.session.language = Language(str(value))
        self.events.append(LanguageChosen(call=self.session.facts.call, language=self.session.language))


def plain_text(name: str, value: Json) -> str:
    """A value as one short text. Raises NodeFault for a list or a mapping."""
    if isinstance(value, list | dict):
        raise NodeFault("answer_not_plain", f"`{name}` is kept in records and must be one value, not {kind_of(value)}")
    return text_of(value)[: limits.ANSWER_CHARS]

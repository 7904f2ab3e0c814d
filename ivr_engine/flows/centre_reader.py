"""The trees of centre.yaml, agents.yaml and prompts/<language>.yaml -> the parts of a centre.

    # centre.yaml
    name: Sample Bank                  # by default the folder's name
    languages: [zh, en]                # the first is the default
    numbers:                           # dialled number -> flow
      "95500": main
    skills: [card, loan]
    queues:                            # see flows.queue_reader, also for `routing`
      cards: {max_wait: 10m}
    services:
      host: {url: "http://127.0.0.1:18080", timeout: 3s}
    answers: [satisfaction]            # variables kept in the call record
    calendars: {}                      # see flows.calendar_reader
    keys: {repeat: "*", back: "9", agent: {key: "0", flow: to_agent}}    # the same everywhere
    transfers: {fraud_desk: "02195559"}    # the only numbers outside that callers are connected with
    agent_flows: {pin_reset: {code: "91"}} # into which agents may pass a caller; code: what they dial for it
    scripts:                           # AGI scripts that flows may run
      points: {run: "agi://127.0.0.1:4573/points", timeout: 30s}

    # agents.yaml
    agents:
      "1001":
        name: Li Wei
        phone: "1001"                  # SIP account; by default the agent's own key
        skills: {card: 5}              # 1 lowest .. 10 highest
        queues: [cards]
        languages: [zh]
        talk: 3m                       # a conversation on average, for the strategy `fastest`

    # prompts/en.yaml
    welcome: Welcome to Sample Bank.
    goodbye: {text: Thank you for calling., file: recordings/en/goodbye.wav}

Every part is read whatever is wrong with the others. A misshapen value becomes its default and an issue.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from typing import TypeVar
from urllib.parse import urlsplit

from ivr_engine.core.ids import AgentId, FlowName, Language, Millis, QueueName, SkillName
from ivr_engine.flows.calendar_reader import Zones, read_calendar, read_zone, utc_alone
from ivr_engine.flows.calendars import Calendar
from ivr_engine.flows.definition import (
    NO_KEYS,
    AgentDefinition,
    GlobalKeys,
    PromptText,
    QueueDefinition,
    RoutingDefinition,
    ScriptDefinition,
    ServiceDefinition,
)
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.issues import Issue
from ivr_engine.flows.messages import Message
from ivr_engine.flows.queue_reader import (
    HIGHEST_LEVEL,
    LOWEST_LEVEL,
    as_code,
    read_capacity,
    read_queue,
    read_routing,
)
from ivr_engine.flows.shapes import (
    ShapeFault,
    as_filled,
    as_mapping,
    as_name,
    as_variable,
    matching,
    read,
    taking,
    whole,
)
from ivr_engine.flows.tree import Entry, Mapping, Position, Scalar, Sequence, Tree
from ivr_engine.flows.waiting_reader import as_prefix

T = TypeVar("T")

PROMPT_KINDS = ("advert",)
_WHERE = {
    "queues": "queue $name",
    "services": "service $name",
    "calendars": "calendar $name",
    "scripts": "script $name",
    "agent_flows": "flow $name",
}
_NUMBER = re.compile(r"[0-9*#+]{1,24}", re.ASCII)
_PHONE = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?", re.ASCII)
_RUN = re.compile(
    r"agi://[A-Za-z0-9.-]{1,100}(?::[0-9]{1,5})?(?:/[A-Za-z0-9_./-]{1,80})?|[A-Za-z0-9_-][A-Za-z0-9_.-]{0,80}", re.ASCII
)
_RUN_SHAPE = "the name of a script's file, or the address of a FastAGI server such as agi://host:4573/name"
_NUMBER_SHAPE = "a number: digits, *, # and +, at most 24"
_PHONE_SHAPE = "letters, digits, _ and -, at most 32"
_LANGUAGE_SHAPE = "a language such as zh, en or zh-HK"


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreParts:
    """What centre.yaml says, before flows, agents and prompts are put beside it.

    `places` and `trees` find a part for later checks.
    """

    name: str
    languages: tuple[Language, ...]
    numbers: dict[str, FlowName]
    skills: tuple[SkillName, ...]
    queues: dict[QueueName, QueueDefinition]
    services: dict[str, ServiceDefinition]
    answers: tuple[str, ...]
    calendars: dict[str, Calendar]
    transfers: dict[str, str]
    agent_flows: dict[FlowName, str]
    scripts: dict[str, ScriptDefinition]
    keys: GlobalKeys
    outbound: tuple[str, ...]
    places: dict[str, Position]
    routing: RoutingDefinition
    trees: dict[str, Tree]


def read_centre(tree: Tree, issues: list[Issue], *, default_name: str, zones: Zones = utc_alone) -> CentreParts:
    """The parts of centre.yaml; `default_name` is used when it gives none, `zones` knows the time zones."""
    fields = Fields(_whole_file(tree, issues), issues, where="centre.yaml")
    languages = fields.each("languages", matching(_LANGUAGE, _LANGUAGE_SHAPE), required=True)
    zone = read_zone(fields, zones, UTC)
    parts = CentreParts(
        name=fields.text("name", default=default_name),
        languages=tuple(dict.fromkeys(map(Language, languages))) or (Language("en"),),
        numbers={n: FlowName(f) for n, f in _keyed(fields, "numbers", _number, as_name, required=True).items()},
        skills=tuple(map(SkillName, fields.each("skills", as_name))),
        queues={QueueName(name): queue for name, queue in _named(fields, "queues", read_queue).items()},
        services=_named(fields, "services", _service),
        answers=fields.each("answers", as_variable),
        calendars=_named(fields, "calendars", lambda inner, name: read_calendar(inner, name, zones=zones, default=zone)),
        places=_places(fields.mapping),
        transfers=_keyed(fields, "transfers", as_name, _number),
        agent_flows={FlowName(name): code for name, code in _named(fields, "agent_flows", _dialled).items()},
        scripts=_named(fields, "scripts", _script),
        keys=_global_keys(fields),
        outbound=fields.each("outbound", as_prefix),
        routing=read_routing(fields),
        trees=_trees(fields.mapping),
    )
    fields.finish()
    return parts


def read_agents(tree: Tree, issues: list[Issue]) -> tuple[dict[AgentId, AgentDefinition], dict[AgentId, Entry]]:
    """The people of agents.yaml, and the entry of each."""
    fields = Fields(_whole_file(tree, issues), issues, where="agents.yaml")
    entries = fields.entries("agents", required=True)
    fields.finish()
    known = [entry for entry in entries if _key_fits(entry, _phone, issues)]
    agents = {AgentId(entry.key): _agent(entry, issues) for entry in known}
    return agents, {AgentId(entry.key): entry for entry in known}


def read_prompts(tree: Tree, issues: list[Issue]) -> dict[str, PromptText]:
    """The prompts of one language."""
    entries = [entry for entry in _whole_file(tree, issues).entries if _key_fits(entry, as_name, issues)]
    return {entry.key: _prompt(entry, issues) for entry in entries}


def _whole_file(tree: Tree, issues: list[Issue]) -> Mapping:
    return read(tree, as_mapping, Mapping(tree.at, ()), issues)


_key = matching(re.compile(r"[0-9*#]", re.ASCII), 'a key of a telephone: "0" to "9", "*" or "#"')
_number = matching(_NUMBER, _NUMBER_SHAPE)
_phone = matching(_PHONE, _PHONE_SHAPE)


def _key_fits(entry: Entry, reader: Callable[[Tree], str], issues: list[Issue]) -> bool:
    before = len(issues)
    read(entry.name, reader, "", issues)
    return len(issues) == before


def _keyed(
    fields: Fields, key: str, key_reader: Callable[[Tree], str], reader: Callable[[Tree], T], *, required: bool = False
) -> dict[str, T]:
    """The mapping under `key`, both sides checked; entries that do not fit are reported and left out."""
    entries = [entry for entry in fields.entries(key, required=required) if _key_fits(entry, key_reader, fields.issues)]
    found = {entry.key: read(entry.value, reader, None, fields.issues) for entry in entries}
    return {name: value for name, value in found.items() if value is not None}


def _named(fields: Fields, key: str, build: Callable[[Fields, str], T]) -> dict[str, T]:
    """The mapping under `key` whose values are mappings themselves; `name:` with nothing below takes every default."""
    found: dict[str, T] = {}
    for entry in fields.entries(key):
        if not _key_fits(entry, as_name, fields.issues):
            continue
        where = Message.of(_WHERE[key], name=entry.key)
        inner = Fields(_mapping_or_empty(entry.value, fields.issues), fields.issues, where=where)
        found[entry.key] = build(inner, entry.key)
        inner.finish()
    return found


def _dialled(fields: Fields, _name: str) -> str:
    return fields.read("code", as_code, default="")


def _mapping_or_empty(tree: Tree, issues: list[Issue]) -> Mapping:
    return read(tree, _as_mapping_or_empty, Mapping(tree.at, ()), issues)


@taking(type=("object", "null"))
def _as_mapping_or_empty(tree: Tree) -> Mapping:
    return Mapping(tree.at, ()) if isinstance(tree, Scalar) and tree.value is None else as_mapping(tree)


def _places(centre: Mapping) -> dict[str, Position]:
    """`numbers 95500`, `queues cards`, `answers satisfaction`, `languages zh` -> where it stands."""
    places: dict[str, Position] = {}
    for group in centre:
        if isinstance(group.value, Mapping):
            places |= {f"{group.key} {entry.key}": entry.key_at for entry in group.value}
        elif isinstance(group.value, Sequence):
            places |= {f"{group.key} {item.text}": item.at for item in group.value.items if isinstance(item, Scalar)}
    return places


def _trees(centre: Mapping) -> dict[str, Tree]:
    """`routing`, `queues cards` -> what stands there."""
    trees = {group.key: group.value for group in centre}
    for group in centre:
        if isinstance(group.value, Mapping):
            trees |= {f"{group.key} {entry.key}": entry.value for entry in group.value}
    return trees


def _service(fields: Fields, name: str) -> ServiceDefinition:
    return ServiceDefinition(
        name=name,
        url=fields.read("url", _url, default="http://127.0.0.1", required=True),
        timeout=fields.span("timeout", default=Millis(3_000), least=Millis(50), most=Millis(60_000)),
    )


def _global_keys(centre: Fields) -> GlobalKeys:
    fields = centre.fields("keys")
    if fields is None:
        return NO_KEYS
    agent = fields.fields("agent", where="the agent key")
    keys = GlobalKeys(
        repeat=fields.read("repeat", _key, default=""),
        back=fields.read("back", _key, default=""),
        agent=agent.read("key", _key, default="", required=True) if agent else "",
        agent_flow=FlowName(agent.name("flow", required=True)) if agent else FlowName(""),
    )
    if agent is not None:
        agent.finish()
    given = [key for key in (keys.repeat, keys.back, keys.agent) if key]
    if len(set(given)) < len(given):
        fields.error("S317", "two of these keys are the same; give each its own")
    fields.finish()
    return keys


def _script(fields: Fields, name: str) -> ScriptDefinition:
    return ScriptDefinition(
        name=name,
        run=fields.read("run", matching(_RUN, _RUN_SHAPE), default="", required=True),
        timeout=fields.span("timeout", default=Millis(60_000), least=Millis(1_000), most=Millis(600_000)),
    )


@taking(type="string", pattern="^https?://[^@?#\\s]+$")
def _url(tree: Tree) -> str:
    text = as_filled(tree)
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:  # a port that is no number, a broken IPv6 address
        good = False
    if not good or parts.query or parts.fragment or "@" in parts.netloc or not text.isprintable() or " " in text:
        raise ShapeFault(
            tree.at, "S213", "expected an address such as http://host:port or https://host/path, without a `?` part"
        )
    return text.rstrip("/")


def _agent(entry: Entry, issues: list[Issue]) -> AgentDefinition:
    fields = Fields(_mapping_or_empty(entry.value, issues), issues, where=Message.of("agent $name", name=entry.key))
    agent = AgentDefinition(
        agent=AgentId(entry.key),
        name=fields.text("name", default=entry.key),
        phone=fields.read("phone", _phone, default=entry.key),
        skills={SkillName(s): n for s, n in _keyed(fields, "skills", as_name, whole(LOWEST_LEVEL, HIGHEST_LEVEL)).items()},
        queues=tuple(map(QueueName, fields.each("queues", as_name))),
        languages=tuple(map(Language, fields.each("languages", matching(_LANGUAGE, _LANGUAGE_SHAPE)))),
        talk=fields.span("talk", default=None, least=Millis(1_000), most=Millis(3_600_000)),
        capacity=read_capacity(fields),
    )
    fields.finish()
    return agent


def _prompt(entry: Entry, issues: list[Issue]) -> PromptText:
    if isinstance(entry.value, Scalar):
        return PromptText(text=read(entry.value, as_filled, "", issues))
    mapping = read(entry.value, as_mapping, Mapping(entry.value.at, ()), issues)
    fields = Fields(mapping, issues, where=Message.of("prompt $name", name=entry.key))
    text = fields.text("text", required=True)
    file = fields.read("file", _recording, default=None)
    kind = fields.choice("kind", PROMPT_KINDS, default="")
    fields.finish()
    return PromptText(text=text, file=file, kind=kind)


@taking(type="string", pattern=r"^(?=.*\S)(?!/)(?!(.*/)?\.\.(/|$))[^\\]+$")
def _recording(tree: Tree) -> str:
    """A path within the centre's folder, with `/` between its parts."""
    text = as_filled(tree)
    if text.startswith("/") or "\\" in text or ".." in text.split("/") or not text.isprintable():
        raise ShapeFault(tree.at, "S214", "expected a file within the centre's folder, such as recordings/en/welcome.wav")
    return text

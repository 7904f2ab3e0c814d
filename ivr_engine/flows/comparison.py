"""What changed between two versions of a centre, in the words of those who wrote them; places and layout do not count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from ivr_engine.flows.definition import CentreDefinition, Flow, Node, PromptText

K = TypeVar("K", bound=str)

_BY_NAME = ("queues", "services", "agents", "calendars", "transfers", "agent_flows", "scripts")
_PLAIN = ("name", "languages", "skills", "answers", "keys", "outbound")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference: what it is about (`flow main, node greeting`), and what happened to it."""

    subject: str
    what: str

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.subject}: {self.what}"


def compare(old: CentreDefinition, new: CentreDefinition) -> tuple[Change, ...]:
    """Every difference: numbers, flows with their nodes, prompts, then what else centre.yaml and agents.yaml say."""
    return (
        *_numbers(old.numbers, new.numbers),
        *_flows(old.flows, new.flows),
        *_prompts(old.prompts, new.prompts),
        *(change for name in _BY_NAME for change in _named(name.removesuffix("s"), getattr(old, name), getattr(new, name))),
        *_settings("centre", old, new, _PLAIN),
    )


def _numbers(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for number in _all(old, new):
        subject = f"number {number}"
        if number not in old:
            yield Change(subject=subject, what=f"added, to flow {new[number]}")
        elif number not in new:
            yield Change(subject=subject, what=f"removed, was flow {old[number]}")
        elif old[number] != new[number]:
            yield Change(subject=subject, what=f"moved from flow {old[number]} to flow {new[number]}")


def _flows(old: Mapping[Any, Flow], new: Mapping[Any, Flow]) -> Iterator[Change]:
    for name in _all(old, new):
        subject = f"flow {name}"
        if name not in old:
            yield Change(subject=subject, what=f"added, {len(new[name].nodes)} nodes")
        elif name not in new:
            yield Change(subject=subject, what=f"removed, had {len(old[name].nodes)} nodes")
        else:
            yield from _flow(subject, old[name], new[name])


def _flow(subject: str, old: Flow, new: Flow) -> Iterator[Change]:
    if old.start != new.start:
        yield Change(subject=subject, what=f"start moved from {old.start} to {new.start}")
    for name in _all(old.nodes, new.nodes):
        place = f"{subject}, node {name}"
        if name not in old.nodes:
            yield Change(subject=place, what=f"added ({new.nodes[name].spec.KIND})")
        elif name not in new.nodes:
            yield Change(subject=place, what=f"removed (was {old.nodes[name].spec.KIND})")
        else:
            yield from _node(place, old.nodes[name], new.nodes[name])


def _node(subject: str, old: Node, new: Node) -> Iterator[Change]:
    if old.spec.KIND != new.spec.KIND:
        yield Change(subject=subject, what=f"kind changed from {old.spec.KIND} to {new.spec.KIND}")
    for name in _all(old.exits, new.exits):
        if name not in old.exits:
            yield Change(subject=subject, what=f"exit {name} added, to {new.exits[name]}")
        elif name not in new.exits:
            yield Change(subject=subject, what=f"exit {name} removed, led to {old.exits[name]}")
        elif old.exits[name] != new.exits[name]:
            yield Change(subject=subject, what=f"exit {name} moved from {old.exits[name]} to {new.exits[name]}")
    if old.spec.KIND == new.spec.KIND:
        yield from _settings(subject, old.spec, new.spec, tuple(field.name for field in fields(old.spec)))


def _prompts(old: Mapping[Any, Mapping[str, PromptText]], new: Mapping[Any, Mapping[str, PromptText]]) -> Iterator[Change]:
    for language in _all(old, new):
        before, after = old.get(language, {}), new.get(language, {})
        for name in _all(before, after):
            yield from _prompt(f"prompt {name} in {language}", before.get(name), after.get(name))


def _prompt(subject: str, old: PromptText | None, new: PromptText | None) -> Iterator[Change]:
    if old is None or new is None:
        what = f'added: "{new.text}"' if new is not None else "removed"
        yield Change(subject=subject, what=what)
        return
    if old.text != new.text:
        yield Change(subject=subject, what=f'words changed from "{old.text}" to "{new.text}"')
    if old.file != new.file:
        yield Change(subject=subject, what=f"recording changed from {old.file or 'none'} to {new.file or 'none'}")


def _named(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in _all(old, new):
        subject = f"{kind} {name}"
        if name not in old or name not in new:
            yield Change(subject=subject, what="added" if name in new else "removed")
        elif is_dataclass(new[name]):
            yield from _settings(subject, old[name], new[name], tuple(field.name for field in fields(new[name])))
        elif old[name] != new[name]:
            yield Change(subject=subject, what=f"changed from {old[name]} to {new[name]}")


def _settings(subject: str, old: object, new: object, names: Iterable[str]) -> Iterator[Change]:
    """Fields that differ. Short values are shown; where a menu's key leads is an exit's business, not a setting's."""
    for name in names:
        before, after = (_without_targets(getattr(each, name)) for each in (old, new))
        if before != after:
            shown = isinstance(before, _SHORT) and isinstance(after, _SHORT)
            yield Change(subject=subject, what=f"{name} changed" + (f" from {before} to {after}" if shown else ""))


_SHORT = (str, int, float, bool, type(None))


def _without_targets(value: Any) -> Any:  # noqa: ANN401 - the settings of every kind
    if isinstance(value, Mapping):
        return {key: _without_targets(each) for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type) and any(field.name == "next" for field in fields(value)):
        return replace(value, next="")
    return value


def _all(old: Iterable[K], new: Iterable[K]) -> list[K]:
    """The names of both, sorted."""
    return sorted({*old, *new})

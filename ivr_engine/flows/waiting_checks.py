"""Checks of what waiting callers are told and how they are called back: prompts, calendars, numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ivr_engine.flows.definition import CentreDefinition, QueueDefinition
from ivr_engine.flows.fields import unknown
from ivr_engine.flows.issues import Issue, Severity
from ivr_engine.flows.messages import Message
from ivr_engine.flows.tree import Position

WAIT_PROMPTS = ("queue_wait_soon", "queue_wait", "queue_wait_minutes", "queue_wait_long")
"""What the estimated wait is said in."""


def check_waiting(centre: CentreDefinition, parts: Mapping[str, Position], top: Position) -> Iterable[Issue]:
    """What the queues name exists, in every language; and bookings that nobody may be called for are told of."""
    for queue in centre.queues.values():
        at = parts.get(f"queues {queue.name}", top)
        for prompt in dict.fromkeys(_said(queue)):
            yield from missing_prompt(centre, prompt, at)
        hours = queue.waiting.callback.hours
        if hours and hours not in centre.calendars:
            yield Issue(at=at, severity=Severity.ERROR, code="R422", message=unknown("calendar", hours, centre.calendars))
    if not centre.outbound:
        yield from _nobody_called(centre)


def _said(queue: QueueDefinition) -> Iterable[str]:
    if queue.waiting.announce_wait is not None:
        yield from WAIT_PROMPTS
    yield from queue.waiting.comfort


def _nobody_called(centre: CentreDefinition) -> Iterable[Issue]:
    books = [node for flow in centre.flows.values() for node in flow.nodes.values() if node.spec.KIND == "callback"]
    for node in books[:1]:
        message = "nobody may be called back: list numbers under `outbound` in centre.yaml"
        yield Issue(at=node.at, severity=Severity.WARNING, code="R426", message=Message.of(message))


def missing_prompt(centre: CentreDefinition, prompt: str, at: Position) -> Iterable[Issue]:
    """A prompt that no language has, or not each."""
    spoken = [language for language in centre.languages if language in centre.prompts]  # the others are reported as R407
    missing = [language for language in spoken if prompt not in centre.prompts[language]]
    if missing and missing == spoken:
        known = dict.fromkeys(name for language in spoken for name in centre.prompts[language])
        yield Issue(at=at, severity=Severity.ERROR, code="R405", message=unknown("prompt", prompt, known))
    elif missing:
        files = ", ".join(f"prompts/{language}.yaml" for language in missing)
        message = Message.of("prompt `$prompt` is missing in $files", prompt=prompt, files=files)
        yield Issue(at=at, severity=Severity.ERROR, code="R406", message=message)

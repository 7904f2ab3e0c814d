"""How long a text takes to say, estimated from its length; and what the nodes of a way say."""

from __future__ import annotations

import re

from ivr_engine.core.ids import Language
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.expressions import Template
from ivr_engine.flows.norms.places import Place
from ivr_engine.flows.saying import Line, Spoken
from ivr_engine.flows.utterances import Prompt

_CHARACTER = re.compile("[\u3400-\u9fff]")
_WORD = re.compile(r"[A-Za-z']+|[0-9]")
_COMPUTED = re.compile(r"\{\{.*?\}\}")  # known only during the call
CHARACTER_SECONDS = 0.25  # Mandarin of announcements: about 240 characters a minute
WORD_SECONDS = 0.4  # English of announcements: about 150 words a minute; a digit counts as a word
VALUE_SECONDS = 3.0  # an amount, a date, the last digits of a card


def seconds(text: str) -> float:
    """About how long it takes to say this text, in whatever languages it is."""
    return CHARACTER_SECONDS * len(_CHARACTER.findall(text)) + WORD_SECONDS * len(_WORD.findall(text))


def texts(place: Place, centre: CentreDefinition, language: Language) -> list[str]:
    """The words that a node says, prompts and free texts, as far as they are known before the call."""
    found = [_words(line, centre, language) for line in lines(place)]
    return [text for text in found if text]


def spoken_seconds(place: Place, centre: CentreDefinition, language: Language) -> float:
    """About how long a node speaks."""
    values = sum(not _words(line, centre, language) and isinstance(line, Spoken) for line in lines(place))
    return VALUE_SECONDS * values + sum(map(seconds, texts(place, centre, language)))


def lines(place: Place) -> tuple[Line, ...]:
    """What a node says, in its order where it tells."""
    return place.facts.lines or tuple(map(Prompt, place.facts.prompts))


def _words(line: Line, centre: CentreDefinition, language: Language) -> str:
    if isinstance(line, Prompt):
        prompt = centre.prompts.get(language, {}).get(line.name)
        return prompt.text if prompt is not None else ""
    if line.kind != "text":
        return ""
    return _COMPUTED.sub("", line.value.source) if isinstance(line.value, Template) else str(line.value)

"""Prompts as sound."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ivr_engine.core.ids import Language
from ivr_engine.flows.utterances import Utterance
from ivr_engine.ports.switch import Sound


class PromptLibrary(Protocol):
    """Turns what is to be said into a playable file."""

    def ready(self, utterance: Utterance, language: Language) -> Sound | None:
        """The sound if it can be played at once; None is no refusal, `sound` may still make it."""
        ...

    async def sound(self, utterance: Utterance, language: Language) -> Sound:
        """The recorded file if there is one, else the synthesised and cached one. Raises PromptError."""
        ...


class Synthesiser(Protocol):
    """Speaks text. A bank plugs in its own voice here."""

    @property
    def voice(self) -> str:
        """Name and version of the voice: part of the cache key, so another voice never plays the old one's files."""
        ...

    async def speak(self, text: str, language: Language, target: Path) -> None:
        """Write `text` to `target` as WAV, 8 kHz mono 16 bit. Raises PromptError."""
        ...

"""What a caller hears when nothing can speak: a short tone. The call goes on, and the failure is reported."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from pathlib import Path

from ivr_engine.adapters.prompts.pcm import RATE
from ivr_engine.core.ids import Language
from ivr_engine.errors import PromptError, SetupError
from ivr_engine.flows.utterances import Utterance, label
from ivr_engine.ports.prompts import PromptLibrary
from ivr_engine.ports.switch import Sound

_PITCH_HZ = 440
_LENGTH_S = 0.4
_PEAK = 8000  # about -12 dBFS: a tone at the level of speech would startle
_RAMP_S = 0.02  # rises and falls softly, without a click


class ToneOnFailure:
    """A `PromptLibrary` that never raises PromptError: it plays the tone instead and reports what could not be said."""

    def __init__(self, prompts: PromptLibrary, *, tone: Sound, report: Callable[[str], object]) -> None:
        self._prompts = prompts
        self._tone = tone
        self._report = report

    def ready(self, utterance: Utterance, language: Language) -> Sound | None:
        """The inner library's."""
        return self._prompts.ready(utterance, language)

    async def sound(self, utterance: Utterance, language: Language) -> Sound:
        """The inner library's sound, or the tone."""
        try:
            return await self._prompts.sound(utterance, language)
        except PromptError as error:
            self._report(f"prompt {label(utterance)} in {language}: tone played instead: {error}")
            return self._tone


class NoVoice:
    """A `Synthesiser` for a machine without any: recorded prompts still play, the rest says why it cannot be spoken."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    @property
    def voice(self) -> str:
        """No voice."""
        return "none"

    async def speak(self, text: str, language: Language, target: Path) -> None:
        """Raise PromptError with the reason."""
        raise PromptError(self._reason)


def write_tone(folder: Path) -> Sound:
    """Write the tone into `folder`, made if missing. Raises SetupError when it cannot be written."""
    path = folder.absolute() / "tone.sln"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_tone().tobytes())
    except OSError as error:
        raise SetupError(f"{folder}: sounds cannot be written: {error.strerror}; make it writable for this user") from error
    return Sound(path, "(tone)")


def _tone() -> array[int]:
    count = round(RATE * _LENGTH_S)
    return array(
        "h", [round(_PEAK * _loudness(at, count) * math.sin(math.tau * _PITCH_HZ * at / RATE)) for at in range(count)]
    )


def _loudness(at: int, count: int) -> float:
    return min(1.0, at / (_RAMP_S * RATE), (count - at) / (_RAMP_S * RATE))

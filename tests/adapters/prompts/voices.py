"""A synthesiser for tests: says each text as a tone whose length tells the text's length, and counts what it was asked."""

from __future__ import annotations

import asyncio
import math
from array import array
from pathlib import Path

from ivr_engine.adapters.prompts.pcm import write_wav
from ivr_engine.core.ids import Language
from ivr_engine.errors import PromptError


def tone(length: int, *, rate: int = 8000, pitch: float = 440, peak: int = 3000) -> array[int]:
    return array("h", [round(peak * math.sin(math.tau * pitch * at / rate)) for at in range(length)])


class FakeVoice:
    def __init__(self, voice: str = "fake 1") -> None:
        self.voice_name = voice
        self.spoken: list[tuple[str, Language]] = []
        self.refuses: set[str] = set()
        self.may_finish = asyncio.Event()
        self.may_finish.set()
        self.begun = asyncio.Event()

    @property
    def voice(self) -> str:
        return self.voice_name

    async def speak(self, text: str, language: Language, target: Path) -> None:
        self.spoken.append((text, language))
        self.begun.set()
        await self.may_finish.wait()
        if text in self.refuses:
            raise PromptError("the fake voice refuses")
        write_wav(target, tone(800 + 80 * len(text)))

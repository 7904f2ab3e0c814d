"""The real espeak-ng, in its own process.

That Chinese is spoken as Mandarin is shown by phonemes, not by a listener: the known failure is a voice that spells the
characters out in English. How natural it sounds is not measured here.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.adapters.prompts.espeak import Espeak
from ivr_engine.adapters.prompts.espeak_binding import passages
from ivr_engine.adapters.prompts.library import SoundLibrary
from ivr_engine.adapters.prompts.pcm import read_wav
from ivr_engine.core.ids import Language
from ivr_engine.errors import PromptError, SetupError
from ivr_engine.flows.utterances import Money

ZH, EN = Language("zh-CN"), Language("en")

_PHONEMES = """
import sys
from ivr_engine.adapters.prompts.espeak_binding import SpeechLibrary
print(SpeechLibrary(160).phonemes(*sys.argv[1:]))
"""


@pytest.fixture
async def espeak() -> AsyncIterator[Espeak]:
    async with Espeak() as opened:
        yield opened


async def phonemes(text: str, language: Language) -> str:
    """In a process of its own: libespeak-ng is never loaded into the tests, as it never is into the engine."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PHONEMES, text, language, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return output.decode()


async def spoken(espeak: Espeak, text: str, language: Language, target: Path) -> list[int]:
    await espeak.speak(text, language, target)
    rate, samples = read_wav(target)
    assert rate == 8000
    return list(samples)


@pytest.mark.parametrize("text", ["您的余额是一千二百三十四元五角", "欢迎致电", "人工服务请按零"])
async def test_every_chinese_character_is_one_syllable_with_a_mandarin_tone(text: str) -> None:
    heard = await phonemes(text, ZH)
    # espeak-ng writes the tone of each syllable as one of these contours; English letters have none.
    assert sum(heard.count(contour) for contour in ("55", "35", "214", "21", "51", "11")) >= len(text) - heard.count("214")
    assert "'eI" not in heard


async def test_a_bank_is_a_yinhang_and_the_digit_one_a_yao() -> None:
    assert "X'A35N" in await phonemes("银行", ZH)
    assert "j'Au55" in await phonemes("幺", ZH)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("中文服务请按1。For English, press 2.", [("中文服务请按1。", "zh-CN"), ("For English, press 2.", "en")]),
        ("For English, press 2. 中文请按1。", [("For English, press 2. ", "en"), ("中文请按1。", "zh-CN")]),
        ("您的利率是3.5。请按1！", [("您的利率是3.5。请按1！", "zh-CN")]),
        ("请使用ATM机。", [("请使用ATM机。", "zh-CN")]),
        ("123. 456", [("123. 456", "zh-CN")]),
        ("...", [("...", "zh-CN")]),
        ("OK", [("OK", "en")]),
    ],
)
def test_english_sentences_in_a_chinese_text_are_told_apart(text: str, expected: list[tuple[str, str]]) -> None:
    assert passages(text, "zh-CN") == expected


@given(st.text("a1中.。!? \n", max_size=30), st.sampled_from(["zh-CN", "en"]))
def test_parting_a_text_loses_nothing(text: str, language: str) -> None:
    assert "".join(passage for passage, _ in passages(text, language)) == text


@pytest.mark.parametrize(("text", "language"), [("您的余额是五元", ZH), ("Your balance is five yuan", EN)])
async def test_speech_is_telephone_wav_and_not_silence(
    espeak: Espeak, tmp_path: Path, text: str, language: Language
) -> None:
    samples = await spoken(espeak, text, language, tmp_path / "a.wav")
    assert 0.8 < len(samples) / 8000 < 5
    assert max(map(abs, samples)) > 3000


async def test_a_longer_text_takes_longer_to_say(espeak: Espeak, tmp_path: Path) -> None:
    short = await spoken(espeak, "五元", ZH, tmp_path / "a.wav")
    long = await spoken(espeak, "一千二百三十四元五角六分", ZH, tmp_path / "b.wav")
    assert len(long) > 2 * len(short)


async def test_a_worker_that_was_killed_is_replaced_and_nobody_notices(espeak: Espeak, tmp_path: Path) -> None:
    first = espeak.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert await spoken(espeak, "五元", ZH, tmp_path / "a.wav")
    assert espeak.pid not in (None, first)


async def test_a_worker_killed_in_the_middle_of_a_text_is_replaced_and_the_text_is_spoken(
    espeak: Espeak, tmp_path: Path
) -> None:
    first = espeak.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)  # it takes the text and cannot answer
    async with asyncio.TaskGroup() as tasks:
        speaking = tasks.create_task(espeak.speak("五元", ZH, tmp_path / "a.wav"))
        await asyncio.wait({speaking}, timeout=0)
        os.kill(first, signal.SIGKILL)
    assert read_wav(tmp_path / "a.wav")[0] == 8000
    assert espeak.pid != first


HELLO = 'print(\'{"voice": "v"}\', flush=True)'


@pytest.mark.parametrize(
    "then", ["input()", "input(); print('no json', flush=True); input()", "input(); print('{', end='')"]
)
async def test_a_text_that_fails_the_voice_twice_is_given_up(tmp_path: Path, then: str) -> None:
    async with worker_running(f"{HELLO}; {then}") as espeak:
        with pytest.raises(PromptError, match="failed 2 times"):
            await espeak.speak("五元", ZH, tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("", "does not start; try: python -m"),
        ("print('no json')", "does not start"),
        ('print(\'{"setup": "install this"}\')', "install this"),
    ],
)
async def test_a_voice_that_does_not_start_is_a_set_up_error_that_says_what_to_do(script: str, message: str) -> None:
    with pytest.raises(SetupError, match=message):
        await worker_running(script).__aenter__()


def worker_running(script: str) -> Espeak:
    espeak = Espeak()
    espeak._command = (sys.executable, "-c", script)
    return espeak


async def test_a_worker_that_hangs_is_ended_and_the_next_text_is_spoken(tmp_path: Path) -> None:
    async with Espeak(timeout_s=5) as espeak:
        hung = espeak.pid
        assert hung is not None
        os.kill(hung, signal.SIGSTOP)
        with pytest.raises(PromptError, match="within 5 s"):
            await espeak.speak("五元", ZH, tmp_path / "a.wav")
        assert await spoken(espeak, "五元", ZH, tmp_path / "b.wav")


async def test_a_caller_who_leaves_mid_way_does_not_shift_the_answers_of_the_others(espeak: Espeak, tmp_path: Path) -> None:
    async with asyncio.TaskGroup() as tasks:
        leaving = tasks.create_task(espeak.speak("五" * 400, ZH, tmp_path / "a.wav"))
        await asyncio.wait({leaving}, timeout=0)
        leaving.cancel()
    with pytest.raises(PromptError, match="language"):
        await espeak.speak("five", Language("xx"), tmp_path / "b.wav")
    assert await spoken(espeak, "五元", ZH, tmp_path / "c.wav")


@pytest.mark.parametrize(
    "text",
    [
        "<speak><break time='9999s'/>five</speak>", "[[h@l'oU]]", "five\x00six\x01\x7f\x9b", "a\ud800b", '"}\n{"text": "x"}',
        "\N{RIGHT-TO-LEFT OVERRIDE}five", "%s%n%x five", "five " * 100,
    ],
    ids=["ssml", "phonemes", "control", "surrogate", "protocol", "bidi", "format", "long"],
)  # fmt: skip
async def test_hostile_text_is_only_text(espeak: Espeak, tmp_path: Path, text: str) -> None:
    worker = espeak.pid
    samples = await spoken(espeak, text, EN, tmp_path / "a.wav")
    assert 0 < len(samples) / 8000 < 100
    assert espeak.pid == worker


async def test_ssml_pauses_have_no_power(espeak: Espeak, tmp_path: Path) -> None:
    samples = await spoken(espeak, "<break time='60s'/>five", EN, tmp_path / "a.wav")
    assert len(samples) / 8000 < 10


async def test_ten_thousand_characters_are_refused_with_the_limit(espeak: Espeak, tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="at most 500 characters, this one has 10000"):
        await espeak.speak("五" * 10_000, ZH, tmp_path / "a.wav")


async def test_a_target_that_cannot_be_written_is_a_prompt_error(espeak: Espeak, tmp_path: Path) -> None:
    with pytest.raises(PromptError):
        await espeak.speak("五元", ZH, tmp_path / "missing" / "a.wav")


async def test_leaving_ends_the_worker() -> None:
    async with Espeak() as espeak:
        worker = espeak.pid
        assert worker is not None
        assert espeak.voice.startswith("espeak-ng 1.5")
    assert espeak.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


async def test_an_amount_becomes_sound_at_the_agreed_level(espeak: Espeak, tmp_path: Path) -> None:
    async with SoundLibrary(tmp_path, espeak) as library:
        sound = await library.sound(Money("1234.50"), ZH)
        data = sound.path.read_bytes()
    peaks = [abs(int.from_bytes(data[at : at + 2], "little", signed=True)) for at in range(0, len(data), 2)]
    assert max(peaks) == 16423
    assert 2 < len(peaks) / 8000 < 5

"""The library: recorded before spoken, made once, kept as long as it may be, and never silent about what is missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from ivr_engine.adapters.prompts.library import SoundLibrary
from ivr_engine.adapters.prompts.pcm import write_wav
from ivr_engine.adapters.prompts.tones import NoVoice, ToneOnFailure, write_tone
from ivr_engine.core.ids import Language
from ivr_engine.errors import PromptError, SetupError
from ivr_engine.flows.definition import CentreDefinition, PromptText
from ivr_engine.flows.utterances import Digits, Money, Prompt, Text
from tests.adapters.prompts.voices import FakeVoice, tone

ZH, EN = Language("zh-CN"), Language("en")


def centre(folder: Path, **prompts: PromptText) -> CentreDefinition:
    return CentreDefinition(
        name="test", version="1", folder=str(folder), languages=(ZH,), numbers={}, flows={}, queues={}, services={},
        skills=(), agents={}, prompts={ZH: prompts},
    )  # fmt: skip


@pytest.fixture
def voice() -> FakeVoice:
    return FakeVoice()


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    return tmp_path / "sounds"


@pytest.fixture
async def library(sounds: Path, voice: FakeVoice) -> AsyncIterator[SoundLibrary]:
    async with SoundLibrary(sounds, voice, values_kept=3) as opened:
        yield opened


async def test_a_prompt_without_a_recording_is_spoken_and_its_file_is_telephone_sound(
    library: SoundLibrary, tmp_path: Path
) -> None:
    assert await library.prepare(centre(tmp_path, hello=PromptText(text="您好"))) == ()
    sound = await library.sound(Prompt("hello"), ZH)
    assert (sound.path.suffix, sound.words) == (".sln", "您好")
    assert sound.path.is_absolute()
    assert len(sound.path.read_bytes()) == pytest.approx(2 * (800 + 160), abs=40)


async def test_a_prompt_is_made_once_and_kept_for_the_next_start(sounds: Path, voice: FakeVoice, tmp_path: Path) -> None:
    for _ in range(2):
        async with SoundLibrary(sounds, voice) as library:
            await library.prepare(centre(tmp_path, hello=PromptText(text="您好")))
            await library.sound(Prompt("hello"), ZH)
    assert voice.spoken == [("您好", ZH)]


async def test_another_voice_or_language_or_text_never_plays_the_old_file(sounds: Path, tmp_path: Path) -> None:
    paths = set()
    for voice, text in ((FakeVoice("a"), "您好"), (FakeVoice("b"), "您好"), (FakeVoice("b"), "再见")):
        async with SoundLibrary(sounds, voice) as library:
            await library.prepare(centre(tmp_path, hello=PromptText(text=text)))
            paths.add((await library.sound(Prompt("hello"), ZH)).path)
    assert len(paths) == 3


async def test_a_recording_is_played_at_its_own_level_and_not_spoken(
    library: SoundLibrary, voice: FakeVoice, tmp_path: Path
) -> None:
    write_wav(tmp_path / "hello.wav", tone(1600, peak=1000))
    assert await library.prepare(centre(tmp_path, hello=PromptText(text="您好", file="hello.wav"))) == ()
    sound = await library.sound(Prompt("hello"), ZH)
    assert sound.path.read_bytes() == tone(1600, peak=1000).tobytes()
    assert voice.spoken == []


async def test_a_recording_of_another_rate_is_converted(library: SoundLibrary, tmp_path: Path) -> None:
    write_wav(tmp_path / "hello.wav", tone(44_100, rate=44_100), 44_100)
    await library.prepare(centre(tmp_path, hello=PromptText(text="您好", file="hello.wav")))
    assert len((await library.sound(Prompt("hello"), ZH)).path.read_bytes()) == 16_000


@pytest.mark.parametrize("data", [None, b"", b"these are words, no sound"])
async def test_a_recording_that_cannot_be_played_is_reported_and_spoken_instead(
    library: SoundLibrary, tmp_path: Path, data: bytes | None
) -> None:
    if data is not None:
        (tmp_path / "hello.wav").write_bytes(data)
    (fault,) = await library.prepare(centre(tmp_path, hello=PromptText(text="您好", file="hello.wav")))
    assert fault.spoken
    assert "hello.wav" in str(fault)
    assert str(fault).startswith("prompt hello in zh-CN: ")
    assert (await library.sound(Prompt("hello"), ZH)).words == "您好"


@pytest.mark.parametrize("file", ["../outside.wav", "/etc/hostname"])
async def test_a_recording_outside_the_centres_folder_is_refused(library: SoundLibrary, tmp_path: Path, file: str) -> None:
    write_wav(tmp_path / "outside.wav", tone(1600))
    (tmp_path / "centre").mkdir()
    (fault,) = await library.prepare(centre(tmp_path / "centre", hello=PromptText(text="您好", file=file)))
    assert "inside the centre's folder" in fault.reason


async def test_prepare_names_every_prompt_that_nothing_can_say(
    library: SoundLibrary, voice: FakeVoice, tmp_path: Path
) -> None:
    voice.refuses = {"坏"}
    prompts = {"good": PromptText(text="好"), "bad": PromptText(text="坏"), "empty": PromptText(text=" ")}
    faults = await library.prepare(centre(tmp_path, **prompts))
    assert [(fault.name, fault.spoken) for fault in faults] == [("bad", False), ("empty", False)]
    with pytest.raises(PromptError, match="refuses"):
        await library.sound(Prompt("bad"), ZH)


async def test_an_unknown_prompt_is_an_error_that_says_where_to_add_it(library: SoundLibrary) -> None:
    with pytest.raises(PromptError, match=r"prompts/zh-CN\.yaml"):
        await library.sound(Prompt("nobody"), ZH)


async def test_prompts_of_an_earlier_definition_still_play_for_calls_that_began_with_it(
    library: SoundLibrary, tmp_path: Path
) -> None:
    await library.prepare(centre(tmp_path, old=PromptText(text="旧")))
    before = await library.sound(Prompt("old"), ZH)
    await library.prepare(centre(tmp_path, new=PromptText(text="新")))
    assert before.path.exists()
    assert (await library.sound(Prompt("old"), ZH)).words == "旧"


async def test_sounds_that_no_prompt_wants_any_more_are_deleted(sounds: Path, voice: FakeVoice, tmp_path: Path) -> None:
    for text in ("一", "二", "三"):
        async with SoundLibrary(sounds, voice) as library:
            await library.prepare(centre(tmp_path, hello=PromptText(text=text)))
    assert len(list((sounds / "prompts").iterdir())) == 1


async def test_a_sound_deleted_under_the_running_engine_is_made_again(library: SoundLibrary, tmp_path: Path) -> None:
    await library.prepare(centre(tmp_path, hello=PromptText(text="您好")))
    (await library.sound(Prompt("hello"), ZH)).path.unlink()
    assert (await library.sound(Prompt("hello"), ZH)).path.exists()


async def test_many_callers_wanting_one_value_make_one_synthesis(library: SoundLibrary, voice: FakeVoice) -> None:
    voice.may_finish.clear()
    async with asyncio.TaskGroup() as callers:
        asked = [callers.create_task(library.sound(Money("1.05"), ZH)) for _ in range(20)]
        await voice.begun.wait()
        voice.may_finish.set()
    assert len({task.result().path for task in asked}) == 1
    assert voice.spoken == [("一元零五分", ZH)]


async def test_a_caller_who_leaves_does_not_take_the_sound_from_the_others(library: SoundLibrary, voice: FakeVoice) -> None:
    voice.may_finish.clear()
    async with asyncio.TaskGroup() as callers:
        first = callers.create_task(library.sound(Money("5"), ZH))
        await voice.begun.wait()
        second = callers.create_task(library.sound(Money("5"), ZH))
        first.cancel()
        await asyncio.wait({first})
        voice.may_finish.set()
    assert second.result().path.exists()
    assert len(voice.spoken) == 1


async def test_a_failed_synthesis_is_tried_again_for_the_next_caller(library: SoundLibrary, voice: FakeVoice) -> None:
    voice.refuses = {"五元"}
    with pytest.raises(PromptError):
        await library.sound(Money("5"), ZH)
    voice.refuses = set()
    assert (await library.sound(Money("5"), ZH)).path.exists()


async def test_the_number_of_customers_values_on_disk_is_bounded_and_the_least_used_go_first(
    library: SoundLibrary, sounds: Path
) -> None:
    paths = {number: (await library.sound(Money(number), ZH)).path for number in ("1", "2", "3")}
    await library.sound(Money("1"), ZH)
    await library.sound(Money("4"), ZH)
    assert len(list((sounds / "values").iterdir())) == 3
    assert paths["1"].exists()
    assert not paths["2"].exists()


async def test_customers_values_leave_no_trace_after_the_engine_nor_from_one_that_was_killed(
    sounds: Path, voice: FakeVoice
) -> None:
    async with SoundLibrary(sounds, voice) as library:
        await library.sound(Money("5"), ZH)
    assert list((sounds / "values").iterdir()) == []
    for name in ("killed.sln", "killed.wav", "killed.part"):
        (sounds / "values" / name).write_bytes(b"an amount")
    async with SoundLibrary(sounds, voice):
        assert list((sounds / "values").iterdir()) == []


async def test_the_name_of_a_values_file_differs_from_start_to_start(sounds: Path, voice: FakeVoice) -> None:
    names = set()
    for _ in range(2):
        async with SoundLibrary(sounds, voice) as library:
            names.add((await library.sound(Money("5"), ZH)).path.name)
    assert len(names) == 2


async def test_the_words_of_a_masked_value_are_its_kind_only(library: SoundLibrary) -> None:
    assert (await library.sound(Digits("6222", masked=True), ZH)).words == "{digits}"
    assert (await library.sound(Text("6222", masked=True), ZH)).words == "{text}"
    assert (await library.sound(Digits("62"), EN)).words == "six two"


async def test_nothing_half_made_is_left_behind(library: SoundLibrary, sounds: Path, tmp_path: Path) -> None:
    await library.prepare(centre(tmp_path, hello=PromptText(text="您好")))
    await library.sound(Money("5"), ZH)
    assert suffixes(sounds) == {".sln"}


def suffixes(folder: Path) -> set[str]:
    return {path.suffix for path in folder.glob("*/*")}


async def test_a_disk_that_takes_no_more_is_a_prompt_error(library: SoundLibrary, sounds: Path) -> None:
    (sounds / "values").rmdir()
    with pytest.raises(PromptError):
        await library.sound(Money("5"), ZH)
    (sounds / "values").mkdir()


async def test_an_error_inside_the_block_comes_out_as_it_is_and_ends_what_is_under_way(
    sounds: Path, voice: FakeVoice
) -> None:
    with pytest.raises(SetupError, match="port taken"):
        await fail_while_speaking(sounds, voice)
    assert list_of(sounds / "values") == []


async def fail_while_speaking(sounds: Path, voice: FakeVoice) -> None:
    voice.may_finish.clear()
    async with SoundLibrary(sounds, voice) as library, asyncio.timeout(60):
        asking = asyncio.gather(library.sound(Money("5"), ZH))
        await voice.begun.wait()
        asking.cancel()
        raise SetupError("port taken")


def list_of(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_a_folder_that_cannot_be_made_is_a_set_up_error(tmp_path: Path, voice: FakeVoice) -> None:
    (tmp_path / "sounds").write_text("a file where the folder should be")
    with pytest.raises(SetupError, match="writable folder"):
        await SoundLibrary(tmp_path / "sounds", voice).__aenter__()
    with pytest.raises(SetupError, match="writable"):
        write_tone(tmp_path / "sounds")


async def test_when_nothing_can_speak_the_caller_hears_a_tone_and_the_failure_is_reported(sounds: Path) -> None:
    reports: list[str] = []
    async with SoundLibrary(sounds, NoVoice("no voice on this machine")) as library:
        prompts = ToneOnFailure(library, tone=write_tone(sounds), report=reports.append)
        sound = await prompts.sound(Money("917.26"), ZH)
        assert await prompts.sound(Prompt("nobody"), ZH) == sound
    assert len(sound.path.read_bytes()) == 2 * 3200
    assert reports[0] == "prompt {money} in zh-CN: tone played instead: no voice on this machine"
    assert "917" not in "".join(reports)


async def test_with_no_voice_recordings_still_play(sounds: Path, tmp_path: Path) -> None:
    write_wav(tmp_path / "hello.wav", tone(1600))
    async with SoundLibrary(sounds, NoVoice("none")) as library:
        assert await library.prepare(centre(tmp_path, hello=PromptText(text="您好", file="hello.wav"))) == ()


async def test_each_version_keeps_its_own_words_and_recordings_whatever_is_prepared_later(
    library: SoundLibrary, tmp_path: Path
) -> None:
    old = centre(tmp_path, hello=PromptText(text="您好"), gone=PromptText(text="再见"))
    new = replace(centre(tmp_path, hello=PromptText(text="欢迎")), version="2")
    await library.prepare(old)
    before = await library.of(old).sound(Prompt("hello"), ZH)
    await library.prepare(new)
    assert await library.of(old).sound(Prompt("hello"), ZH) == before
    assert before.path.exists()
    assert (await library.of(old).sound(Prompt("gone"), ZH)).words == "再见"
    assert (await library.of(new).sound(Prompt("hello"), ZH)).words == "欢迎"
    with pytest.raises(PromptError, match="no prompt 'gone'"):
        await library.of(new).sound(Prompt("gone"), ZH)

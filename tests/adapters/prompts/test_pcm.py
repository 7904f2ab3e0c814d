"""Sound in, telephone sound out."""

from __future__ import annotations

import math
import wave
from array import array
from pathlib import Path

import pytest

from ivr_engine.adapters.prompts.pcm import levelled, read_wav, resampled, write_wav
from ivr_engine.errors import PromptError
from tests.adapters.prompts.voices import tone

RATES = [8000, 11025, 16000, 22050, 24000, 44100, 48000]


def amplitude(samples: array[int], pitch: float) -> float:
    """How much of one pitch is in the middle of the sound (8 kHz), by correlation with sine and cosine."""
    middle = samples[1000:-1000]
    turns = [math.tau * pitch * at / 8000 for at in range(len(middle))]
    sine = sum(sample * math.sin(turn) for sample, turn in zip(middle, turns, strict=True))
    cosine = sum(sample * math.cos(turn) for sample, turn in zip(middle, turns, strict=True))
    return 2 * math.hypot(sine, cosine) / len(middle)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("pitch", [300, 1000, 3300])
def test_speech_frequencies_pass_the_change_of_rate_within_half_a_decibel(rate: int, pitch: int) -> None:
    heard = resampled(tone(rate // 2, rate=rate, pitch=pitch, peak=10_000), rate)
    assert abs(20 * math.log10(amplitude(heard, pitch) / 10_000)) < 0.5


@pytest.mark.parametrize(("rate", "pitch"), [(16000, 4500), (22050, 4500), (22050, 7000), (44100, 4300), (48000, 12_000)])
def test_frequencies_above_the_telephone_do_not_fold_back_into_it(rate: int, pitch: int) -> None:
    heard = resampled(tone(rate // 2, rate=rate, pitch=pitch, peak=10_000), rate)
    assert max(map(abs, heard[400:-400])) < 10_000 * 10 ** (-45 / 20)


@pytest.mark.parametrize("rate", RATES)
def test_a_second_stays_a_second(rate: int) -> None:
    assert len(resampled(tone(rate, rate=rate), rate)) == 8000


def test_full_scale_does_not_wrap_around() -> None:
    square = array("h", ([32767] * 50 + [-32768] * 50) * 40)
    heard = resampled(square, 22050)
    assert max(heard) == 32767
    assert min(heard) == -32768


def test_sounds_end_at_minus_six_decibels_with_silence_cut_to_forty_milliseconds() -> None:
    silence = array("h", [3] * 8000)
    heard = levelled(silence + tone(4000, peak=900) + silence)
    assert max(map(abs, heard)) == 16423
    assert 4000 <= len(heard) <= 4000 + 2 * 320


@pytest.mark.parametrize("samples", [array("h"), array("h", [0] * 800)])
def test_silence_is_no_speech(samples: array[int]) -> None:
    with pytest.raises(PromptError, match="silence"):
        levelled(samples)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_usual_wav_is_read_to_the_same_sound(tmp_path: Path, width: int, channels: int) -> None:
    path, sound = tmp_path / "a.wav", tone(500, peak=20_000)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(16_000)
        file.writeframes(b"".join(coded(sample, width) * channels for sample in sound))
    rate, samples = read_wav(path)
    assert rate == 16_000
    assert max(abs(one - other) for one, other in zip(samples, sound, strict=True)) < (257 if width == 1 else 1)


def coded(sample: int, width: int) -> bytes:
    if width == 1:
        return bytes([(sample >> 8) + 128])
    return (sample << 8 * (width - 2)).to_bytes(width, "little", signed=True)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"not a sound at all, just some words", b"ID3\x03 an mp3" * 9])
def test_a_file_that_is_no_wav_is_refused_by_name(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "welcome.wav"
    path.write_bytes(data)
    with pytest.raises(PromptError, match=r"welcome\.wav: not a readable PCM WAV"):
        read_wav(path)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match=r"gone\.wav"):
        read_wav(tmp_path / "gone.wav")


def test_a_rate_no_telephone_sound_has_is_refused(tmp_path: Path) -> None:
    write_wav(tmp_path / "odd.wav", tone(100), 400)
    with pytest.raises(PromptError, match="400 samples per second"):
        read_wav(tmp_path / "odd.wav")

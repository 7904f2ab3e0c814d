"""Sound and silence, without a telephone."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.adapters.softphone.hearing import QUIET_AFTER, SOUND_LEVEL, Burst, Ear, Heard, amplitude_of
from ivr_engine.core.ids import Millis

STEP = 20


def listen(levels: Iterable[float]) -> list[Burst]:
    ear = Ear()
    bursts = [ear.level(Millis(at * STEP), level) for at, level in enumerate(levels)]
    return [burst for burst in (*bursts, ear.end()) if burst]


def test_a_prompt_is_one_burst_with_its_pauses_inside() -> None:
    speech, pause, silence = [0.1] * 50, [0.0] * 10, [0.0] * 40
    (burst,) = listen([*silence, *speech, *pause, *speech, *silence])
    assert (burst.began, burst.lasted) == (800, 2180)
    assert burst.level == pytest.approx(0.1)


def test_two_prompts_with_silence_between_are_two_bursts() -> None:
    assert [burst.began for burst in listen([0.1] * 10 + [0.0] * 30 + [0.2] * 10)] == [0, 800]


def test_line_noise_is_silence() -> None:
    assert listen([SOUND_LEVEL / 2] * 100) == []


def test_a_burst_is_told_as_soon_as_the_silence_is_long_enough() -> None:
    ear = Ear()
    ear.level(Millis(0), 0.1)
    before = ear.level(Millis(QUIET_AFTER - 1), 0.0)
    after = ear.level(QUIET_AFTER, 0.0)
    assert (before, after is not None, ear.sounding) == (None, True, False)


@given(st.lists(st.sampled_from([0.0, 0.001, 0.05, 0.6]), max_size=300))
def test_bursts_are_in_order_apart_and_hold_every_sound(levels: list[float]) -> None:
    bursts = listen(levels)
    assert all(b.began - (a.began + a.lasted) >= QUIET_AFTER for a, b in pairwise(bursts))
    loud = [at * STEP for at, level in enumerate(levels) if level >= SOUND_LEVEL]
    assert all(any(b.began <= at <= b.began + b.lasted for b in bursts) for at in loud)
    assert bool(loud) == bool(bursts)


def test_the_level_of_a_call_weighs_bursts_by_their_length() -> None:
    long, short = (Burst(began=Millis(0), lasted=Millis(ms), level=level) for ms, level in ((3000, 0.1), (1000, 0.5)))
    heard = Heard(bursts=(long, short))
    assert heard.sound == 4000
    assert heard.level == pytest.approx(0.2)
    assert (Heard().sound, Heard().level) == (0, 0.0)


@pytest.mark.parametrize(("level", "amplitude"), [(0, 0.0), (14, 0.0157), (32, 0.156), (45, 0.622)])
def test_pjsip_levels_are_amplitudes(level: int, amplitude: float) -> None:
    """Measured: the level that PJSIP 2.15 showed for sine tones whose recording had this mean amplitude."""
    assert amplitude_of(level) == pytest.approx(amplitude, rel=0.15)

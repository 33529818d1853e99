"""Recipes for sounds as parts: drawn settings, explicit ones, and the adapter for audiomentations."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from tilth.errors import ParameterError
from tilth.plugin import Shelf, sample_rng
from tilth.records import Sample

_LEVEL = ["audio_noise", "audio_gain", "audio_fade", "audio_polarity", "codec_loss", "room_response", "band_limit"]
_TIME = ["audio_shift", "audio_reverse", "time_stretch", "pitch_shift", "audio_speed"]
NAMES = [*_LEVEL, *_TIME, "audio_time_mask", "audio_frequency_mask", "spec_augment"]
RATE = 8000


def sample(seconds: float = 0.5) -> Sample:
    time = np.arange(round(seconds * RATE)) / RATE
    return Sample("audio", (0.4 * np.sin(2 * np.pi * 500 * time)).astype(np.float32), "7", "tone", rate=RATE)


@pytest.mark.parametrize("name", NAMES)
def test_recipes_draw_from_the_rows_generator_and_grow_with_the_magnitude(name: str) -> None:
    given, cls = sample(), Shelf("generators").get(name)
    assert cls.medium == "audio"

    def change(magnitude: float) -> float:
        sizes = []
        for epoch in range(30):
            made = cls(magnitude=magnitude)
            new = made.apply(given, sample_rng(0, epoch, "7", name))
            again = made.apply(given, sample_rng(0, epoch, "7", name))
            assert np.array_equal(new.value, again.value)
            assert (new.label, new.rate, new.value.dtype) == ("tone", RATE, np.float32)
            n = min(len(new.value), len(given.value))
            longer = abs(len(new.value) / len(given.value) - 1)
            sizes.append(longer + float(np.mean((new.value[:n] - given.value[:n]) ** 2)))
        return float(np.mean(sizes))

    weak, strong = change(0.1), change(1.0)
    assert strong > 0
    if cls.ranged and name != "audio_shift":  # a tone moved by a whole wave is the same tone
        assert weak < strong


@pytest.mark.parametrize("name", NAMES)
def test_a_sound_that_is_not_finite_comes_back(name: str) -> None:
    given = Sample("audio", np.array([0.1, np.inf] * 100, np.float32), "7", rate=RATE)
    assert Shelf("generators").make(name).apply(given, np.random.default_rng(0)) is given


def test_explicit_settings_override_the_magnitude() -> None:
    given = sample()
    make = Shelf("generators").make
    assert len(make("time_stretch", magnitude=0.0, rate=2.0).apply(given, np.random.default_rng(0)).value) == 2000
    noisy = make("audio_noise", magnitude=0.0, snr_db=12.0, colour="pink").apply(given, np.random.default_rng(0)).value
    noise = noisy - given.value
    assert 10 * np.log10(np.mean(given.value**2) / np.mean(noise**2)) == pytest.approx(12, abs=0.2)
    limited = make("band_limit", kind="low_pass", high_hz=200.0).apply(given, np.random.default_rng(0)).value
    assert np.abs(limited[500:-500]).max() < 0.02


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("audio_noise", {"colour": "green"}),
        ("audio_noise", {"snr_db": "loud"}),
        ("room_response", {"method": "cave"}),
        ("band_limit", {"kind": "notch"}),
        ("band_limit", {"low_hz": 500.0, "high_hz": 100.0}),
        ("codec_loss", {"codec": "vinyl"}),
        ("spec_augment", {"m_F": -1}),
        ("audiomentations", {"transform": "no such thing"}),
    ],
)
def test_poor_parameters_are_refused(name: str, params: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        Shelf("generators").make(name, **params)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_audiomentations_draws_from_the_row_and_puts_global_state_back() -> None:
    pytest.importorskip("audiomentations", reason="audiomentations is not installed: pip install 'tilth[audio]'")
    given, part = sample(), Shelf("generators").make("audiomentations", transform="AddColorNoise")
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002 - it must not have moved
    one, two, other = (part.apply(given, np.random.default_rng(seed)).value for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
    with pytest.raises(ParameterError, match="no such transform"):
        Shelf("generators").make("audiomentations", transform="NoSuch").apply(given, np.random.default_rng(0))
    with pytest.raises(ParameterError, match="parameters"):
        wrong = {"transform": "Gain", "params": {"nothing": 1}}
        Shelf("generators").make("audiomentations", **wrong).apply(given, np.random.default_rng(0))

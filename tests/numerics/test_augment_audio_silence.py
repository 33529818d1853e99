"""Sounds that begin or go on in silence keep their sound when stretched or shifted."""

from __future__ import annotations

import numpy as np
import pytest

from tilth.numerics.augment.audio_spectral import pitch_shift, time_stretch


@pytest.mark.parametrize("silence", [0, 200, 1200])
@pytest.mark.parametrize("where", ["front", "middle", "back"])
def test_silence_does_not_swallow_the_sound_after_it(silence: int, where: str) -> None:
    tone = (0.5 * np.sin(np.arange(4000) * 1.1)).astype(np.float32)
    start = {"front": 0, "middle": 1500, "back": 4000 - silence}[where]
    tone[start : start + silence] = 0
    for made in (pitch_shift(tone, semitones=2.0), time_stretch(tone, rate=0.9, keep_length=True)):
        assert np.abs(made).max() > 0.3
        assert np.sqrt((made**2).mean()) == pytest.approx(np.sqrt((tone**2).mean()), rel=0.25)

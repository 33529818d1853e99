from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import soundfile

from tilth.embedders.audio_features import N_FEATURES, AudioFeatures, describe
from tilth.errors import DataError
from tilth.plugin import Run
from tilth.records import MemoryItems


def encoded(samples: np.ndarray, rate: int = 8000) -> bytes:
    out = BytesIO()
    soundfile.write(out, samples, rate, format="WAV")
    return out.getvalue()


def tone(hertz: float, rate: int = 8000, seconds: float = 0.3) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate) * 0.5


@pytest.mark.parametrize("samples", [np.zeros(1), np.zeros(4000), np.ones(3), tone(300, seconds=2.0)])
def test_silence_and_every_length_have_finite_features(samples: np.ndarray) -> None:
    features = describe(encoded(samples))
    assert features.shape == (N_FEATURES,)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()


def test_unreadable_sound_raises_alone_and_is_nan_in_a_collection() -> None:
    with pytest.raises(DataError):
        describe(b"RIFF")
    good = encoded(tone(300))
    vectors = AudioFeatures().embed(MemoryItems([good, good[:100], b""]), Run())
    assert np.isnan(vectors).all(axis=1).tolist() == [False, True, True]


def test_silence_around_and_sampling_rate_count_little() -> None:
    plain = describe(encoded(tone(300)))
    padded = describe(encoded(np.concatenate([np.zeros(2000), tone(300), np.zeros(3000)])))
    other = describe(encoded(tone(1500)))
    faster = describe(encoded(tone(300, 16000), 16000))
    far = np.linalg.norm(plain - other)
    assert np.linalg.norm(plain - padded) < far / 2
    assert np.linalg.norm(plain - faster) < far / 2

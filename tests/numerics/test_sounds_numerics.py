from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tilth.errors import DataError, ParameterError
from tilth.numerics.media.sounds import decode_audio, log_mel, mel_filters, mfcc, resample


def tone(frequency: float = 440.0, rate: int = 8000, seconds: float = 0.5) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate)


def encode(samples: np.ndarray, rate: int = 8000, kind: str = "WAV", subtype: str | None = None) -> bytes:
    out = BytesIO()
    soundfile.write(out, samples, rate, format=kind, subtype=subtype)
    return out.getvalue()


@pytest.mark.parametrize(("kind", "subtype"), [("WAV", "FLOAT"), ("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", None)])
def test_decodes_formats(kind: str, subtype: str | None) -> None:
    samples, rate = decode_audio(encode(tone(), kind=kind, subtype=subtype))
    assert rate == 8000
    assert samples.dtype == np.float32
    assert samples.shape == (4000,)
    np.testing.assert_allclose(samples, tone(), atol=0.05)


def test_channels_are_averaged() -> None:
    stereo = np.column_stack([tone(), -tone() + 0.2])
    np.testing.assert_allclose(decode_audio(encode(stereo, subtype="FLOAT"))[0], 0.1, atol=1e-6)


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "AIFF"])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_truncated_sounds_are_refused(kind: str, share: float) -> None:
    whole = encode(np.random.default_rng(0).uniform(-1, 1, size=4000), kind=kind)
    with pytest.raises(DataError, match="row 5"):
        decode_audio(whole[: int(share * len(whole))], where="row 5")


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["WAV", "FLAC", "OGG"]), st.integers(0, 2**32 - 1))
def test_corrupt_sounds_decode_or_raise_data_error(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = bytearray(encode(tone(seconds=0.1), kind=kind))
    for place in rng.integers(0, min(len(data), 200), size=rng.integers(1, 8)):
        data[place] = rng.integers(256)
    try:
        samples, rate = decode_audio(bytes(data))
        assert rate > 0
        assert np.isfinite(samples).all()
    except DataError as err:
        assert err.what


def test_not_a_sound() -> None:
    with pytest.raises(DataError, match="row 1: the sound is empty"):
        decode_audio(b"", where="row 1")
    with pytest.raises(DataError, match="not audio"):
        decode_audio(b"hello world, this is no sound at all")
    with pytest.raises(DataError, match="no samples"):
        decode_audio(encode(np.empty(0)))
    with pytest.raises(DataError, match="not finite"):
        decode_audio(encode(np.array([0.0, np.nan, 0.0]), subtype="FLOAT"))
    with pytest.raises(DataError, match="as bytes"):
        decode_audio("a.wav")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="longer than"):
        decode_audio(encode(tone(seconds=2.0)), max_seconds=1.0)
    assert len(decode_audio(encode(tone(seconds=1.0)), max_seconds=1.0)[0]) == 8000
    with pytest.raises(ParameterError):
        decode_audio(b"x", max_seconds=0)


def test_log_mel_follows_its_formula() -> None:
    samples = np.random.default_rng(0).normal(size=8000)
    made = log_mel(samples, 8000, n_mels=20)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(200) / 200)
    frame = samples[3 * 80 : 3 * 80 + 200] * window
    power = np.abs(np.fft.rfft(np.pad(frame, (0, 56)))) ** 2 / 256
    expected = 10 * np.log10(mel_filters(8000, 256, 20) @ power)
    np.testing.assert_allclose(made[3], expected, rtol=1e-4)
    assert made.shape == (98, 20)
    assert made.dtype == np.float32


def test_a_tone_is_loudest_in_its_filter() -> None:
    corners = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 4000 / 700), 32) / 2595) - 1)
    for band in (8, 15, 25):
        assert log_mel(tone(corners[band + 1]), 8000, n_mels=30).mean(axis=0).argmax() == band


def test_silence_and_short_sounds() -> None:
    assert (log_mel(np.zeros(8000), 8000) == -100).all()
    assert log_mel(np.zeros(3), 8000).shape == (1, 40)
    assert mfcc(np.zeros(3), 8000).shape == (1, 13)


def test_mfcc_is_the_cosine_transform_of_log_mel() -> None:
    samples = np.random.default_rng(0).normal(size=2000)
    spectrum = log_mel(samples, 8000, n_mels=30).astype(float)
    basis = np.sqrt(2 / 30) * np.cos(np.pi * np.outer(np.arange(10), np.arange(30) + 0.5) / 30)
    basis[0] /= np.sqrt(2)
    np.testing.assert_allclose(mfcc(samples, 8000, n_mfcc=10, n_mels=30), spectrum @ basis.T, rtol=1e-3, atol=1e-3)


def test_mel_filters_are_triangles_of_height_one() -> None:
    filters = mel_filters(16000, 4096, 26, 100, 7000)
    assert filters.min() == 0
    assert filters.max() <= 1
    assert (filters.max(axis=1) > 0.8).all()
    assert (mel_filters(8000, 64, 60).sum(axis=1) > 0).all()


def test_resample_keeps_a_tone() -> None:
    made = resample(tone(rate=44100), 44100, 16000)
    assert made.shape == (8000,)
    np.testing.assert_allclose(made[500:-500], tone(rate=16000)[500:-500], atol=0.01)
    np.testing.assert_array_equal(resample(tone(), 8000, 8000), tone().astype(np.float32))


def test_bad_parameters() -> None:
    for bad in (np.empty(0), np.zeros((2, 2)), np.array(["a"]), np.array([np.inf])):
        with pytest.raises(DataError):
            log_mel(bad, 8000)
    with pytest.raises(ParameterError):
        log_mel(tone(), 0)
    with pytest.raises(ParameterError):
        log_mel(tone(), 8000, hop_seconds=0)
    with pytest.raises(ParameterError):
        mel_filters(8000, 256, 20, 100, 5000)
    with pytest.raises(ParameterError):
        mel_filters(8000, 256, 0)
    with pytest.raises(ParameterError):
        mfcc(tone(), 8000, n_mfcc=41)
    with pytest.raises(ParameterError):
        resample(tone(), 8000, 0)


def test_spoken_digits(shared_data) -> None:  # type: ignore[no-untyped-def]
    for path in sorted(shared_data("audio/fsdd/wav").glob("*.wav"))[:20]:
        samples, rate = decode_audio(path.read_bytes(), where=path.name)
        assert rate == 8000
        assert np.isfinite(mfcc(samples, rate)).all()

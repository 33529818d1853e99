"""Changes to sounds and spectrograms: levels, lengths, pitches, bands, and poor input."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tilth.errors import DataError, ParameterError
from tilth.numerics.augment import audio as waves
from tilth.numerics.augment import audio_channel as channel
from tilth.numerics.augment import audio_spectral as spectral
from tilth.numerics.augment.spectrogram import SPEC_AUGMENT_POLICIES, spec_augment, warp_positions

RATE = 8000
Sound = npt.NDArray[np.float32]


def tone(hertz: float = 440, seconds: float = 1.0, level: float = 0.5) -> Sound:
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def pitch(sound: npt.NDArray[Any]) -> float:
    return float(np.abs(np.fft.rfft(sound)).argmax() * RATE / len(sound))


#: Every function of a sound, set to change it.
CHANGES: dict[str, Callable[[Any], Sound]] = {
    "noise": lambda x: waves.audio_noise(x, 0, snr_db=10, colour="pink"),
    "gain": lambda x: waves.audio_gain(x, gain_db=-6),
    "shift": lambda x: waves.audio_shift(x, shift=0.3),
    "roll": lambda x: waves.audio_shift(x, shift=-0.3, rollover=True),
    "mask": lambda x: waves.audio_time_mask(x, start=0.2, length=0.3),
    "fade": lambda x: waves.audio_fade(x, fade_in=0.3, fade_out=0.3),
    "polarity": waves.audio_polarity,
    "reverse": waves.audio_reverse,
    "stretch": lambda x: spectral.time_stretch(x, rate=1.3),
    "pitch": lambda x: spectral.pitch_shift(x, semitones=3),
    "speed": lambda x: spectral.audio_speed(x, factor=0.9),
    "band": lambda x: spectral.audio_frequency_mask(x, low=0.05, width=0.2),
    "spec": lambda x: spectral.audio_spec_augment(x, 0),
    "room": lambda x: channel.room_response(x, channel.room_impulse(RATE, 0)),
    "limit": lambda x: channel.band_limit(x, RATE, low_hz=300, high_hz=3000),
    "mulaw": lambda x: channel.codec_loss(x, RATE, codec="mulaw"),
    "bitcrush": lambda x: channel.codec_loss(x, RATE, codec="bitcrush"),
    "ogg": lambda x: channel.codec_loss(x, RATE, codec="ogg"),
    "mp3": lambda x: channel.codec_loss(x, 7919, codec="mp3"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_changes_and_leaves_its_input_alone(name: str) -> None:
    given = tone()
    before = given.copy()
    new = CHANGES[name](given)
    assert new.dtype == np.float32
    assert new.ndim == 1
    assert np.isfinite(new).all()
    assert np.abs(new).max() <= 1
    assert len(new) != len(given) or not np.array_equal(new, given)
    assert np.array_equal(given, before)
    assert np.array_equal(new, CHANGES[name](given))


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("n", [0, 1, 2, 3, 63, 64, 65, 300])
def test_poor_sounds_survive(name: str, n: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        silence = np.zeros(n, np.float32)
        assert np.array_equal(CHANGES[name](silence), silence)
        short = CHANGES[name](np.linspace(-0.5, 0.5, n, dtype=np.float32) if n > 1 else np.full(n, 0.5, np.float32))
    assert np.isfinite(short).all()
    if n < 2 and name not in ("gain", "polarity"):
        assert np.array_equal(short, np.full(n, 0.5, np.float32))


@pytest.mark.parametrize("wrong", [np.zeros((2, 2)), np.array(["a"]), np.array([0.1, np.nan])])
def test_what_is_no_sound_is_refused(wrong: npt.NDArray[Any]) -> None:
    for change in CHANGES.values():
        with pytest.raises(DataError):
            change(wrong)


@pytest.mark.parametrize("snr", [-5, 10, 40])
@pytest.mark.parametrize("colour", ["white", "pink", "brown", "blue", "violet", 0.5])
def test_noise_has_the_ratio_that_was_asked_for(snr: float, colour: str | float) -> None:
    given = tone(level=0.1)
    noise = waves.audio_noise(given, 1, snr_db=snr, colour=colour) - given
    assert 10 * np.log10(np.mean(given**2) / np.mean(noise**2)) == pytest.approx(snr, abs=0.05)


@pytest.mark.parametrize(("colour", "slope"), [(0.0, 0), (1.0, -1), (2.0, -2), (-1.0, 1)])
def test_noise_has_the_colour_that_was_asked_for(colour: float, slope: float) -> None:
    power = np.abs(np.fft.rfft(waves.coloured_noise(2**16, 0, exponent=colour))) ** 2
    at = np.arange(1, len(power) - 1)
    bins = np.array_split(at, np.geomspace(10, len(at) - 1, 30).astype(int))[1:]
    x, y = [np.log(part.mean()) for part in bins], [np.log(power[part].mean()) for part in bins]
    assert np.polyfit(x, y, 1)[0] == pytest.approx(slope, abs=0.15)


def test_gain_is_in_decibels_and_ends_at_full_scale() -> None:
    assert np.allclose(waves.audio_gain(tone(), gain_db=-20), tone() / 10, atol=1e-6)
    assert np.abs(waves.audio_gain(tone(), gain_db=40)).max() == pytest.approx(1)
    loud = tone() * 4
    assert np.abs(waves.audio_noise(loud, 0, snr_db=0)).max() <= np.abs(loud).max() * 1.0001


def test_shifts_and_masks_are_shares_of_the_length() -> None:
    x = np.arange(1, 11, dtype=np.float32)
    assert waves.audio_shift(x, shift=0.2).tolist() == [0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert waves.audio_shift(x, shift=-0.2).tolist() == [3, 4, 5, 6, 7, 8, 9, 10, 0, 0]
    assert waves.audio_shift(x, shift=0.2, rollover=True).tolist() == [9, 10, 1, 2, 3, 4, 5, 6, 7, 8]
    assert waves.audio_time_mask(x, start=0.8, length=0.5, fade=0).tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 0, 0]
    masked = waves.audio_time_mask(np.ones(100), start=0.1, length=0.8, fade=10)
    assert (masked[:10] == 1).all() and (masked[20:80] == 0).all() and (masked[90:] == 1).all()
    assert (np.diff(masked[9:20]) < 0).all() and (np.diff(masked[80:91]) > 0).all()


@pytest.mark.parametrize("rate", [0.6, 0.9, 1.25, 2.0])
def test_stretching_keeps_the_pitch_and_speed_does_not(rate: float) -> None:
    stretched = spectral.time_stretch(tone(), rate=rate)
    assert len(stretched) == round(RATE / rate)
    assert pitch(stretched) == pytest.approx(440, abs=3)
    assert np.std(stretched) == pytest.approx(np.std(tone()), rel=0.1)
    faster = spectral.audio_speed(tone(), factor=rate)
    assert len(faster) == pytest.approx(RATE / rate, abs=1)
    assert pitch(faster) == pytest.approx(440 * rate, rel=0.01)
    assert len(spectral.time_stretch(tone(), rate=rate, keep_length=True)) == RATE
    assert len(spectral.audio_speed(tone(), factor=rate, keep_length=True)) == RATE


@pytest.mark.parametrize("semitones", [-7, -1, 4, 12])
def test_pitch_moves_by_semitones(semitones: float) -> None:
    shifted = spectral.pitch_shift(tone(), semitones=semitones)
    assert len(shifted) == RATE
    assert pitch(shifted) == pytest.approx(440 * 2 ** (semitones / 12), rel=0.01)


@pytest.mark.parametrize("n", [64, 1000, 8001])
def test_spectra_turn_back_into_the_sound(n: int) -> None:
    given = np.random.default_rng(0).uniform(-1, 1, n).astype(np.float32)
    for n_fft in (16, 64):
        back = spectral.istft(spectral.stft(given, n_fft), n_fft, n)
        assert np.allclose(back, given, atol=1e-5)


def test_bands_take_away_what_lies_outside() -> None:
    both = tone(200, level=0.3) + tone(3000, level=0.3)
    low = channel.band_limit(both, RATE, high_hz=1000)[1000:-1000]
    high = channel.band_limit(both, RATE, low_hz=1000)[1000:-1000]
    assert np.allclose(low, tone(200, level=0.3)[1000:-1000], atol=0.01)
    assert np.allclose(high, tone(3000, level=0.3)[1000:-1000], atol=0.01)
    assert np.array_equal(channel.band_limit(both, RATE, low_hz=0, high_hz=9000), both)
    masked = spectral.audio_frequency_mask(both, low=0.6, width=0.3)[1000:-1000]
    assert np.allclose(masked, tone(200, level=0.3)[1000:-1000], atol=0.02)


def test_the_image_method_finds_the_walls() -> None:
    """One wall at a time: the first echo of the floor comes after the difference of the two ways."""
    heard = channel.image_source_impulse(
        48_000, room=(20.0, 20.0, 20.0), source=(9.0, 10.0, 1.0), microphone=(11.0, 10.0, 1.0), order=1, absorption=0.2
    )
    direct, floor = 2.0, np.hypot(2.0, 2.0)
    at = round((floor - direct) * 48_000 / 343)
    assert heard[0] == 1
    assert int(np.flatnonzero(heard)[1]) == at
    assert heard[at] == pytest.approx(np.sqrt(0.8) * direct / floor, rel=1e-3)


def test_rooms_echo_and_keep_the_level() -> None:
    impulse = channel.room_impulse(RATE, 0, rt60=0.5)
    decay = [np.sum(impulse[a : a + 800] ** 2) for a in (100, 2100)]
    assert 10 * np.log10(decay[0] / decay[1]) == pytest.approx(60 * 0.25 / 0.5, abs=3)
    click = np.zeros(RATE, np.float32)
    click[100] = 0.5
    heard = channel.room_response(click, impulse)
    assert heard[:100].max() < 1e-6
    assert np.mean(heard**2) == pytest.approx(np.mean(click**2), rel=0.01)
    with pytest.raises(ParameterError, match="inside the room"):
        channel.image_source_impulse(RATE, source=(9.0, 1.0, 1.0))


@pytest.mark.parametrize("codec", channel.CODECS)
def test_codecs_lose_more_at_lower_quality(codec: str) -> None:
    given = tone() * np.linspace(0.1, 1, RATE, dtype=np.float32)
    errors = [float(np.mean((channel.codec_loss(given, RATE, codec=codec, quality=q) - given) ** 2)) for q in (1, 0)]
    assert errors[0] < errors[1] < 0.01


@pytest.mark.parametrize(
    "call",
    [
        lambda: waves.audio_noise(tone(), 0, snr_db=1000),
        lambda: waves.audio_noise(tone(), 0, colour="green"),
        lambda: waves.audio_gain(tone(), gain_db=float("nan")),
        lambda: waves.audio_shift(tone(), shift=1.5),
        lambda: waves.audio_fade(tone(), fade_in=2),
        lambda: spectral.time_stretch(tone(), rate=0),
        lambda: spectral.pitch_shift(tone(), semitones=99),
        lambda: channel.band_limit(tone(), RATE, low_hz=500, high_hz=400),
        lambda: channel.codec_loss(tone(), RATE, codec="vinyl"),
        lambda: channel.room_impulse(RATE, 0, rt60=-1),
    ],
)
def test_settings_out_of_range_are_refused(call: Callable[[], object]) -> None:
    with pytest.raises(ParameterError):
        call()


def intervals(line: npt.NDArray[np.bool_]) -> int:
    return int((np.diff(line.astype(int), prepend=0) == 1).sum())


@pytest.mark.parametrize("policy", SPEC_AUGMENT_POLICIES)
def test_spec_augment_masks_as_the_paper_says(policy: str) -> None:
    said = SPEC_AUGMENT_POLICIES[policy]
    spec = np.ones((200, 80, 300), np.float32)
    made = spec_augment(spec, 0, policy=policy, W=0, fill=0.0)
    gone = made == 0
    bands, spans = gone.all(axis=2), gone.all(axis=1)
    widest = min(said["T"], int(said["p"] * 300))
    assert bands.sum(axis=1).max() <= said["F"] * said["m_F"]
    assert spans.sum(axis=1).max() <= widest * said["m_T"]
    assert max(intervals(line) for line in bands) == said["m_F"]
    assert max(intervals(line) for line in spans) == said["m_T"]
    assert np.array_equal(gone, bands[:, :, None] | spans[:, None, :])
    one = spec_augment(spec, 0, policy=policy, W=0, m_F=1, T=0, fill=0.0) == 0
    widths = one.all(axis=2).sum(axis=1)
    assert widths.min() == 0
    assert widths.max() == said["F"]
    assert widths.mean() == pytest.approx(said["F"] / 2, abs=2.5)


def test_time_warp_moves_frames_and_keeps_ends_and_order() -> None:
    ramp = np.tile(np.arange(300, dtype=np.float32), (4, 1))
    moved = []
    for seed in range(50):
        made = spec_augment(ramp, seed, W=80, F=0, T=0)
        assert made[0, 0] == 0
        assert made[0, -1] == 299
        assert (np.diff(made[0]) > 0).all()
        moved.append(float(np.abs(made[0] - ramp[0]).max()))
    assert max(moved) > 50
    assert max(moved) <= 80.5
    assert warp_positions(3, 80, np.random.default_rng(0)) is None


def test_each_spectrogram_of_a_batch_has_its_own_masks_and_mean() -> None:
    spec = np.random.default_rng(0).random((4, 20, 60))
    made = spec_augment(spec, 1, W=5, F=5, T=10)
    assert made.dtype == np.float64
    bands = spec_augment(spec, 1, W=0, F=5, T=0)
    changed = [np.flatnonzero((bands[i] != spec[i]).any(axis=1)).tolist() for i in range(4)]
    assert len({str(rows) for rows in changed}) > 1
    still = spec_augment(spec, 1, W=0, F=5, T=10)
    places = still != spec
    assert all(np.unique(still[i][places[i]].round(6)).size <= 2 for i in range(4))
    assert np.array_equal(made, spec_augment(spec, np.random.default_rng(1), W=5, F=5, T=10))
    assert spec_augment(np.ones((0, 5, 5)), 0).shape == (0, 5, 5)
    assert spec_augment(np.ones((1, 1), np.float32), 0).shape == (1, 1)


@pytest.mark.parametrize(
    ("spec", "settings"),
    [
        (np.ones(5), {}),
        (np.array([["a"]]), {}),
        (np.ones((5, 5)), {"policy": "XX"}),
        (np.ones((5, 5)), {"p": 2}),
        (np.ones((5, 5)), {"F": -1}),
        (np.ones((5, 5)), {"m_T": 1.5}),
        (np.ones((5, 5)), {"fill": "max"}),
    ],
)
def test_poor_settings_of_spec_augment_are_refused(spec: npt.NDArray[Any], settings: dict[str, Any]) -> None:
    with pytest.raises((ParameterError, DataError)):
        spec_augment(spec, 0, **settings)

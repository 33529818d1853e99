"""Changes to sounds through their short-time spectrum: stretch, pitch, speed, masks of frequency, SpecAugment.

Sounds are (n,) float arrays; results are float32. A silent sound and one of fewer than 64 samples come back unchanged.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.numerics.augment.audio import as_sound, check_number, poor_sound, within_scale
from tilth.numerics.augment.spectrogram import spec_augment, warp_positions

__all__ = ["audio_frequency_mask", "audio_spec_augment", "audio_speed", "istft", "pitch_shift", "stft", "time_stretch"]

Generator = np.random.Generator
Float32 = NDArray[np.float32]
Complex64 = NDArray[np.complex64]

_SHORTEST = 64
#: Below this a bin of a spectrum has no phase.
_SILENT = 1e-18
#: Windows overlap by three quarters.
_OVERLAP = 4


def _window(n_fft: int) -> Float32:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)


def _size(n: int, n_fft: int) -> int:
    """A window that fits a sound of n samples at least four times."""
    return min(n_fft, max(16, 1 << (max(n // 4, 1).bit_length() - 1)))


def stft(sound: Float32, n_fft: int) -> Complex64:
    """Short-time spectrum with a Hann window, hop n_fft / 4, centred; shape (n_fft / 2 + 1, frames)."""
    import scipy.fft

    hop = n_fft // _OVERLAP
    padded = np.pad(sound, (n_fft // 2, n_fft // 2 + (-sound.size) % hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
    spectrum: Complex64 = scipy.fft.rfft(frames * _window(n_fft), axis=1)
    return spectrum.T


def istft(spectrum: Complex64, n_fft: int, n: int) -> Float32:
    """The sound of `n` samples whose short-time spectrum is nearest to the one given."""
    import scipy.fft

    hop, count = n_fft // _OVERLAP, spectrum.shape[1]
    window = _window(n_fft)
    frames = scipy.fft.irfft(spectrum.T, n_fft, axis=1) * window
    blocks = np.zeros((count + _OVERLAP - 1, hop), dtype=np.float32)
    weight = np.zeros_like(blocks)
    for part in range(_OVERLAP):
        piece = slice(part * hop, (part + 1) * hop)
        blocks[part : part + count] += frames[:, piece]
        weight[part : part + count] += window[piece] ** 2
    made = (blocks / np.maximum(weight, 1e-3)).reshape(-1)[n_fft // 2 :]
    out = np.zeros(n, dtype=np.float32)
    out[: min(n, made.size)] = made[:n]
    return out


def _vocode(spectrum: Complex64, at: NDArray[np.floating]) -> Complex64:
    """The spectrum read at frame positions `at`, its phases advanced as the sound itself advances there.

    A bin takes the phase of its peak by way of its two neighbours, so that the partials of a sound stay whole.
    """
    last = spectrum.shape[1] - 1
    low = np.minimum(at.astype(np.intp), last)
    high = np.minimum(low + 1, last)
    part = (at - low).astype(np.float32)
    size = np.abs(spectrum)
    magnitude = (size[:, low] * (1 - part) + size[:, high] * part).T
    turn = (spectrum[:, high] * np.conj(spectrum[:, low])).T
    made = np.empty((len(at), len(spectrum)), dtype=np.complex64)
    made[0] = now = spectrum[:, low[0]]
    for frame in range(1, len(at)):
        lead = now.copy()
        lead[1:-1] -= now[:-2] + now[2:]
        lead *= turn[frame - 1]
        strength = np.abs(lead)
        silent = strength < _SILENT
        if silent.any():  # a bin that was silent has no phase to go on from: it takes that of the sound itself
            lead[silent] = spectrum[silent, high[frame]]
            strength = np.abs(lead)
        made[frame] = now = lead * (magnitude[frame] / (strength + np.float32(1e-20)))
    return made.T


def time_stretch(samples: ArrayLike, *, rate: float, n_fft: int = 1024, keep_length: bool = False) -> Float32:
    """Play a sound faster or slower at the same pitch, by a phase vocoder [1]_ with loosely locked phases [2]_.

    Parameters
    ----------
    samples : (n,) array_like
    rate : float in [0.1, 10]
        Above 1 is faster, and shorter.
    n_fft : int, default 1024
        Window in samples; brought down for short sounds.
    keep_length : bool, default False
        Cut or fill up with silence to n samples.

    Returns
    -------
    (round(n / rate),) or (n,) float32 array

    Raises
    ------
    DataError
        Not one finite channel.
    ParameterError
        `rate` out of range.

    References
    ----------
    .. [1] Flanagan, Golden (1966). Phase vocoder. Bell System Technical Journal 45(9).
    .. [2] Puckette (1995). Phase-locked vocoder. IEEE Workshop on Applications of Signal Processing to Audio.

    Examples
    --------
    >>> time_stretch(np.sin(np.arange(8000) / 5), rate=1.25).shape
    (6400,)
    """
    check_number("rate", rate, 0.1, 10)
    sound = as_sound(samples)
    if poor_sound(sound) or sound.size < _SHORTEST or rate == 1:
        return sound
    n_fft = _size(sound.size, n_fft)
    spectrum = stft(sound, n_fft)
    n = round(sound.size / rate)
    frames = n // (n_fft // _OVERLAP) + 2
    at = np.minimum(np.arange(frames) * rate, spectrum.shape[1] - 1)
    made = within_scale(istft(_vocode(spectrum, at), n_fft, n), sound)
    return _fit(made, sound.size) if keep_length else made


def _fit(sound: Float32, n: int) -> Float32:
    return sound[:n] if sound.size >= n else np.pad(sound, (0, n - sound.size))


def audio_speed(samples: ArrayLike, *, factor: float, keep_length: bool = False) -> Float32:
    """Play a sound faster or slower, its pitch with it: the speed perturbation of speech recognition [1]_.

    Parameters
    ----------
    samples : (n,) array_like
    factor : float in [0.1, 10]
        Above 1 is faster, shorter and higher; rounded to a fraction with a denominator of at most 100.
    keep_length : bool, default False
        Cut or fill up with silence to n samples.

    Returns
    -------
    (about n / factor,) or (n,) float32 array

    Raises
    ------
    DataError
        Not one finite channel.
    ParameterError
        `factor` out of range.

    References
    ----------
    .. [1] Ko, Peddinti, Povey, Khudanpur (2015). Audio augmentation for speech recognition. Interspeech.

    Examples
    --------
    >>> audio_speed(np.sin(np.arange(8000) / 5), factor=1.25).shape
    (6400,)
    """
    from scipy.signal import resample_poly

    check_number("factor", factor, 0.1, 10)
    sound = as_sound(samples)
    ratio = Fraction(float(factor)).limit_denominator(100)
    if poor_sound(sound) or sound.size < _SHORTEST or ratio == 1:
        return sound
    made = within_scale(resample_poly(sound, ratio.denominator, ratio.numerator), sound)
    return _fit(made, sound.size) if keep_length else made


def pitch_shift(samples: ArrayLike, *, semitones: float, n_fft: int = 1024) -> Float32:
    """Raise or lower the pitch of a sound at the same length: stretched, then played at another speed.

    Parameters
    ----------
    samples : (n,) array_like
    semitones : float in [-24, 24]
    n_fft : int, default 1024
        Window of the phase vocoder.

    Returns
    -------
    (n,) float32 array

    Raises
    ------
    DataError
        Not one finite channel.
    ParameterError
        `semitones` out of range.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    >>> int(np.abs(np.fft.rfft(pitch_shift(tone, semitones=12))).argmax())
    880
    """
    from scipy.signal import resample_poly

    check_number("semitones", semitones, -24, 24)
    sound = as_sound(samples)
    ratio = Fraction(2.0 ** (semitones / 12)).limit_denominator(100)
    if poor_sound(sound) or sound.size < _SHORTEST or ratio == 1:
        return sound
    longer = time_stretch(sound, rate=float(1 / ratio), n_fft=n_fft)
    return within_scale(_fit(resample_poly(longer, ratio.denominator, ratio.numerator), sound.size), sound)


def audio_frequency_mask(samples: ArrayLike, *, low: float, width: float, n_fft: int = 512) -> Float32:
    """Silence a band of frequencies from beginning to end.

    Parameters
    ----------
    samples : (n,) array_like
    low, width : float in [0, 1]
        Lower edge and width of the band, as shares of the range from 0 Hz to half the sample rate.
    n_fft : int, default 512

    Returns
    -------
    (n,) float32 array

    Raises
    ------
    DataError
        Not one finite channel.
    ParameterError
        A number out of range.

    Examples
    --------
    >>> tone = np.sin(np.arange(8000) * np.pi / 2)
    >>> bool(np.abs(audio_frequency_mask(tone, low=0.4, width=0.2))[500:-500].max() < 0.01)
    True
    """
    check_number("low", low, 0, 1)
    check_number("width", width, 0, 1)
    sound = as_sound(samples)
    if poor_sound(sound) or sound.size < _SHORTEST:
        return sound
    n_fft = _size(sound.size, n_fft)
    bins = n_fft // 2 + 1
    first, last = round(low * bins), min(bins, round((low + width) * bins))
    if first >= last:
        return sound
    spectrum = stft(sound, n_fft)
    spectrum[first:last] = 0
    return within_scale(istft(spectrum, n_fft, sound.size), sound)


def audio_spec_augment(
    samples: ArrayLike,
    rng: Generator | int,
    *,
    warp: float = 0.1,
    band: float = 0.25,
    m_F: int = 2,
    span: float = 0.1,
    m_T: int = 2,
    n_fft: int = 512,
) -> Float32:
    """SpecAugment on a sound: its time warped by a phase vocoder, its spectrum masked with silence, and back.

    Parameters
    ----------
    samples : (n,) array_like
    rng : Generator or int
    warp : float in [0, 1], default 0.1
        Largest move of a moment near the middle, as a share of the length: the paper's W.
    band, m_F : float in [0, 1] and int
        Largest width of a frequency mask, as a share of the spectrum, and number of them: F and m_F.
    span, m_T : float in [0, 1] and int
        Largest length of a time mask, as a share of the length, and number of them: T (and p), m_T.
    n_fft : int, default 512

    Returns
    -------
    (n,) float32 array

    Raises
    ------
    DataError
        Not one finite channel.
    ParameterError
        A setting out of range.

    References
    ----------
    .. [1] Park, Chan, Zhang, Chiu, Zoph, Cubuk, Le (2019). SpecAugment: a simple data augmentation method for automatic
       speech recognition. Interspeech.

    Examples
    --------
    >>> audio_spec_augment(np.sin(np.arange(8000) / 5), 0).shape
    (8000,)
    """
    for name, value in (("warp", warp), ("band", band), ("span", span)):
        check_number(name, value, 0, 1)
    sound = as_sound(samples)
    if poor_sound(sound) or sound.size < _SHORTEST:
        return sound
    draw = np.random.default_rng(rng)
    n_fft = _size(sound.size, n_fft)
    spectrum = stft(sound, n_fft)
    bins, frames = spectrum.shape
    at = warp_positions(frames, round(warp * frames), draw)
    if at is not None:
        spectrum = _vocode(spectrum, at)
    settings = {"F": round(band * bins), "T": round(span * frames), "m_F": m_F, "m_T": m_T}
    kept = spec_augment(np.ones(spectrum.shape, np.float32), draw, W=0, p=1.0, fill=0.0, **settings)
    if at is None and kept.all():
        return sound
    return within_scale(istft(spectrum * kept, n_fft, sound.size), sound)

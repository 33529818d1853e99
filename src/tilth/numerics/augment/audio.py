"""Changes to sounds that need no spectrum: noise, gain, shift, masks, fades, polarity, direction.

Sounds are (n,) float arrays with full scale [-1, 1]; results are float32 and never go past full scale where the sound
itself did not. A silent sound and one of fewer than two samples come back unchanged.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import DataError, ParameterError

__all__ = [
    "NOISE_COLOURS",
    "as_sound",
    "audio_fade",
    "audio_gain",
    "audio_noise",
    "audio_polarity",
    "audio_reverse",
    "audio_shift",
    "audio_time_mask",
    "check_number",
    "coloured_noise",
    "poor_sound",
    "within_scale",
]

Generator = np.random.Generator
Float32 = NDArray[np.float32]

#: Exponent b of a power spectrum 1 / f^b.
NOISE_COLOURS = {"white": 0.0, "pink": 1.0, "brown": 2.0, "blue": -1.0, "violet": -2.0}


def as_sound(samples: ArrayLike) -> Float32:
    """A copy as (n,) float32; `DataError` where it is not one finite channel."""
    values = np.asarray(samples)
    if values.ndim != 1 or values.dtype.kind not in "fiu":
        raise DataError(
            "a sound is a one-dimensional array of numbers", found=f"{values.dtype} of shape {values.shape}"
        )
    made = np.array(values, dtype=np.float32)
    if not np.isfinite(made.dot(made)) and not np.isfinite(made).all():  # the first is fast, the second sure
        raise DataError("samples must be finite", where=f"sample {int(np.argmin(np.isfinite(made)))}")
    return made


def poor_sound(sound: Float32) -> bool:
    """Whether a sound has nothing that could be changed: fewer than two samples, or silence."""
    return sound.size < 2 or not (sound[sound.size // 2] != 0 or sound.any())


def within_scale(sound: NDArray[np.floating], given: Float32) -> Float32:
    """`sound` as float32, turned down where it goes past full scale, or past the peak of `given` where that is more."""
    ceiling = max(1.0, float(np.abs(given).max(initial=0.0)))
    peak = float(np.abs(sound).max(initial=0.0))
    return (sound * (ceiling / peak) if peak > ceiling else sound).astype(np.float32)


def check_number(name: str, value: float, low: float, high: float) -> float:
    """`value` where it is a finite number from `low` to `high`; else `ParameterError`."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not low <= value <= high:
        raise ParameterError(f"must be a number from {low:g} to {high:g}", where=name, found=repr(value))
    return float(value)


def coloured_noise(n: int, rng: Generator | int, *, exponent: float = 0.0) -> Float32:
    """Gaussian noise of unit power whose power spectrum falls as ``1 / f ** exponent``.

    Parameters
    ----------
    n : int
        Samples.
    rng : Generator or int
    exponent : float in [-4, 4], default 0
        0 white, 1 pink, 2 brown, -1 blue, -2 violet.

    Returns
    -------
    (n,) float32 array

    Raises
    ------
    ParameterError
        `exponent` out of range.

    References
    ----------
    .. [1] Timmer, Koenig (1995). On generating power law noise. Astronomy and Astrophysics 300.

    Examples
    --------
    >>> float(np.std(coloured_noise(1000, 0, exponent=1))).__round__(3)
    1.0
    """
    check_number("exponent", exponent, -4, 4)
    draw = np.random.default_rng(rng)
    white = draw.standard_normal(n, dtype=np.float32)
    if exponent != 0 and n > 2:
        spectrum = np.fft.rfft(white)
        shape = np.arange(1, len(spectrum) + 1, dtype=np.float32) ** np.float32(-exponent / 2)
        shape[0] = 0
        white = np.fft.irfft(spectrum * shape, n).astype(np.float32)
    power = float(np.sqrt(np.mean(white.astype(np.float64) ** 2))) if n else 0.0
    return white / np.float32(power) if power > 0 else white


def audio_noise(
    samples: ArrayLike, rng: Generator | int, *, snr_db: float = 20.0, colour: str | float = "white"
) -> Float32:
    """Add noise at a signal-to-noise ratio.

    Parameters
    ----------
    samples : (n,) array_like
    rng : Generator or int
    snr_db : float in [-60, 120], default 20
        Power of the sound over power of the noise, in decibels.
    colour : {"white", "pink", "brown", "blue", "violet"} or float, default "white"
        A number is the exponent of `coloured_noise`.

    Returns
    -------
    (n,) float32 array
        Sound and noise are turned down together where their sum would go past full scale.

    Raises
    ------
    DataError
        Not one finite channel.
    ParameterError
        `snr_db` out of range, or an unknown colour.

    Examples
    --------
    >>> sound = np.sin(np.arange(8000) / 5).astype(np.float32) / 2
    >>> noise = audio_noise(sound, 0, snr_db=20) - sound
    >>> round(10 * np.log10(np.mean(sound**2) / np.mean(noise**2)), 1).item()
    20.0
    """
    check_number("snr_db", snr_db, -60, 120)
    if isinstance(colour, str) and colour not in NOISE_COLOURS:
        known = ", ".join(NOISE_COLOURS)
        raise ParameterError("no such colour", where="colour", found=repr(colour), fix=f"use one of {known}")
    sound = as_sound(samples)
    if poor_sound(sound):
        return sound
    exponent = NOISE_COLOURS[colour] if isinstance(colour, str) else colour
    noise = coloured_noise(sound.size, rng, exponent=exponent)
    power = float(np.sqrt(np.mean(sound.astype(np.float64) ** 2)))
    return within_scale(sound + noise * np.float32(power * 10 ** (-snr_db / 20)), sound)


def audio_gain(samples: ArrayLike, *, gain_db: float) -> Float32:
    """Make a sound louder or softer by `gain_db` decibels, louder no further than full scale.

    Raises `DataError` for what is not one finite channel, `ParameterError` for a gain outside [-120, 120].

    Examples
    --------
    >>> audio_gain([0.5, -0.5], gain_db=-6.0206).round(3).tolist()
    [0.25, -0.25]
    """
    check_number("gain_db", gain_db, -120, 120)
    sound = as_sound(samples)
    return within_scale(sound * np.float32(10 ** (gain_db / 20)), sound)


def audio_shift(samples: ArrayLike, *, shift: float, rollover: bool = False) -> Float32:
    """Move a sound in time by a share of its length, to the right where `shift` is positive.

    Parameters
    ----------
    samples : (n,) array_like
    shift : float in [-1, 1]
    rollover : bool, default False
        Let what leaves at one end come in at the other; else there is silence.

    Returns
    -------
    (n,) float32 array

    Raises
    ------
    DataError
        Not one finite channel.
    ParameterError
        `shift` out of range.

    Examples
    --------
    >>> audio_shift([1.0, 2.0, 3.0, 4.0], shift=0.25).tolist()
    [0.0, 1.0, 2.0, 3.0]
    """
    check_number("shift", shift, -1, 1)
    sound = as_sound(samples)
    if poor_sound(sound):
        return sound
    places = round(shift * sound.size)
    if rollover:
        return np.roll(sound, places)
    out = np.zeros_like(sound)
    if places >= 0:
        out[places:] = sound[: sound.size - places]
    else:
        out[:places] = sound[-places:]
    return out


def audio_time_mask(samples: ArrayLike, *, start: float, length: float, fade: int = 32) -> Float32:
    """Silence a stretch of a sound, with short ramps at its ends.

    Parameters
    ----------
    samples : (n,) array_like
    start, length : float in [0, 1]
        Shares of the sound; what reaches past its end is cut.
    fade : int, default 32
        Samples of each ramp, inside the stretch.

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
    >>> audio_time_mask(np.ones(8), start=0.25, length=0.5, fade=0).tolist()
    [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]
    """
    check_number("start", start, 0, 1)
    check_number("length", length, 0, 1)
    check_number("fade", fade, 0, 1e9)
    sound = as_sound(samples)
    if poor_sound(sound):
        return sound
    first, last = round(start * sound.size), min(sound.size, round((start + length) * sound.size))
    ramp = min(int(fade), (last - first) // 2)
    sound[first + ramp : max(first, last - ramp)] = 0
    if ramp:
        slope = np.arange(ramp - 1, -1, -1, dtype=np.float32) / np.float32(ramp)
        sound[first : first + ramp] *= slope
        sound[last - ramp : last] *= slope[::-1]
    return sound


def audio_fade(samples: ArrayLike, *, fade_in: float = 0.0, fade_out: float = 0.0) -> Float32:
    """Let a sound swell at its beginning and die away at its end, along quarter sine waves.

    Parameters
    ----------
    samples : (n,) array_like
    fade_in, fade_out : float in [0, 1]
        Shares of the sound.

    Returns
    -------
    (n,) float32 array

    Raises
    ------
    DataError
        Not one finite channel.
    ParameterError
        A share out of range.

    Examples
    --------
    >>> audio_fade(np.ones(4), fade_in=0.5).astype(float).round(2).tolist()
    [0.38, 0.92, 1.0, 1.0]
    """
    sound = as_sound(samples)
    for share, part in ((fade_in, sound), (fade_out, sound[::-1])):
        check_number("fade_in" if part is sound else "fade_out", share, 0, 1)
        n = round(share * sound.size)
        if n and not poor_sound(sound):
            part[:n] *= np.sin((np.arange(n, dtype=np.float32) + 0.5) * np.float32(np.pi / (2 * n)))
    return sound


def audio_polarity(samples: ArrayLike) -> Float32:
    """The sound upside down: it sounds the same; a model should think so too.

    Examples
    --------
    >>> audio_polarity([0.5, -0.25]).tolist()
    [-0.5, 0.25]
    """
    return -as_sound(samples)


def audio_reverse(samples: ArrayLike) -> Float32:
    """The sound from its end to its beginning. Not for speech.

    Examples
    --------
    >>> audio_reverse([0.5, -0.25]).tolist()
    [-0.25, 0.5]
    """
    return as_sound(samples)[::-1].copy()

"""FilterAugment: another microphone, room or mouth, as random gains over bands of frequency."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import ParameterError
from tilth.numerics.augment.audio import as_sound, check_number, poor_sound, within_scale

__all__ = ["filter_augment"]


def filter_augment(
    samples: ArrayLike,
    rate: int,
    rng: np.random.Generator | int,
    *,
    gain_db: float = 6.0,
    bands: tuple[int, int] = (2, 5),
) -> NDArray[np.float32]:
    """Weight frequencies by a random curve: straight lines between gains drawn at band edges.

    A number of bands is drawn, their edges are drawn evenly on the mel scale, and each edge gets a gain in decibels
    drawn evenly from ``[-gain_db, gain_db]``; between edges the gain in decibels is linear in frequency. The loudness
    stays.

    Parameters
    ----------
    samples : array_like of float, shape (n,)
        In [-1, 1].
    rate : int
        Samples a second.
    rng : numpy.random.Generator or int
        A generator, or a seed.
    gain_db : float
        From 0 (nothing changes) to 60.
    bands : (int, int)
        The fewest and the most bands, from 1.

    Returns
    -------
    ndarray of float32, shape (n,)
        The sound itself where it is silent or shorter than two samples.

    Raises
    ------
    ParameterError
        If the gain, the rate or the numbers of bands are out of range.

    References
    ----------
    Nam, H., Kim, S.-H. & Park, Y.-H. (2022). FilterAugment: An acoustic environmental data augmentation method. ICASSP.

    Examples
    --------
    >>> tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> made = filter_augment(tone, 8000, 0)
    >>> made.shape, bool(np.abs(made).max() < 1)
    ((4000,), True)
    """
    check_number("gain_db", gain_db, 0, 60)
    if rate < 1:
        raise ParameterError("the rate is a number of samples a second", found=repr(rate))
    low, high = bands
    if not 1 <= low <= high:
        raise ParameterError("bands are the fewest and the most, from 1", found=repr(bands))
    sound = as_sound(samples)
    if poor_sound(sound) or not gain_db:
        return sound
    chance = np.random.default_rng(rng)
    count = int(chance.integers(low, high + 1))
    top = _mel(rate / 2)
    inner = np.sort(chance.uniform(0, top, count - 1))
    edges = 700 * (10 ** (np.concatenate([[0.0], inner, [top]]) / 2595) - 1)
    gains = chance.uniform(-gain_db, gain_db, count + 1)
    spectrum = np.fft.rfft(sound.astype(np.float64))
    curve = np.interp(np.linspace(0, rate / 2, len(spectrum)), edges, gains)
    made = np.fft.irfft(spectrum * 10 ** (curve / 20), len(sound))
    power = float((made**2).sum())
    if power > 0:
        made *= np.sqrt(float((sound.astype(np.float64) ** 2).sum()) / power)
    return within_scale(made, sound)


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))

"""SpecAugment on spectrograms: time warping, frequency masks and time masks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import DataError, ParameterError

__all__ = ["SPEC_AUGMENT_POLICIES", "spec_augment", "warp_positions"]

Generator = np.random.Generator

#: Table 1 of the paper: LibriSpeech basic and double, Switchboard mild and strong.
SPEC_AUGMENT_POLICIES: dict[str, dict[str, float]] = {
    "LB": {"W": 80, "F": 27, "m_F": 1, "T": 100, "p": 1.0, "m_T": 1},
    "LD": {"W": 80, "F": 27, "m_F": 2, "T": 100, "p": 1.0, "m_T": 2},
    "SM": {"W": 40, "F": 15, "m_F": 2, "T": 70, "p": 0.2, "m_T": 2},
    "SS": {"W": 40, "F": 27, "m_F": 2, "T": 70, "p": 0.2, "m_T": 2},
}


def warp_positions(frames: int, W: int, rng: Generator) -> NDArray[np.float32] | None:
    """Where each frame of a warped spectrogram comes from: a frame near the middle moves by up to W, the rest follows.

    Parameters
    ----------
    frames : int
    W : int
        Largest move, in frames; brought down to what fits.
    rng : Generator

    Returns
    -------
    (frames,) float32 array or None
        Rising positions from 0 to frames - 1; None where nothing moves.
    """
    reach = min(W, (frames - 2) // 2)
    if reach < 1:
        return None
    start = int(rng.integers(reach, frames - reach))
    end = start + int(rng.integers(-reach, reach + 1))
    end = min(max(end, 1), frames - 2)
    if start == end or not 0 < start < frames - 1:
        return None
    at = np.arange(frames, dtype=np.float32)
    left, right = at[: end + 1] * (start / end), (at[end + 1 :] - end) * ((frames - 1 - start) / (frames - 1 - end))
    return np.concatenate([left, right + start]).astype(np.float32)


def _warp(spec: NDArray[Any], W: int, rng: Generator) -> None:
    """Warp one spectrogram (..., time) in place, linear between frames."""
    at = warp_positions(spec.shape[-1], W, rng)
    if at is None:
        return
    low = np.minimum(at.astype(np.intp), spec.shape[-1] - 2)
    part = (at - low).astype(spec.dtype)
    first = spec.take(low, axis=-1)
    second = spec.take(low + 1, axis=-1)
    second -= first
    second *= part
    np.add(first, second, out=spec)


def _whole(name: str, value: float) -> int:
    if isinstance(value, bool) or value != int(value) or value < 0:
        raise ParameterError("must be a whole number of at least 0", where=name, found=repr(value))
    return int(value)


def spec_augment(
    spec: ArrayLike,
    rng: Generator | int,
    *,
    policy: str = "LD",
    W: int | None = None,
    F: int | None = None,
    m_F: int | None = None,
    T: int | None = None,
    p: float | None = None,
    m_T: int | None = None,
    fill: float | str = "mean",
) -> NDArray[Any]:
    """SpecAugment in full: warp time, then mask bands of frequency and stretches of time [1]_.

    Parameters
    ----------
    spec : (..., n_frequencies, n_frames) array_like of float
        Log-mel or other spectrograms; each one of a batch gets its own warp and masks.
    rng : Generator or int
    policy : {"LB", "LD", "SM", "SS"}
        The paper's settings, which the following override.
    W : int, optional
        Time warp: a frame near the middle moves by up to W frames; 0 for none.
    F, m_F : int, optional
        Largest width of a frequency mask, in bins, and number of them.
    T, p, m_T : int, float, int, optional
        Largest length of a time mask, in frames, at most `p` of all frames; and number of them.
    fill : "mean" or float, default "mean"
        What masked cells hold: the mean of their spectrogram, or a number; 0 in the paper, after normalisation to mean
        zero.

    Returns
    -------
    array of the shape of `spec`, float32 unless it was float64

    Raises
    ------
    ParameterError
        An unknown policy, or a setting out of range.
    DataError
        Fewer than two dimensions, or not numbers.

    References
    ----------
    .. [1] Park, Chan, Zhang, Chiu, Zoph, Cubuk, Le (2019). SpecAugment: a simple data augmentation method for automatic
       speech recognition. Interspeech.

    Examples
    --------
    >>> spec = np.arange(12.0).reshape(3, 4)
    >>> spec_augment(spec, 0, W=0, F=1, m_F=1, T=1, m_T=1, fill=0)
    array([[ 0.,  0.,  0.,  0.],
           [ 4.,  5.,  6.,  7.],
           [ 8.,  9., 10., 11.]])
    """
    if policy not in SPEC_AUGMENT_POLICIES:
        known = ", ".join(SPEC_AUGMENT_POLICIES)
        raise ParameterError("no such policy", where="policy", found=repr(policy), fix=f"use one of {known}")
    given = {"W": W, "F": F, "m_F": m_F, "T": T, "p": p, "m_T": m_T}
    said = {**SPEC_AUGMENT_POLICIES[policy], **{key: value for key, value in given.items() if value is not None}}
    if not 0 <= said["p"] <= 1:
        raise ParameterError("must be a number from 0 to 1", where="p", found=repr(said["p"]))
    if fill != "mean" and (isinstance(fill, str) or not np.isfinite(fill)):
        raise ParameterError("fill is 'mean' or a finite number", where="fill", found=repr(fill))
    counts = {name: _whole(name, said[name]) for name in ("W", "F", "m_F", "T", "m_T")}
    values = np.asarray(spec)
    if values.ndim < 2 or values.dtype.kind not in "fiu":
        raise DataError("a spectrogram has two dimensions or more, of numbers", found=f"{values.dtype}, {values.shape}")
    out = values.astype(values.dtype if values.dtype in (np.float32, np.float64) else np.float32)
    if out.size == 0:
        return out
    draw = np.random.default_rng(rng)
    specs = out.reshape(-1, *out.shape[-2:])
    if counts["W"]:
        for one in specs:
            _warp(one, counts["W"], draw)
    n, bins, frames = specs.shape
    bands = _masks(draw, n, counts["m_F"], counts["F"], bins)
    spans = _masks(draw, n, counts["m_T"], min(counts["T"], int(said["p"] * frames)), frames)
    for at, one in enumerate(specs):
        value = one.mean() if fill == "mean" else fill
        for start, stop in bands[at]:
            one[start:stop] = value
        for start, stop in spans[at]:
            one[:, start:stop] = value
    return out


def _masks(rng: Generator, n: int, count: int, widest: int, size: int) -> list[list[tuple[int, int]]]:
    """For each of n spectrograms `count` intervals: a width from 0 to `widest`, then a start where it fits."""
    if not count or not widest:
        return [[]] * n
    u = rng.random((2, n, count))
    width = np.minimum((u[0] * (widest + 1)).astype(np.int64), size)
    start = (u[1] * (size - width + 1)).astype(np.int64)
    ends = (start + width).tolist()
    return [list(zip(a, b, strict=True)) for a, b in zip(start.tolist(), ends, strict=True)]

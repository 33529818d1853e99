"""Tables of light, after AutoAugment and RandAugment; images as in `tilth.numerics.augment.images`."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import ParameterError
from tilth.numerics.augment.images import _RAMP, _table
from tilth.numerics.augment.pixels import Pixels, from_unit, look_up, on_colour, to_unit

__all__ = ["autocontrast", "equalize", "invert", "posterize", "solarize", "solarize_add"]


def autocontrast(image: ArrayLike) -> Pixels:
    """Stretch every channel from black to white; a channel of one value stays as it is.

    Examples
    --------
    >>> autocontrast(np.array([[100, 125, 150]], dtype=np.uint8)).tolist()
    [[0, 127, 255]]
    """

    def change(pixels: Pixels) -> Pixels:
        if pixels.dtype == np.uint8:
            low, high = _extremes(pixels)
            lowest, width = low.astype(np.float64), high.astype(np.float64) - low
            scale = np.where(width > 0, 255 / np.maximum(width, 1), 1)
            ramp = _RAMP[:, None] if pixels.ndim == 3 else _RAMP
            return look_up(pixels, _table(np.where(width > 0, (ramp - lowest) * scale, ramp)))
        unit = to_unit(pixels)
        bottom, top = unit.min(axis=(0, 1)), unit.max(axis=(0, 1))
        width = top - bottom
        return from_unit(np.where(width > 0, (unit - bottom) / np.where(width > 0, width, 1), unit), pixels.dtype)

    return on_colour(image, change)


def _extremes(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Smallest and largest value of each channel."""
    if pixels.ndim == 3 and pixels.shape[2] == 3:
        from PIL import Image

        low, high = np.array(Image.fromarray(pixels).getextrema(), dtype=np.uint8).T
        return low, high
    return pixels.min(axis=(0, 1)), pixels.max(axis=(0, 1))


def equalize(image: ArrayLike) -> Pixels:
    """Make the histogram of every channel as flat as it can be, over 256 levels, or all of a 16-bit image.

    Examples
    --------
    >>> equalize(np.array([[0, 1, 2, 3]], dtype=np.uint8)).tolist()
    [[0, 85, 170, 255]]
    """

    def change(pixels: Pixels) -> Pixels:
        if pixels.dtype == np.uint16:
            planes = pixels.reshape(pixels.shape[0] * pixels.shape[1], -1)
            return np.stack([_flat_deep(plane) for plane in planes.T], axis=-1).reshape(pixels.shape)
        levels = pixels if pixels.dtype == np.uint8 else from_unit(to_unit(pixels), np.uint8)
        table = np.stack([_flat_table(counts) for counts in _histograms(levels)], axis=-1)
        if pixels.dtype == np.uint8:
            return look_up(pixels, table[:, 0] if pixels.ndim == 2 else table)
        unit = np.clip(to_unit(pixels), 0, 1).reshape(-1, table.shape[1])
        made = [np.interp(unit[:, c], _RAMP / 255, table[:, c] / 255) for c in range(table.shape[1])]
        return from_unit(np.stack(made, axis=-1).reshape(pixels.shape), pixels.dtype)

    return on_colour(image, change)


def _histograms(levels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How often each level comes up in each channel: (c, 256)."""
    if levels.ndim == 3 and levels.shape[2] == 3:
        from PIL import Image

        return np.array(Image.fromarray(levels).histogram(), dtype=np.int64).reshape(3, 256)
    planes = levels.reshape(levels.shape[0] * levels.shape[1], -1).T
    return np.stack([np.bincount(plane, minlength=256) for plane in planes])


def _flat_table(counts: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The table that equalises one channel: the part of the other pixels that are darker."""
    below = np.cumsum(counts) - counts
    most = int(below[np.flatnonzero(counts)[-1]])
    return _table(255 * below / most) if most else _RAMP.astype(np.uint8)


def _flat_deep(plane: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """One channel of 16 bits, equalised."""
    counts = np.bincount(plane, minlength=65536)
    below = np.cumsum(counts) - counts
    most = int(below[np.flatnonzero(counts)[-1]])
    made: NDArray[np.uint16] = np.rint(65535 * below / most).astype(np.uint16)[plane] if most else plane.copy()
    return made


def invert(image: ArrayLike) -> Pixels:
    """The negative of an image.

    Examples
    --------
    >>> invert(np.array([[0, 200]], dtype=np.uint8)).tolist()
    [[255, 55]]
    """

    def change(pixels: Pixels) -> Pixels:
        top = np.iinfo(pixels.dtype).max if pixels.dtype.kind in "ui" else 1
        made: Pixels = pixels.dtype.type(top) - pixels
        return made

    return on_colour(image, change)


def posterize(image: ArrayLike, bits: int) -> Pixels:
    """Keep the upper bits of light: of 8, or of as many as the values of a 16-bit image take.

    Parameters
    ----------
    image : (h, w) or (h, w, c) array_like
    bits : int in [1, 8]
        8 changes nothing.

    Examples
    --------
    >>> posterize(np.array([[100, 200]], dtype=np.uint8), 1).tolist()
    [[0, 128]]
    """
    if not (float(bits).is_integer() and 1 <= bits <= 8):
        raise ParameterError("bits lie between 1 and 8", found=repr(bits))
    mask = np.uint8(256 - 2 ** (8 - int(bits)))

    def change(pixels: Pixels) -> Pixels:
        if pixels.dtype == np.uint8:
            return pixels & mask
        if bits == 8:
            return pixels.copy()
        if pixels.dtype == np.uint16:
            depth = max(8, int(pixels.max()).bit_length())
            return pixels & np.uint16(65536 - 2 ** (depth - int(bits)))
        return from_unit(to_unit(from_unit(to_unit(pixels), np.uint8) & mask), pixels.dtype)

    return on_colour(image, change)


def solarize(image: ArrayLike, threshold: float) -> Pixels:
    """Invert all light from a threshold on.

    Parameters
    ----------
    image : (h, w) or (h, w, c) array_like
    threshold : float in [0, 1]
        As a part of white; above the brightest pixel nothing changes, 0 inverts everything.

    Examples
    --------
    >>> solarize(np.array([[100, 200]], dtype=np.uint8), 0.5).tolist()
    [[100, 55]]
    """

    def change(pixels: Pixels) -> Pixels:
        if pixels.dtype == np.uint8:
            return look_up(pixels, _table(np.where(threshold * 255 > _RAMP, _RAMP, 255 - _RAMP)))
        unit = to_unit(pixels)
        return from_unit(np.where(unit < threshold, unit, 1 - unit), pixels.dtype)

    return on_colour(image, change)


def solarize_add(image: ArrayLike, addition: float, threshold: float = 0.5) -> Pixels:
    """Brighten all light below a threshold.

    Parameters
    ----------
    image : (h, w) or (h, w, c) array_like
    addition, threshold : float in [0, 1]
        As parts of white.

    Examples
    --------
    >>> solarize_add(np.array([[100, 200]], dtype=np.uint8), 0.2).tolist()
    [[151, 200]]
    """

    def change(pixels: Pixels) -> Pixels:
        if pixels.dtype == np.uint8:
            return look_up(pixels, _table(np.where(threshold * 255 > _RAMP, _RAMP + 255 * addition, _RAMP)))
        unit = to_unit(pixels)
        return from_unit(np.where(unit < threshold, unit + np.float32(addition), unit), pixels.dtype)

    return on_colour(image, change)

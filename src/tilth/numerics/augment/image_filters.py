"""Blur, noise, compression and erased regions; images as in `tilth.numerics.augment.images`."""

from __future__ import annotations

from io import BytesIO
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import ParameterError
from tilth.numerics.augment.images import _blend
from tilth.numerics.augment.pixels import Pixels, check_pixels, from_unit, on_colour, to_unit

__all__ = [
    "adjust_sharpness",
    "coarse_dropout",
    "gaussian_blur",
    "grid_dropout",
    "image_noise",
    "jpeg_compression",
    "median_blur",
    "motion_blur",
    "salt_and_pepper",
]


def _non_negative(value: float, what: str) -> float:
    if not (np.isfinite(value) and value >= 0):
        raise ParameterError(f"{what} must be a number of at least 0", found=repr(value))
    return float(value)


def _odd(size: int, what: str) -> int:
    if not (float(size).is_integer() and size >= 1 and size % 2 == 1):
        raise ParameterError(f"{what} is an odd number of pixels", found=repr(size))
    return int(size)


def _padded(pixels: Pixels, margin: int) -> Pixels:
    return np.pad(pixels, ((margin, margin), (margin, margin)) + ((0, 0),) * (pixels.ndim - 2), mode="edge")


def _windows(pixels: Pixels, size: int) -> list[Pixels]:
    """The image seen through every place of a square window: size * size shifted views."""
    padded = _padded(pixels, size // 2)
    height, width = pixels.shape[:2]
    return [padded[y : y + height, x : x + width] for y, x in product(range(size), repeat=2)]


def adjust_sharpness(image: ArrayLike, factor: float) -> Pixels:
    """Move an image away from its smoothed self.

    Parameters
    ----------
    image : (h, w) or (h, w, c) array_like
    factor : float
        0 is smoothed (a 3 x 3 window with weight 5 of 13 in its middle), 1 the image itself, 2 is sharp.

    Examples
    --------
    >>> adjust_sharpness(np.array([[0, 0, 130, 0, 0]], dtype=np.uint8), 0)[0].tolist()
    [0, 30, 70, 30, 0]
    """
    scale = _non_negative(factor, "a factor of sharpness")

    def change(pixels: Pixels) -> Pixels:
        values = pixels.astype(np.uint16) if pixels.dtype == np.uint8 else to_unit(pixels)
        views = _windows(values, 3)
        total = 4 * values
        for view in views:
            total += view
        if pixels.dtype == np.uint8:
            return _blend((total + 6) // 13, pixels, scale)
        smooth = total / 13
        return from_unit(smooth + np.float32(scale) * (values - smooth), pixels.dtype)

    return on_colour(image, change)


def gaussian_blur(image: ArrayLike, sigma: float) -> Pixels:
    """Blur with a Gaussian.

    Parameters
    ----------
    image : (h, w) or (h, w, c) array_like
    sigma : float
        Standard deviation in pixels; 0 changes nothing.

    Examples
    --------
    >>> gaussian_blur(np.array([[0.0, 0.0, 1.0, 0.0, 0.0]]), 0.5).round(2).tolist()
    [[0.0, 0.11, 0.79, 0.11, 0.0]]
    """
    width = _non_negative(sigma, "sigma")

    def change(pixels: Pixels) -> Pixels:
        if width == 0:
            return pixels.copy()
        radius = max(1, int(3 * width + 0.5))
        weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / width) ** 2)
        return _separable(pixels, (weights / weights.sum()).astype(np.float32))

    return on_colour(image, change)


def _separable(pixels: Pixels, weights: NDArray[np.float32]) -> Pixels:
    """Convolve rows, then columns, with the edge repeated."""
    from scipy.ndimage import correlate1d

    values = pixels.astype(np.float32)
    for axis in (0, 1):
        values = correlate1d(values, weights, axis=axis, mode="nearest")
    if pixels.dtype.kind == "f":
        return values.astype(pixels.dtype, copy=False)
    return np.rint(values).astype(pixels.dtype)


def motion_blur(image: ArrayLike, size: int, angle: float) -> Pixels:
    """Smear along a straight line, as a moved camera does.

    Parameters
    ----------
    image : (h, w) or (h, w, c) array_like
    size : int
        Length of the line in pixels, odd; 1 changes nothing.
    angle : float
        Direction in degrees, counter-clockwise from the right.

    Examples
    --------
    >>> motion_blur(np.array([[0, 0, 90, 0, 0]], dtype=np.uint8), 3, 0).tolist()
    [[0, 30, 30, 30, 0]]
    """
    length = _odd(size, "the size of a motion blur")
    turn = np.deg2rad(angle)
    along = np.arange(length) - length // 2
    steps = np.rint(np.stack([-along * np.sin(turn), along * np.cos(turn)], axis=1)).astype(int)

    def change(pixels: Pixels) -> Pixels:
        whole = pixels.dtype == np.uint8
        padded = _padded(pixels, length // 2)
        height, width = pixels.shape[:2]
        total = np.zeros(pixels.shape, dtype=(np.uint16 if length < 256 else np.uint32) if whole else np.float64)
        for y, x in (steps + length // 2).tolist():
            total += padded[y : y + height, x : x + width]
        if whole:
            return ((total + length // 2) // length).astype(np.uint8)
        mean = total / length
        return (mean if pixels.dtype.kind == "f" else np.rint(mean)).astype(pixels.dtype)

    return on_colour(image, change)


def median_blur(image: ArrayLike, size: int) -> Pixels:
    """The median of a square window around every pixel, channel by channel.

    The extremes of a part of the window are dropped, again and again, with a new pixel let in each time: no sort is
    needed, and every step works on whole images.

    Parameters
    ----------
    image : (h, w) or (h, w, c) array_like
    size : int
        Side of the window in pixels, odd; 1 changes nothing.

    References
    ----------
    .. [1] Paeth (1990). Median finding on a 3 x 3 grid. Graphics Gems.

    Examples
    --------
    >>> median_blur(np.array([[1, 1, 9, 1, 1]], dtype=np.uint8), 3).tolist()
    [[1, 1, 1, 1, 1]]
    """
    side = _odd(size, "the size of a median blur")

    def change(pixels: Pixels) -> Pixels:
        if side == 1:
            return pixels.copy()
        waiting = _windows(pixels, side)
        held = [waiting.pop() for _ in range(side * side // 2 + 2)]
        while len(held) > 1:
            _extremes_last(held)
            held = held[1:-1]
            if waiting:
                held.append(waiting.pop())
        return np.ascontiguousarray(held[0])

    return on_colour(image, change)


def _extremes_last(held: list[Pixels]) -> None:
    """Bring the smallest values to the first place and the largest to the last, pixel by pixel."""
    last = len(held) - 1
    for low in range(len(held) // 2):
        high = last - low
        held[low], held[high] = np.minimum(held[low], held[high]), np.maximum(held[low], held[high])
    half = (len(held) + 1) // 2
    for at in range(1, half):
        held[0], held[at] = np.minimum(held[0], held[at]), np.maximum(held[0], held[at])
    for at in range(len(held) // 2, last):
        held[at], held[last] = np.minimum(held[at], held[last]), np.maximum(held[at], held[last])


def image_noise(image: ArrayLike, rng: np.random.Generator, std: float) -> Pixels:
    """Add Gaussian noise to every pixel and channel.

    Parameters
    ----------
    image : (h, w) or (h, w, c) array_like
    rng : numpy.random.Generator
    std : float
        Standard deviation as a part of white.

    Examples
    --------
    >>> image_noise(np.full((1, 3), 0.5), np.random.default_rng(0), 0.1).round(2).tolist()
    [[0.61, 0.36, 0.46]]
    """
    width = _non_negative(std, "a standard deviation")

    def change(pixels: Pixels) -> Pixels:
        noise = rng.standard_normal(pixels.shape, dtype=np.float32)
        noise *= np.float32(width)
        noise += to_unit(pixels)
        return from_unit(noise, pixels.dtype)

    return on_colour(image, change)


def salt_and_pepper(image: ArrayLike, rng: np.random.Generator, amount: float) -> Pixels:
    """Make a part of the pixels white or black.

    Parameters
    ----------
    image : (h, w) or (h, w, c) array_like
    rng : numpy.random.Generator
    amount : float in [0, 1]
        Part of the pixels, half of it white.

    Examples
    --------
    >>> salt_and_pepper(np.full((1, 4), 9, dtype=np.uint8), np.random.default_rng(0), 1.0).tolist()
    [[0, 0, 0, 255]]
    """
    if not 0 <= amount <= 1:
        raise ParameterError("an amount lies in [0, 1]", found=repr(amount))

    def change(pixels: Pixels) -> Pixels:
        draw = rng.random(pixels.shape[:2], dtype=np.float32)
        made = pixels.copy()
        made[draw < amount] = 0
        made[draw < amount / 2] = np.iinfo(pixels.dtype).max if pixels.dtype.kind in "ui" else 1
        return made

    return on_colour(image, change)


def jpeg_compression(image: ArrayLike, quality: int) -> Pixels:
    """Write an image as JPEG and read it again.

    JPEG holds 8 bits: of an image of 16 bits it gets the upper 8 of as many as its values take.

    Parameters
    ----------
    image : (h, w) or (h, w, c) array_like
        One or three colours; others are compressed channel by channel.
    quality : int in [1, 100]
        Below 95, colours are kept at half the resolution.

    Examples
    --------
    >>> jpeg_compression(np.full((8, 8), 128, dtype=np.uint8), 50)[0, 0].item()
    128
    """
    if not (float(quality).is_integer() and 1 <= quality <= 100):
        raise ParameterError("a quality lies between 1 and 100", found=repr(quality))

    def through(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        from PIL import Image

        out = BytesIO()
        Image.fromarray(levels).save(out, "JPEG", quality=int(quality), subsampling=0 if quality >= 95 else 2)
        return np.array(Image.open(out))

    def planes(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if levels.ndim == 2 or levels.shape[2] == 3:
            return through(levels)
        return np.stack([through(levels[..., c]) for c in range(levels.shape[2])], axis=-1)

    def change(pixels: Pixels) -> Pixels:
        if pixels.dtype == np.uint8:
            return planes(pixels)
        if pixels.dtype.kind == "f":
            return from_unit(to_unit(planes(from_unit(to_unit(pixels), np.uint8))), pixels.dtype)
        top = 2.0 ** max(8, int(pixels.max()).bit_length()) - 1
        made: Pixels = np.rint(top * to_unit(planes(from_unit(pixels / top, np.uint8)))).astype(pixels.dtype)
        return made

    return on_colour(image, change)


def coarse_dropout(
    image: ArrayLike,
    rng: np.random.Generator,
    *,
    holes: int = 1,
    height: tuple[float, float] = (0.1, 0.3),
    width: tuple[float, float] = (0.1, 0.3),
    fill: float = 0.0,
) -> Pixels:
    """Erase rectangles: Cutout with one square hole, Random Erasing with any.

    Parameters
    ----------
    image : (h, w) or (h, w, c) array_like
    rng : numpy.random.Generator
    holes : int
        How many rectangles; they may overlap, and lie wholly in the image.
    height, width : (float, float)
        Smallest and largest side, as parts of the image's; a hole is at least one pixel.
    fill : float
        What is put there, as a part of white.

    References
    ----------
    .. [1] DeVries, Taylor (2017). Improved regularization of convolutional neural networks with cutout.
           arXiv:1708.04552.
    .. [2] Zhong et al. (2020). Random erasing data augmentation. AAAI.

    Examples
    --------
    >>> coarse_dropout(np.ones((2, 4)), np.random.default_rng(1), height=(1, 1), width=(0.5, 0.5)).sum().item()
    4.0
    """
    made = check_pixels(image).copy()
    for what, (low, high) in (("height", height), ("width", width)):
        if not 0 <= low <= high <= 1:
            raise ParameterError(f"the {what} of a hole lies in [0, 1]", found=repr((low, high)))
    value = from_unit(np.asarray(fill, dtype=np.float64), made.dtype)
    for _ in range(holes):
        tall = max(1, round(made.shape[0] * rng.uniform(*height)))
        wide = max(1, round(made.shape[1] * rng.uniform(*width)))
        top = int(rng.integers(0, made.shape[0] - tall + 1))
        left = int(rng.integers(0, made.shape[1] - wide + 1))
        _colours(made)[top : top + tall, left : left + wide] = value
    return made


def _colours(pixels: Pixels) -> Pixels:
    """A view of the colours, without the opacity."""
    return pixels[..., :-1] if pixels.ndim == 3 and pixels.shape[2] in (2, 4) else pixels


def grid_dropout(
    image: ArrayLike, rng: np.random.Generator, *, ratio: float = 0.5, cells: int = 4, fill: float = 0.0
) -> Pixels:
    """Erase a square in every cell of a randomly placed grid (GridMask).

    Parameters
    ----------
    image : (h, w) or (h, w, c) array_like
    rng : numpy.random.Generator
    ratio : float in [0, 1]
        Side of a square as a part of its cell's.
    cells : int
        Cells along the shorter side of the image.
    fill : float
        What is put there, as a part of white.

    References
    ----------
    .. [1] Chen et al. (2020). GridMask data augmentation. arXiv:2001.04086.

    Examples
    --------
    >>> grid_dropout(np.ones((8, 8)), np.random.default_rng(0), cells=2).mean().item()
    0.75
    """
    if not 0 <= ratio <= 1 or cells < 1:
        raise ParameterError("a ratio lies in [0, 1], and there is a cell at least", found=f"{ratio!r} and {cells!r}")
    made = check_pixels(image).copy()
    unit = max(2, min(made.shape[:2]) // int(cells))
    hole = round(unit * ratio)
    rows, columns = ((np.arange(n) + int(rng.integers(unit))) % unit < hole for n in made.shape[:2])
    _colours(made)[np.outer(rows, columns)] = from_unit(np.asarray(fill, dtype=np.float64), made.dtype)
    return made

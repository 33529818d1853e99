"""Changes of colour and light, after the operations of AutoAugment and RandAugment; alpha channels stay as they are.

Every function takes (h, w) or (h, w, c) pixels: integers from 0 to the largest of their type, or floats from 0 to 1.
The answer has the same shape and type.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import ParameterError
from tilth.numerics.augment.pixels import Pixels, check_pixels, from_unit, look_up, on_colour, to_unit

__all__ = [
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "color_jitter",
    "normalize_image",
    "to_gray",
]

#: ITU-R 601 luma.
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_RAMP = np.arange(256, dtype=np.float64)


def _at_least_zero(value: float, what: str) -> float:
    if not (np.isfinite(value) and value >= 0):
        raise ParameterError(f"{what} must be a number of at least 0", found=repr(value))
    return float(value)


def _table(values: NDArray[Any]) -> NDArray[np.uint8]:
    held: NDArray[np.uint8] = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return held


def _grey(pixels: Pixels) -> Pixels:
    """(h, w, 1) luma of (h, w, 3) pixels, of the same type; other pixels as they are."""
    if pixels.ndim == 2 or pixels.shape[2] != 3:
        return pixels
    if pixels.dtype == np.uint8:
        from PIL import Image

        return np.asarray(Image.fromarray(pixels).convert("L"))[..., None]
    return from_unit(to_unit(pixels) @ _LUMA, pixels.dtype)[..., None]


def _blend(base: NDArray[Any], pixels: Pixels, factor: float) -> Pixels:
    """``base + factor * (pixels - base)``, rounded and clipped; `base` in the units of the pixels."""
    if pixels.dtype == np.uint8:
        near = pixels.astype(np.float32)
        near *= np.float32(factor)
        near += np.asarray(base, dtype=np.float32) * np.float32(1 - factor)
        near += np.float32(0.5)
        return np.clip(near, 0, 255, out=near).astype(np.uint8)
    unit = to_unit(pixels)
    floor = to_unit(np.asarray(base, dtype=pixels.dtype))
    return from_unit(floor + np.float32(factor) * (unit - floor), pixels.dtype)


def adjust_brightness(image: ArrayLike, factor: float) -> Pixels:
    """Multiply the light of an image.

    Parameters
    ----------
    image : (h, w) or (h, w, c) array_like
    factor : float
        0 is black, 1 the image itself.

    Examples
    --------
    >>> adjust_brightness(np.array([[100, 200]], dtype=np.uint8), 1.5).tolist()
    [[150, 255]]
    """
    scale = _at_least_zero(factor, "a factor of brightness")

    def change(pixels: Pixels) -> Pixels:
        if pixels.dtype == np.uint8:
            return look_up(pixels, _table(_RAMP * scale))
        return from_unit(to_unit(pixels) * np.float32(scale), pixels.dtype)

    return on_colour(image, change)


def adjust_contrast(image: ArrayLike, factor: float) -> Pixels:
    """Stretch an image away from its mean grey value.

    Parameters
    ----------
    image : (h, w) or (h, w, c) array_like
    factor : float
        0 is the mean grey everywhere, 1 the image itself.

    Examples
    --------
    >>> adjust_contrast(np.array([[100, 200]], dtype=np.uint8), 0.5).tolist()
    [[125, 175]]
    """
    scale = _at_least_zero(factor, "a factor of contrast")

    def change(pixels: Pixels) -> Pixels:
        if pixels.dtype == np.uint8:
            counts = np.bincount(_grey(pixels).ravel(), minlength=256)
            mean = np.rint(counts @ _RAMP / counts.sum())
            return look_up(pixels, _table(mean + scale * (_RAMP - mean)))
        unit = to_unit(pixels)
        mean = to_unit(_grey(pixels)).mean(dtype=np.float64)
        return from_unit(mean + scale * (unit - mean), pixels.dtype)

    return on_colour(image, change)


def adjust_saturation(image: ArrayLike, factor: float) -> Pixels:
    """Move colours away from grey; an image without colour stays as it is.

    Parameters
    ----------
    image : (h, w) or (h, w, c) array_like
    factor : float
        0 is grey, 1 the image itself.

    Examples
    --------
    >>> adjust_saturation(np.array([[[200, 100, 100]]], dtype=np.uint8), 0).tolist()
    [[[130, 130, 130]]]
    """
    scale = _at_least_zero(factor, "a factor of saturation")

    def change(pixels: Pixels) -> Pixels:
        if pixels.ndim == 2 or pixels.shape[2] != 3:
            return pixels.copy()
        if pixels.dtype == np.uint8:
            from PIL import Image

            image = Image.fromarray(pixels)
            return np.array(Image.blend(image.convert("L").convert("RGB"), image, scale))
        return _blend(_grey(pixels), pixels, scale)

    return on_colour(image, change)


def adjust_hue(image: ArrayLike, shift: float) -> Pixels:
    """Turn the hue of every colour; an image without colour stays as it is.

    Parameters
    ----------
    image : (h, w) or (h, w, c) array_like
    shift : float in [-0.5, 0.5]
        Part of the colour circle: 1/3 turns red to green. Images of 8 bits have 256 hues.

    Examples
    --------
    >>> adjust_hue(np.array([[[255, 0, 0]]], dtype=np.uint8), 1 / 3).tolist()
    [[[0, 255, 0]]]
    """
    if not -0.5 <= shift <= 0.5:
        raise ParameterError("a shift of hue lies in [-0.5, 0.5]", found=repr(shift))

    def change(pixels: Pixels) -> Pixels:
        if pixels.ndim == 2 or pixels.shape[2] != 3 or shift == 0:
            return pixels.copy()
        if pixels.dtype == np.uint8:
            return _turned_hue(pixels, shift)
        unit = to_unit(pixels)
        top, low = unit.max(axis=-1), unit.min(axis=-1)
        spread = top - low
        red, green, blue = unit[..., 0], unit[..., 1], unit[..., 2]
        safe = np.where(spread > 0, spread, np.float32(1))
        hue = np.where(
            top == red,
            (green - blue) / safe,
            np.where(top == green, 2 + (blue - red) / safe, 4 + (red - green) / safe),
        )
        hue = (hue + np.float32(6 * shift)) % 6
        made = np.empty_like(unit)
        for channel, offset in enumerate((5, 3, 1)):
            k = (offset + hue) % 6
            made[..., channel] = top - spread * np.clip(np.minimum(k, 4 - k), 0, 1)
        return from_unit(made, pixels.dtype)

    return on_colour(image, change)


def _turned_hue(pixels: NDArray[np.uint8], shift: float) -> NDArray[np.uint8]:
    """Hue turned in 256 steps of the circle."""
    from PIL import Image

    hue, saturation, value = Image.fromarray(pixels).convert("HSV").split()
    step = round(shift * 256)
    moved = hue.point([(level + step) % 256 for level in range(256)])
    return np.array(Image.merge("HSV", (moved, saturation, value)).convert("RGB"))


def adjust_gamma(image: ArrayLike, gamma: float) -> Pixels:
    """Raise the light of an image to a power: below 1 brightens its shadows, above 1 darkens them.

    Examples
    --------
    >>> adjust_gamma(np.array([[0.25]]), 0.5).tolist()
    [[0.5]]
    """
    if not (np.isfinite(gamma) and gamma > 0):
        raise ParameterError("gamma must be positive", found=repr(gamma))

    def change(pixels: Pixels) -> Pixels:
        if pixels.dtype == np.uint8:
            return look_up(pixels, _table(255 * (_RAMP / 255) ** gamma))
        return from_unit(np.clip(to_unit(pixels), 0, 1) ** np.float32(gamma), pixels.dtype)

    return on_colour(image, change)


def to_gray(image: ArrayLike) -> Pixels:
    """Take the colours out and keep the number of channels.

    Examples
    --------
    >>> to_gray(np.array([[[255, 0, 0]]], dtype=np.uint8)).tolist()
    [[[76, 76, 76]]]
    """
    return on_colour(image, lambda pixels: np.array(np.broadcast_to(_grey(pixels), pixels.shape)))


def color_jitter(
    image: ArrayLike,
    rng: np.random.Generator,
    *,
    brightness: float = 0.2,
    contrast: float = 0.2,
    saturation: float = 0.2,
    hue: float = 0.1,
) -> Pixels:
    """Change brightness, contrast, saturation and hue by random amounts, in random order.

    Parameters
    ----------
    image : (h, w) or (h, w, c) array_like
    rng : numpy.random.Generator
    brightness, contrast, saturation : float
        Factors are drawn from [1 - x, 1 + x], never below 0.
    hue : float in [0, 0.5]
        The shift is drawn from [-x, x].

    Examples
    --------
    >>> grey = np.full((2, 2, 3), 128, dtype=np.uint8)
    >>> color_jitter(grey, np.random.default_rng(0)).shape
    (2, 2, 3)
    """
    if not 0 <= hue <= 0.5:
        raise ParameterError("a limit of hue lies in [0, 0.5]", found=repr(hue))
    limits = [_at_least_zero(limit, "a limit of color_jitter") for limit in (brightness, contrast, saturation)]
    factors = [rng.uniform(max(0.0, 1 - limit), 1 + limit) for limit in limits]
    shift = rng.uniform(-hue, hue)
    made = check_pixels(image)
    for step in rng.permutation(4).tolist():
        if step == 3:
            made = adjust_hue(made, shift) if shift else made
        else:
            made = (adjust_brightness, adjust_contrast, adjust_saturation)[step](made, factors[step])
    return made


def normalize_image(
    image: ArrayLike, mean: ArrayLike = (0.485, 0.456, 0.406), std: ArrayLike = (0.229, 0.224, 0.225)
) -> NDArray[np.float32]:
    """Subtract a mean and divide by a standard deviation, channel by channel.

    Parameters
    ----------
    image : (h, w) or (h, w, c) array_like
    mean, std : float or (c,) array_like
        In the range from 0 to 1; the defaults are ImageNet's. Their averages serve an image of another number of
        colours; an alpha channel is only scaled to [0, 1].

    Returns
    -------
    float32 array of the image's shape

    Examples
    --------
    >>> normalize_image(np.array([[255]], dtype=np.uint8), 0.5, 0.5).tolist()
    [[1.0]]
    """
    centre, width = (np.atleast_1d(np.asarray(value, dtype=np.float32)) for value in (mean, std))
    if not (np.isfinite(centre).all() and np.isfinite(width).all() and (width > 0).all()):
        raise ParameterError("means must be finite and deviations positive", found=f"{mean!r} and {std!r}")
    unit = to_unit(check_pixels(image))

    def change(pixels: Pixels) -> Pixels:
        channels = pixels.shape[2] if pixels.ndim == 3 else 1
        shift, scale = (v if len(v) == channels else v.mean(keepdims=True) for v in (centre, width))
        if pixels.ndim == 2:
            shift, scale = shift[0], scale[0]
        return (pixels - shift) / scale

    return on_colour(unit, change).astype(np.float32, copy=False)

"""What every image operation needs of an array of pixels: its check, its colour and alpha channels, its range."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import DataError

__all__ = ["as_image", "check_pixels", "from_unit", "look_up", "on_colour", "to_unit"]

Pixels = NDArray[Any]


def as_image(image: Any, *, where: str = "") -> Pixels:
    """Pixels of an image in any of the usual forms, upright.

    Parameters
    ----------
    image : array_like, PIL.Image.Image or bytes
        Bytes are an encoded image. Palettes are looked up, an EXIF orientation is applied, transparency is kept; values
        of 16 bits come down to 8.
    where : str, optional
        Row or file to name in errors.

    Returns
    -------
    (h, w) or (h, w, c) array
        uint8 from bytes and Pillow images; an array comes back as it is.

    Raises
    ------
    DataError
        Not an image, empty or broken.

    Examples
    --------
    >>> from PIL import Image
    >>> as_image(Image.new("P", (3, 2))).shape
    (2, 3, 3)
    """
    from PIL import Image, ImageOps

    if isinstance(image, (bytes, bytearray, memoryview)):
        from tilth.numerics.media.images import image_size

        image_size(bytes(image), where=where)  # every way in which it can be broken, with the right message
        image = Image.open(BytesIO(image))
    if not isinstance(image, Image.Image):
        return check_pixels(image, where=where)
    try:
        image = ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise DataError("the image is corrupt or cut short", where=where, found=str(error)) from error
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        values = np.asarray(image, dtype=np.float64)
        wide = image.mode != "F" and values.size and values.max() > 255
        return np.clip(np.rint(values / 257 if wide else values), 0, 255).astype(np.uint8)
    if image.mode in ("P", "PA") or image.has_transparency_data:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif image.mode not in ("L", "RGB"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    return check_pixels(np.array(image), where=where)


def check_pixels(image: ArrayLike, *, where: str = "") -> Pixels:
    """An array of pixels that is one: (h, w) or (h, w, c), numbers, not empty; else `DataError`.

    Examples
    --------
    >>> check_pixels([[0.0, 1.0]]).shape
    (1, 2)
    """
    pixels = np.asarray(image)
    if pixels.ndim not in (2, 3) or 0 in pixels.shape or pixels.dtype.kind not in "uif":
        raise DataError(
            "an image is (h, w) or (h, w, c) numbers, not empty",
            where=where,
            found=f"{pixels.dtype} of shape {pixels.shape}",
            fix="put the channels last, one image at a time",
        )
    return pixels


def _top(dtype: np.dtype[Any]) -> float:
    """The value of white."""
    return float(np.iinfo(dtype).max) if dtype.kind in "ui" else 1.0


def to_unit(pixels: Pixels) -> NDArray[np.float32]:
    """Pixels as float32 where black is 0 and white is 1; floats are taken to be so already.

    Examples
    --------
    >>> to_unit(np.array([[0, 255]], dtype=np.uint8)).tolist()
    [[0.0, 1.0]]
    """
    if pixels.dtype.kind == "f":
        return pixels.astype(np.float32, copy=False)
    return (pixels * np.float32(1 / _top(pixels.dtype))).astype(np.float32, copy=False)


def from_unit(values: NDArray[Any], dtype: Any) -> Pixels:
    """Values in [0, 1] as pixels of a type, rounded and clipped.

    Examples
    --------
    >>> from_unit(np.array([[0.5, 2.0]]), np.uint8).tolist()
    [[128, 255]]
    """
    kind = np.dtype(dtype)
    held: NDArray[Any] = np.clip(values, 0, 1)
    if kind.kind == "f":
        return held.astype(kind, copy=False)
    made: Pixels = np.rint(held * _top(kind)).astype(kind)
    return made


def look_up(pixels: NDArray[np.uint8], table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """8-bit pixels through a table of 256 values, one for all channels or (256, c).

    Examples
    --------
    >>> look_up(np.array([[0, 9]], dtype=np.uint8), np.arange(255, -1, -1, dtype=np.uint8)).tolist()
    [[255, 246]]
    """
    if table.ndim == 1:
        # translating bytes is the fastest way through a table
        return np.frombuffer(bytearray(pixels.tobytes().translate(table.tobytes())), np.uint8).reshape(pixels.shape)
    if table.shape[1] == 3:
        from PIL import Image

        return np.array(Image.fromarray(pixels).point(table.T.ravel().tolist()))
    return np.stack([look_up(pixels[..., c], table[:, c]) for c in range(table.shape[1])], axis=-1)


def on_colour(image: ArrayLike, change: Callable[[Pixels], Pixels]) -> Pixels:
    """Change the colours of an image and leave its alpha channel (the last of two or four) alone.

    Parameters
    ----------
    image : (h, w) or (h, w, c) array_like
    change : callable
        Takes and returns (h, w), (h, w, 1) or (h, w, 3) pixels of the same type.

    Examples
    --------
    >>> on_colour(np.zeros((1, 1, 4)), lambda colour: colour + 1).tolist()
    [[[1.0, 1.0, 1.0, 0.0]]]
    """
    pixels = check_pixels(image)
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        return np.concatenate([change(np.ascontiguousarray(pixels[..., :-1])), pixels[..., -1:]], axis=-1)
    return change(np.ascontiguousarray(pixels))

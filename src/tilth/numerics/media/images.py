"""Image bytes to arrays, safely: size checked before decoding, orientation applied, every mode turned into RGB."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import DataError, ParameterError

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "decode_image",
    "decode_pixels",
    "image_size",
    "perceptual_hash",
    "resize",
    "thumbnail_jpeg",
    "thumbnail_png",
]

Pixels = NDArray[np.uint8]

_ORIENTATION_TAG = 0x0112
_TURNED = frozenset({5, 6, 7, 8})
#: What Pillow raises for files that are broken, one way or another.
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, EOFError, LookupError, ArithmeticError, MemoryError)
_WIDE_MODES = frozenset({"I;16", "I;16B", "I;16L", "I;16N", "I", "F"})


@contextmanager
def _opened(data: bytes, where: str, max_pixels: int | None = None) -> Iterator[Image.Image]:
    """Open an image, so far only its header, and turn every way in which that can fail into a DataError."""
    from PIL import Image, UnidentifiedImageError

    if not isinstance(data, bytes | bytearray | memoryview):
        raise DataError("an image must be given as bytes", where=where, found=type(data).__name__)
    if len(data) == 0:
        raise DataError("the image is empty", where=where, found="0 bytes", fix="fetch the file again or drop the row")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # our own limit speaks for the size, and broken metadata is no news
        try:
            with Image.open(BytesIO(data)) as image:
                width, height = image.size
                if max_pixels is not None and width * height > max_pixels:
                    raise DataError(
                        f"the image is larger than {max_pixels} pixels",
                        where=where,
                        found=f"{width} x {height}",
                        fix="raise max_pixels if the file is trusted, or shrink the image",
                    )
                yield image
        except DataError:
            raise
        except Image.DecompressionBombError as err:
            raise DataError("the image is far too large", where=where, found=str(err), fix="drop it") from err
        except UnidentifiedImageError as err:
            start = bytes(data[:8])
            raise DataError(
                "not an image of a known format",
                where=where,
                found=f"{len(data)} bytes that begin {start!r}",
                fix="check the file; PNG, JPEG, GIF, BMP, TIFF and WebP are read",
            ) from err
        except (*_BROKEN, AttributeError, NotImplementedError) as err:
            raise DataError(
                "the image is corrupt or cut short",
                where=where,
                found=str(err) or type(err).__name__,
                fix="fetch the file again or drop the row",
            ) from err


def image_size(data: bytes, *, where: str = "") -> tuple[int, int]:
    """Height and width of an image, read from its header alone.

    Parameters
    ----------
    data : bytes
        An encoded image.
    where : str, optional
        Row or file to name in errors.

    Returns
    -------
    height, width : int
        In pixels, as displayed: the EXIF orientation is applied.

    Raises
    ------
    DataError
        Empty, or not an image.

    Examples
    --------
    >>> image_size(thumbnail_png(np.zeros((4, 6, 3), dtype=np.uint8), 6))
    (4, 6)
    """
    with _opened(data, where) as image:
        width, height = image.size
        turned = _orientation(image) in _TURNED
    return (width, height) if turned else (height, width)


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except (ValueError, TypeError, OSError, SyntaxError, LookupError, ArithmeticError):  # unreadable metadata
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def decode_image(data: bytes, *, max_pixels: int = 50_000_000, where: str = "") -> Pixels:
    """Decode an image to RGB.

    Parameters
    ----------
    data : bytes
        PNG, JPEG, GIF (first frame), BMP, TIFF, WebP and what else Pillow reads.
    max_pixels : int, default 50_000_000
        The most width times height that is decoded; the header is checked first, so a decompression bomb costs
        nothing.
    where : str, optional
        Row or file to name in errors.

    Returns
    -------
    (h, w, 3) uint8 array
        Upright (EXIF orientation applied). Grey values are repeated, palettes looked up, transparency laid on white.
        Values of 16 bits are divided by 257; other integers and floats beyond [0, 255] are stretched from their
        smallest to their largest value.

    Raises
    ------
    DataError
        Empty, not an image, too large, truncated or corrupt.
    ParameterError
        `max_pixels` below 1.

    Examples
    --------
    >>> decode_image(thumbnail_png(np.full((2, 3), 7, dtype=np.uint8), 3)).tolist()[0][0]
    [7, 7, 7]
    >>> decode_image(b"", where="row 3")
    Traceback (most recent call last):
        ...
    tilth.errors.DataError: row 3: the image is empty (found 0 bytes). Fetch the file again or drop the row
    """
    return _decoded(data, max_pixels, where, _to_rgb)


def decode_pixels(data: bytes, *, max_pixels: int = 50_000_000, where: str = "") -> NDArray[Any]:
    """Decode an image with its depth and its transparency, as an augmentation needs it to write it again.

    Parameters
    ----------
    data, max_pixels, where
        As for `decode_image`.

    Returns
    -------
    array
        (h, w) uint16 of grey with 16 bits; (h, w, 4) uint8, the last the opacity, of anything with transparency, a
        palette too; (h, w, 3) uint8 of all else, grey as three equal channels. Upright (EXIF orientation applied).

    Raises
    ------
    DataError, ParameterError
        As for `decode_image`.

    Examples
    --------
    >>> decode_pixels(thumbnail_png(np.full((2, 3), 7, dtype=np.uint8), 3)).shape
    (2, 3, 3)
    """
    return _decoded(data, max_pixels, where, _as_stored)


def _decoded(data: bytes, max_pixels: int, where: str, convert: Callable[[Image.Image], NDArray[Any]]) -> NDArray[Any]:
    """Pixels of an image by `convert`, upright, after every check."""
    if max_pixels < 1:
        raise ParameterError("max_pixels must be at least 1", found=repr(max_pixels))
    with _opened(data, where, max_pixels) as image:
        turn = _orientation(image)
        image.load()
        if image.format == "PNG":
            # small PNG files whose pixels are damaged decode to black without a word: only the checksums tell
            with _opened(data, where, max_pixels) as again:
                again.verify()
        pixels = convert(image)
    if turn in _TURNED:
        pixels = pixels.swapaxes(0, 1)
    if turn in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if turn in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.array(pixels, order="C")


def _as_stored(image: Image.Image) -> NDArray[Any]:
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):
        return np.asarray(image).astype(np.uint16)
    if _has_opacity(image):
        return np.asarray(image.convert("RGBA"), dtype=np.uint8)
    return _to_rgb(image)


def _has_opacity(image: Image.Image) -> bool:
    return image.has_transparency_data or image.mode in ("LA", "PA", "RGBa", "La")


def _to_rgb(image: Image.Image) -> Pixels:
    if image.mode in _WIDE_MODES:
        values = np.asarray(image, dtype=np.float64)
        if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):
            values = values / 257
        elif values.size and not (values.min() >= 0 and values.max() <= 255):
            finite = np.nan_to_num(values)
            low, high = finite.min(), finite.max()
            values = (finite - low) * (255 / (high - low)) if high > low else np.zeros_like(finite)
        grey = np.clip(np.rint(np.nan_to_num(values)), 0, 255).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if _has_opacity(image):
        layered = np.asarray(image.convert("RGBA"), dtype=np.float64)
        alpha = layered[:, :, 3:] / 255
        return np.rint(layered[:, :, :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    return np.asarray(image.convert("RGB"), dtype=np.uint8)


def _as_pixels(image: ArrayLike) -> Pixels:
    """Check an array of pixels: (h, w), (h, w, 1) or (h, w, 3) uint8."""
    pixels = np.asarray(image)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
    elif pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or 0 in pixels.shape:
        raise DataError(
            "an image array must be (h, w), (h, w, 1) or (h, w, 3) of uint8, not empty",
            found=f"{np.asarray(image).dtype} of shape {np.asarray(image).shape}",
            fix="scale floats with (255 * x).round().astype('uint8')",
        )
    return np.ascontiguousarray(pixels)


def resize(image: ArrayLike, size: int | tuple[int, int]) -> Pixels:
    """Resize an image, smoothing when it shrinks (Lanczos).

    Parameters
    ----------
    image : (h, w), (h, w, 1) or (h, w, 3) uint8 array_like
    size : int or (int, int)
        Height and width of the result, regardless of the old proportions; one number means a square.

    Returns
    -------
    (height, width, 3) uint8 array

    Raises
    ------
    DataError
        Not an image array.
    ParameterError
        A size below 1.

    Examples
    --------
    >>> resize(np.zeros((8, 8), dtype=np.uint8), (4, 2)).shape
    (4, 2, 3)
    """
    from PIL import Image

    height, width = (size, size) if isinstance(size, int) else size
    if height < 1 or width < 1:
        raise ParameterError("an image size must be at least 1", found=repr(size))
    made = Image.fromarray(_as_pixels(image)).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(made, dtype=np.uint8)


def perceptual_hash(image: ArrayLike) -> np.uint64:
    """64 bits that stay nearly the same when an image is resized, recompressed, or slightly cropped or recoloured.

    The image is made grey and shrunk to 32 x 32; each bit says whether one of the 64 lowest frequencies of its cosine
    transform lies above their median [1]_. A blank image has no frequencies, and a hash of hardly any bits, which
    `find_near_duplicates` does not compare.

    Parameters
    ----------
    image : (h, w), (h, w, 1) or (h, w, 3) uint8 array_like

    Returns
    -------
    uint64
        The differing bits of two hashes are counted by ``np.bitwise_count(a ^ b)``.

    Raises
    ------
    DataError
        Not an image array.

    References
    ----------
    .. [1] Zauner (2010). Implementation and benchmarking of perceptual image hash functions. Upper Austria UAS.

    Examples
    --------
    >>> ramp = np.add.outer(np.arange(64), 2 * np.arange(64)).astype(np.uint8)
    >>> int(np.bitwise_count(perceptual_hash(ramp) ^ perceptual_hash(resize(ramp, 48)))) <= 4
    True
    >>> hex(perceptual_hash(np.full((9, 9), 80, dtype=np.uint8)))
    '0x8000000000000000'
    """
    from PIL import Image
    from scipy.fft import dctn

    grey = Image.fromarray(_as_pixels(image)).convert("L").resize((32, 32), Image.Resampling.LANCZOS)
    low = dctn(np.asarray(grey, dtype=np.float64), norm="ortho")[:8, :8].ravel()
    low[np.abs(low) < 1.0] = 0.0  # less than rounding of the grey values explains
    bits = low > np.median(low[1:])
    return np.packbits(bits).view(">u8")[0].astype(np.uint64)  # type: ignore[no-any-return]


def thumbnail_png(image: ArrayLike, size: int) -> bytes:
    """A small PNG of an image, proportions kept.

    Parameters
    ----------
    image : (h, w), (h, w, 1) or (h, w, 3) uint8 array_like
    size : int
        The longest side at most, in pixels; an image is never enlarged.

    Returns
    -------
    bytes

    Raises
    ------
    DataError
        Not an image array.
    ParameterError
        A size below 1.

    Examples
    --------
    >>> image_size(thumbnail_png(np.zeros((40, 80), dtype=np.uint8), 20))
    (10, 20)
    """
    return _thumbnail(image, size, "PNG", {"optimize": True})


def thumbnail_jpeg(image: ArrayLike, size: int, *, quality: int = 80) -> bytes:
    """A small JPEG of an image, proportions kept.

    Parameters
    ----------
    image : (h, w), (h, w, 1) or (h, w, 3) uint8 array_like
    size : int
        The longest side at most, in pixels; an image is never enlarged.
    quality : int in [1, 95], default 80

    Returns
    -------
    bytes

    Raises
    ------
    DataError
        Not an image array.
    ParameterError
        A size below 1, or a quality out of range.

    Examples
    --------
    >>> image_size(thumbnail_jpeg(np.zeros((40, 80), dtype=np.uint8), 20))
    (10, 20)
    """
    if not 1 <= quality <= 95:
        raise ParameterError("quality must lie in [1, 95]", found=repr(quality))
    return _thumbnail(image, size, "JPEG", {"quality": quality})


def _thumbnail(image: ArrayLike, size: int, kind: Literal["PNG", "JPEG"], options: dict[str, Any]) -> bytes:
    from PIL import Image

    if size < 1:
        raise ParameterError("a thumbnail needs a size of at least 1", found=repr(size))
    made = Image.fromarray(_as_pixels(image))
    made.thumbnail((size, size), Image.Resampling.LANCZOS)
    out = BytesIO()
    made.save(out, kind, **options)
    return out.getvalue()

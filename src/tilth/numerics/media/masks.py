"""Segmentation masks as files: one whole number for each pixel, there and back."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tilth.errors import DataError
from tilth.numerics.media.images import _decoded

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["decode_mask", "encode_mask"]

_WIDE = 2**16


def decode_mask(data: bytes, *, max_pixels: int = 50_000_000, where: str = "") -> NDArray[Any]:
    """Decode a mask: the numbers that its file holds; of a palette the index, not the colour.

    Parameters
    ----------
    data : bytes
        A grey or palette image of 1, 8 or 16 bits.
    max_pixels, where
        As for `decode_image`.

    Returns
    -------
    (h, w) uint8 or uint16

    Raises
    ------
    DataError
        Not an image, corrupt, or of colours: those say no class.

    Examples
    --------
    >>> decode_mask(encode_mask(np.array([[0, 3]], dtype=np.uint8))).tolist()
    [[0, 3]]
    """

    def numbers(image: Image.Image) -> NDArray[Any]:
        if image.mode in ("1", "L", "P"):
            return np.asarray(image).astype(np.uint8)
        wide = np.asarray(image) if image.mode.startswith("I") else np.full((1, 1), -1)
        if wide.min(initial=0) < 0 or wide.max(initial=0) >= _WIDE:
            raise DataError(
                "a mask holds one whole number for each pixel",
                where=where,
                found=f"an image of mode {image.mode}",
                fix="save the numbers of the classes as a grey or palette PNG of 8 or 16 bits",
            )
        return wide.astype(np.uint16)

    return _decoded(data, max_pixels, where, numbers)


def encode_mask(mask: NDArray[Any]) -> bytes:
    """A mask as a grey PNG of 8 bits, or of 16 where it is not of bytes; the same bytes always.

    Parameters
    ----------
    mask : (h, w) integer array
        Values in [0, 65535].

    Raises
    ------
    DataError
        Another shape, or numbers that do not fit.

    Examples
    --------
    >>> encode_mask(np.zeros((2, 2), dtype=np.uint8))[1:4]
    b'PNG'
    """
    from PIL import Image

    mask = np.asarray(mask)
    whole = mask.ndim == 2 and mask.size > 0 and mask.dtype.kind in "uib"
    if not whole or int(mask.min()) < 0 or int(mask.max()) >= _WIDE:
        raise DataError(
            "a mask holds one whole number from 0 to 65535 for each pixel", found=f"{mask.dtype} of shape {mask.shape}"
        )
    buffer = BytesIO()
    kind = np.uint8 if mask.dtype in (np.uint8, np.bool_) else np.uint16
    Image.fromarray(np.ascontiguousarray(mask.astype(kind))).save(buffer, "PNG")
    return buffer.getvalue()

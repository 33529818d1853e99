"""What is asked of each media file: module-level functions, so that worker processes can import them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tilth.numerics.media.images import decode_image, image_size, perceptual_hash
from tilth.numerics.media.sounds import decode_audio

__all__ = ["look_hash", "pixel_size", "readable_audio", "readable_image"]


def look_hash(data: bytes) -> np.uint64:
    """The perceptual hash of an encoded image."""
    return perceptual_hash(decode_image(data))


def pixel_size(data: bytes) -> npt.NDArray[np.float32]:
    """Height and width of an encoded image, shape (2,)."""
    return np.asarray(image_size(data), dtype=np.float32)


def readable_image(data: bytes) -> np.uint8:
    """1; raises `DataError` where the image cannot be decoded."""
    decode_image(data)
    return np.uint8(1)


def readable_audio(data: bytes) -> np.uint8:
    """1; raises `DataError` where the sound cannot be decoded."""
    decode_audio(data)
    return np.uint8(1)

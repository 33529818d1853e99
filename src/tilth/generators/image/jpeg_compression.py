"""Written as JPEG and read again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.image._base import PixelOperation, shows, within
from tilth.numerics.augment.image_filters import jpeg_compression
from tilth.numerics.augment.pixels import Pixels
from tilth.plugin import Example

__all__ = ["JpegCompression"]


@dataclass(frozen=True)
class JpegCompression(PixelOperation):
    """Written as JPEG and read again.

    At a quality drawn from 100 down to 10 at magnitude 1.

    Parameters
    ----------
    magnitude : float
    quality : int, optional
        Lowest quality, in [1, 100]; overrides the magnitude.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[128, 128]], np.uint8))
    >>> JpegCompression().apply(sample, np.random.default_rng(0)).value.tolist()
    [[128, 128]]
    """

    quality: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.quality, "quality", 1, 100)

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels."""
        lowest = 100 - round(90 * self.magnitude) if self.quality is None else int(self.quality)
        return jpeg_compression(image, int(rng.integers(lowest, 101)))

    @classmethod
    def example(cls) -> Example:
        """The image is nearly the same."""
        return shows(
            "The image is nearly the same.",
            lambda old, new: (
                new.value.shape == old.value.shape and float(np.abs(new.value.astype(int) - old.value).mean()) < 40
            ),
        )

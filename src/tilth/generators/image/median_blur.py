"""The median of a square window around each pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.errors import ParameterError
from tilth.generators.image._base import PixelOperation, shows, within
from tilth.numerics.augment.image_filters import median_blur
from tilth.numerics.augment.pixels import Pixels
from tilth.plugin import Example

__all__ = ["MedianBlur"]


@dataclass(frozen=True)
class MedianBlur(PixelOperation):
    """The median of a square window around each pixel.

    Of 3 pixels from magnitude 0.17 on, 7 at magnitude 1.

    Parameters
    ----------
    magnitude : float
    size : int, optional
        Side of the window in pixels, odd, from 1 to 15; overrides the magnitude.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[1, 9, 1]], np.uint8))
    >>> MedianBlur(size=3).apply(sample, np.random.default_rng(0)).value.tolist()
    [[1, 1, 1]]
    """

    size: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.size, "size", 1, 15)
        if self.size is not None and self.size % 2 == 0:
            raise ParameterError("size is odd", where="median_blur", found=repr(self.size), fix="use 3, 5 or 7")

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels."""
        del rng
        return median_blur(image, 1 + 2 * round(3 * self.magnitude) if self.size is None else self.size)

    @classmethod
    def example(cls) -> Example:
        """No value is new."""
        return shows(
            "No value is new.",
            lambda old, new: set(new.value.ravel().tolist()) <= set(old.value.ravel().tolist()),
            size=3,
        )

"""Blurred with a Gaussian."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.image._base import PixelOperation, shows, within
from tilth.numerics.augment.image_filters import gaussian_blur
from tilth.numerics.augment.pixels import Pixels
from tilth.plugin import Example

__all__ = ["GaussianBlur"]


@dataclass(frozen=True)
class GaussianBlur(PixelOperation):
    """Blurred with a Gaussian.

    Its deviation is drawn up to 1% of the shorter side at magnitude 1.

    Parameters
    ----------
    magnitude : float
    limit : float, optional
        Largest deviation in pixels, in [0, 100]; overrides the magnitude.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[1, 2]], np.uint8))
    >>> GaussianBlur(magnitude=0).apply(sample, np.random.default_rng(0)).value.tolist()
    [[1, 2]]
    """

    limit: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.limit, "limit", 0, 100)

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels."""
        most = 0.01 * min(image.shape[:2]) * self.magnitude if self.limit is None else self.limit
        return gaussian_blur(image, rng.uniform(0, most))

    @classmethod
    def example(cls) -> Example:
        """Values come closer to each other."""
        return shows(
            "Values come closer to each other.",
            lambda old, new: float(new.value.std()) <= float(old.value.std()) + 0.5,
            limit=2.0,
        )

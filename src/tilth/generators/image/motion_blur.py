"""Smeared along a straight line, as by a moved camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.image._base import PixelOperation, shows, within
from tilth.numerics.augment.image_filters import motion_blur
from tilth.numerics.augment.pixels import Pixels
from tilth.plugin import Example

__all__ = ["MotionBlur"]


@dataclass(frozen=True)
class MotionBlur(PixelOperation):
    """Smeared along a straight line, as by a moved camera.

    Over up to 5% of the shorter side at magnitude 1, at least 3 pixels, in any direction.

    Parameters
    ----------
    magnitude : float
    limit : int, optional
        Longest line in pixels, in [1, 255]; overrides the magnitude.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[1, 2]], np.uint8))
    >>> MotionBlur(magnitude=0).apply(sample, np.random.default_rng(0)).value.tolist()
    [[1, 2]]
    """

    limit: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.limit, "limit", 1, 255)

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels."""
        side = min(image.shape[:2])
        most = max(0.05 * side, 3 if side > 2 else 1) * self.magnitude if self.limit is None else self.limit
        length = 1 + 2 * int(rng.integers(0, max(0, round((most - 1) / 2)) + 1))
        return motion_blur(image, length, rng.uniform(0, 180))

    @classmethod
    def example(cls) -> Example:
        """Values come closer to each other."""
        return shows(
            "Values come closer to each other.",
            lambda old, new: float(new.value.std()) <= float(old.value.std()) + 0.5,
            limit=5,
        )

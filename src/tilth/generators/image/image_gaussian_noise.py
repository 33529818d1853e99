"""Gaussian noise on every pixel and channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.image._base import PixelOperation, shows, within
from tilth.numerics.augment.image_filters import image_noise
from tilth.numerics.augment.pixels import Pixels
from tilth.plugin import Example

__all__ = ["ImageGaussianNoise"]


@dataclass(frozen=True)
class ImageGaussianNoise(PixelOperation):
    """Gaussian noise on every pixel and channel.

    Its deviation is drawn up to a fifth of white at magnitude 1.

    Parameters
    ----------
    magnitude : float
    limit : float, optional
        Largest deviation as a part of white, in [0, 1]; overrides the magnitude.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[1, 2]], np.uint8))
    >>> ImageGaussianNoise(magnitude=0).apply(sample, np.random.default_rng(0)).value.tolist()
    [[1, 2]]
    """

    limit: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.limit, "limit", 0, 1)

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels."""
        most = 0.2 * self.magnitude if self.limit is None else self.limit
        return image_noise(image, rng, rng.uniform(0, most))

    @classmethod
    def example(cls) -> Example:
        """Pixels are noisy."""
        return shows("Pixels are noisy.", lambda old, new: bool((new.value != old.value).any()), magnitude=1.0)

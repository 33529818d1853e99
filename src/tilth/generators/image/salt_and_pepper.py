"""Some pixels made white or black."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.image._base import PixelOperation, shows, within
from tilth.numerics.augment.image_filters import salt_and_pepper
from tilth.numerics.augment.pixels import Pixels
from tilth.plugin import Example

__all__ = ["SaltAndPepper"]


@dataclass(frozen=True)
class SaltAndPepper(PixelOperation):
    """Some pixels made white or black.

    Up to a tenth of them at magnitude 1.

    Parameters
    ----------
    magnitude : float
    limit : float, optional
        Largest part of the pixels, in [0, 1]; overrides the magnitude.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[1, 2]], np.uint8))
    >>> SaltAndPepper(magnitude=0).apply(sample, np.random.default_rng(0)).value.tolist()
    [[1, 2]]
    """

    limit: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.limit, "limit", 0, 1)

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels."""
        most = 0.1 * self.magnitude if self.limit is None else self.limit
        return salt_and_pepper(image, rng, rng.uniform(0, most))

    @classmethod
    def example(cls) -> Example:
        """A pixel is black or white."""
        return shows(
            "A pixel is black or white.",
            lambda old, new: set(new.value[new.value != old.value].tolist()) <= {0, 255},
            limit=0.9,
        )

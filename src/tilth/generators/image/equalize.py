"""The histogram of every channel made flat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.image._base import PixelOperation, shows
from tilth.numerics.augment.image_tones import equalize
from tilth.numerics.augment.pixels import Pixels
from tilth.plugin import Example

__all__ = ["Equalize"]


@dataclass(frozen=True)
class Equalize(PixelOperation):
    """The histogram of every channel made flat.

    Parameters
    ----------
    magnitude : float
        Ignored.

    References
    ----------
    Cubuk et al. (2020). RandAugment: practical automated data augmentation with a reduced search space. NeurIPS.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[100, 125, 150, 151]], np.uint8))
    >>> Equalize().apply(sample, np.random.default_rng(0)).value.tolist()
    [[0, 85, 170, 255]]
    """

    ranged: ClassVar[bool] = False
    pooled: ClassVar[bool] = True

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels."""
        del rng
        return equalize(image)

    @classmethod
    def example(cls) -> Example:
        """The darkest value is black, the brightest white."""
        return shows(
            "The darkest value is black, the brightest white.",
            lambda _, new: int(new.value.min()) == 0 and int(new.value.max()) == 255,
        )

"""Fewer levels of light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.image._base import PixelOperation, shows, within
from tilth.numerics.augment.image_tones import posterize
from tilth.numerics.augment.pixels import Pixels
from tilth.plugin import Example

__all__ = ["Posterize"]


@dataclass(frozen=True)
class Posterize(PixelOperation):
    """Fewer levels of light.

    4 of 8 bits are left at magnitude 1, 8 at 0.

    Parameters
    ----------
    magnitude : float
    bits : int, optional
        Bits that are kept, from 1 to 8; overrides the magnitude.

    References
    ----------
    Cubuk et al. (2020). RandAugment: practical automated data augmentation with a reduced search space. NeurIPS.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[100, 200]], np.uint8))
    >>> Posterize(bits=1).apply(sample, np.random.default_rng(0)).value.tolist()
    [[0, 128]]
    """

    pooled: ClassVar[bool] = True

    bits: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.bits, "bits", 1, 8)

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels."""
        del rng
        return posterize(image, 8 - round(4 * self.magnitude) if self.bits is None else self.bits)

    @classmethod
    def example(cls) -> Example:
        """Two levels are left."""
        return shows("Two levels are left.", lambda _, new: set(new.value.ravel().tolist()) <= {0, 128}, bits=1)

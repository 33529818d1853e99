"""All light below the middle is brightened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.image._base import PixelOperation, shows, within
from tilth.numerics.augment.image_tones import solarize_add
from tilth.numerics.augment.pixels import Pixels
from tilth.plugin import Example

__all__ = ["SolarizeAdd"]


@dataclass(frozen=True)
class SolarizeAdd(PixelOperation):
    """All light below the middle is brightened.

    By 110 of 255 at magnitude 1.

    Parameters
    ----------
    magnitude : float
    addition : float, optional
        Part of white, in [0, 1]; overrides the magnitude.

    References
    ----------
    Cubuk et al. (2020). RandAugment: practical automated data augmentation with a reduced search space. NeurIPS.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[100, 200]], np.uint8))
    >>> SolarizeAdd(addition=0.2).apply(sample, np.random.default_rng(0)).value.tolist()
    [[151, 200]]
    """

    addition: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.addition, "addition", 0, 1)

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels."""
        del rng
        return solarize_add(image, 110 / 255 * self.magnitude if self.addition is None else self.addition)

    @classmethod
    def example(cls) -> Example:
        """The darkest value is brighter."""
        return shows("The darkest value is brighter.", lambda old, new: int(new.value.min()) > int(old.value.min()))

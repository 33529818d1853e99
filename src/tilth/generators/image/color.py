"""More or less colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.image._base import PixelOperation, shows, within
from tilth.numerics.augment.images import adjust_saturation
from tilth.numerics.augment.pixels import Pixels
from tilth.plugin import Example

__all__ = ["Color"]


@dataclass(frozen=True)
class Color(PixelOperation):
    """More or less colour.

    By a factor of 1 + 0.9 m or 1 - 0.9 m at magnitude m.

    Parameters
    ----------
    magnitude : float
    limit : float, optional
        Change of the factor, in [0, 1]; overrides the magnitude.

    References
    ----------
    Cubuk et al. (2020). RandAugment: practical automated data augmentation with a reduced search space. NeurIPS.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[[100, 100, 160], [100, 100, 40]]], np.uint8))
    >>> Color(limit=0.5).apply(sample, np.random.default_rng(0)).value.tolist()
    [[[103, 103, 133], [96, 96, 66]]]
    """

    pooled: ClassVar[bool] = True

    limit: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.limit, "limit", 0, 1)

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels."""
        change = 0.9 * self.magnitude if self.limit is None else self.limit
        return adjust_saturation(image, 1 + (change if rng.random() < 0.5 else -change))

    @classmethod
    def example(cls) -> Example:
        """More or less colour."""
        return shows("More or less colour.", lambda old, new: new.value.shape == old.value.shape)

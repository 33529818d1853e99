"""All light from a threshold on is inverted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.image._base import PixelOperation, shows, within
from tilth.numerics.augment.image_tones import solarize
from tilth.numerics.augment.pixels import Pixels
from tilth.plugin import Example

__all__ = ["Solarize"]


@dataclass(frozen=True)
class Solarize(PixelOperation):
    """All light from a threshold on is inverted.

    The threshold is above white at magnitude 0 and black at 1.

    Parameters
    ----------
    magnitude : float
    threshold : float, optional
        Part of white, in [0, 1]; overrides the magnitude.

    References
    ----------
    Cubuk et al. (2020). RandAugment: practical automated data augmentation with a reduced search space. NeurIPS.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[100, 200]], np.uint8))
    >>> Solarize(threshold=0.5).apply(sample, np.random.default_rng(0)).value.tolist()
    [[100, 55]]
    """

    pooled: ClassVar[bool] = True

    threshold: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.threshold, "threshold", 0, 1)

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels."""
        del rng
        return solarize(image, 256 / 255 * (1 - self.magnitude) if self.threshold is None else self.threshold)

    @classmethod
    def example(cls) -> Example:
        """What was bright is dark."""
        return shows("What was bright is dark.", lambda _, new: int(new.value.max()) <= 128, threshold=0.5)

"""Rectangles erased: Cutout with one square hole, Random Erasing with any."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.errors import ParameterError
from tilth.generators.image._base import PixelOperation, fill_value, shows, within
from tilth.numerics.augment.image_filters import coarse_dropout
from tilth.numerics.augment.pixels import Pixels
from tilth.plugin import Example

__all__ = ["CoarseDropout"]


@dataclass(frozen=True)
class CoarseDropout(PixelOperation):
    """Rectangles erased: Cutout with one square hole, Random Erasing with any.

    Sides of up to half the image's at magnitude 1. Boxes and mask stay.

    Parameters
    ----------
    magnitude : float
    limit : float, optional
        Longest side of a hole as a part of the image's, in [0, 1]; overrides the magnitude.
    holes : int, default=1
        How many.
    fill : str or float, default="black"
        What is put there: black, gray, white, or a part of white in [0, 1].

    References
    ----------
    DeVries, Taylor (2017). Improved regularization of convolutional neural networks with cutout. arXiv:1708.04552.
    Zhong et al. (2020). Random erasing data augmentation. AAAI.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.ones((4, 4), np.uint8))
    >>> CoarseDropout(magnitude=1).apply(sample, np.random.default_rng(0)).value.sum().item()
    15
    """

    limit: float | None = None
    holes: int = 1
    fill: str | float = "black"

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.limit, "limit", 0, 1)
        within(self.holes, "holes", 1, 1000)
        if isinstance(fill_value(self.fill), str):
            raise ParameterError(
                "a hole is filled with one value", where="coarse_dropout", found=repr(self.fill), fix="use black"
            )

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels."""
        most = 0.5 * self.magnitude if self.limit is None else self.limit
        if most == 0:
            return image
        sides = (0.3 * most, most)
        return coarse_dropout(
            image, rng, holes=self.holes, height=sides, width=sides, fill=float(fill_value(self.fill))
        )

    @classmethod
    def example(cls) -> Example:
        """Something is black."""
        return shows("Something is black.", lambda _, new: int((new.value == 0).sum()) > 0)

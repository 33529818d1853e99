"""A random rectangle of the image, resized: Inception's crop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.image._base import WarpOperation, shows, within
from tilth.numerics.augment.pixels import Pixels
from tilth.numerics.augment.warp_plans import resized_crop_warp
from tilth.numerics.augment.warps import Warp
from tilth.plugin import Example

__all__ = ["RandomResizedCrop"]


@dataclass(frozen=True)
class RandomResizedCrop(WarpOperation):
    """A random rectangle of the image, resized: Inception's crop.

    The smallest rectangle has 1 - 0.92 m of the area at magnitude m, and proportions between (3/4) ** m and
    (4/3) ** m of the image's.

    Parameters
    ----------
    magnitude : float
    scale : float, optional
        Smallest part of the area, in (0, 1]; overrides the magnitude.
    ratio : float, optional
        Widest change of proportions, at least 1; overrides the magnitude.
    height : int, default=0
        Of the result, in pixels; 0 for the image's own.
    width : int, default=0
        Of the result, in pixels; 0 for the image's own.

    References
    ----------
    Szegedy et al. (2015). Going deeper with convolutions. CVPR.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.zeros((8, 8), np.uint8))
    >>> RandomResizedCrop(height=2, width=3).apply(sample, np.random.default_rng(0)).value.shape
    (2, 3)
    """

    scale: float | None = None
    ratio: float | None = None
    height: int = 0
    width: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.scale, "scale", 1e-6, 1)
        within(self.ratio, "ratio", 1, 100)
        within(self.height, "height", 0, 65535)
        within(self.width, "width", 0, 65535)

    def warp(self, image: Pixels, rng: np.random.Generator) -> Warp:
        """Where its pixels come from."""
        smallest = 1 - 0.92 * self.magnitude if self.scale is None else self.scale
        stretch = (4 / 3) ** self.magnitude if self.ratio is None else self.ratio
        size = (self.height or image.shape[0], self.width or image.shape[1])
        return resized_crop_warp(image.shape, rng, scale=(smallest, 1.0), ratio=(1 / stretch, stretch), size=size)

    @classmethod
    def example(cls) -> Example:
        """The image keeps its size; nothing new comes in."""
        return shows(
            "The image keeps its size; nothing new comes in.",
            lambda old, new: new.value.shape == old.value.shape and int(new.value.max()) <= int(old.value.max()),
        )

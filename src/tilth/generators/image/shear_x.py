"""Sheared along x, one way or the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.image._base import WarpOperation, fill_value, shows, within
from tilth.numerics.augment.pixels import Pixels
from tilth.numerics.augment.warp_plans import affine_warp
from tilth.numerics.augment.warps import Warp
from tilth.plugin import Example

__all__ = ["ShearX"]


@dataclass(frozen=True)
class ShearX(WarpOperation):
    """Sheared along x, one way or the other.

    By a tangent of 0.3 at magnitude 1.

    Parameters
    ----------
    magnitude : float
    limit : float, optional
        Tangent of the angle, in [0, 2]; overrides the magnitude.
    fill : str or float, default="black"
        What comes in from outside: black, gray, white, reflect, edge, or a part of white in [0, 1].
    interpolation : {"bilinear", "nearest"}
        Of pixels; masks always take the nearest.

    References
    ----------
    Cubuk et al. (2020). RandAugment: practical automated data augmentation with a reduced search space. NeurIPS.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[1, 2], [3, 4]], np.uint8))
    >>> ShearX(limit=1, interpolation="nearest").apply(sample, np.random.default_rng(0)).value.tolist()
    [[1, 2], [4, 0]]
    """

    pooled: ClassVar[bool] = True

    limit: float | None = None
    fill: str | float = "black"
    interpolation: str = "bilinear"

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.limit, "limit", 0, 2)
        fill_value(self.fill)
        Warp((1, 1), (1, 1), interpolation=self.interpolation)

    def warp(self, image: Pixels, rng: np.random.Generator) -> Warp:
        """Where its pixels come from."""
        size = 0.3 * self.magnitude if self.limit is None else self.limit
        value = float(size if rng.random() < 0.5 else -size)
        fill = fill_value(self.fill, image.dtype)
        return affine_warp(image.shape, shear=(value, 0.0), fill=fill, interpolation=self.interpolation)

    @classmethod
    def example(cls) -> Example:
        """The middle stays, the edges move."""
        return shows(
            "The middle stays, the edges move.",
            lambda old, new: new.value.shape == old.value.shape and bool((new.value != old.value).any()),
        )

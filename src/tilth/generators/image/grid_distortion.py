"""The columns and rows of a grid made wider and narrower; the edges stay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.image._base import WarpOperation, shows, within
from tilth.numerics.augment.pixels import Pixels
from tilth.numerics.augment.warp_plans import grid_warp
from tilth.numerics.augment.warps import Warp
from tilth.plugin import Example

__all__ = ["GridDistortion"]


@dataclass(frozen=True)
class GridDistortion(WarpOperation):
    """The columns and rows of a grid made wider and narrower; the edges stay.

    Cells change by up to half at magnitude 1.

    Parameters
    ----------
    magnitude : float
    limit : float, optional
        Largest change of a cell, in [0, 0.99]; overrides the magnitude.
    steps : int, default=5
        Cells along each side.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[1, 2], [3, 4]], np.uint8))
    >>> GridDistortion(magnitude=0).apply(sample, np.random.default_rng(0)).value.tolist()
    [[1, 2], [3, 4]]
    """

    limit: float | None = None
    steps: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.limit, "limit", 0, 0.99)
        within(self.steps, "steps", 1, 1000)

    def warp(self, image: Pixels, rng: np.random.Generator) -> Warp:
        """Where its pixels come from."""
        most = 0.5 * self.magnitude if self.limit is None else self.limit
        return grid_warp(image.shape, rng, most, steps=self.steps)

    @classmethod
    def example(cls) -> Example:
        """Nothing new comes in."""
        return shows(
            "Nothing new comes in.",
            lambda old, new: new.value.shape == old.value.shape and int(new.value.max()) <= int(old.value.max()),
            magnitude=1.0,
        )

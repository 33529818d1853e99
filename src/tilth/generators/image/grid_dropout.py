"""A square erased in each cell of a grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.image._base import PixelOperation, shows, within
from tilth.numerics.augment.image_filters import grid_dropout
from tilth.numerics.augment.pixels import Pixels
from tilth.plugin import Example

__all__ = ["GridDropout"]


@dataclass(frozen=True)
class GridDropout(PixelOperation):
    """A square erased in each cell of a grid.

    With 0.6 of the cell's side at magnitude 1. Boxes and mask stay.

    Parameters
    ----------
    magnitude : float
    ratio : float, optional
        Side of a square as a part of its cell's, in [0, 1]; overrides the magnitude.
    cells : int, default=4
        Cells along the shorter side.

    References
    ----------
    Chen et al. (2020). GridMask data augmentation. arXiv:2001.04086.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.ones((4, 4), np.uint8))
    >>> GridDropout(ratio=0.5, cells=2).apply(sample, np.random.default_rng(0)).value.sum().item()
    12
    """

    ratio: float | None = None
    cells: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.ratio, "ratio", 0, 1)
        within(self.cells, "cells", 1, 1000)

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels."""
        return grid_dropout(
            image, rng, ratio=0.6 * self.magnitude if self.ratio is None else self.ratio, cells=self.cells
        )

    @classmethod
    def example(cls) -> Example:
        """Something is black."""
        return shows("Something is black.", lambda _, new: int((new.value == 0).sum()) > 0, ratio=0.5)

"""Top and bottom exchanged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.image._base import WarpOperation, shows
from tilth.numerics.augment.pixels import Pixels
from tilth.numerics.augment.warp_plans import flip_warp
from tilth.numerics.augment.warps import Warp
from tilth.plugin import Example

__all__ = ["VerticalFlip"]


@dataclass(frozen=True)
class VerticalFlip(WarpOperation):
    """Top and bottom exchanged.

    Parameters
    ----------
    magnitude : float
        Ignored.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[1], [2]], np.uint8))
    >>> VerticalFlip().apply(sample, np.random.default_rng(0)).value.tolist()
    [[2], [1]]
    """

    ranged: ClassVar[bool] = False

    def warp(self, image: Pixels, rng: np.random.Generator) -> Warp:
        """Where its pixels come from."""
        del rng
        return flip_warp(image.shape, vertical=True)

    @classmethod
    def example(cls) -> Example:
        """Top is bottom, the box too."""
        return shows("Top is bottom, the box too.", lambda old, new: bool((new.value == old.value[::-1]).all()))

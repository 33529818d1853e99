"""Left and right exchanged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.image._base import WarpOperation, shows
from tilth.numerics.augment.pixels import Pixels
from tilth.numerics.augment.warp_plans import flip_warp
from tilth.numerics.augment.warps import Warp
from tilth.plugin import Example

__all__ = ["HorizontalFlip"]


@dataclass(frozen=True)
class HorizontalFlip(WarpOperation):
    """Left and right exchanged.

    Parameters
    ----------
    magnitude : float
        Ignored.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[1, 2]], np.uint8))
    >>> HorizontalFlip().apply(sample, np.random.default_rng(0)).value.tolist()
    [[2, 1]]
    """

    ranged: ClassVar[bool] = False

    def warp(self, image: Pixels, rng: np.random.Generator) -> Warp:
        """Where its pixels come from."""
        del rng
        return flip_warp(image.shape)

    @classmethod
    def example(cls) -> Example:
        """Left is right, the box too."""
        return shows("Left is right, the box too.", lambda old, new: bool((new.value == old.value[:, ::-1]).all()))

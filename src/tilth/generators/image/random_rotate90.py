"""Turned by one, two or three quarters of a circle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.image._base import WarpOperation, shows
from tilth.numerics.augment.pixels import Pixels
from tilth.numerics.augment.warp_plans import turn_warp
from tilth.numerics.augment.warps import Warp
from tilth.plugin import Example

__all__ = ["RandomRotate90"]


@dataclass(frozen=True)
class RandomRotate90(WarpOperation):
    """Turned by one, two or three quarters of a circle.

    Right for images without an up and a down: from above, through a microscope.

    Parameters
    ----------
    magnitude : float
        Ignored.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[1, 2]], np.uint8))
    >>> RandomRotate90().apply(sample, np.random.default_rng(0)).value.tolist()
    [[1], [2]]
    """

    ranged: ClassVar[bool] = False

    def warp(self, image: Pixels, rng: np.random.Generator) -> Warp:
        """Where its pixels come from."""
        return turn_warp(image.shape, int(rng.integers(1, 4)))

    @classmethod
    def example(cls) -> Example:
        """The pixels are turned, none is lost."""
        return shows(
            "The pixels are turned, none is lost.",
            lambda old, new: sorted(new.value.ravel().tolist()) == sorted(old.value.ravel().tolist()),
        )

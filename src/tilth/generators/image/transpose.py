"""Rows and columns exchanged; height and width change places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.image._base import WarpOperation, shows
from tilth.numerics.augment.pixels import Pixels
from tilth.numerics.augment.warp_plans import transpose_warp
from tilth.numerics.augment.warps import Warp
from tilth.plugin import Example

__all__ = ["Transpose"]


@dataclass(frozen=True)
class Transpose(WarpOperation):
    """Rows and columns exchanged; height and width change places.

    Parameters
    ----------
    magnitude : float
        Ignored.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[1, 2]], np.uint8))
    >>> Transpose().apply(sample, np.random.default_rng(0)).value.tolist()
    [[1], [2]]
    """

    ranged: ClassVar[bool] = False

    def warp(self, image: Pixels, rng: np.random.Generator) -> Warp:
        """Where its pixels come from."""
        del rng
        return transpose_warp(image.shape)

    @classmethod
    def example(cls) -> Example:
        """Rows are columns."""
        return shows("Rows are columns.", lambda old, new: bool((new.value == old.value.swapaxes(0, 1)).all()))

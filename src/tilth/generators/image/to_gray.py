"""Without colour, and with as many channels as before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.image._base import PixelOperation, shows
from tilth.numerics.augment.images import to_gray
from tilth.numerics.augment.pixels import Pixels
from tilth.plugin import Example

__all__ = ["ToGray"]


@dataclass(frozen=True)
class ToGray(PixelOperation):
    """Without colour, and with as many channels as before.

    Parameters
    ----------
    magnitude : float
        Ignored.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[[255, 0, 0], [9, 9, 9]]], np.uint8))
    >>> ToGray().apply(sample, np.random.default_rng(0)).value.tolist()
    [[[76, 76, 76], [9, 9, 9]]]
    """

    ranged: ClassVar[bool] = False

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels."""
        del rng
        return to_gray(image)

    @classmethod
    def example(cls) -> Example:
        """All channels agree."""
        return shows(
            "All channels agree.", lambda _, new: new.value.ndim == 2 or bool((new.value == new.value[..., :1]).all())
        )

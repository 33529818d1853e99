"""The negative."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.image._base import PixelOperation, shows
from tilth.numerics.augment.image_tones import invert
from tilth.numerics.augment.pixels import Pixels
from tilth.plugin import Example

__all__ = ["Invert"]


@dataclass(frozen=True)
class Invert(PixelOperation):
    """The negative.

    Parameters
    ----------
    magnitude : float
        Ignored.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[0, 200]], np.uint8))
    >>> Invert().apply(sample, np.random.default_rng(0)).value.tolist()
    [[255, 55]]
    """

    ranged: ClassVar[bool] = False

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels."""
        del rng
        return invert(image)

    @classmethod
    def example(cls) -> Example:
        """Black is white."""
        return shows("Black is white.", lambda old, new: bool((new.value == 255 - old.value).all()))

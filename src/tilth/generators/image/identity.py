"""Nothing is changed: what RandAugment draws now and then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.image._base import PixelOperation, shows
from tilth.numerics.augment.pixels import Pixels
from tilth.plugin import Example

__all__ = ["Identity"]


@dataclass(frozen=True)
class Identity(PixelOperation):
    """Nothing is changed: what RandAugment draws now and then.

    Parameters
    ----------
    magnitude : float
        Ignored.

    References
    ----------
    Cubuk et al. (2020). RandAugment: practical automated data augmentation with a reduced search space. NeurIPS.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[0, 200]], np.uint8))
    >>> Identity().apply(sample, np.random.default_rng(0)).value.tolist()
    [[0, 200]]
    """

    ranged: ClassVar[bool] = False
    pooled: ClassVar[bool] = True

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels."""
        del rng
        return image

    @classmethod
    def example(cls) -> Example:
        """Nothing changes."""
        return shows("Nothing changes.", lambda old, new: bool((new.value == old.value).all()))

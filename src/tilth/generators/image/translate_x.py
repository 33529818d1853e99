"""Moved left or right by whole pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.image._base import WarpOperation, fill_value, shows, within
from tilth.numerics.augment.pixels import Pixels
from tilth.numerics.augment.warp_plans import affine_warp
from tilth.numerics.augment.warps import Warp
from tilth.plugin import Example

__all__ = ["TranslateX"]


@dataclass(frozen=True)
class TranslateX(WarpOperation):
    """Moved left or right by whole pixels.

    By 0.45 of the width at magnitude 1.

    Parameters
    ----------
    magnitude : float
    limit : float, optional
        Part of the width, in [0, 1]; overrides the magnitude.
    fill : str or float, default="black"
        What comes in from outside: black, gray, white, reflect, edge, or a part of white in [0, 1].

    References
    ----------
    Cubuk et al. (2020). RandAugment: practical automated data augmentation with a reduced search space. NeurIPS.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[1, 2], [3, 4]], np.uint8))
    >>> TranslateX(limit=0.5).apply(sample, np.random.default_rng(0)).value.tolist()
    [[2, 0], [4, 0]]
    """

    pooled: ClassVar[bool] = True

    limit: float | None = None
    fill: str | float = "black"

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.limit, "limit", 0, 1)
        fill_value(self.fill)

    def warp(self, image: Pixels, rng: np.random.Generator) -> Warp:
        """Where its pixels come from."""
        share = 0.45 * self.magnitude if self.limit is None else self.limit
        pixels = round(share * image.shape[1]) * (1 if rng.random() < 0.5 else -1)
        return affine_warp(image.shape, translate=(float(pixels), 0.0), fill=fill_value(self.fill, image.dtype))

    @classmethod
    def example(cls) -> Example:
        """A band is black now."""
        return shows(
            "A band is black now.",
            lambda old, new: new.value.shape == old.value.shape and int((new.value == 0).sum()) > 0,
        )

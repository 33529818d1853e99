"""Seen from another point: each corner moves inwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.image._base import WarpOperation, fill_value, shows, within
from tilth.numerics.augment.pixels import Pixels
from tilth.numerics.augment.warp_plans import perspective_warp
from tilth.numerics.augment.warps import Warp
from tilth.plugin import Example

__all__ = ["Perspective"]


@dataclass(frozen=True)
class Perspective(WarpOperation):
    """Seen from another point: each corner moves inwards.

    By up to a quarter of the side at magnitude 1.

    Parameters
    ----------
    magnitude : float
    distortion : float, optional
        Largest part of half the side, in [0, 1]; overrides the magnitude.
    fill : str or float, default="black"
        What comes in from outside: black, gray, white, reflect, edge, or a part of white in [0, 1].

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[1, 2], [3, 4]], np.uint8))
    >>> Perspective(magnitude=0).apply(sample, np.random.default_rng(0)).value.tolist()
    [[1, 2], [3, 4]]
    """

    distortion: float | None = None
    fill: str | float = "black"

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.distortion, "distortion", 0, 1)
        fill_value(self.fill)

    def warp(self, image: Pixels, rng: np.random.Generator) -> Warp:
        """Where its pixels come from."""
        most = 0.5 * self.magnitude if self.distortion is None else self.distortion
        return perspective_warp(image.shape, rng, most, fill=fill_value(self.fill, image.dtype))

    @classmethod
    def example(cls) -> Example:
        """The corners come in."""
        return shows(
            "The corners come in.",
            lambda old, new: new.value.shape == old.value.shape and bool((new.value != old.value).any()),
            magnitude=1.0,
        )

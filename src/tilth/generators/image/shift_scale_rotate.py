"""Moved, scaled and turned at once, each by a random amount."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.image._base import WarpOperation, fill_value, shows, within
from tilth.numerics.augment.pixels import Pixels
from tilth.numerics.augment.warp_plans import affine_warp
from tilth.numerics.augment.warps import Warp
from tilth.plugin import Example

__all__ = ["ShiftScaleRotate"]


@dataclass(frozen=True)
class ShiftScaleRotate(WarpOperation):
    """Moved, scaled and turned at once, each by a random amount.

    At magnitude 1 up to an eighth of each side, a quarter of the size and 45 degrees, both ways.

    Parameters
    ----------
    magnitude : float
    shift : float, optional
        Largest shift as a part of each side, in [0, 1]; overrides the magnitude.
    scale : float, optional
        Largest change of size, in [0, 0.9]; overrides the magnitude.
    rotate : float, optional
        Largest angle in degrees, in [0, 180]; overrides the magnitude.
    fill : str or float, default="black"
        What comes in from outside: black, gray, white, reflect, edge, or a part of white in [0, 1].
    interpolation : {"bilinear", "nearest"}
        Of pixels; masks always take the nearest.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[1, 2], [3, 4]], np.uint8))
    >>> ShiftScaleRotate(magnitude=0).apply(sample, np.random.default_rng(0)).value.tolist()
    [[1, 2], [3, 4]]
    """

    shift: float | None = None
    scale: float | None = None
    rotate: float | None = None
    fill: str | float = "black"
    interpolation: str = "bilinear"

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.shift, "shift", 0, 1)
        within(self.scale, "scale", 0, 0.9)
        within(self.rotate, "rotate", 0, 180)
        fill_value(self.fill)
        Warp((1, 1), (1, 1), interpolation=self.interpolation)

    def warp(self, image: Pixels, rng: np.random.Generator) -> Warp:
        """Where its pixels come from."""
        strongest = ((self.shift, 0.125), (self.scale, 0.25), (self.rotate, 45.0))
        shift, scale, rotate = (most * self.magnitude if given is None else given for given, most in strongest)
        right, down = rng.uniform(-shift, shift, size=2) if shift else (0.0, 0.0)
        return affine_warp(
            image.shape,
            angle=rng.uniform(-rotate, rotate),
            translate=(right * image.shape[1], down * image.shape[0]),
            scale=1 + rng.uniform(-scale, scale),
            fill=fill_value(self.fill, image.dtype),
            interpolation=self.interpolation,
        )

    @classmethod
    def example(cls) -> Example:
        """The image keeps its size and moves."""
        return shows(
            "The image keeps its size and moves.",
            lambda old, new: new.value.shape == old.value.shape and bool((new.value != old.value).any()),
            magnitude=1.0,
        )

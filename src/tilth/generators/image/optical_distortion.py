"""Through a lens: barrel or pincushion distortion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.image._base import WarpOperation, fill_value, shows, within
from tilth.numerics.augment.pixels import Pixels
from tilth.numerics.augment.warp_plans import optical_warp
from tilth.numerics.augment.warps import Warp
from tilth.plugin import Example

__all__ = ["OpticalDistortion"]


@dataclass(frozen=True)
class OpticalDistortion(WarpOperation):
    """Through a lens: barrel or pincushion distortion.

    A point at the sides moves by up to 0.3 of its distance to the middle at magnitude 1.

    Parameters
    ----------
    magnitude : float
    limit : float, optional
        Largest distortion, in [0, 0.9]; overrides the magnitude.
    fill : str or float, default="black"
        What comes in from outside: black, gray, white, reflect, edge, or a part of white in [0, 1].

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[1, 2], [3, 4]], np.uint8))
    >>> OpticalDistortion(magnitude=0).apply(sample, np.random.default_rng(0)).value.tolist()
    [[1, 2], [3, 4]]
    """

    limit: float | None = None
    fill: str | float = "black"

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.limit, "limit", 0, 0.9)
        fill_value(self.fill)

    def warp(self, image: Pixels, rng: np.random.Generator) -> Warp:
        """Where its pixels come from."""
        most = 0.3 * self.magnitude if self.limit is None else self.limit
        return optical_warp(image.shape, rng.uniform(-most, most), fill=fill_value(self.fill, image.dtype))

    @classmethod
    def example(cls) -> Example:
        """The middle stays."""
        return shows(
            "The middle stays.",
            lambda old, new: new.value.shape == old.value.shape and bool((new.value != old.value).any()),
            magnitude=1.0,
        )

"""Smooth random displacements, as of ink on rubber."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.image._base import WarpOperation, fill_value, shows, within
from tilth.numerics.augment.pixels import Pixels
from tilth.numerics.augment.warp_plans import elastic_warp
from tilth.numerics.augment.warps import Warp
from tilth.plugin import Example

__all__ = ["ElasticTransform"]


@dataclass(frozen=True)
class ElasticTransform(WarpOperation):
    """Smooth random displacements, as of ink on rubber.

    At magnitude 1 they have a standard deviation of 2.5% of the shorter side, smoothed over 5% of it.

    Parameters
    ----------
    magnitude : float
    alpha : float, optional
        Factor of the smoothed noise, at least 0; overrides the magnitude.
    sigma : float, optional
        Standard deviation of the smoothing in pixels; default: 5% of the shorter side.
    fill : str or float, default="reflect"
        What comes in from outside: black, gray, white, reflect, edge, or a part of white in [0, 1].

    References
    ----------
    Simard, Steinkraus, Platt (2003). Best practices for convolutional neural networks applied to visual document
    analysis. ICDAR.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[1, 2], [3, 4]], np.uint8))
    >>> ElasticTransform(magnitude=0).apply(sample, np.random.default_rng(0)).value.tolist()
    [[1, 2], [3, 4]]
    """

    alpha: float | None = None
    sigma: float | None = None
    fill: str | float = "reflect"

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.alpha, "alpha", 0, 1e6)
        within(self.sigma, "sigma", 0.1, 1e6)
        fill_value(self.fill)

    def warp(self, image: Pixels, rng: np.random.Generator) -> Warp:
        """Where its pixels come from."""
        side = min(image.shape[:2])
        sigma = max(0.05 * side, 0.5) if self.sigma is None else self.sigma
        # smoothed uniform noise has a deviation of 3 ** -0.5 / (2 sigma pi ** 0.5)
        alpha = 0.025 * side * self.magnitude * 2 * sigma * np.sqrt(3 * np.pi) if self.alpha is None else self.alpha
        return elastic_warp(image.shape, rng, float(alpha), sigma, fill=fill_value(self.fill, image.dtype))

    @classmethod
    def example(cls) -> Example:
        """Nothing new comes in."""
        return shows(
            "Nothing new comes in.",
            lambda old, new: new.value.shape == old.value.shape and int(new.value.max()) <= int(old.value.max()),
            magnitude=1.0,
        )

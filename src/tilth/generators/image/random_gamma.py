"""The light raised to a random power."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.image._base import PixelOperation, shows, within
from tilth.numerics.augment.images import adjust_gamma
from tilth.numerics.augment.pixels import Pixels
from tilth.plugin import Example

__all__ = ["RandomGamma"]


@dataclass(frozen=True)
class RandomGamma(PixelOperation):
    """The light raised to a random power.

    Between a half and 2 at magnitude 1, both ways alike.

    Parameters
    ----------
    magnitude : float
    limit : float, optional
        Largest power, in [1, 10], and one by the smallest; overrides the magnitude.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[0, 64, 255]], np.uint8))
    >>> RandomGamma(limit=2).apply(sample, np.random.default_rng(0)).value.tolist()
    [[0, 48, 255]]
    """

    limit: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.limit, "limit", 1, 10)

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels."""
        most = 2.0**self.magnitude if self.limit is None else float(self.limit)
        return adjust_gamma(image, most ** rng.uniform(-1, 1))

    @classmethod
    def example(cls) -> Example:
        """Black and white stay."""
        return shows(
            "Black and white stay.",
            lambda old, new: new.value.shape == old.value.shape and bool((new.value != old.value).any()),
            limit=2.0,
        )

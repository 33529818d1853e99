"""A random rectangle of the image, not resized: the result is smaller."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.image._base import WarpOperation, shows, within
from tilth.numerics.augment.pixels import Pixels
from tilth.numerics.augment.warp_plans import crop_warp
from tilth.numerics.augment.warps import Warp
from tilth.plugin import Example

__all__ = ["RandomCrop"]


@dataclass(frozen=True)
class RandomCrop(WarpOperation):
    """A random rectangle of the image, not resized: the result is smaller.

    Each side keeps at least 1 - 0.5 m of its length at magnitude m.

    Parameters
    ----------
    magnitude : float
    height : int, default=0
        Of the rectangle, in pixels, cut to the image's; 0 for a random one.
    width : int, default=0
        Of the rectangle, in pixels, cut to the image's; 0 for a random one.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[1, 2, 3], [4, 5, 6]], np.uint8))
    >>> RandomCrop(height=2, width=2).apply(sample, np.random.default_rng(0)).value.tolist()
    [[2, 3], [5, 6]]
    """

    height: int = 0
    width: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        within(self.height, "height", 0, 65535)
        within(self.width, "width", 0, 65535)

    def warp(self, image: Pixels, rng: np.random.Generator) -> Warp:
        """Where its pixels come from."""
        box = []
        for given, full in zip((self.width, self.height), image.shape[1::-1], strict=True):
            side = min(given or max(1, round(full * (1 - rng.uniform(0, 0.5 * self.magnitude)))), full)
            start = int(rng.integers(0, full - side + 1))
            box.append((start, start + side))
        return crop_warp(image.shape, (box[0][0], box[1][0], box[0][1], box[1][1]))

    @classmethod
    def example(cls) -> Example:
        """The image is smaller."""
        return shows(
            "The image is smaller.",
            lambda old, new: (
                new.value.size <= old.value.size and set(new.value.ravel().tolist()) <= set(old.value.ravel().tolist())
            ),
        )

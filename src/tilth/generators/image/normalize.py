"""A mean subtracted and divided by a deviation, channel by channel: the last step before a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.image._base import PixelOperation, shows
from tilth.numerics.augment.images import normalize_image
from tilth.numerics.augment.pixels import Pixels
from tilth.plugin import Example

__all__ = ["Normalize"]


@dataclass(frozen=True)
class Normalize(PixelOperation):
    """A mean subtracted and divided by a deviation, channel by channel: the last step before a model.

    The answer is float32 whatever the image was, so a normalised image cannot be written as a file again.

    Parameters
    ----------
    magnitude : float
        Ignored.
    mean : tuple of float, default=(0.485, 0.456, 0.406)
        Where black is 0 and white is 1.
    std : tuple of float, default=(0.229, 0.224, 0.225)
        Where black is 0 and white is 1.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[0, 255]], np.uint8))
    >>> Normalize(mean=(0.5,), std=(0.5,)).apply(sample, np.random.default_rng(0)).value.tolist()
    [[-1.0, 1.0]]
    """

    ranged: ClassVar[bool] = False
    retypes: ClassVar[bool] = True

    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)

    def __post_init__(self) -> None:
        super().__post_init__()
        normalize_image(np.zeros((1, 1)), self.mean, self.std)

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels."""
        del rng
        return normalize_image(image, self.mean, self.std)

    @classmethod
    def example(cls) -> Example:
        """Values lie about 0."""
        return shows(
            "Values lie about 0.", lambda _, new: new.value.dtype == np.float32 and abs(float(new.value.mean())) < 2
        )

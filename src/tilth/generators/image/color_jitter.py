"""Brightness, contrast, saturation and hue changed by random amounts, in random order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.image._base import PixelOperation, shows, within
from tilth.numerics.augment.images import color_jitter
from tilth.numerics.augment.pixels import Pixels
from tilth.plugin import Example

__all__ = ["ColorJitter"]


@dataclass(frozen=True)
class ColorJitter(PixelOperation):
    """Brightness, contrast, saturation and hue changed by random amounts, in random order.

    At magnitude 1 by factors of 0.2 to 1.8 and by a fifth of the colour circle, as SimCLR's full strength.

    Parameters
    ----------
    magnitude : float
    brightness : float, optional
        Largest change of the factor, in [0, 1]; overrides the magnitude.
    contrast : float, optional
        Largest change of the factor, in [0, 1]; overrides the magnitude.
    saturation : float, optional
        Largest change of the factor, in [0, 1]; overrides the magnitude.
    hue : float, optional
        Largest change of the hue, as a part of the colour circle, in [0, 0.5]; overrides the magnitude.

    References
    ----------
    Chen et al. (2020). A simple framework for contrastive learning of visual representations. ICML.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("image", np.array([[1, 2], [3, 4]], np.uint8))
    >>> ColorJitter(magnitude=0).apply(sample, np.random.default_rng(0)).value.tolist()
    [[1, 2], [3, 4]]
    """

    brightness: float | None = None
    contrast: float | None = None
    saturation: float | None = None
    hue: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("brightness", "contrast", "saturation"):
            within(getattr(self, name), name, 0, 1)
        within(self.hue, "hue", 0, 0.5)

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels."""
        light, spread, colour = (
            0.8 * self.magnitude if given is None else given
            for given in (self.brightness, self.contrast, self.saturation)
        )
        hue = 0.2 * self.magnitude if self.hue is None else self.hue
        return color_jitter(image, rng, brightness=light, contrast=spread, saturation=colour, hue=hue)

    @classmethod
    def example(cls) -> Example:
        """Colours change."""
        return shows(
            "Colours change.",
            lambda old, new: new.value.shape == old.value.shape and bool((new.value != old.value).any()),
        )

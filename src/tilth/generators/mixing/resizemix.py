"""ResizeMix: the whole of another image, made smaller, pasted in, and the label by area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.errors import ParameterError
from tilth.generators.mixing._mix import alike, example_of, image_of, mixed_soft, mixtures, share
from tilth.numerics.augment.mixing_images import resizemix_box
from tilth.plugin import Example, Generator, Run
from tilth.records import Sample

__all__ = ["Resizemix"]


@dataclass(frozen=True)
class Resizemix(Generator):
    """The whole of another image, made smaller, pasted into each image; the label counts the area.

    Unlike with CutMix, the object of the other image is never cut off.

    Parameters
    ----------
    smallest, largest : float, default=0.1 and 0.8
        Side of the pasted image as a part of the image's, in (0, 1].

    References
    ----------
    Qin et al. (2020). ResizeMix: mixing data with preserved object information and true labels. arXiv:2012.11101.

    Examples
    --------
    >>> rows = [Sample("image", np.full((8, 8), 255 * i, np.uint8), str(i), "ab"[i]) for i in range(2)]
    >>> made = Resizemix().generate(rows, 1, Run())[0]
    >>> bool(np.isclose(made.value.mean() / 255, made.soft["b"]))
    True
    """

    accepts: ClassVar[tuple[str, ...]] = ("image",)

    smallest: float = 0.1
    largest: float = 0.8

    def __post_init__(self) -> None:
        share(self.smallest, "smallest")
        share(self.largest, "largest")
        if self.smallest > self.largest:
            raise ParameterError("smallest is above largest", found=f"{self.smallest} and {self.largest}")

    def generate(self, rows: Sequence[Sample], count: int, run: Run) -> list[Sample]:
        """`count` images with another in them; `LabelError` for a label that mixing cannot carry."""
        return mixtures(rows, count, run, self.name or "resizemix", self._mix)

    def _mix(self, pair: list[Sample], rng: np.random.Generator) -> Sample:
        image = image_of(pair[0]).copy()
        height, width = image.shape[:2]
        top, left, bottom, right = resizemix_box(height, width, (self.smallest, self.largest), rng)
        slot = image[top:bottom, left:right]
        image[top:bottom, left:right] = alike(image_of(pair[1]), slot)
        part = (bottom - top) * (right - left) / (height * width)
        return pair[0].changed(image, label=None, soft=mixed_soft(pair, (1 - part, part)))

    @classmethod
    def example(cls) -> Example:
        """The white area is the weight of the white label."""
        return example_of(
            "The white area is the weight of the white label.",
            lambda made: (
                "" if abs(made.value.mean() / 255 - made.soft.get("b", 0)) < 1e-6 else f"it has the label {made.soft}"
            ),
        )

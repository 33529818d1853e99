"""CutMix: a rectangle of another image pasted in, and the label by area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.mixing._mix import alike, example_of, image_of, mixed_soft, mixtures, positive
from tilth.numerics.augment.mixing_images import pasted_box
from tilth.plugin import Example, Generator, Run
from tilth.records import Sample

__all__ = ["Cutmix"]


@dataclass(frozen=True)
class Cutmix(Generator):
    """A rectangle of each image replaced by the same place of another one; the label counts the area really pasted.

    The other image takes the size and channels of the first.

    Parameters
    ----------
    alpha : float, default=1.0
        The part of the image that stays is drawn from Beta(alpha, alpha).

    References
    ----------
    Yun et al. (2019). CutMix: regularization strategy to train strong classifiers with localizable features. ICCV.

    Examples
    --------
    >>> rows = [Sample("image", np.full((8, 8), 255 * i, np.uint8), str(i), "ab"[i]) for i in range(2)]
    >>> made = Cutmix().generate(rows, 1, Run())[0]
    >>> bool(np.isclose(made.value.mean() / 255, made.soft["b"]))
    True
    """

    accepts: ClassVar[tuple[str, ...]] = ("image",)

    alpha: float = 1.0

    def __post_init__(self) -> None:
        positive(self.alpha, "alpha")

    def generate(self, rows: Sequence[Sample], count: int, run: Run) -> list[Sample]:
        """`count` images with a piece of another; `LabelError` for a label that mixing cannot carry."""
        return mixtures(rows, count, run, self.name or "cutmix", self._mix)

    def _mix(self, pair: list[Sample], rng: np.random.Generator) -> Sample:
        image = image_of(pair[0]).copy()
        height, width = image.shape[:2]
        top, left, bottom, right = pasted_box(height, width, 1 - rng.beta(self.alpha, self.alpha), rng)
        image[top:bottom, left:right] = alike(image_of(pair[1]), image)[top:bottom, left:right]
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

"""Mosaic: four images in one; boxes and masks follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from tilth.errors import NotApplicable
from tilth.generators.mixing._mix import alike, example_of, image_of, mixed_soft, mixtures, share
from tilth.numerics.augment.mixing_images import mosaic
from tilth.plugin import Example, Generator, Run
from tilth.records import Sample

__all__ = ["MosaicOfFour"]


@dataclass(frozen=True)
class MosaicOfFour(Generator):
    """Four images around a random point, each covering its quarter; boxes and masks follow.

    Where the images have labels, the new one is weighted by area; images with boxes or masks need none. The result has
    the size, channels and type of the first image.

    Parameters
    ----------
    min_visible : float, default=0.1
        A box of which a smaller part of the area is left is dropped; in (0, 1].

    References
    ----------
    Bochkovskiy, Wang, Liao (2020). YOLOv4: optimal speed and accuracy of object detection. arXiv:2004.10934.

    Examples
    --------
    >>> rows = [Sample("image", np.full((8, 8), 80 * i, np.uint8), str(i), "abc"[i]) for i in range(3)]
    >>> made = MosaicOfFour().generate(rows, 1, Run())[0]
    >>> bool(np.isclose(sum(made.soft.values()), 1))
    True
    """

    accepts: ClassVar[tuple[str, ...]] = ("image",)

    min_visible: float = 0.1

    def __post_init__(self) -> None:
        share(self.min_visible, "min_visible")

    def generate(self, rows: Sequence[Sample], count: int, run: Run) -> list[Sample]:
        """`count` mosaics; `LabelError` where some images have labels and others none."""
        return mixtures(rows, count, run, self.name or "mosaic", self._mix, others=3)

    def _mix(self, four: list[Sample], rng: np.random.Generator) -> Sample:
        images = [image_of(sample, objects=True) for sample in four]
        if min(images[0].shape[:2]) < 2:
            raise NotApplicable("a mosaic needs two pixels each way", where=f"row {four[0].row_id}")
        boxed, masked = (any(getattr(s, what) is not None for s in four) for what in ("boxes", "mask"))
        if masked and not all(sample.mask is not None for sample in four):
            raise NotApplicable("some of the images of a mosaic have no mask", where=f"row {four[0].row_id}")
        boxes = [np.zeros((0, 4)) if sample.boxes is None else sample.boxes for sample in four] if boxed else None
        masks = [sample.mask for sample in four] if masked else None
        made = mosaic(
            [alike(image, images[0], resize=False) for image in images], rng, boxes=boxes, masks=masks,
            min_visible=self.min_visible,
        )  # fmt: skip
        more: dict[str, Any] = {"label": None, "soft": {}, "mask": made.mask}
        if boxed:
            named = [four[image].box_labels[at] for image, at in made.origins.tolist() if four[image].box_labels]
            more |= {"boxes": made.boxes, "box_labels": tuple(named)}
        if any(sample.label is not None or sample.soft for sample in four) or not (boxed or masked):
            more["soft"] = mixed_soft(four, made.shares.tolist())
        return four[0].changed(made.image, **more)

    @classmethod
    def example(cls) -> Example:
        """The white area is the weight of the white label."""
        return example_of(
            "The white area is the weight of the white label.",
            lambda made: (
                "" if abs(made.value.mean() / 255 - made.soft.get("b", 0)) < 1e-6 else f"it has the label {made.soft}"
            ),
        )

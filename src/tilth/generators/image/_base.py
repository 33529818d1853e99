"""What image operations share: changes of pixels, warps that boxes and masks follow, tiny images for examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from tilth.errors import ParameterError, PartError
from tilth.numerics.augment.pixels import Pixels, check_pixels
from tilth.numerics.augment.warps import Warp
from tilth.plugin import Example, Operation
from tilth.records import Sample

__all__ = ["PixelOperation", "WarpOperation", "fill_value", "shows", "tiny", "tiny_images", "warped", "within"]

_NAMED_FILLS = {"black": 0.0, "gray": 0.5, "white": 1.0}


def within(value: Any, what: str, low: float, high: float) -> None:
    """Raise `ParameterError` unless `value` is None or a number in [low, high]."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ParameterError(f"{what} lies in [{low:g}, {high:g}]", found=repr(value))


def fill_value(fill: str | float, dtype: np.dtype[Any] | None = None) -> float | str:
    """A fill in the units of an image: a named grey or a part of white; "reflect" and "edge" as they are."""
    if fill in ("reflect", "edge"):
        return str(fill)
    try:
        share = _NAMED_FILLS[fill] if isinstance(fill, str) and fill in _NAMED_FILLS else float(fill)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ParameterError(
            "no such fill", found=repr(fill), fix="use black, gray, white, reflect, edge, or a part of white in [0, 1]"
        )
    return round(share * np.iinfo(dtype).max) if dtype is not None and dtype.kind in "ui" else share


def tiny(image: Pixels) -> bool:
    """Whether an image has one pixel, which no operation changes."""
    return bool(image.shape[0] * image.shape[1] <= 1)


def warped(sample: Sample, image: Pixels, warp: Warp) -> Sample:
    """A sample with its image, boxes and mask taken through a warp."""
    more: dict[str, Any] = {}
    if sample.boxes is not None:
        more["boxes"], kept = warp.boxes(sample.boxes)
        if sample.box_labels:
            more["box_labels"] = tuple(sample.box_labels[at] for at in kept)
    if sample.mask is not None:
        more["mask"] = warp.mask(sample.mask)
    return sample.changed(warp.image(image), **more)


@dataclass(frozen=True)
class PixelOperation(Operation):
    """An operation that changes colours and leaves every pixel in its place."""

    medium: ClassVar[str] = "image"
    accepts: ClassVar[tuple[str, ...]] = ("image",)

    def pixels(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """The changed pixels, of the same shape and type."""
        raise PartError("this operation changes no pixels", where=f"{self.name} {image.shape} {rng}")

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """The sample with changed colours; boxes and mask stay."""
        image = check_pixels(sample.value, where=sample.row_id)
        return sample if tiny(image) else sample.changed(self.pixels(image, rng))


@dataclass(frozen=True)
class WarpOperation(Operation):
    """An operation that moves pixels; boxes and mask follow."""

    medium: ClassVar[str] = "image"
    accepts: ClassVar[tuple[str, ...]] = ("image",)

    def warp(self, image: Pixels, rng: np.random.Generator) -> Warp:
        """Where the pixels of the new image come from."""
        raise PartError("this operation moves no pixels", where=f"{self.name} {image.shape} {rng}")

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """The sample with image, boxes and mask moved alike."""
        image = check_pixels(sample.value, where=sample.row_id)
        return sample if tiny(image) else warped(sample, image, self.warp(image, rng))


def tiny_images() -> list[Sample]:
    """A colour image with a box and a mask, and a grey one: the input of examples."""
    y, x = np.mgrid[0:12, 0:16]
    colour = np.stack([40 + 12 * x, 30 + 15 * y, np.where((x // 4 + y // 4) % 2, 200, 60)], axis=-1).astype(np.uint8)
    mask = np.zeros((12, 16), dtype=np.uint8)
    mask[2:8, 4:12] = 1
    box = np.array([[4, 2, 12, 8]], dtype=np.float32)
    return [
        Sample("image", colour, "colour", "a", boxes=box, box_labels=("thing",), mask=mask),
        Sample("image", (20 + 10 * x + 4 * y).astype(np.uint8), "grey", "b"),
    ]


def shows(what: str, right: Callable[[Sample, Sample], bool], **params: Any) -> Example:
    """An example on `tiny_images`: `right` says of each image, old and new, whether the new one is as it should be."""
    given = tiny_images()

    def check(made: list[Sample]) -> str:
        wrong = [old.row_id for old, new in zip(given, made, strict=True) if not right(old, new)]
        return f"the image {wrong[0]!r} is wrong" if wrong else ""

    return Example(given, check, what, params)

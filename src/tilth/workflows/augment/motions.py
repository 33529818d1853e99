"""What an operation really does to the directions of an image: told from a probe that goes through it."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import TilthError
from tilth.plugin import Operation, sample_rng
from tilth.records import Sample

__all__ = ["Motion", "motion_of"]

#: Times that the probe goes through an operation.
DRAWS = 64
#: Sides of the probe in pixels: the next one where an operation refuses the first, such as a crop to a larger size.
SIDES = (64, 512)
#: Fields of the probe along each side.
FIELDS = 4
#: Transforms of other libraries that mirror or turn for sure, however seldom, and what is left of x and y.
NAMED = {
    "HorizontalFlip": (-1.0, 1.0),
    "VerticalFlip": (1.0, -1.0),
    "Transpose": (0.0, 0.0),
    "RandomRotate90": (-1.0, -1.0),
    "D4": (-1.0, -1.0),
    "SquareSymmetry": (-1.0, -1.0),
    "RandomHorizontalFlip": (-1.0, 1.0),
    "RandomVerticalFlip": (1.0, -1.0),
    "RandomRotation90": (-1.0, -1.0),
}


@dataclass(frozen=True)
class Motion:
    """How much is left of the directions of an image in the worst of many draws, as cosines of angles.

    Parameters
    ----------
    x : float
        1 where left stays left, 0 at a quarter turn, -1 where left becomes right.
    y : float
        The same for up and down.
    level : float
        1 where the horizontal stays horizontal, mirrored or not; 0 where it becomes vertical.
    """

    x: float = 1.0
    y: float = 1.0
    level: float = 1.0

    def with_matrix(self, x: float, y: float) -> Motion:
        """The worse of this and another one."""
        return Motion(min(self.x, x), min(self.y, y), min(self.level, abs(x)))


def motion_of(operation: Operation) -> Motion:
    """What an operation on images does to left and right, up and down, at the magnitude that it has.

    A mask of sixteen fields follows the image through the operation; where the fields lie afterwards says how it was
    mirrored and turned, whichever parameter or library did it.

    Examples
    --------
    >>> from tilth.generators.image.horizontal_flip import HorizontalFlip
    >>> motion_of(HorizontalFlip())
    Motion(x=-1.0, y=1.0, level=1.0)
    """
    found = Motion()
    for name in _transforms(getattr(operation, "transform", ""), getattr(operation, "params", {})):
        if name in NAMED:
            x, y = NAMED[name]
            found = found.with_matrix(x, y)
            found = Motion(found.x, found.y, 0.0 if x == y else found.level)
    for side in SIDES:
        try:
            for x, y in _draws(operation, side):
                found = found.with_matrix(x, y)
        except TilthError:
            continue  # nothing follows it, or its library is missing: only its name speaks
        break
    return found


def _transforms(name: Any, params: Any) -> Iterator[str]:
    """Names of a transform of another library and of those that it joins."""
    if isinstance(name, str) and name:
        yield name
    inner = params.get("transforms", ()) if isinstance(params, Mapping) else ()
    for step in inner if isinstance(inner, (list, tuple)) else ():
        if isinstance(step, str):
            yield step
        elif isinstance(step, Mapping):
            for one, more in step.items():
                yield from _transforms(str(one), more)


@functools.lru_cache(maxsize=4)
def _probe(side: int) -> Sample:
    y, x = np.mgrid[0:side, 0:side]
    mask = (1 + y * FIELDS // side * FIELDS + x * FIELDS // side).astype(np.uint8)
    image = np.stack([x * 255 // side, y * 255 // side, (x + y) * 127 // side], axis=-1).astype(np.uint8)
    return Sample("image", image, "probe", mask=mask)


def _middles(mask: npt.NDArray[Any]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Which fields are in sight, and the (x, y) of each one's middle, shape (16, 2)."""
    flat, count = mask.ravel().astype(np.int64), FIELDS**2 + 1
    y, x = (grid.ravel() for grid in np.mgrid[0 : mask.shape[0], 0 : mask.shape[1]])
    sizes = np.bincount(flat, minlength=count)[1:count]
    sums = [np.bincount(flat, weights=place, minlength=count)[1:count] for place in (x, y)]
    return sizes >= 4, np.stack(sums, axis=1) / np.maximum(sizes, 1)[:, None]


def _draws(operation: Operation, side: int) -> list[tuple[float, float]]:
    """What is left of x and of y in each draw that can be told."""
    probe = _probe(side)
    _, before = _middles(np.asarray(probe.mask))
    found = []
    for draw in range(DRAWS):
        made = operation.apply(probe, sample_rng(0, draw, "probe", operation.name)).mask
        seen, after = _middles(np.asarray(made))
        if seen.sum() < 4:
            continue
        known = np.column_stack([before[seen], np.ones(int(seen.sum()))])
        matrix = np.linalg.lstsq(known, after[seen], rcond=None)[0][:2].T
        left, sizes, right = np.linalg.svd(matrix)
        if sizes[1] > 0.05:
            turn = left @ right
            found.append((round(float(turn[0, 0]), 6), round(float(turn[1, 1]), 6)))
    return found

"""Images to vectors without a trained model: gradients, structure and colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tilth.numerics.media.images import decode_image, resize
from tilth.plugin import Embedder, Example, Run
from tilth.records import MemoryItems

__all__ = ["ImageFeatures", "describe"]

Float32 = npt.NDArray[np.float32]

SIDE = 48
CELL = 8
DIRECTIONS = 16
#: Multiplies each block, so that over photographs no block's variance drowns the others: structure, gradients and
#: coarse gradients weigh about 4 to 2 to 1, colour less.
SCALES = {"gradients": 1.0, "coarse_gradients": 1.6, "structure": 0.25, "colour": 1.5}


@dataclass(frozen=True)
class ImageFeatures(Embedder):
    """Describe images by the directions of their edges, their rough structure and their colours.

    Needs no download and no training: the same image always has the same vector, whatever else is in
    the dataset. Every image is made square first, so its proportions do not count. The blocks are

    - histograms of 16 gradient directions in 6 x 6 and in 3 x 3 cells, with the contrast of the
      neighbourhood divided out (576 + 144 numbers) [1]_,
    - the image in 16 x 16 grey values, brightness and contrast divided out (256),
    - mean and standard deviation of each channel, a histogram of 4 x 4 hues and saturations, and the
      colours of a 3 x 3 grid (6 + 16 + 27).

    An image that cannot be read has NaN in every column.

    References
    ----------
    .. [1] Dalal, Triggs (2005). Histograms of oriented gradients for human detection. CVPR.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> example = ImageFeatures.example()
    >>> ImageFeatures().embed(example.given, Run()).shape
    (4, 1025)
    """

    accepts: ClassVar[tuple[str, ...]] = ("image",)

    def embed(self, items: Any, run: Run) -> Float32:
        """Vectors of encoded images, shape (n, 1025)."""
        results = run.map_items(describe, items, maker=self.spec())
        out = np.full((len(results), N_FEATURES), np.nan, dtype=np.float32)
        for row, result in enumerate(results):
            if not isinstance(result, Exception):
                out[row] = result
        return out

    @classmethod
    def example(cls) -> Example:
        """Stripes that lie, the same ones darker, stripes that stand, and bytes that are no image."""
        from tilth.numerics.media.images import thumbnail_png

        lying = np.repeat((np.arange(32) // 4 % 2 * 200)[:, None], 32, axis=1).astype(np.uint8)
        pictures = [thumbnail_png(p, 32) for p in (lying, lying // 2, lying.T)]

        def check(vectors: Float32) -> str:
            if not np.isnan(vectors[3]).all():
                return "the unreadable image should be all NaN"
            near, far = (float(np.linalg.norm(vectors[0] - vectors[i])) for i in (1, 2))
            return "" if near < far / 2 else f"darker stripes at {near:.2f}, turned ones at {far:.2f}"

        return Example(MemoryItems([*pictures, b"no image"]), check, "Light counts little, structure counts much.")


N_FEATURES = (SIDE // CELL) ** 2 * DIRECTIONS + (SIDE // CELL // 2) ** 2 * DIRECTIONS + 256 + 6 + 16 + 27


def describe(data: bytes) -> Float32:
    """Features of one encoded image, shape (1025,), float32; raises `DataError` where it cannot be read."""
    pixels = decode_image(data)
    grey = np.sqrt(resize(pixels, SIDE).mean(axis=2, dtype=np.float64) / 255)
    grey = (grey - grey.mean()) / (grey.std() + 0.05)
    cells = _direction_cells(grey)
    half = cells.shape[0] // 2
    coarse = cells.reshape(half, 2, half, 2, DIRECTIONS).sum(axis=(1, 3))
    small = resize(pixels, 16).mean(axis=2, dtype=np.float64) / 255
    blocks = {
        "gradients": _normalise(cells, 0.1),
        "coarse_gradients": _normalise(coarse, 0.4),
        "structure": (small - small.mean()) / (small.std() + 0.05),
        "colour": _colours(pixels),
    }
    return np.concatenate([block.ravel() * SCALES[name] for name, block in blocks.items()]).astype(np.float32)


def _direction_cells(grey: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Gradient strength by cell and direction, shape (c, c, 16); pixels and directions shared between bins."""
    down, right = np.gradient(grey)
    strength = np.hypot(down, right).ravel()
    turn = (np.arctan2(down, right).ravel() % (2 * np.pi)) * (DIRECTIONS / (2 * np.pi))
    low = np.floor(turn)
    share = turn - low
    first = low.astype(np.int64) % DIRECTIONS
    planes = np.zeros((grey.size, DIRECTIONS))
    pixel = np.arange(grey.size)
    planes[pixel, first] = strength * (1 - share)
    planes[pixel, (first + 1) % DIRECTIONS] = strength * share
    n_cells = SIDE // CELL
    place = (np.arange(SIDE) + 0.5) / CELL - 0.5
    weight = np.clip(1 - np.abs(place[None, :] - np.arange(n_cells)[:, None]), 0, None)
    rows = np.tensordot(weight, planes.reshape(SIDE, SIDE, DIRECTIONS), axes=(1, 0))
    cells: npt.NDArray[np.float64] = np.tensordot(rows, weight, axes=(1, 1)).transpose(0, 2, 1)
    return cells


def _normalise(cells: npt.NDArray[np.float64], floor: float) -> npt.NDArray[np.float64]:
    """Each cell divided by the strength of the four blocks of 2 x 2 cells around it, clipped and averaged."""
    n = cells.shape[0]
    energy = np.pad((cells**2).sum(axis=2), 1, mode="edge")
    block = energy[:-1, :-1] + energy[1:, :-1] + energy[:-1, 1:] + energy[1:, 1:]
    out = np.zeros_like(cells)
    for i in (0, 1):
        for j in (0, 1):
            out += np.minimum(cells / np.sqrt(block[i : i + n, j : j + n, None] + floor), 0.4)
    return out / 4


def _colours(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Channel moments, a histogram of hue and saturation, and a 3 x 3 grid of colours, shape (49,)."""
    small = resize(pixels, 24).astype(np.float64) / 255
    flat = small.reshape(-1, 3)
    top, bottom = flat.max(axis=1), flat.min(axis=1)
    chroma = top - bottom
    saturation = chroma / np.maximum(top, 1e-6)
    # an angle in the plane of equal brightness
    hue = np.arctan2(np.sqrt(3) * (flat[:, 1] - flat[:, 2]), 2 * flat[:, 0] - flat[:, 1] - flat[:, 2])
    bins = np.floor((hue + np.pi) / (2 * np.pi) * 4).astype(np.int64) % 4 * 4
    bins += np.minimum((saturation * 4).astype(np.int64), 3)
    histogram = np.bincount(bins, weights=chroma + 0.05, minlength=16)
    grid = small.reshape(3, 8, 3, 8, 3).mean(axis=(1, 3))
    return np.concatenate([flat.mean(axis=0), flat.std(axis=0), histogram / histogram.sum(), grid.ravel() / 3])

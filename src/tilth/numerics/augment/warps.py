"""Warps: where each pixel of a new image comes from, so that image, mask and boxes all go the same way.

A warp is planned once (`affine_warp`, `resized_crop_warp`, `elastic_warp`, ...) and then applied to what belongs
together. Coordinates count from the top left corner of the image: pixel (row, column) covers the square from (column,
row) to (column + 1, row + 1), and angles turn counter-clockwise as seen on a screen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, DataError, ParameterError
from tilth.numerics.augment.pixels import Pixels, check_pixels

__all__ = ["Warp"]

Matrix = NDArray[np.float64]
_NONE = np.zeros((0, 0, 0), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Warp:
    """Where each pixel of a new image comes from.

    Parameters
    ----------
    source : (int, int)
        Height and width of the images that it reads.
    size : (int, int)
        Height and width of the images that it makes.
    matrix : (3, 3) float64
        Takes a place (x, y, 1) of the new image to a place of the old one; ignored where there are places.
    places : (2, h, w) float32, optional
        x and y, in the old image, of the middle of each new pixel.
    fill : float or {"reflect", "edge"}, default 0
        What lies outside the old image: a value in the image's own units, its mirror image or its last pixels.
        Alpha channels and masks are always filled with 0.
    interpolation : {"bilinear", "nearest"}
        For images; masks always take the nearest pixel.

    Examples
    --------
    >>> from tilth.numerics.augment.warp_plans import flip_warp
    >>> flip = flip_warp((1, 3))
    >>> flip.image(np.array([[1, 2, 3]], dtype=np.uint8)).tolist()
    [[3, 2, 1]]
    >>> flip.boxes([[0, 0, 1, 1]])[0].tolist()
    [[2.0, 0.0, 3.0, 1.0]]
    """

    source: tuple[int, int]
    size: tuple[int, int]
    matrix: Matrix = field(default_factory=lambda: np.eye(3))
    places: NDArray[np.float32] = field(default_factory=lambda: _NONE)
    fill: float | str = 0.0
    interpolation: str = "bilinear"

    def __post_init__(self) -> None:
        if isinstance(self.fill, str) and self.fill not in ("reflect", "edge"):
            raise ParameterError("a fill is a number, 'reflect' or 'edge'", found=repr(self.fill))
        if self.interpolation not in ("bilinear", "nearest"):
            raise ParameterError("interpolation is 'bilinear' or 'nearest'", found=repr(self.interpolation))
        if min(*self.source, *self.size) < 1:
            raise ParameterError("an image has a pixel at least", found=f"{self.source} to {self.size}")

    def image(self, image: ArrayLike) -> Pixels:
        """The warped image.

        Parameters
        ----------
        image : (h, w) or (h, w, c) array_like

        Returns
        -------
        array of the same type and channels
        """
        pixels = self._checked(image)
        turned = self._turned(pixels, self.fill)
        if turned is not None:
            return turned
        if pixels.ndim == 2:
            return self._plane(pixels, self.fill)
        channels = pixels.shape[2]
        if channels == 3 and (pixels.dtype == np.uint8 or self.places.size):
            return self._plane(pixels, self.fill)
        if channels == 4:
            made = self.image(np.ascontiguousarray(pixels[..., :3]))
            return np.concatenate([made, self._plane(pixels[..., 3], self._alpha_fill)[..., None]], axis=-1)
        fills = [self._alpha_fill if channels == 2 and c == 1 else self.fill for c in range(channels)]
        return np.stack([self._plane(pixels[..., c], fills[c]) for c in range(channels)], axis=-1)

    def mask(self, mask: ArrayLike) -> NDArray[Any]:
        """The warped mask: each pixel takes the nearest class, 0 outside the old image.

        Parameters
        ----------
        mask : (h, w) array_like
        """
        held = self._checked(mask, "a mask")
        turned = self._turned(held, self._alpha_fill)
        if turned is not None:
            return turned
        x, y = (np.floor(places).astype(np.int64) for places in self._places())
        height, width = self.source
        if isinstance(self.fill, str):
            folded: Pixels = held[_folded(y, height, self.fill), _folded(x, width, self.fill)]
            return folded
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        made: Pixels = held[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
        made[~inside] = 0
        return made

    def boxes(self, boxes: ArrayLike, *, min_visible: float = 0.1) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The boxes of the warped image: what encloses the warped old ones, cut at the image's edges.

        Parameters
        ----------
        boxes : (m, 4) array_like
            Pixel corners x0, y0, x1, y1.
        min_visible : float, default 0.1
            A box of which a smaller part of the area is left in the image is dropped.

        Returns
        -------
        boxes : (k, 4) float32
        kept : (k,) int64
            Which of the old boxes they were.
        """
        old = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
        if not np.isfinite(old).all() or (old[:, 2:] < old[:, :2]).any():
            raise DataError("boxes are x0 <= x1 and y0 <= y1", found=repr(old.tolist())[:80])
        made, shares = self._enclosing_field(old) if self.places.size else self._enclosing_matrix(old)
        sides = made[:, 2:] - made[:, :2]
        kept = np.flatnonzero((shares >= min_visible) & (sides > 0).all(axis=1))
        return made[kept].astype(np.float32), kept

    @property
    def _alpha_fill(self) -> float | str:
        return self.fill if isinstance(self.fill, str) else 0.0

    def _checked(self, image: ArrayLike, what: str = "an image") -> Pixels:
        pixels = check_pixels(image)
        if pixels.shape[:2] != self.source:
            raise AlignmentError(
                f"{what} has another size than the warp", found=f"{pixels.shape[:2]} for {self.source}"
            )
        return pixels

    def _turned(self, pixels: Pixels, fill: float | str) -> Pixels | None:
        """Flips, quarter turns and shifts by whole pixels, without interpolation; else None."""
        m = self.matrix
        if self.places.size or m[2, 0] or m[2, 1] or m[2, 2] != 1:
            return None
        a, b, d, e = m[0, 0], m[0, 1], m[1, 0], m[1, 1]
        straight = abs(a) == 1 and abs(e) == 1 and b == d == 0
        crossed = abs(b) == 1 and abs(d) == 1 and a == e == 0
        if not (straight or crossed) or m[0, 2] != round(m[0, 2]) or m[1, 2] != round(m[1, 2]):
            return None
        height, width = self.size
        columns = np.arange(width if straight else height) * round(a if straight else b)
        rows = np.arange(height if straight else width) * round(e if straight else d)
        columns += round(m[0, 2]) - (1 if (a if straight else b) < 0 else 0)
        rows += round(m[1, 2]) - (1 if (e if straight else d) < 0 else 0)
        made = self._gathered(pixels, rows, columns, fill)
        return made if straight else np.ascontiguousarray(made.swapaxes(0, 1))

    def _gathered(self, pixels: Pixels, rows: NDArray[Any], columns: NDArray[Any], fill: float | str) -> Pixels:
        """``pixels[rows][:, columns]`` with the fill outside."""
        height, width = self.source
        if isinstance(fill, str):
            turned: Pixels = pixels[_folded(rows, height, fill)][:, _folded(columns, width, fill)]
            return turned
        good_rows, good_columns = (rows >= 0) & (rows < height), (columns >= 0) & (columns < width)
        if good_rows.all() and good_columns.all():
            return _sliced(pixels, rows, columns)
        made = np.full((len(rows), len(columns), *pixels.shape[2:]), fill, dtype=pixels.dtype)
        if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
            made[..., -1] = 0
        if good_rows.any() and good_columns.any():
            at_rows, at_columns = np.flatnonzero(good_rows), np.flatnonzero(good_columns)
            made[at_rows[0] : at_rows[-1] + 1, at_columns[0] : at_columns[-1] + 1] = _sliced(
                pixels, rows[good_rows], columns[good_columns]
            )
        return made

    def _places(self) -> NDArray[np.float64]:
        """x and y in the old image of the middle of each new pixel, (2, h, w)."""
        if self.places.size:
            return self.places.astype(np.float64)
        height, width = self.size
        x, y = np.arange(width) + 0.5, np.arange(height)[:, None] + 0.5
        places = [row[0] * x + row[1] * y + row[2] for row in self.matrix]
        found: NDArray[np.float64] = np.stack(places[:2]) / places[2]
        return found

    def _plane(self, pixels: Pixels, fill: float | str) -> Pixels:
        """A grey or RGB image through the warp."""
        if self.places.size:
            return _remap(pixels, self.places, fill)
        m = self.matrix
        if not (m[0, 1] or m[1, 0] or m[2, 0] or m[2, 1]) and m[0, 0] > 0 and m[1, 1] > 0:
            x, y = m[0, 2] / m[2, 2], m[1, 2] / m[2, 2]
            box = (x, y, x + m[0, 0] * self.size[1], y + m[1, 1] * self.size[0])
            if x >= 0 and y >= 0 and box[2] <= self.source[1] + 1e-6 and box[3] <= self.source[0] + 1e-6:
                return self._resized(pixels, (x, y, min(box[2], self.source[1]), min(box[3], self.source[0])))
        return self._transformed(pixels, fill)

    def _resized(self, pixels: Pixels, box: tuple[float, float, float, float]) -> Pixels:
        """A crop of the old image, made larger or, with smoothing, smaller."""
        from PIL import Image

        kind = Image.Resampling.NEAREST if self.interpolation == "nearest" else Image.Resampling.BILINEAR
        height, width = self.size
        made = np.array(_pillow(pixels).resize((width, height), kind, box=box))
        return _back(made, pixels.dtype)

    def _transformed(self, pixels: Pixels, fill: float | str) -> Pixels:
        """An affine or perspective warp by Pillow; mirrored or repeated edges are padded first."""
        from PIL import Image

        m = self.matrix / self.matrix[2, 2]
        if isinstance(fill, str):
            pixels, m = _margin(pixels, m, self.size, fill)
        plain = not (m[2, 0] or m[2, 1])
        kind = Image.Resampling.NEAREST if self.interpolation == "nearest" else Image.Resampling.BILINEAR
        level = 0.0 if isinstance(fill, str) else fill
        value: Any = float(level) if pixels.dtype != np.uint8 else round(level)
        made = _pillow(pixels).transform(
            (self.size[1], self.size[0]),
            Image.Transform.AFFINE if plain else Image.Transform.PERSPECTIVE,
            m.ravel()[: 6 if plain else 8].tolist(),
            kind,
            fillcolor=(value,) * 3 if pixels.ndim == 3 else value,
        )
        return _back(np.array(made), pixels.dtype)

    def _enclosing_matrix(self, old: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        forward = np.linalg.inv(self.matrix)
        corners = old[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2) @ forward[:, :2].T + forward[:, 2]
        places = corners[..., :2] / corners[..., 2:]
        whole = np.concatenate([places.min(axis=1), places.max(axis=1)], axis=1)
        whole = np.where(np.abs(whole - np.rint(whole)) < 1e-9, np.rint(whole), whole)
        height, width = self.size
        cut = np.clip(whole, 0, [width, height, width, height])
        area = np.prod(whole[:, 2:] - whole[:, :2], axis=1)
        return cut, np.prod(cut[:, 2:] - cut[:, :2], axis=1) / np.maximum(area, 1e-12)

    def _enclosing_field(self, old: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The new pixels that come from inside each box tell where it went."""
        x, y = self.places
        made, shares = np.zeros((len(old), 4)), np.zeros(len(old))
        for at, (x0, y0, x1, y1) in enumerate(old.tolist()):
            hit = (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
            if hit.any():
                rows, columns = np.flatnonzero(hit.any(axis=1)), np.flatnonzero(hit.any(axis=0))
                made[at] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
                shares[at] = hit.sum() / max((x1 - x0) * (y1 - y0), 1e-12)
        return made, shares


def _folded(at: NDArray[Any], n: int, how: str) -> NDArray[Any]:
    """Places outside [0, n) brought inside: mirrored about the first and last pixel, or clipped to them."""
    if how == "edge" or n == 1:
        clipped: NDArray[Any] = np.clip(at, 0, n - 1)
        return clipped
    turn: NDArray[Any] = np.mod(at, 2 * (n - 1))
    return np.where(turn < n, turn, 2 * (n - 1) - turn)


def _sliced(pixels: Pixels, rows: NDArray[Any], columns: NDArray[Any]) -> Pixels:
    """``pixels[rows][:, columns]`` for consecutive places in either direction, as a copy."""

    def span(at: NDArray[Any]) -> slice:
        step = 1 if len(at) < 2 or at[1] > at[0] else -1
        stop = int(at[-1]) + step
        return slice(int(at[0]), None if stop < 0 else stop, step)

    return np.ascontiguousarray(pixels[span(rows), span(columns)])


def _pillow(pixels: Pixels) -> Any:
    from PIL import Image

    plain = pixels if pixels.dtype == np.uint8 else pixels.astype(np.float32)
    return Image.fromarray(np.ascontiguousarray(plain))


def _back(made: Pixels, kind: np.dtype[Any]) -> Pixels:
    return made if made.dtype == kind else (np.rint(made) if kind.kind in "ui" else made).astype(kind)


def _margin(pixels: Pixels, matrix: Matrix, size: tuple[int, int], how: str) -> tuple[Pixels, Matrix]:
    """Pad an image as far as a warp looks beyond its edges."""
    height, width = size
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], dtype=np.float64) @ matrix.T
    places = corners[:, :2] / corners[:, 2:]
    limit = 2 * max(pixels.shape[:2])
    low = np.clip(np.ceil(-places.min(axis=0)), 0, limit).astype(int) + 1
    high = np.clip(np.ceil(places.max(axis=0) - [pixels.shape[1], pixels.shape[0]]), 0, limit).astype(int) + 1
    pads = [(int(low[1]), int(high[1])), (int(low[0]), int(high[0])), *[(0, 0)] * (pixels.ndim - 2)]
    mode: Any = how
    moved = np.array([[1, 0, low[0]], [0, 1, low[1]], [0, 0, 1]], dtype=np.float64)
    return np.pad(pixels, pads, mode=mode), moved @ matrix


def _remap(pixels: Pixels, places: NDArray[np.float32], fill: float | str) -> Pixels:
    """Bilinear values of an image at given places."""
    height, width = pixels.shape[:2]
    x, y = places[0] - np.float32(0.5), places[1] - np.float32(0.5)
    left, top = np.floor(x), np.floor(y)
    along, down = x - left, y - top
    column, row = left.astype(np.int32), top.astype(np.int32)
    how = fill if isinstance(fill, str) else "edge"
    columns = [_folded(column + step, width, how) for step in (0, 1)]
    rows = [_folded(row + step, height, how) * width for step in (0, 1)]
    flat = pixels.reshape(height * width, -1).astype(np.float32)
    made = np.zeros((x.size, flat.shape[1]), dtype=np.float32)
    for r, by_row in enumerate((1 - down, down)):
        for c, by_column in enumerate((1 - along, along)):
            made += flat.take((rows[r] + columns[c]).ravel(), axis=0) * (by_row * by_column).reshape(-1, 1)
    if not isinstance(fill, str):
        outside = (places[0] < 0) | (places[0] >= width) | (places[1] < 0) | (places[1] >= height)
        made[outside.ravel()] = fill
    return _back(made.reshape(*x.shape, *pixels.shape[2:]), pixels.dtype)

"""All-pairs nearest-neighbour search in blocks of bounded memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ExactSearch", "exact_block_rows"]

Float32 = NDArray[np.float32]
Indices = NDArray[np.integer[Any]]

_BLOCK_BYTES = 32 * 2**20
_SLACK = 8
_UNIT_ROUNDOFF = 2.0**-24


def exact_block_rows(n: int) -> int:
    """Rows of an n-row table that are compared with all others at once by default: as many as fit 32 MiB.

    Examples
    --------
    >>> exact_block_rows(10_000)
    838
    """
    return max(1, _BLOCK_BYTES // (4 * n))


class ExactSearch:
    """All-pairs search: matrix products give lower bounds, differences give the distances that are kept."""

    def __init__(self, points: Float32, k: int, metric: str, exact_products: bool) -> None:
        self.points, self.k, self.exact_products = points, k, exact_products
        norms = np.einsum("ij,ij->i", points, points)
        self.zero = (norms == 0) if metric == "cosine" else np.zeros(len(points), dtype=bool)
        # A product in float32 errs by at most about sqrt(d) roundings: shrinking the norms by that much makes
        # norm + norm - 2 product a lower bound of the squared distance. The norms ride along as two columns.
        error = 0.0 if exact_products else (8 + 4 * np.sqrt(points.shape[1])) * _UNIT_ROUNDOFF
        norms = (np.where(self.zero, np.float32(1), norms) * (1 - error)).astype(np.float32)[:, None]
        ones = np.ones_like(norms)
        self.left = np.hstack([-2 * points, norms, ones])
        self.right = np.hstack([points, ones, norms]).T
        self.known: dict[bytes, tuple[Indices, Float32]] = {}

    def search(self, queries: Indices, block_rows: int) -> tuple[NDArray[np.int64], Float32]:
        indices = np.empty((len(queries), self.k), dtype=np.int64)
        squared = np.empty((len(queries), self.k), dtype=np.float32)
        for start in range(0, len(queries), block_rows):
            part = slice(start, start + block_rows)
            indices[part], squared[part] = self._block(queries[part])
        return indices, squared

    def _block(self, rows: Indices) -> tuple[NDArray[np.int64], Float32]:
        k = self.k
        lower = self.left[rows] @ self.right
        lower[np.arange(len(rows)), rows] = np.inf
        candidates, bound = _smallest(lower, min(k + _SLACK, len(self.points) - 1), rows)
        squared = self._squared(rows, candidates)
        squared[candidates == rows[:, None]] = np.inf
        order = np.lexsort((candidates, squared), axis=1)[:, :k]
        indices = np.take_along_axis(candidates, order, axis=1)
        squared = np.take_along_axis(squared, order, axis=1)
        # Rows left out lie at or beyond the bound; where one may tie with or beat the k-th, look at all that could.
        for i in np.flatnonzero(bound <= squared[:, -1]):
            indices[i], squared[i] = self._resolve(int(rows[i]), lower[i], squared[i, -1])
        return indices, squared

    def _squared(self, rows: Indices, candidates: Indices) -> Float32:
        out = np.empty(candidates.shape, dtype=np.float32)
        block = min(_BLOCK_BYTES, 4 * len(self.points) * max(len(rows), 1))
        step = max(1, block // (8 * candidates.shape[1] * self.points.shape[1]))
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            difference = self.points[candidates[part]] - self.points[rows[part], None, :]
            out[part] = np.einsum("ijk,ijk->ij", difference, difference)
        out[self.zero[rows]] = 2
        out[self.zero[candidates]] = 2
        return out

    def _resolve(self, row: int, lower: Float32, limit: np.float32) -> tuple[Indices, Float32]:
        """The k nearest among all rows within the limit; rows with equal features share one look-up."""
        key = self.points[row].tobytes()
        if key not in self.known:
            others = np.flatnonzero(lower <= limit)
            if self.exact_products:
                squared = lower[others]
            else:
                squared = self._squared(np.full(len(others), row), others[:, None])[:, 0]
            members = np.append(others, row)
            squared = np.append(squared, np.float32(0))
            order = np.lexsort((members, squared))[: self.k + 1]
            self.known[key] = (members[order], squared[order])
        members, squared = self.known[key]
        keep = np.flatnonzero(members != row)[: self.k]
        return members[keep], squared[keep]


def _smallest(lower: Float32, count: int, filler: Indices) -> tuple[NDArray[np.int64], Float32]:
    """At least `count` smallest columns of each row (short rows filled up), and a bound on all columns left out.

    The `count`-th smallest of the minima of column groups bounds the `count`-th smallest entry and is cheap to find.
    """
    height, n = lower.shape
    group = max(1, min(16, n // (4 * count)))
    width = n // group
    minima = lower[:, : width * group].reshape(height, group, width).min(axis=1)
    bound = np.partition(minima, count - 1, axis=1)[:, count - 1]
    where = np.flatnonzero(lower <= bound[:, None])
    row, column = np.divmod(where, n)
    found = np.bincount(row, minlength=height)
    place = np.arange(len(where)) - np.repeat(np.cumsum(found) - found, found)
    cap = min(4 * count, int(found.max()))
    candidates = np.repeat(filler[:, None].astype(np.int64), cap, axis=1)
    inside = place < cap
    candidates[row[inside], place[inside]] = column[inside]
    for i in np.flatnonzero(found > cap):  # many ties: any `cap` of the smallest, with their own bound
        candidates[i] = np.argpartition(lower[i], cap - 1)[:cap]
        bound[i] = lower[i, candidates[i]].max()
    return candidates, np.where(found > cap, bound, np.nextafter(bound, np.float32(np.inf)))

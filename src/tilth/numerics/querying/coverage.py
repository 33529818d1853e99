"""Core-sets: k-center greedy in one matrix-vector pass a pick, and a partitioned version with a certified bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import ParameterError
from tilth.numerics.querying.scores import check_rows

__all__ = ["KCenter", "k_center", "k_center_partitioned", "nearest_distance"]

Ints = NDArray[np.int64]
Matrix = NDArray[np.floating[Any]]
_BLOCK_BYTES = 32 * 2**20


@dataclass(frozen=True, eq=False)
class KCenter:
    """Centers and how well they cover the rows.

    Attributes
    ----------
    indices : (k,) int64 array
        Rows picked, in order.
    gaps : (k,) float64 array
        Distance of each pick to the nearest center before it; infinite for a first pick without any.
    radius : float
        Largest distance of any row to its nearest center, in the units of the features.
    bound : float
        Certified: the best possible radius with as many centers is at least ``radius / bound``.
    """

    indices: Ints
    gaps: NDArray[np.float64]
    radius: float
    bound: float


def nearest_distance(X: ArrayLike, centers: ArrayLike) -> NDArray[np.float64]:
    """Euclidean distance of each row to its nearest center; infinite where there are no centers.

    Parameters
    ----------
    X : (n, d) array_like of float, finite
    centers : (m, d) array_like of float, finite

    Returns
    -------
    (n,) float64 array
        Computed in blocks of 32 MiB.

    Examples
    --------
    >>> nearest_distance([[0.0], [3.0]], [[1.0]])
    array([1., 2.])
    """
    rows, points = check_rows(X), check_rows(centers, name="centers")
    best = np.full(len(rows), np.inf)
    if not len(points):
        return best
    points = points.astype(rows.dtype, copy=False)
    shift = points.mean(axis=0)
    points = points - shift
    lengths = np.einsum("ij,ij->i", points, points)
    step = max(1, _BLOCK_BYTES // (rows.itemsize * max(len(points), rows.shape[1])))
    for start in range(0, len(rows), step):
        block = rows[start : start + step] - shift
        near = lengths - 2 * (block @ points.T)
        best[start : start + step] = near.min(axis=1) + np.einsum("ij,ij->i", block, block)
    return np.asarray(np.sqrt(np.maximum(best, 0)))


def _check_k(k: int, n: int, selected: ArrayLike | None) -> Ints:
    given = np.unique(np.asarray([] if selected is None else selected, dtype=np.int64))
    if len(given) and (given[0] < 0 or given[-1] >= n):
        raise ParameterError("a selected row is outside the rows", found=str(int(given[-1])), fix=f"there are {n} rows")
    if not 0 < k <= n - len(given):
        raise ParameterError(
            "the number of picks must be at least 1 and at most the rows that are left",
            found=f"{k} of {n - len(given)}",
            fix="lower the budget",
        )
    return given


def k_center(X: ArrayLike, k: int, *, selected: ArrayLike | None = None) -> KCenter:
    """Pick the row that is farthest from all picked rows, k times: k-center greedy [1]_, the core-set [2]_.

    The radius is at most twice the best possible [1]_. Each pick costs one product of the matrix and a vector;
    memory beside X is O(n).

    Parameters
    ----------
    X : (n, d) array_like of float, finite
        float32 is computed in float32.
    k : int
        Number of picks, at most the rows that are not yet selected.
    selected : (m,) array_like of int, optional
        Rows that are centers already (labelled rows). Without any, the first pick is the row nearest to the mean.

    Returns
    -------
    KCenter
        Of equally far rows the first is picked.

    Raises
    ------
    ParameterError, DataError

    References
    ----------
    .. [1] Gonzalez (1985). Clustering to minimize the maximum intercluster distance. TCS 38.
    .. [2] Sener, Savarese (2018). Active learning for convolutional neural networks: a core-set approach. ICLR.

    Examples
    --------
    >>> found = k_center([[0.0], [1.0], [10.0], [11.0]], 2, selected=[0])
    >>> found.indices, found.radius
    (array([3, 1]), 1.0)
    """
    rows = check_rows(X)
    given = _check_k(k, len(rows), selected)
    shift = rows.mean(axis=0, dtype=np.float64).astype(rows.dtype)
    return _greedy(rows, shift, k, given)


def _greedy(rows: Matrix, shift: Matrix, k: int, given: Ints) -> KCenter:
    lengths = _centred_lengths(rows, shift)
    if len(given):
        best = (nearest_distance(rows, rows[given]) ** 2).astype(rows.dtype)
        best[given] = -1
    else:
        best = np.full(len(rows), np.inf, dtype=rows.dtype)
    picks, gaps = np.empty(k, dtype=np.int64), np.empty(k)
    work = np.empty_like(best)
    for turn in range(k):
        pick = int(np.argmax(best)) if len(given) or turn else int(np.argmin(lengths))
        picks[turn], gaps[turn] = pick, np.sqrt(max(float(best[pick]), 0.0))
        center = rows[pick] - shift
        np.dot(rows, center, out=work)
        work -= shift @ center
        work *= -2
        work += lengths
        work += lengths[pick]
        np.minimum(best, work, out=best)
        best[pick] = -1
    radius = float(np.sqrt(max(float(best.max()), 0.0)))
    # k + 1 rows that are pairwise at least `radius` apart: two of them share a center of any k centers
    return KCenter(picks, gaps, radius, 2.0 if radius > 0 else 1.0)


def _centred_lengths(rows: Matrix, shift: Matrix) -> Matrix:
    lengths = np.empty(len(rows), dtype=rows.dtype)
    step = max(1, _BLOCK_BYTES // (rows.itemsize * rows.shape[1]))
    for start in range(0, len(rows), step):
        block = rows[start : start + step] - shift
        lengths[start : start + step] = np.einsum("ij,ij->i", block, block)
    return lengths


def k_center_partitioned(
    X: ArrayLike, k: int, *, selected: ArrayLike | None = None, part_rows: int = 50_000, oversample: float = 4.0
) -> KCenter:
    """k-center for very many rows: greedy within parts of consecutive rows, then greedy on what the parts picked [1]_.

    Every part gives ``oversample * k / parts`` rows (at most k), so the work is about ``oversample / parts`` of that of
    `k_center`. Afterwards the radius over all rows is measured exactly, and `KCenter.bound` certifies how far from
    the best it can be: the second stage leaves k + 1 rows that are pairwise r apart, so no k centers reach below r / 2.
    With ``oversample`` as large as the number of parts the bound is at most 4 [1]_.

    Parameters
    ----------
    X : (n, d) array_like of float, finite
        May be a memory map; beside it the memory is O(n).
    k : int
    selected : (m,) array_like of int, optional
        Rows that are centers already.
    part_rows : int
        Rows a part; up to that many rows this is `k_center` itself.
    oversample : float
        At least 1.

    Returns
    -------
    KCenter

    Raises
    ------
    ParameterError, DataError

    References
    ----------
    .. [1] Malkomes, Kusner, Chen, Weinberger, Moseley (2015). Fast distributed k-center clustering with outliers on
       massive data. NeurIPS 28.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(3000, 4)).astype(np.float32)
    >>> found = k_center_partitioned(rows, 20, part_rows=500)
    >>> len(set(found.indices.tolist())), found.radius < 1.5 * k_center(rows, 20).radius, found.bound < 4
    (20, True, True)
    """
    rows = check_rows(X)
    if part_rows < 1 or oversample < 1:
        raise ParameterError("part_rows and oversample must be at least 1", found=f"{part_rows}, {oversample}")
    given = _check_k(k, len(rows), selected)
    n_parts = -(-len(rows) // part_rows)
    shift = rows.mean(axis=0, dtype=np.float64).astype(rows.dtype)
    if n_parts == 1:
        return _greedy(rows, shift, k, given)
    each = min(k, max(1, int(np.ceil(oversample * k / n_parts))))
    candidates: list[Ints] = []
    for start in range(0, len(rows), part_rows):
        part = rows[start : start + part_rows]
        inside = given[(given >= start) & (given < start + len(part))] - start
        take = min(each, len(part) - len(inside))
        if take:
            candidates.append(start + _greedy(part, shift, take, inside).indices)
    pool = np.concatenate([given, *candidates])
    second = _greedy(rows[pool], shift, k, np.arange(len(given)))
    picks = pool[second.indices]
    centers = np.concatenate([given, picks])
    radius = float(nearest_distance(rows, rows[centers]).max())
    return KCenter(picks, second.gaps, radius, 2 * radius / second.radius if second.radius > 0 else float("inf"))

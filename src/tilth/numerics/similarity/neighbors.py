"""Nearest-neighbour graphs: exact for small tables, an inverted-file index with measured recall for large ones.

Outlier, near-duplicate, label and coverage checks share the graph. Its order is by distance, then by row index.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import DataError, MissingExtraError, ParameterError
from tilth.numerics.similarity.exact_search import ExactSearch, exact_block_rows

__all__ = ["NeighborGraph", "as_features", "nearest_neighbors"]

Metric = Literal["euclidean", "cosine"]
Float32 = NDArray[np.float32]
Indices = NDArray[np.integer[Any]]

_EXACT_BELOW = 20_000
_SAMPLE = 1_000
_FLOAT32_MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True, eq=False)
class NeighborGraph:
    """The k nearest other rows of every row.

    Attributes
    ----------
    indices : (n, k) int32 or int64 array
        Row indices of the neighbours, nearest first, equal distances by ascending index. A row is never its own
        neighbour. int64 only above 2**31 - 1 rows.
    distances : (n, k) float32 array
        Euclidean distance (at most the largest float32), or cosine distance ``1 - cos`` in [0, 2].
    method : {"exact", "ivf"}
        How the graph was computed.
    recall : float
        1.0 for exact; for "ivf" the share of true neighbours found, measured on a sample of rows.
    metric : {"euclidean", "cosine"}
    """

    indices: Indices
    distances: Float32
    method: str
    recall: float
    metric: str

    def columns(self) -> dict[str, NDArray[Any]]:
        """All but the indices and the metric as arrays of n rows, to be kept beside the indices."""
        return {
            "distances": self.distances,
            "recall": np.full(self.n, self.recall, dtype=np.float32),
            "approximate": np.full(self.n, self.method != "exact"),
        }

    @classmethod
    def from_columns(cls, indices: Indices, columns: Mapping[str, NDArray[Any]]) -> NeighborGraph:
        """The Euclidean graph that `columns` was taken from; without a recall it counts as exact.

        Examples
        --------
        >>> graph = nearest_neighbors([[0.0], [1.0], [3.0]], k=1)
        >>> NeighborGraph.from_columns(graph.indices, graph.columns()).recall
        1.0
        """
        distances = np.asarray(columns["distances"], dtype=np.float32)
        recall = float(np.min(columns["recall"], initial=1.0)) if "recall" in columns else 1.0
        approximate = bool(np.any(columns.get("approximate", False)))
        return cls(indices, distances, "ivf" if approximate else "exact", recall, "euclidean")

    @property
    def n(self) -> int:  # number of rows
        return int(self.indices.shape[0])

    @property
    def k(self) -> int:  # neighbours per row, after clipping to n - 1
        return int(self.indices.shape[1])


def as_features(X: ArrayLike, *, name: str = "X", min_rows: int = 1) -> NDArray[np.floating[Any]]:
    """Check a feature matrix and return it as floats.

    Parameters
    ----------
    X : (n, d) array_like of numbers
        float32 stays float32; everything else becomes float64. Missing or infinite values are refused.
    name : str, default "X"
    min_rows : int, default 1

    Returns
    -------
    (n, d) float32 or float64 array

    Raises
    ------
    DataError
        Not numeric, not two-dimensional, too few rows, no columns, or a value that is NaN or infinite, named.

    Examples
    --------
    >>> as_features([[1, 2], [3, 4]]).dtype
    dtype('float64')
    """
    if hasattr(X, "toarray"):
        raise DataError("a sparse matrix was given", where=name, fix="pass a dense array: X.toarray()")
    try:
        array = np.asarray(X)
        if array.dtype != np.float32:
            array = array.astype(np.float64)
    except (TypeError, ValueError) as err:
        raise DataError("features must be numbers", where=name, found=str(err), fix="encode text first") from err
    if array.ndim != 2:
        raise DataError(
            "features must be a table of rows and columns",
            where=name,
            found=f"{array.ndim} dimension(s), shape {array.shape}",
            fix="one feature alone is X.reshape(-1, 1)",
        )
    if array.shape[0] < min_rows or array.shape[1] < 1:
        raise DataError(f"needs at least {min_rows} row(s) and one column", where=name, found=f"shape {array.shape}")
    finite = np.isfinite(array)
    if not finite.all():
        row, column = (int(i) for i in np.argwhere(~finite)[0])
        raise DataError(
            "features must be finite",
            where=f"{name}, row {row}, column {column}",
            found=f"{array[row, column]} ({int((~finite).sum())} such value(s) in all)",
            fix="impute or drop missing values first",
        )
    return array


def nearest_neighbors(
    X: ArrayLike,
    k: int = 10,
    *,
    metric: Metric = "euclidean",
    method: Literal["auto", "exact", "ivf"] = "auto",
    recall_target: float = 0.99,
    block_rows: int | None = None,
    random_state: int | None = 0,
) -> NeighborGraph:
    """Find the k nearest other rows of every row.

    Parameters
    ----------
    X : (n, d) array_like of numbers, finite
        Computed in float32 after centring, so a large common offset costs no precision.
    k : int, default 10
        Neighbours per row. With fewer than k + 1 rows it is clipped to n - 1; one row has a graph of shape (1, 0).
    metric : {"euclidean", "cosine"}, default "euclidean"
        Cosine distance is ``1 - cos``; it ignores a row's length, so use it for embeddings, not for tables. A row
        of zeros has cosine distance 1 to every row.
    method : {"auto", "exact", "ivf"}, default "auto"
        "exact" compares all pairs in blocks of bounded memory. "ivf" looks only in the nearest cells of a k-means
        partition [1]_, as many cells as it takes for `recall_target` on a sample of 1,000 rows. "auto" is exact
        below 20,000 rows.
    recall_target : float in (0, 1], default 0.99
        Only for "ivf": the lower end of the 95 % interval of the sampled recall must reach it. An equally distant
        row counts as found.
    block_rows : int, optional
        Rows compared at once; by default as many as fit 32 MiB, and at least one.
    random_state : int or None, default 0

    Returns
    -------
    NeighborGraph

    Raises
    ------
    DataError
        Not a finite two-dimensional table (row and column are named), or empty.
    ParameterError
        An argument out of range.
    MissingExtraError
        "ivf" without faiss installed.

    References
    ----------
    .. [1] Jegou, Douze, Schmid (2011). Product quantization for nearest neighbor search. IEEE TPAMI 33(1).

    Examples
    --------
    >>> graph = nearest_neighbors([[0.0], [1.0], [3.0]], k=1)
    >>> graph.indices.ravel().tolist(), graph.distances.ravel().tolist()
    ([1, 0, 1], [1.0, 1.0, 2.0])
    """
    _check_parameters(k, metric, method, recall_target, block_rows)
    features = as_features(X)
    n = features.shape[0]
    k = min(int(k), n - 1)
    points, scale, integral = _prepare(features, metric)
    if k == 0:
        return NeighborGraph(np.empty((n, 0), np.int32), np.empty((n, 0), np.float32), "exact", 1.0, metric)
    rows = block_rows or exact_block_rows(n)
    if method == "exact" or (method == "auto" and n < _EXACT_BELOW):
        indices, squared = ExactSearch(points, k, metric, integral).search(np.arange(n), rows)
        recall, used = 1.0, "exact"
    else:
        indices, squared, recall = _search_ivf(points, k, metric, recall_target, rows, random_state)
        used = "ivf"
    distances = squared / 2 if metric == "cosine" else np.sqrt(squared, dtype=np.float64) * scale
    distances = np.minimum(distances, _FLOAT32_MAX)
    indices = indices.astype(np.int32 if n < 2**31 else np.int64, copy=False)
    return NeighborGraph(indices, distances.astype(np.float32), used, recall, metric)


def _check_parameters(k: int, metric: str, method: str, recall_target: float, block_rows: int | None) -> None:
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise ParameterError("k must be a whole number of at least 1", found=repr(k))
    if metric not in ("euclidean", "cosine"):
        raise ParameterError("unknown metric", found=repr(metric), fix='use "euclidean" or "cosine"')
    if method not in ("auto", "exact", "ivf"):
        raise ParameterError("unknown method", found=repr(method), fix='use "auto", "exact" or "ivf"')
    if not 0 < recall_target <= 1:
        raise ParameterError("recall_target must lie in (0, 1]", found=repr(recall_target))
    if block_rows is not None and block_rows < 1:
        raise ParameterError("block_rows must be at least 1", found=repr(block_rows))


def _prepare(x: NDArray[np.floating[Any]], metric: str) -> tuple[Float32, float, bool]:
    """Centred (or unit-length) float32 points, the factor that was divided out, and: are dot products exact?"""
    if metric == "cosine":
        largest = np.abs(x).max(axis=1, keepdims=True)
        unit = x / np.where(largest > 0, largest, 1)
        norm = np.sqrt(np.einsum("ij,ij->i", unit, unit, dtype=np.float64))[:, None]
        return np.ascontiguousarray(unit / np.where(norm > 0, norm, 1), dtype=np.float32), 1.0, False
    integral = bool(np.all(x[:1000] == np.rint(x[:1000]))) and bool(np.all(x == np.rint(x)))
    with np.errstate(over="ignore"):
        centre = np.clip(x.mean(axis=0, dtype=np.float64), x.min(axis=0), x.max(axis=0))
    centred = x - (np.rint(centre) if integral else centre).astype(x.dtype)
    largest = float(np.abs(centred).max())
    scale = largest if largest > 0 and not 1e-12 < largest < 1e12 else 1.0
    exact_products = integral and scale == 1.0 and 4 * x.shape[1] * largest**2 < 2**24
    return np.ascontiguousarray(centred / scale, dtype=np.float32), scale, exact_products


@contextmanager
def _threads(faiss: Any) -> Iterator[None]:
    """Let faiss use the processors this process may use, and give back the caller's setting."""
    before = int(faiss.omp_get_max_threads())
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    faiss.omp_set_num_threads(max(1, min(before, allowed)))
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _search_ivf(
    points: Float32, k: int, metric: str, target: float, block_rows: int, random_state: int | None
) -> tuple[NDArray[np.int64], Float32, float]:
    try:
        import faiss
    except ImportError as err:
        raise MissingExtraError(
            'nearest_neighbors(method="ivf") needs faiss', fix='pip install faiss-cpu, or use method="exact"'
        ) from err
    rng = np.random.default_rng(random_state)
    usable = np.flatnonzero(points.any(axis=1)) if metric == "cosine" else np.arange(len(points))
    if len(usable) <= k:  # nearly every row is a row of zeros
        return *ExactSearch(points, k, metric, False).search(np.arange(len(points)), block_rows), 1.0
    body = points if len(usable) == len(points) else np.ascontiguousarray(points[usable])
    cells = int(min(max(1, 2 * np.sqrt(len(body))), max(1, len(body) // 40)))
    with _threads(faiss):
        index = faiss.IndexIVFFlat(faiss.IndexFlatL2(body.shape[1]), body.shape[1], cells)
        index.cp.niter, index.cp.max_points_per_centroid, index.cp.min_points_per_centroid = 8, 64, 1
        index.cp.seed = int(rng.integers(2**31))
        index.train(body)
        index.add(body)

        def look(rows: Indices) -> tuple[NDArray[np.int64], Float32]:
            # rows of one cell after another: they read the same lists, which then stay in the processor's cache
            order = np.argsort(index.quantizer.assign(body[rows], 1).ravel(), kind="stable")
            squared, found = index.search(body[rows[order]], k + 1)
            back = np.empty_like(order)
            back[order] = np.arange(len(order))
            return _drop_self(found[back], squared[back], rows)

        sample = np.sort(rng.choice(len(body), size=min(_SAMPLE, len(body)), replace=False))
        truth = ExactSearch(body, k, metric, False).search(sample, block_rows)[1]
        recall = _tune(index, look, sample, truth, target, cells)
        found, squared = look(np.arange(len(body)))
    if body is points:
        return found, squared, recall
    indices = np.tile(np.arange(k), (len(points), 1))
    zero = np.setdiff1d(np.arange(len(points)), usable)
    indices[zero] += indices[zero] >= zero[:, None]
    all_squared = np.full((len(points), k), 2, dtype=np.float32)
    indices[usable], all_squared[usable] = usable[found], squared
    return indices, all_squared, recall


def _drop_self(found: NDArray[np.int64], squared: Float32, rows: Indices) -> tuple[NDArray[np.int64], Float32]:
    squared = np.where((found < 0) | (found == rows[:, None]), np.inf, squared).astype(np.float32)
    order = np.lexsort((found, squared), axis=1)[:, :-1]
    return np.take_along_axis(found, order, axis=1), np.take_along_axis(squared, order, axis=1)


def _tune(
    index: Any,
    look: Callable[[Indices], tuple[NDArray[np.int64], Float32]],
    sample: Indices,
    truth: Float32,
    target: float,
    cells: int,
) -> float:
    """Set the fewest cells to visit whose sampled recall surely reaches the target; return that recall."""
    kth = truth[:, -1:] * np.float32(1 + 1e-5) + np.float32(1e-12)

    def measure(visits: int) -> tuple[float, bool]:
        index.nprobe = visits
        found, squared = look(sample)
        hits = ((found >= 0) & (squared <= kth)).mean(axis=1)
        margin = 1.645 * float(hits.std()) / np.sqrt(len(hits))
        recall = float(hits.mean())
        full = bool(np.all((found >= 0) & np.isfinite(squared)))
        return recall, full and (recall - margin >= target or visits == cells)

    low, high = 0, min(4, cells)
    while not measure(high)[1]:
        low, high = high, min(2 * high, cells)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if measure(middle)[1] else (middle, high)
    return measure(high)[0]

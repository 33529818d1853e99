"""Rows far from all others: distances to neighbours, local density, or isolation, with one calibrated threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import DataError, ParameterError
from tilth.numerics.similarity.neighbors import NeighborGraph, as_features, nearest_neighbors

__all__ = ["OutlierResult", "find_outliers", "robust_scale"]

Float64 = NDArray[np.float64]

# ln(500) / ln(5): from the 90th percentile an exponential tail is carried on to one row in 1,000.
# The local outlier factor has a longer tail, and the isolation score a bounded one, so their reach was measured on
# clean Gaussian, uniform and clustered data of 1 to 64 columns.
_TAIL = {"knn": float(np.log(0.5 / 0.001) / np.log(0.5 / 0.1)), "lof": 5.0, "isolation_forest": 2.5}
_LEAST_ISOLATION = 0.6
_STEEPNESS = float(np.log(50.0))


@dataclass(frozen=True, slots=True, eq=False)
class OutlierResult:
    """How far out each row lies.

    Attributes
    ----------
    scores : (n,) float64 array in [0, 1]
        High means outlier: about 0.02 for the median row, 0.5 at the threshold (unless `contamination` set it).
    flagged : (n,) bool array
        The rows beyond the threshold.
    threshold : float
        The score from which a row is flagged.
    raw : (n,) float64 array
        What was scored: mean neighbour distance, local outlier factor, or isolation score. High means outlier.
    raw_threshold : float
        The threshold in the unit of `raw`.
    method : str
    """

    scores: Float64
    flagged: NDArray[np.bool_]
    threshold: float
    raw: Float64
    raw_threshold: float
    method: str


def robust_scale(X: ArrayLike) -> NDArray[np.float64]:
    """Centre each feature on its median and divide by its inter-quartile range.

    A feature whose middle half is constant is divided by its standard deviation instead, or by its range if it
    has only two values (so a rare category does not become an outlier by its rarity alone). A constant feature
    becomes zero. Single extreme rows do not move the scale, so they stay extreme.

    Parameters
    ----------
    X : (n, d) array_like of numbers, finite

    Returns
    -------
    (n, d) float64 array
        In units of the inter-quartile range over 1.349, that is, standard deviations for Gaussian features.

    Raises
    ------
    DataError
        As `as_features`.

    Examples
    --------
    >>> robust_scale([[0.0, 7], [1, 7], [2, 7], [3, 7], [4, 7]])[:, 1]
    array([0., 0., 0., 0., 0.])
    """
    x = as_features(X).astype(np.float64)
    low, centre, high = np.percentile(x, [25, 50, 75], axis=0)
    spread = (high - low) / 1.3489795
    for j in np.flatnonzero(spread <= 1e-12 * np.maximum(np.abs(low), np.abs(high))):
        column = x[:, j]
        bottom, top = column.min(), column.max()
        two_valued = bool(np.all((column == bottom) | (column == top)))
        spread[j] = (top - bottom) if two_valued else column.std()
        if spread[j] <= 1e-12 * max(abs(bottom), abs(top)):
            spread[j] = np.inf
    scaled: NDArray[np.float64] = (x - centre) / spread
    return scaled


def find_outliers(
    X: ArrayLike | None = None,
    *,
    method: Literal["knn", "lof", "isolation_forest"] = "knn",
    neighbors: NeighborGraph | None = None,
    k: int = 10,
    contamination: float | Literal["auto"] = "auto",
    scale: bool = True,
    random_state: int | None = 0,
) -> OutlierResult:
    """Score every row by how far it lies from the others, and flag those beyond a robust threshold.

    Parameters
    ----------
    X : (n, d) array_like of numbers, finite, optional
        Features or embeddings. May be left out when `neighbors` is given (not for "isolation_forest").
    method : {"knn", "lof", "isolation_forest"}, default "knn"
        "knn": mean distance to the k nearest rows [1]_. "lof": local outlier factor [2]_, for data whose parts differ
        in density. "isolation_forest" [3]_: by scikit-learn, for wide tables with many useless columns.
    neighbors : NeighborGraph, optional
        A ready graph; else a Euclidean one is computed. Euclidean because the cosine distance cannot see a row
        that lies far out along its own direction.
    k : int, default 10
        Neighbours to compute when no graph is given.
    contamination : float in [0, 0.5] or "auto", default "auto"
        A number flags that share of rows, the highest scores first (ties by index). "auto" flags rows beyond a
        threshold that adapts to the data (see Notes) and may flag none.
    scale : bool, default True
        Put the features on a common robust scale first (`robust_scale`), so no column rules by its unit.
    random_state : int or None, default 0
        Seed of the forest and of the approximate graph of large tables.

    Returns
    -------
    OutlierResult

    Raises
    ------
    DataError
        Not a finite table, neither X nor a graph, or fewer than 3 rows.
    ParameterError
        Unknown method, or `contamination` out of range.

    Notes
    -----
    The automatic rule takes the logarithm of the raw value, which makes it free of scale, and supposes that the
    upper half of the rows falls off at least as fast as an exponential: true for Gaussian, uniform and clustered
    data in every dimension. The tail is drawn through the median and the 90th percentile, and the threshold is
    where it leaves one row in 1,000: ``log t = q50 + (q90 - q50) * ln(500) / ln(5)``, and at least half as far
    again as the median. For "lof" the factor is 5; an isolation score is used without logarithm, with factor 2.5
    and a limit of at least 0.6. Up to 10 % of outliers cannot move the threshold much; above that, give
    `contamination`. The score is ``1 / (1 + 50 ** ((log t - log r) / (log t - q50)))``.

    References
    ----------
    .. [1] Ramaswamy, Rastogi, Shim (2000). Efficient algorithms for mining outliers from large data sets. SIGMOD.
    .. [2] Breunig, Kriegel, Ng, Sander (2000). LOF: identifying density-based local outliers. SIGMOD.
    .. [3] Liu, Ting, Zhou (2008). Isolation forest. ICDM.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(200, 4))
    >>> rows[7] *= 50
    >>> np.flatnonzero(find_outliers(rows).flagged).tolist()
    [7]
    """
    if method not in ("knn", "lof", "isolation_forest"):
        raise ParameterError("unknown method", found=repr(method), fix='use "knn", "lof" or "isolation_forest"')
    if contamination != "auto" and not (isinstance(contamination, int | float) and 0 <= contamination <= 0.5):
        raise ParameterError('contamination must be "auto" or lie in [0, 0.5]', found=repr(contamination))
    if method == "isolation_forest":
        if X is None:
            raise DataError("an isolation forest needs X", fix="give the features, or use method='knn'")
        raw = _isolation(as_features(X, min_rows=3), random_state)
    else:
        graph = neighbors if neighbors is not None else _graph(X, k, scale, random_state)
        if X is not None and neighbors is not None and graph.n != np.shape(X)[0]:
            raise DataError("X and the neighbour graph differ in rows", found=f"{np.shape(X)[0]} and {graph.n}")
        if graph.k < 1 or graph.n < 3:
            raise DataError("outliers need at least 3 rows", found=f"{graph.n} row(s)")
        raw = graph.distances.mean(axis=1, dtype=np.float64) if method == "knn" else _local_factor(graph)
    return _judge(raw, contamination, method)


def _graph(X: ArrayLike | None, k: int, scale: bool, random_state: int | None) -> NeighborGraph:
    if X is None:
        raise DataError("nothing to score", fix="give X or neighbors")
    features = as_features(X, min_rows=3)
    return nearest_neighbors(robust_scale(features) if scale else features, k, random_state=random_state)


def _isolation(x: NDArray[np.floating[Any]], random_state: int | None) -> Float64:
    from sklearn.ensemble import IsolationForest

    forest = IsolationForest(n_estimators=200, random_state=random_state).fit(x)
    raw: Float64 = -forest.score_samples(x)
    return raw


def _local_factor(graph: NeighborGraph) -> Float64:
    """Local outlier factor from a neighbour graph: mean density of the neighbours over the row's own."""
    distances = graph.distances.astype(np.float64)
    reach = np.maximum(distances, distances[graph.indices, -1])
    floor = 1e-10 * max(float(np.median(distances)), 1e-30)
    density = 1 / np.maximum(reach.mean(axis=1), floor)
    factor: Float64 = density[graph.indices].mean(axis=1) / density
    return factor


def _judge(raw: Float64, contamination: float | Literal["auto"], method: str) -> OutlierResult:
    positive = raw[raw > 0]
    if positive.size == 0:
        zeros = np.zeros(len(raw))
        return OutlierResult(zeros, zeros > 0, 0.5, raw, 0.0, method)
    forest = method == "isolation_forest"  # its score is 2 ** -(depth ratio): no logarithm needed
    value = raw if forest else np.log(np.maximum(raw, float(np.median(positive)) * 1e-6))
    middle, upper = np.quantile(value, [0.5, 0.9])
    limit = middle + max((upper - middle) * _TAIL[method], 0.05 if forest else float(np.log(1.5)))
    limit = max(limit, _LEAST_ISOLATION) if forest else limit
    scores = 1 / (1 + np.exp(np.clip(_STEEPNESS * (limit - value) / (limit - middle), -700, 700)))
    raw_limit = float(limit) if value is raw else float(np.exp(limit))
    if contamination == "auto":
        return OutlierResult(scores, scores > 0.5, 0.5, raw, raw_limit, method)
    count = round(contamination * len(raw))
    top = np.argsort(-scores, kind="stable")[:count]
    flagged = np.zeros(len(raw), dtype=bool)
    flagged[top] = True
    threshold = float(scores[top[-1]]) if count else float(np.nextafter(1.0, 2.0))
    raw_limit = float(raw[top[-1]]) if count else float("inf")
    return OutlierResult(scores, flagged, threshold, raw, raw_limit, method)

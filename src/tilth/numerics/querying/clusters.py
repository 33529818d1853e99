"""Picks by clusters: TypiClust and ProbCover for a start without labels, and clustered margin."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import ParameterError
from tilth.numerics.querying.scores import check_probs, check_rows, uncertainty_scores

__all__ = ["cluster_rows", "clustered_margin", "cover_radius", "prob_cover", "typiclust"]

Ints = NDArray[np.int64]
Matrix = NDArray[np.floating[Any]]
_BLOCK_BYTES = 32 * 2**20
_MINI_BATCH_FROM = 20_000


def _check_budget(k: int, left: int) -> None:
    if not 0 < k <= left:
        raise ParameterError(
            "the number of picks must be at least 1 and at most the rows that are left",
            found=f"{k} of {left}",
            fix="lower the budget",
        )


def cluster_rows(X: ArrayLike, n_clusters: int, *, random_state: int = 0) -> Ints:
    """Cluster of each row by k-means; by mini-batches from 20,000 rows on.

    Parameters
    ----------
    X : (n, d) array_like of float, finite
    n_clusters : int
        Lowered to the number of rows.
    random_state : int

    Returns
    -------
    (n,) int64 array

    Examples
    --------
    >>> len(set(cluster_rows([[0.0], [0.1], [9.0]], 2).tolist()))
    2
    """
    import warnings

    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning

    rows = check_rows(X)
    wanted = min(n_clusters, len(rows))
    if wanted == len(rows):
        return np.arange(len(rows), dtype=np.int64)
    if len(rows) < _MINI_BATCH_FROM and wanted <= 500:
        model: Any = KMeans(wanted, n_init=1, random_state=random_state)
    else:
        model = MiniBatchKMeans(wanted, n_init=1, batch_size=4096, max_iter=20, random_state=random_state)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct rows than clusters
        return np.asarray(model.fit_predict(rows), dtype=np.int64)


def _typicality(rows: Matrix, n_neighbors: int) -> NDArray[np.float64]:
    """1 / mean distance to the nearest rows of the same cluster."""
    n = len(rows)
    if n == 1:
        return np.ones(1)
    k = min(n_neighbors, n - 1)
    points = (rows - rows.mean(axis=0)).astype(np.float64)
    lengths = np.einsum("ij,ij->i", points, points)
    out = np.empty(n)
    step = max(1, _BLOCK_BYTES // (8 * n))
    for start in range(0, n, step):
        stop = min(start + step, n)
        near = lengths[start:stop, None] + lengths - 2 * points[start:stop] @ points.T
        near[np.arange(stop - start), np.arange(start, stop)] = np.inf
        nearest = np.partition(near, k - 1, axis=1)[:, :k]
        out[start:stop] = np.sqrt(np.maximum(nearest, 0)).mean(axis=1)
    return np.asarray(1 / (out + 1e-12))


def typiclust(
    X: ArrayLike,
    k: int,
    *,
    labelled: ArrayLike | None = None,
    n_neighbors: int = 20,
    max_clusters: int = 500,
    max_rows: int = 5_000,
    random_state: int = 0,
) -> tuple[Ints, NDArray[np.float64], Ints]:
    """Pick the most typical row of each of the largest clusters that have no label yet: TypiClust [1]_.

    Parameters
    ----------
    X : (n, d) array_like of float, finite
    k : int
        At most the rows without a label.
    labelled : (m,) array_like of int, optional
        Rows that have labels; k-means makes m + k clusters, at most `max_clusters`.
    n_neighbors : int
        Neighbours whose mean distance measures how typical a row is.
    max_clusters : int
    max_rows : int
        In larger clusters typicality is measured among this many rows, drawn evenly.
    random_state : int
        Seed of k-means.

    Returns
    -------
    picks : (k,) int64 array
        Clusters with fewest labels first, then the largest.
    typicality : (k,) float64 array
        1 / mean distance to the neighbours, in the units of X.
    sizes : (k,) int64 array
        Rows of each pick's cluster.

    Raises
    ------
    ParameterError, DataError

    References
    ----------
    .. [1] Hacohen, Dekel, Weinshall (2022). Active learning on a budget: opposite strategies suit high and low
       budgets. ICML.

    Examples
    --------
    >>> typiclust([[0.0], [0.1], [0.2], [9.0], [9.1]], 2)[0]
    array([1, 3])
    """
    rows = check_rows(X)
    known = np.unique(np.asarray([] if labelled is None else labelled, dtype=np.int64))
    _check_budget(k, len(rows) - len(known))
    groups = cluster_rows(rows, min(len(known) + k, max(max_clusters, 1)), random_state=random_state)
    n_groups = int(groups.max()) + 1
    sizes = np.bincount(groups, minlength=n_groups)
    covered = np.bincount(groups[known], minlength=n_groups)
    order = np.argsort(groups, kind="stable")
    starts = np.concatenate([[0], np.cumsum(sizes)])
    has_label = np.zeros(len(rows), dtype=bool)
    has_label[known] = True
    queues: dict[int, list[int]] = {}
    typical: dict[int, float] = {}
    picks: list[int] = []
    while len(picks) < k:
        left = [g for g in range(n_groups) if g not in queues or queues[g]]
        left.sort(key=lambda g: (covered[g], -sizes[g], g))
        for g in left:
            if len(picks) == k or covered[g] > covered[left[0]]:
                break
            if g not in queues:
                queues[g] = _ranked(rows, order[starts[g] : starts[g + 1]], has_label, n_neighbors, max_rows, typical)
            if queues[g]:
                picks.append(queues[g].pop(0))
            covered[g] += 1
    chosen = np.asarray(picks, dtype=np.int64)
    return chosen, np.asarray([typical[p] for p in picks]), sizes[groups[chosen]].astype(np.int64)


def _ranked(
    rows: Matrix, members: Ints, has_label: NDArray[np.bool_], n_neighbors: int, most: int, typical: dict[int, float]
) -> list[int]:
    """Unlabelled rows of a cluster, most typical first; rows beyond `most` come last in their order."""
    step = -(-len(members) // most)
    seen = members[::step]
    values = _typicality(rows[seen], n_neighbors)
    typical.update(zip(seen.tolist(), values.tolist(), strict=True))
    ranked = seen[np.argsort(-values, kind="stable")].tolist()
    if step > 1:
        rest = np.setdiff1d(members, seen)
        typical.update(dict.fromkeys(rest.tolist(), 0.0))
        ranked += rest.tolist()
    return [row for row in ranked if not has_label[row]]


def cover_radius(
    X: ArrayLike, n_classes: int, *, purity: float = 0.95, sample: int = 1_000, random_state: int = 0
) -> float:
    """Largest ball radius whose balls are pure: the delta of `prob_cover`, from clusters in place of labels [1]_.

    Parameters
    ----------
    X : (n, d) array_like of float, finite
    n_classes : int
        Number of clusters that stand for classes; at least 2.
    purity : float in (0, 1]
        Share of rows whose whole ball lies in one cluster.
    sample : int
        Rows looked at.
    random_state : int

    Returns
    -------
    float
        In the units of X.

    References
    ----------
    .. [1] Yehuda, Dekel, Hacohen, Weinshall (2022). Active learning through a covering lens. NeurIPS 35.

    Examples
    --------
    >>> rows = np.concatenate([np.zeros(50), np.ones(50)])[:, None] + np.linspace(0, 0.1, 100)[:, None]
    >>> 0.5 < cover_radius(rows, 2) < 1.1
    True
    """
    rows = check_rows(X)
    rng = np.random.default_rng(random_state)
    keep = np.sort(rng.choice(len(rows), min(sample, len(rows)), replace=False))
    points = rows[keep].astype(np.float64)
    groups = cluster_rows(points, max(n_classes, 2), random_state=random_state)
    points = points - points.mean(axis=0)
    lengths = np.einsum("ij,ij->i", points, points)
    near = np.sqrt(np.maximum(lengths[:, None] + lengths - 2 * points @ points.T, 0))
    foreign = np.where(groups[:, None] != groups, near, np.inf).min(axis=1)
    finite = foreign[np.isfinite(foreign)]
    return float(np.quantile(finite, 1 - purity)) if len(finite) else float(near.max())


def prob_cover(
    X: ArrayLike,
    k: int,
    *,
    radius: float,
    labelled: ArrayLike | None = None,
    max_rows: int = 20_000,
    random_state: int = 0,
) -> tuple[Ints, Ints]:
    """Pick rows whose balls of one radius cover most rows that no labelled row's ball covers: ProbCover [1]_.

    Greedy maximum cover. No graph is kept: the counts are lowered by the rows that a pick newly covers, so each pair
    of rows is compared twice in all and the memory is O(n).

    Parameters
    ----------
    X : (n, d) array_like of float, finite
    k : int
    radius : float
        See `cover_radius`.
    labelled : (m,) array_like of int, optional
    max_rows : int
        Of more unlabelled rows, this many are drawn and the others neither picked nor counted (unless k is larger).
    random_state : int
        Seed of that draw.

    Returns
    -------
    picks : (k,) int64 array
        Of equal rows the first. Where all is covered, the rest is picked in order of index.
    gains : (k,) int64 array
        Rows that each pick newly covered.

    Raises
    ------
    ParameterError, DataError

    References
    ----------
    .. [1] Yehuda, Dekel, Hacohen, Weinshall (2022). Active learning through a covering lens. NeurIPS 35.

    Examples
    --------
    >>> prob_cover([[0.0], [0.1], [0.2], [9.0], [9.1]], 2, radius=0.15)
    (array([1, 3]), array([3, 2]))
    """
    rows = check_rows(X)
    known = np.unique(np.asarray([] if labelled is None else labelled, dtype=np.int64))
    free = np.setdiff1d(np.arange(len(rows)), known)
    _check_budget(k, len(free))
    if not radius >= 0:
        raise ParameterError("a radius is not negative", found=str(radius))
    most = max(max_rows, k)
    if len(free) > most:
        free = np.sort(np.random.default_rng(random_state).choice(free, most, replace=False))
    points = rows[free]
    shift = points.mean(axis=0)
    points = points - shift
    lengths = np.einsum("ij,ij->i", points, points)
    slack = 1e-6 * float(lengths.max(initial=0))
    limit = radius * radius + slack
    covered = np.zeros(len(points), dtype=bool)
    if len(known):
        covered = np.asarray(_within(points, lengths, rows[known] - shift, limit).any(axis=1))
    degree = _count_within(points, lengths, np.flatnonzero(~covered), limit)
    taken = np.zeros(len(points), dtype=bool)
    picks, gains = np.empty(k, dtype=np.int64), np.empty(k, dtype=np.int64)
    for turn in range(k):
        pick = int(np.argmax(np.where(taken, -1, degree)))
        picks[turn], gains[turn] = free[pick], max(int(degree[pick]), 0)
        taken[pick] = True
        new = _within(points, lengths, points[[pick]], limit)[:, 0] & ~covered
        covered |= new
        if new.any():
            degree = degree - _count_within(points, lengths, np.flatnonzero(new), limit)
    return picks, gains


def _within(points: Matrix, lengths: Matrix, centers: Matrix, limit: float) -> NDArray[np.bool_]:
    squares = np.einsum("ij,ij->i", centers, centers)
    return np.asarray(lengths[:, None] + squares - 2 * points @ centers.T <= limit)


def _count_within(points: Matrix, lengths: Matrix, of: Ints, limit: float) -> Ints:
    """How many of the rows `of` lie in each row's ball."""
    count = np.zeros(len(points), dtype=np.int64)
    step = max(1, _BLOCK_BYTES // (8 * max(len(points), 1)))
    for start in range(0, len(of), step):
        count += _within(points, lengths, points[of[start : start + step]], limit).sum(axis=1)
    return count


def clustered_margin(
    X: ArrayLike, probs: ArrayLike, k: int, *, candidates: float = 5.0, random_state: int = 0
) -> tuple[Ints, NDArray[np.float64]]:
    """Take the rows of smallest margin and share the picks over their clusters, smallest cluster first [1]_.

    Parameters
    ----------
    X : (n, d) array_like of float, finite
    probs : (n, c) array_like of float
    k : int
        At most n.
    candidates : float
        At least 1: ``candidates * k`` rows of smallest margin are clustered (average linkage; k-means above 3,000).
    random_state : int
        Seed of k-means.

    Returns
    -------
    picks : (k,) int64 array
    uncertainty : (k,) float64 array
        1 minus the margin of each pick.

    Raises
    ------
    ParameterError, DataError, ProbabilityError

    References
    ----------
    .. [1] Citovsky, DeSalvo, Gentile, Karydas, Rajagopalan, Rostamizadeh, Kumar (2021). Batch active learning at
       scale. NeurIPS 34.

    Examples
    --------
    >>> clustered_margin([[0.0], [0.0], [9.0]], [[0.5, 0.5], [0.5, 0.5], [0.6, 0.4]], 2)[0]
    array([2, 0])
    """
    from sklearn.cluster import AgglomerativeClustering

    p = check_probs(probs)
    rows = check_rows(X, n=len(p))
    _check_budget(k, len(rows))
    if candidates < 1:
        raise ParameterError("candidates must be at least 1", found=str(candidates))
    scores = uncertainty_scores(p)
    pool = np.argsort(-scores, kind="stable")[: max(int(candidates * k), k)]
    wanted = min(k, len(pool))
    if len(pool) < 3 or wanted < 2:
        groups = np.zeros(len(pool), dtype=np.int64)
    elif len(pool) <= 3_000:
        groups = AgglomerativeClustering(wanted, linkage="average").fit_predict(rows[pool])
    else:
        groups = cluster_rows(rows[pool], wanted, random_state=random_state)
    sizes = np.bincount(groups)
    turn = np.zeros(len(pool), dtype=np.int64)  # place of a candidate within its cluster
    for g in range(len(sizes)):
        members = np.flatnonzero(groups == g)
        turn[members] = np.arange(len(members))
    order = np.lexsort((sizes[groups], turn))[:k]
    return pool[order], scores[pool[order]]

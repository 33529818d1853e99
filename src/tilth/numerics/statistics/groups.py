"""Groups of similar rows on which a model does worse than elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, DataError

__all__ = ["WeakGroups", "find_weak_groups"]


@dataclass(frozen=True)
class WeakGroups:
    """Result of `find_weak_groups`.

    Parameters
    ----------
    group : (n,) int64
        Group of each row.
    weak : (g,) bool
        Whether each group is significantly worse than the rest.
    size : (g,) int64
    inside, outside : (g,) float64
        Share of right answers in the group and in all other rows.
    p_value : (g,) float64
        One-sided, corrected for the number of groups.
    """

    group: npt.NDArray[np.int64]
    weak: npt.NDArray[np.bool_]
    size: npt.NDArray[np.int64]
    inside: npt.NDArray[np.float64]
    outside: npt.NDArray[np.float64]
    p_value: npt.NDArray[np.float64]


def find_weak_groups(
    X: npt.ArrayLike,
    right: npt.ArrayLike,
    *,
    min_size: int = 30,
    margin: float = 0.1,
    level: float = 0.01,
    random_state: int = 0,
) -> WeakGroups:
    """Find groups of similar rows on which a model is significantly and clearly worse.

    Parameters
    ----------
    X : (n, d) array_like of float
        Embeddings; no missing values.
    right : (n,) array_like of bool
        Whether the out-of-sample prediction of each row is right.
    min_size : int
        Smallest group that counts; the number of groups is about n / (3 min_size), at most 50.
    margin : float
        A weak group's share of right answers lies at least this much below the rest.
    level : float
        Significance after Holm's correction for the number of groups.
    random_state : int

    Returns
    -------
    WeakGroups

    Raises
    ------
    AlignmentError
        X and right differ in length.
    DataError
        Fewer than 2 min_size rows.

    Notes
    -----
    Groups are k-means clusters of the embeddings, made without looking at the answers, so that the
    one-sided exact test of Fisher on (in the group, right) keeps its meaning.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(0, 1, (300, 2)), rng.normal(8, 1, (100, 2))])
    >>> right = np.concatenate([rng.random(300) < 0.9, rng.random(100) < 0.4])
    >>> found = find_weak_groups(X, right)
    >>> bool(found.weak[found.group[300:]].mean() > 0.9), bool(found.weak[found.group[:300]].mean() < 0.1)
    (True, True)
    """
    from scipy.stats import hypergeom
    from sklearn.cluster import MiniBatchKMeans

    features = np.asarray(X, dtype=np.float32)
    answers = np.asarray(right, dtype=bool)
    n = len(answers)
    if len(features) != n:
        raise AlignmentError("embeddings and answers differ in length", found=f"{len(features)} and {n}")
    if n < 2 * min_size:
        raise DataError("too few rows to look for groups", found=str(n), fix=f"at least {2 * min_size} are needed")
    n_groups = int(np.clip(n // (3 * min_size), 2, 50))
    model = MiniBatchKMeans(n_groups, random_state=random_state, n_init=1, batch_size=1024, init_size=1000)
    group = np.asarray(model.fit_predict(features), dtype=np.int64)
    size = np.bincount(group, minlength=n_groups)
    good = np.bincount(group, weights=answers, minlength=n_groups)
    total = int(answers.sum())
    inside = good / np.maximum(size, 1)
    outside = (total - good) / np.maximum(n - size, 1)
    raw = np.where(size >= min_size, hypergeom.cdf(good, n, total, size), 1.0)
    order = np.argsort(raw)
    factors = n_groups - np.arange(n_groups)
    holm = np.empty(n_groups)
    holm[order] = np.minimum(np.maximum.accumulate(raw[order] * factors), 1.0)
    weak = (holm < level) & (outside - inside >= margin)
    return WeakGroups(group, weak, size.astype(np.int64), inside, outside, holm)

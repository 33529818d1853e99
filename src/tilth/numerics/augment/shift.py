"""How far changed samples lie from the originals: per feature, and all features together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import ParameterError

__all__ = ["Shift", "categories_shift", "embedding_shift", "numbers_shift"]


@dataclass(frozen=True)
class Shift:
    """A distance between two samples.

    Parameters
    ----------
    distance : float
        0 where they are alike; see the function for its range.
    p : float
        Probability of such a distance or a larger one where both come from one distribution.
    before, after : float
        A typical value of each: median, or share of the most changed category.
    """

    distance: float
    p: float
    before: float
    after: float


def numbers_shift(before: Sequence[float], after: Sequence[float]) -> Shift:
    """Kolmogorov-Smirnov distance in [0, 1] between two samples of numbers; gaps (NaN) are left out.

    Examples
    --------
    >>> numbers_shift([1, 2, 3, 4], [1, 2, 3, 4]).distance
    0.0
    """
    from scipy.stats import ks_2samp

    a, b = (np.asarray(v, dtype=np.float64)[np.isfinite(np.asarray(v, dtype=np.float64))] for v in (before, after))
    if not len(a) or not len(b):
        return Shift(float(len(a) != len(b)), 1.0, float("nan"), float("nan"))
    found = ks_2samp(a, b, method="asymp")
    return Shift(float(found.statistic), float(found.pvalue), float(np.median(a)), float(np.median(b)))


def categories_shift(before: Sequence[Any], after: Sequence[Any]) -> Shift:
    """Total variation distance in [0, 1] between two samples of categories; a gap (None) is a category.

    `p` is of the chi-squared test. `before` and `after` are the shares of the category that changed most.

    Examples
    --------
    >>> categories_shift(["a", "a", "b", "b"], ["a", "a", "a", "b"]).distance
    0.25
    """
    from scipy.stats import chi2_contingency

    names = sorted({*before, *after}, key=str)
    if not len(before) or not len(after) or len(names) < 2:
        return Shift(0.0, 1.0, 1.0, 1.0)
    place = {name: i for i, name in enumerate(names)}
    counts = np.zeros((2, len(names)))
    for row, values in enumerate((before, after)):
        np.add.at(counts[row], [place[value] for value in values], 1)
    shares = counts / counts.sum(axis=1, keepdims=True)
    most = int(np.abs(shares[0] - shares[1]).argmax())
    p = float(chi2_contingency(counts).pvalue)
    return Shift(float(np.abs(shares[0] - shares[1]).sum() / 2), p, float(shares[0, most]), float(shares[1, most]))


def embedding_shift(
    before: npt.NDArray[Any], after: npt.NDArray[Any], *, permutations: int = 200, random_state: int = 0
) -> Shift:
    """Squared maximum mean discrepancy between two samples of vectors, with a permutation test.

    Parameters
    ----------
    before, after : (n, d), (m, d) float arrays
        At least 4 rows each.
    permutations : int
    random_state : int

    Returns
    -------
    Shift
        `distance` is the unbiased estimate (it can be slightly below 0) with a Gaussian kernel whose width is the
        median distance between rows. `before` and `after` are the median distances to the nearest row of `before`.

    References
    ----------
    Gretton, A. et al. (2012). A kernel two-sample test. JMLR 13.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> alike = embedding_shift(rng.normal(size=(40, 3)), rng.normal(size=(40, 3)))
    >>> apart = embedding_shift(rng.normal(size=(40, 3)), rng.normal(3, 1, size=(40, 3)))
    >>> alike.p > 0.05, apart.p < 0.05, apart.distance > alike.distance
    (True, True, True)
    """
    from scipy.spatial.distance import cdist

    n, m = len(before), len(after)
    if n < 4 or m < 4:
        raise ParameterError("a distance between samples needs at least 4 rows each", found=f"{n} and {m}")
    both = np.concatenate([before, after]).astype(np.float64)
    squared = cdist(both, both, "sqeuclidean")
    off = squared[np.triu_indices(n + m, 1)]
    width = float(np.median(off[off > 0])) if (off > 0).any() else 1.0
    kernel = np.exp(-squared / width)
    np.fill_diagonal(kernel, 0.0)
    rng = np.random.default_rng(random_state)
    inside = np.zeros(n + m)
    inside[:n] = 1
    found = _mmd(kernel, inside[None])[0]
    masks = np.stack([rng.permutation(inside) for _ in range(permutations)])
    p = (1 + int((_mmd(kernel, masks) >= found).sum())) / (permutations + 1)
    near = squared[:, :n].copy()
    near[np.arange(n), np.arange(n)] = np.inf
    nearest = np.sqrt(near.min(axis=1))
    return Shift(float(found), p, float(np.median(nearest[:n])), float(np.median(nearest[n:])))


def _mmd(kernel: npt.NDArray[np.float64], masks: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Unbiased squared discrepancy for each mask, shape (k,); a mask holds 1 for the rows of the first sample."""
    n = masks.sum(axis=1)
    m = masks.shape[1] - n
    with_first = masks @ kernel
    xx = (with_first * masks).sum(axis=1)
    xy = (with_first * (1 - masks)).sum(axis=1)
    yy = kernel.sum() - xx - 2 * xy
    return np.asarray(xx / (n * (n - 1)) + yy / (m * (m - 1)) - 2 * xy / (n * m))

"""Bootstrap intervals: of any statistic, and of a paired difference over retrainings and test rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, DataError, ParameterError
from tilth.numerics.statistics.interval_result import Interval, check_level

__all__ = ["bootstrap_interval", "hierarchical_paired_bootstrap", "paired_difference"]

_BLOCK_CELLS = 4_000_000


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean())


def bootstrap_interval(
    values: ArrayLike,
    statistic: Callable[[NDArray[Any]], float] = _mean,
    *,
    level: float = 0.95,
    n_resamples: int = 2000,
    method: Literal["bca", "percentile"] = "bca",
    random_state: int = 0,
) -> Interval:
    """Bootstrap interval of any statistic of independent rows.

    Parameters
    ----------
    values : array_like of float, shape (n,) or (n, c)
        Rows are resampled as wholes; n at least 2.
    statistic : callable
        Takes an array like `values`, returns a float; the mean by default.
    level : float
        Nominal coverage.
    n_resamples : int
        Number of resamples, at least 100.
    method : {"bca", "percentile"}
        Bias-corrected and accelerated, or the plain quantiles; bca falls back on the quantiles, and `method`
        of the result says so, where all resamples or all leave-one-out values agree.
    random_state : int
        Seed.

    Returns
    -------
    Interval
        n is the number of rows.

    Raises
    ------
    ParameterError
        If the method is unknown, the level outside (0, 1) or `n_resamples` below 100.
    DataError
        If there are fewer than two rows.

    References
    ----------
    Efron, B. (1987). Better Bootstrap Confidence Intervals. Journal of the American Statistical Association
    82(397), 171-185.

    Examples
    --------
    >>> found = bootstrap_interval(np.arange(20.0), np.median)
    >>> found.estimate, found.low < 9.5 < found.high
    (9.5, True)
    """
    check_level(level)
    array = np.asarray(values)
    if method not in ("bca", "percentile"):
        raise ParameterError('method must be "bca" or "percentile"', found=repr(method))
    if n_resamples < 100:
        raise ParameterError("n_resamples must be at least 100", found=str(n_resamples))
    if array.ndim == 0 or len(array) < 2:
        raise DataError("an interval needs at least two rows", found=f"shape {array.shape}")
    n = len(array)
    rng = np.random.default_rng(random_state)
    estimate = float(statistic(array))
    draws = np.array([float(statistic(array[rng.integers(0, n, n)])) for _ in range(n_resamples)])
    tails = np.array([0.5 - level / 2, 0.5 + level / 2])
    name = "bootstrap percentile"
    if method == "bca":
        jack = np.array([float(statistic(np.delete(array, i, axis=0))) for i in range(n)])
        adjusted = _bca_tails(draws, jack, estimate, tails)
        if adjusted is not None:
            tails, name = adjusted, "bootstrap BCa"
    low, high = np.quantile(draws, tails)
    return Interval(estimate, float(low), float(high), level, n, name)


def _bca_tails(
    draws: NDArray[np.float64], jack: NDArray[np.float64], estimate: float, tails: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Quantile levels corrected for bias and skewness, or None where they cannot be computed."""
    from scipy.special import ndtr, ndtri

    below = ((draws < estimate).sum() + 0.5 * (draws == estimate).sum()) / len(draws)
    deviation = jack.mean() - jack
    scale = float((deviation**2).sum())
    if not 0 < below < 1 or scale == 0:
        return None
    bias, acceleration = ndtri(below), float((deviation**3).sum()) / (6 * scale**1.5)
    z = bias + ndtri(tails)
    return np.asarray(ndtr(bias + z / (1 - acceleration * z)), dtype=np.float64)


def paired_difference(correct_before: ArrayLike, correct_after: ArrayLike) -> NDArray[np.float64]:
    """Check two score matrices and return ``after - before``, shape (R, n_test)."""
    first = np.atleast_2d(np.asarray(correct_before, dtype=np.float64))
    second = np.atleast_2d(np.asarray(correct_after, dtype=np.float64))
    if first.shape != second.shape or first.ndim != 2:
        raise AlignmentError(
            "both arrays must hold one row per retraining and one column per test row",
            found=f"shapes {first.shape} and {second.shape}",
        )
    if first.size == 0:
        raise DataError("there are no test rows", found=f"shape {first.shape}")
    difference = second - first
    if not np.isfinite(difference).all():
        r, i = np.argwhere(~np.isfinite(difference))[0]
        raise DataError("a score is not finite", where=f"retraining {r}, test row {i}")
    return difference


def hierarchical_paired_bootstrap(
    correct_before: ArrayLike,
    correct_after: ArrayLike,
    *,
    level: float = 0.95,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> Interval:
    """Interval of the mean difference on a fixed test set when each side was retrained R times.

    Retrainings and test rows are both resampled, so the interval covers the luck of the seeds and the luck of
    the test set. It is slightly wide rather than narrow for many retrainings; with few (below about
    five) the spread over seeds is itself known poorly.

    Parameters
    ----------
    correct_before, correct_after : array_like of bool or float, shape (R, n_test) or (n_test,)
        Score of each test row (1 = right) in each retraining; row r of both was trained with the same seed.
    level : float
        Nominal coverage.
    n_resamples : int
        Number of resamples, at least 100.
    random_state : int
        Seed.

    Returns
    -------
    Interval
        Of the mean of ``after - before``; n is the number of test rows.

    Raises
    ------
    ParameterError
        If the level is outside (0, 1) or `n_resamples` below 100.
    AlignmentError
        If the shapes differ.
    DataError
        If there are no test rows or a score is not finite.

    References
    ----------
    Owen, A. B. (2007). The Pigeonhole Bootstrap. Annals of Applied Statistics 1(2), 386-411.

    Examples
    --------
    >>> before = np.zeros((3, 50)); after = before.copy(); after[:, :10] = 1
    >>> found = hierarchical_paired_bootstrap(before, after)
    >>> found.estimate, found.verdict
    (0.2, 'helped')
    """
    check_level(level)
    if n_resamples < 100:
        raise ParameterError("n_resamples must be at least 100", found=str(n_resamples))
    difference = paired_difference(correct_before, correct_after)
    repeats, n = difference.shape
    rng = np.random.default_rng(random_state)
    draws = np.empty(n_resamples, dtype=np.float64)
    step = max(1, _BLOCK_CELLS // n)
    for start in range(0, n_resamples, step):
        size = min(step, n_resamples - start)
        seeds = rng.multinomial(repeats, np.full(repeats, 1.0 / repeats), size=size) / repeats
        rows = rng.multinomial(n, np.full(n, 1.0 / n), size=size) / n
        draws[start : start + size] = np.einsum("bn,bn->b", seeds @ difference, rows)
    low, high = np.quantile(draws, [0.5 - level / 2, 0.5 + level / 2])
    mean = float(difference.mean())
    return Interval(mean, float(low), float(high), level, n, f"paired bootstrap over {repeats} retrainings and rows")

"""Confidence intervals for "did it get better", each with the assumption that it makes."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, DataError, ParameterError
from tilth.numerics.cross_fitting.folds import as_labels
from tilth.numerics.statistics.bootstrap import bootstrap_interval, hierarchical_paired_bootstrap, paired_difference
from tilth.numerics.statistics.interval_result import Interval, check_level

__all__ = [
    "Interval",
    "bootstrap_interval",
    "hierarchical_paired_bootstrap",
    "paired_interval",
    "per_class_differences",
    "wilson_bounds",
    "wilson_interval",
]


def _finite_vector(values: ArrayLike, name: str) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise DataError(f"{name} must be one-dimensional", found=f"shape {array.shape}")
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise DataError(f"{name} must be finite", where=f"position {bad[0]}", found=str(array[bad[0]]))
    return array


def paired_interval(
    before: ArrayLike,
    after: ArrayLike,
    *,
    n_train: int | None = None,
    n_test: int | None = None,
    level: float = 0.95,
    method: Literal["corrected_t", "bootstrap"] = "corrected_t",
    n_resamples: int = 2000,
    random_state: int = 0,
) -> Interval:
    """Interval of the mean difference of a score over repeated splits, paired by split.

    Random splits of one data set share most of their training rows, so their scores are correlated and the
    plain t interval is far too narrow. ``"corrected_t"`` replaces the variance ``s^2 / R`` of the mean by
    ``s^2 (1/R + n_test/n_train)``. ``"bootstrap"`` resamples the pairs and is right only where they are
    independent (disjoint data sets), not for splits of one data set.

    Parameters
    ----------
    before, after : array_like of float, shape (R,)
        Score of each split, in the same order; R at least 2.
    n_train, n_test : int
        Rows trained on and tested on in each split; needed by ``"corrected_t"``.
    level : float
        Nominal coverage.
    method : {"corrected_t", "bootstrap"}
        See above.
    n_resamples, random_state : int
        For ``"bootstrap"``.

    Returns
    -------
    Interval
        Of ``after - before``; n is R.

    Raises
    ------
    ParameterError
        If the method is unknown, a size is missing or not positive, or the level is outside (0, 1).
    AlignmentError
        If the two arrays differ in length.
    DataError
        If there are fewer than two splits, or a score is not finite.

    References
    ----------
    Nadeau, C. & Bengio, Y. (2003). Inference for the Generalization Error. Machine Learning 52, 239-281.

    Examples
    --------
    >>> found = paired_interval([0.70, 0.72, 0.71], [0.75, 0.76, 0.77], n_train=300, n_test=100)
    >>> print(found)
    +0.0500 [+0.0149, +0.0851] (95%, n=3)
    >>> found.verdict
    'helped'
    """
    from scipy.stats import t as student

    check_level(level)
    first, second = _finite_vector(before, "before"), _finite_vector(after, "after")
    if len(first) != len(second):
        raise AlignmentError("before and after must pair up", found=f"{len(first)} and {len(second)} scores")
    if len(first) < 2:
        raise DataError("an interval needs at least two splits", found=str(len(first)))
    difference = second - first
    if method == "bootstrap":
        return bootstrap_interval(
            difference, level=level, n_resamples=n_resamples, method="percentile", random_state=random_state
        )
    if method != "corrected_t":
        raise ParameterError('method must be "corrected_t" or "bootstrap"', found=repr(method))
    if n_train is None or n_test is None or n_train < 1 or n_test < 1:
        raise ParameterError(
            "the corrected interval needs the sizes of the splits",
            found=f"n_train={n_train}, n_test={n_test}",
        )
    repeats = len(difference)
    spread = difference.std(ddof=1) * np.sqrt(1.0 / repeats + n_test / n_train)
    half = float(student.ppf(0.5 + level / 2, repeats - 1) * spread)
    mean = float(difference.mean())
    return Interval(mean, mean - half, mean + half, level, repeats, "corrected resampled t")


def wilson_bounds(
    hits: ArrayLike, n: ArrayLike, *, level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson's score interval of many proportions at once.

    Parameters
    ----------
    hits, n : array_like of the same shape
        Successes (whole or expected) and trials.
    level : float
        Nominal coverage.

    Returns
    -------
    low, high : ndarray of float64
        NaN where `n` is 0.

    Raises
    ------
    ParameterError
        The level is outside (0, 1).

    Examples
    --------
    >>> low, high = wilson_bounds([8, 0], [10, 10])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.49, 0.0], [0.943, 0.278])
    """
    from scipy.special import ndtri

    check_level(level)
    count, trials = np.asarray(hits, dtype=np.float64), np.asarray(n, dtype=np.float64)
    z = float(ndtri(0.5 + level / 2))
    safe = np.where(trials > 0, trials, np.nan)
    share = count / safe
    shrink = 1 + z**2 / safe
    centre = (share + z**2 / (2 * safe)) / shrink
    half = z * np.sqrt(np.maximum(share * (1 - share), 0) / safe + z**2 / (4 * safe**2)) / shrink
    low = np.where((count == 0) & (trials > 0), 0.0, np.clip(centre - half, 0.0, 1.0))
    high = np.where((count == trials) & (trials > 0), 1.0, np.clip(centre + half, 0.0, 1.0))
    return low, high


def wilson_interval(successes: int, n: int, *, level: float = 0.95) -> Interval:
    """Wilson's score interval of a proportion; sensible at 0, at 1 and for small n.

    Parameters
    ----------
    successes : int
        From 0 to n.
    n : int
        Trials; with 0 the estimate is NaN and the interval is [0, 1].
    level : float
        Nominal coverage.

    Returns
    -------
    Interval

    Raises
    ------
    ParameterError
        If ``0 <= successes <= n`` does not hold, or the level is outside (0, 1).

    References
    ----------
    Wilson, E. B. (1927). Probable Inference, the Law of Succession, and Statistical Inference. Journal of
    the American Statistical Association 22(158), 209-212.

    Examples
    --------
    >>> found = wilson_interval(0, 10)
    >>> found.low, round(found.high, 4)
    (0.0, 0.2775)
    """
    check_level(level)
    if not 0 <= successes <= n:
        raise ParameterError("successes must lie between 0 and n", found=f"{successes} of {n}")
    if n == 0:
        return Interval(float("nan"), 0.0, 1.0, level, 0, "Wilson score")
    low, high = wilson_bounds(successes, n, level=level)
    return Interval(successes / n, float(low), float(high), level, int(n), "Wilson score")


def per_class_differences(
    labels: ArrayLike,
    correct_before: ArrayLike,
    correct_after: ArrayLike,
    *,
    level: float = 0.95,
    adjust: Literal["bonferroni", "none"] = "bonferroni",
) -> dict[int, Interval]:
    """Change of the recall of each class on a fixed test set, with intervals.

    The variance adds the spread over test rows (with half a pseudo-observation in each of the four cells of
    right/wrong before/after, so that a class of three rows without a change is not reported as certain) and
    the spread over retrainings.

    Parameters
    ----------
    labels : array_like of int, shape (n_test,)
        True classes; rows labelled -1 are left out.
    correct_before, correct_after : array_like of bool or float, shape (R, n_test) or (n_test,)
        Whether each test row was right in each retraining.
    level : float
        Nominal coverage.
    adjust : {"bonferroni", "none"}
        With Bonferroni the level holds for all classes together, so that one class in twenty is not
        announced by luck.

    Returns
    -------
    dict of int to Interval
        By class; n is the number of test rows of the class.

    Raises
    ------
    ParameterError
        If the level is outside (0, 1) or `adjust` unknown.
    AlignmentError
        If shapes do not fit.

    References
    ----------
    Agresti, A. & Min, Y. (2005). Simple Improved Confidence Intervals for Comparing Matched Proportions.
    Statistics in Medicine 24(5), 729-740.

    Examples
    --------
    >>> y = np.repeat([0, 1], 40)
    >>> found = per_class_differences(y, np.zeros(80), y == 1)
    >>> found[0].verdict, found[1].verdict
    ('cannot tell', 'helped')
    """
    from scipy.special import ndtri

    check_level(level)
    if adjust not in ("bonferroni", "none"):
        raise ParameterError('adjust must be "bonferroni" or "none"', found=repr(adjust))
    codes, difference = as_labels(labels), paired_difference(correct_before, correct_after)
    if difference.shape[1] != len(codes):
        raise AlignmentError(
            "there must be one label per test row", found=f"{len(codes)} labels, {difference.shape[1]} rows"
        )
    classes = np.unique(codes[codes >= 0])
    share = len(classes) if adjust == "bonferroni" else 1
    z = float(ndtri(1 - (1 - level) / (2 * share))) if share else 0.0
    return {int(c): _class_interval(difference[:, codes == c], z, level, adjust) for c in classes}


def _class_interval(difference: NDArray[np.float64], z: float, level: float, adjust: str) -> Interval:
    repeats, n = difference.shape
    by_row = difference.mean(axis=0)
    centre = by_row.sum() / (n + 2)
    variance = (((by_row**2).sum() + 1) / (n + 2) - centre**2) / (n + 2)
    if repeats > 1:
        variance += difference.mean(axis=1).var(ddof=1) / repeats
    half = z * float(np.sqrt(variance))
    mean = float(by_row.mean())
    low, high = max(-1.0, min(centre - half, mean)), min(1.0, max(centre + half, mean))
    return Interval(mean, float(low), float(high), level, n, f"adjusted Wald, {adjust}")

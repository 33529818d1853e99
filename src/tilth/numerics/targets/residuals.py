"""Numeric targets and their residuals: checks, a robust scale, and a spread that may differ from row to row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tilth.errors import LabelError

__all__ = ["check_targets", "median_scale", "residual_spread"]

Floats = npt.NDArray[np.float64]

_CUT = 3.0


def check_targets(y: npt.ArrayLike, name: str = "y", *, missing: bool = False) -> Floats:
    """Check numeric targets and return them as float64.

    Parameters
    ----------
    y : array_like of float, shape (n,)
    name : str
        How messages call them.
    missing : bool
        Whether NaN, a row without a target, is allowed.

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    LabelError
        If they are not numbers in one dimension, or one is missing or infinite.

    Examples
    --------
    >>> check_targets([1, 2.5])
    array([1. , 2.5])
    """
    given = np.asarray(y)
    if given.ndim != 1:
        raise LabelError(f"{name} must be one number per row", found=f"an array of shape {given.shape}")
    try:
        values = given.astype(np.float64)
    except (TypeError, ValueError):
        values = np.zeros(0)
    if given.size == 0 or given.dtype.kind not in "iufbO" or values.size == 0:
        raise LabelError(
            f"{name} must hold numbers",
            found=f"dtype {given.dtype}" + (f", first value {given[0]!r}" if given.size else ", no rows"),
            fix="convert the column to floating point, or use estimate_label_errors for classes",
        )
    bad = np.flatnonzero(np.isinf(values) if missing else ~np.isfinite(values))
    if bad.size:
        raise LabelError(
            f"{name} must hold finite numbers",
            where=f"row {bad[0]}",
            found=str(values[bad[0]]),
            fix="leave the row out, or correct it",
        )
    return values


def median_scale(residuals: Floats) -> float:
    """Standard deviation of the middle of the residuals, from their median absolute value; above 0.

    Where more than half are exactly 0, the mean absolute residual takes its place, and 1 where all are 0.

    Examples
    --------
    >>> round(median_scale(np.array([-0.6745, 0.6745, 100.0])), 3)
    1.0
    """
    size = np.abs(residuals)
    middle = float(np.median(size)) / 0.6745
    return middle or float(size.mean()) or 1.0


def residual_spread(
    residuals: Floats, predictions: Floats, by_features: Floats | None = None, *, window: int = 0
) -> Floats:
    """Spread of every row's residual, as a function of its prediction and, if given, of its features.

    The scale of the nearest tenth of the rows by prediction and the scale that the features foretell are each raised
    to a power in {0, 1/2, 1}; the powers are those under which the residuals, cut off at three spreads, are most
    likely. Even noise therefore gets one constant spread.

    Parameters
    ----------
    residuals, predictions : ndarray of float64, shape (n,)
    by_features : ndarray of float64, shape (n,), optional
        Cross-fitted guess of each absolute residual.
    window : int
        Rows for the local scale; 0 for a tenth of all, at least 50.

    Returns
    -------
    ndarray of float64, shape (n,)
        Above 0; the median of the absolute residual over the spread is that of a standard normal variable.

    Examples
    --------
    >>> residual_spread(np.array([0.6745, -0.6745, 0.6745]), np.zeros(3)).round(3).tolist()
    [1.0, 1.0, 1.0]
    """
    n, scale = len(residuals), median_scale(residuals)
    views = [_local_scale(residuals, predictions, min(n, window or max(50, n // 10)))]
    if by_features is not None:
        views.append(by_features)
    logs = []
    for view in views:
        low = np.maximum(view, 0.05 * scale)
        logs.append(np.log(low / np.median(low)))
    size = np.abs(residuals)
    least, best = np.inf, np.full(n, scale)
    for power in np.ndindex(*([3] * len(logs))):
        spread = np.exp(sum((p / 2) * log for p, log in zip(power, logs, strict=True)))
        spread *= median_scale(size / spread)
        cost = float(np.log(spread).mean() + np.minimum(size / spread, _CUT).mean()) + 0.002 * sum(power)
        if cost < least:
            least, best = cost, spread
    return best


def _local_scale(residuals: Floats, predictions: Floats, window: int) -> Floats:
    """Median absolute residual of the `window` rows around each row in the order of the predictions."""
    n = len(residuals)
    order = np.argsort(predictions, kind="stable")
    size = np.abs(residuals)[order]
    step = max(1, window // 20)
    starts = np.unique(np.append(np.arange(0, n - window + 1, step), n - window))
    middles = np.array([np.median(size[s : s + window]) for s in starts])
    out = np.empty(n)
    out[order] = np.interp(np.arange(n), starts + (window - 1) / 2, middles) / 0.6745
    return out

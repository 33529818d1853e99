"""Learning curves: the area below them, the labels they need, a fit with interval, and what more labels should buy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import ParameterError
from tilth.numerics.statistics.interval_result import Interval, check_level

__all__ = ["CurveFit", "area_under_curve", "expected_gain", "fit_curve", "labels_to_reach"]

Floats = NDArray[np.float64]


def _curve(counts: ArrayLike, scores: ArrayLike, least: int) -> tuple[Floats, Floats]:
    x, y = np.asarray(counts, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or len(x) < least:
        raise ParameterError(
            f"a learning curve needs at least {least} points: label counts and their scores",
            found=f"shapes {x.shape} and {y.shape}",
        )
    if not np.isfinite(x).all() or not np.isfinite(y).all() or (np.diff(x) <= 0).any() or x[0] < 0:
        raise ParameterError("label counts must grow, and scores be finite", where="learning curve")
    return x, y


def area_under_curve(counts: ArrayLike, scores: ArrayLike) -> float:
    """Mean score over the label counts: the area below the curve divided by its width.

    Parameters
    ----------
    counts : (r,) array_like of int
        Labels, growing.
    scores : (r,) array_like of float

    Returns
    -------
    float
        In the unit of the scores.

    Examples
    --------
    >>> area_under_curve([10, 20, 40], [0.5, 0.7, 0.7])
    0.6666666666666666
    """
    x, y = _curve(counts, scores, 1)
    if len(x) == 1:
        return float(y[0])
    return float(np.trapezoid(y, x) / (x[-1] - x[0]))


def labels_to_reach(counts: ArrayLike, scores: ArrayLike, target: float) -> float:
    """Labels at which the curve first reaches a score, interpolated between its points.

    Parameters
    ----------
    counts : (r,) array_like of int
    scores : (r,) array_like of float
    target : float

    Returns
    -------
    float
        Infinite where the curve never reaches it.

    Examples
    --------
    >>> labels_to_reach([10, 20, 30], [0.5, 0.7, 0.9], 0.8), labels_to_reach([10], [0.5], 0.9)
    (25.0, inf)
    """
    x, y = _curve(counts, scores, 1)
    there = np.flatnonzero(y >= target)
    if not len(there):
        return float("inf")
    at = int(there[0])
    if at == 0:
        return float(x[0])
    return float(x[at - 1] + (target - y[at - 1]) / (y[at] - y[at - 1]) * (x[at] - x[at - 1]))


@dataclass(frozen=True, eq=False)
class CurveFit:
    """A power law through a learning curve: score(n) = ceiling - scale * n ** -rate.

    Attributes
    ----------
    ceiling, scale, rate : float
    draws : (b, 3) float64 array
        The same three of curves that fit the points about as well; what intervals are made of.
    noise : float
        Standard deviation of the points around the curve.
    """

    ceiling: float
    scale: float
    rate: float
    draws: Floats
    noise: float

    def at(self, counts: ArrayLike) -> Floats:
        """Expected score at some label counts."""
        return np.asarray(self.ceiling - self.scale * np.asarray(counts, dtype=np.float64) ** -self.rate)


_RATES = np.geomspace(0.05, 2.0, 60)


def _best(x: Floats, y: Floats, w: Floats) -> tuple[Floats, Floats]:
    """Least squares with ceiling at most 1 and scale not negative, for every weighting and rate.

    `w` has shape (b, r); the answers are parameters (b, rates, 3) and squared errors (b, rates).
    """
    u = x[None, :] ** -_RATES[:, None]  # (rates, r)
    total = w.sum(axis=1, keepdims=True)
    wu, wuu, wuy = w @ u.T, w @ (u * u).T, w @ (u * y).T
    wy, wyy = w @ y[:, None], w @ (y * y)[:, None]
    spread = wuu - wu**2 / total
    slope = np.divide(wuy - wu * wy / total, spread, where=spread > 1e-15, out=np.zeros_like(spread))
    scale = np.maximum(-slope, 0)
    ceiling = (wy + scale * wu) / total
    above = ceiling > 1
    scale = np.where(above, np.maximum((wu - wuy) / np.maximum(wuu, 1e-300), 0), scale)
    ceiling = np.where(above, 1.0, ceiling)
    errors = ceiling**2 * total - 2 * ceiling * scale * wu - 2 * ceiling * wy + scale**2 * wuu + 2 * scale * wuy + wyy
    rates = np.broadcast_to(_RATES, ceiling.shape)
    return np.stack([ceiling, scale, rates], axis=2), np.maximum(errors, 0)


def fit_curve(counts: ArrayLike, scores: ArrayLike, *, n_draws: int = 400, random_state: int = 0) -> CurveFit:
    """Fit a power law to a learning curve [1]_, with curves that fit about as well for intervals.

    The later half of the points counts double, since it is the end of the curve that is drawn on. The draws come
    from the profile over the rate (the uncertainty that matters when a curve is drawn on) and a Bayesian bootstrap of
    the points.

    Parameters
    ----------
    counts : (r,) array_like of int
        Labels, growing, above 0; at least 4 points.
    scores : (r,) array_like of float
        Scores in [0, 1], best on rows that never train.
    n_draws : int
    random_state : int

    Returns
    -------
    CurveFit

    Raises
    ------
    ParameterError
        Fewer than 4 points, counts that do not grow, or a score outside [0, 1].

    References
    ----------
    .. [1] Cortes, Jackel, Solla, Vapnik, Denker (1993). Learning curves: asymptotic values and rate of convergence.
       NeurIPS 6.

    Examples
    --------
    >>> x = np.array([20, 40, 80, 160, 320])
    >>> fit = fit_curve(x, 0.9 - 2.0 / x)
    >>> round(fit.ceiling, 2), round(float(fit.at(640)), 2)
    (0.9, 0.9)
    """
    x, y = _curve(counts, scores, 4)
    if x[0] <= 0:
        raise ParameterError("label counts must be above 0 for a fit", found=str(x[0]))
    outside = (y < 0) | (y > 1)
    if outside.any():
        raise ParameterError(
            "scores of a learning curve that is fitted lie in [0, 1]",
            where=f"score {int(np.argmax(outside))}",
            found=f"{y[outside][0]:g}",
            fix="divide percent by 100",
        )
    base = np.where(np.arange(len(x)) >= len(x) // 2, 2.0, 1.0)
    found, errors = _best(x, y, base[None])
    best = found[0, int(np.argmin(errors[0]))]
    freedom = max(len(x) - 3, 1)
    variance = max(float(errors.min()) / float(base.mean()) / freedom, 1e-10)
    rng = np.random.default_rng(random_state)
    some, off = _best(x, y, base * rng.gamma(1.0, size=(n_draws, len(x))))
    likely = np.exp(-(off - off.min(axis=1, keepdims=True)) / (2 * variance * float(base.mean())))
    chosen = (likely.cumsum(axis=1) < rng.random((n_draws, 1)) * likely.sum(axis=1, keepdims=True)).sum(axis=1)
    draws = some[np.arange(n_draws), np.minimum(chosen, len(_RATES) - 1)]
    return CurveFit(float(best[0]), float(best[1]), float(best[2]), draws, float(np.sqrt(variance)))


def expected_gain(
    counts: ArrayLike, scores: ArrayLike, more: int, *, level: float = 0.95, random_state: int = 0
) -> Interval:
    """What `more` labels should buy, by a fitted curve, with its interval.

    Parameters
    ----------
    counts : (r,) array_like of int
        Labels so far at each point, growing; at least 4.
    scores : (r,) array_like of float
        Scores in [0, 1].
    more : int
        Further labels, at least 1.
    level : float in (0, 1)
    random_state : int

    Returns
    -------
    Interval
        Gain in the unit of the scores, not negative. It speaks of the mean curve: one more point also scatters.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> x = np.array([20, 40, 80, 160, 320])
    >>> found = expected_gain(x, 0.9 - 2.0 / x**0.5, 320)
    >>> round(found.estimate, 3), found.low < found.estimate < found.high
    (0.032, True)
    """
    check_level(level)
    if more < 1:
        raise ParameterError("more labels means at least one", found=str(more))
    x, _ = _curve(counts, scores, 4)
    fit = fit_curve(x, scores, random_state=random_state)
    last = float(x[-1])

    def gain(scale: Any, rate: Any) -> Any:
        return scale * (last**-rate - (last + more) ** -rate)

    drawn = gain(fit.draws[:, 1], fit.draws[:, 2])
    estimate = float(gain(fit.scale, fit.rate))
    low, high = (float(v) for v in np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]))
    return Interval(estimate, min(low, estimate), max(high, estimate), level, len(x), "power law, bootstrap of points")

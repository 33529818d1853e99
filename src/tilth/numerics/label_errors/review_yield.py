"""What reviewing yields: precision so far, finds to expect, and scores turned into probabilities by verdicts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, ConflictError, DataError, ParameterError
from tilth.numerics.statistics.interval_result import Interval, check_level
from tilth.numerics.statistics.intervals import wilson_interval

__all__ = ["calibrate_scores", "draws_interval", "expected_finds", "merge_verdicts", "precision_at_k"]

Floats = NDArray[np.float64]

_LEAST_VERDICTS = 30


def merge_verdicts(
    verdict_rows: ArrayLike, verdict_is_error: ArrayLike, n: int, on_conflict: str
) -> tuple[NDArray[np.int64], NDArray[np.bool_], tuple[str, ...]]:
    """One verdict per row, ascending, and notes on contradictions."""
    if on_conflict not in ("raise", "majority"):
        raise ParameterError('on_conflict must be "raise" or "majority"', found=repr(on_conflict))
    rows, wrong = np.asarray(verdict_rows), np.asarray(verdict_is_error)
    if rows.shape != wrong.shape or rows.ndim != 1:
        raise AlignmentError("every verdict needs its row", found=f"{rows.shape} rows and {wrong.shape} verdicts")
    if not rows.size:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool), ()
    if rows.dtype.kind not in "iu":
        raise DataError("verdict_rows must be row numbers", found=f"dtype {rows.dtype}")
    if wrong.dtype.kind != "b" and not np.isin(wrong, (0, 1)).all():
        raise DataError("verdicts must be true or false", found=repr(wrong.ravel()[0]))
    outside = np.flatnonzero((rows < 0) | (rows >= n))
    if outside.size:
        raise DataError("a verdict is on a row that does not exist", found=f"row {rows[outside[0]]} of {n}")
    distinct, place = np.unique(rows, return_inverse=True)
    votes = np.bincount(place)
    errors = np.bincount(place, weights=wrong.astype(np.float64))
    split = np.flatnonzero((errors > 0) & (errors < votes))
    notes: tuple[str, ...] = ()
    if split.size:
        row = int(distinct[split[0]])
        if on_conflict == "raise":
            raise ConflictError(
                "verdicts on a row contradict each other",
                where=f"row {row}",
                found=f"{int(errors[split[0]])} of {votes[split[0]]} say wrong",
                fix='settle it, or use on_conflict="majority"',
            )
        notes = (f"{split.size} rows have contradictory verdicts, the first is row {row}: the majority counts",)
    kept = 2 * errors != votes
    if not kept.all():
        notes = (*notes, f"{int((~kept).sum())} rows with as many verdicts for as against were left out")
    return distinct[kept].astype(np.int64), (2 * errors > votes)[kept], notes


def draws_interval(draws: Floats, level: float, n: int, method: str) -> Interval:
    """Mean and central interval of draws."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(draws.mean()), float(low), float(high), level, n, method)


def precision_at_k(verdict_is_error: ArrayLike, *, k: int | None = None, level: float = 0.95) -> Interval:
    """Share of errors among the first k reviewed rows, with Wilson's interval.

    Parameters
    ----------
    verdict_is_error : array_like of bool, shape (m,)
        In the order of review.
    k : int, optional
        By default all.
    level : float

    Returns
    -------
    Interval

    Raises
    ------
    ParameterError
        If k is not between 1 and the number of verdicts.

    References
    ----------
    Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22.

    Examples
    --------
    >>> print(precision_at_k([True, True, False, True], k=3))
    +0.6667 [+0.2077, +0.9385] (95%, n=3)
    """
    wrong = np.asarray(verdict_is_error, dtype=bool)
    size = len(wrong) if k is None else k
    if not 1 <= size <= len(wrong):
        raise ParameterError("k must be between 1 and the number of verdicts", found=f"k={k}, {len(wrong)} verdicts")
    return wilson_interval(int(wrong[:size].sum()), size, level=level)


def expected_finds(
    p_error: ArrayLike,
    *,
    n_next: int = 50,
    verdict_rows: ArrayLike = (),
    verdict_is_error: ArrayLike = (),
    level: float = 0.8,
    n_draws: int = 4000,
    random_state: int = 0,
) -> Interval:
    """How many errors the next rows in score order will hold: "reviewing 50 more is expected to find 3 to 7 more".

    Parameters
    ----------
    p_error : array_like of float, shape (n,)
        Probabilities of error.
    n_next : int
        Rows to be reviewed next: the highest scores without a verdict.
    verdict_rows, verdict_is_error : array_like, shape (m,)
        Verdicts so far; with 30 or more of both kinds the probabilities are calibrated on them first.
    level : float
    n_draws, random_state : int

    Returns
    -------
    Interval
        In rows. It spans chance in the rows and the uncertainty of the overall level: a factor on the odds, worth
        a standard deviation of ``1 / sqrt(1 + verdicts / 10)``.

    Raises
    ------
    ParameterError, DataError, ConflictError, AlignmentError
        If the verdicts or an option cannot be used.

    Examples
    --------
    >>> found = expected_finds([0.9] * 10 + [0.01] * 90, n_next=10)
    >>> found.low <= 9 <= found.high
    True
    """
    check_level(level)
    if n_next < 1:
        raise ParameterError("n_next must be at least 1", found=repr(n_next))
    scores = _check_scores(p_error)
    rows, wrong, _ = merge_verdicts(verdict_rows, verdict_is_error, len(scores), "majority")
    if len(rows) >= _LEAST_VERDICTS:
        scores_now = calibrate_scores(scores, rows, wrong)
    else:
        scores_now = scores
    waiting = np.setdiff1d(np.arange(len(scores)), rows)
    upcoming = waiting[np.argsort(-scores[waiting], kind="stable")][:n_next]
    rng = np.random.default_rng(random_state)
    logits = _logit(scores_now[upcoming])
    shift = rng.normal(0.0, 1.0 / np.sqrt(1.0 + len(rows) / 10.0), (n_draws, 1))
    chance = 1.0 / (1.0 + np.exp(-(logits + shift)))
    draws = (rng.random(chance.shape) < chance).sum(axis=1).astype(np.float64)
    return draws_interval(draws, level, len(upcoming), "chance in the rows, and in the level of the probabilities")


def _check_scores(scores: ArrayLike) -> Floats:
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1:
        raise DataError("scores must be one-dimensional", found=f"shape {values.shape}")
    bad = np.flatnonzero(~np.isfinite(values) | (values < 0) | (values > 1))
    if bad.size:
        raise DataError("scores must lie between 0 and 1", where=f"row {bad[0]}", found=str(values[bad[0]]))
    return values


def _logit(p: Floats) -> Floats:
    clipped = np.clip(p, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def calibrate_scores(
    scores: ArrayLike, verdict_rows: ArrayLike, verdict_is_error: ArrayLike, *, on_conflict: str = "raise"
) -> Floats:
    """Turn scores into probabilities of error by what reviewers found.

    Logistic regression on the log-odds of the score (slope and level), with a prior that leaves the scores as they
    are; so few verdicts change little, and the order of the rows stays.

    Parameters
    ----------
    scores : array_like of float, shape (n,)
        In [0, 1], high means wrong.
    verdict_rows : array_like of int, shape (m,)
        At least 30 distinct rows.
    verdict_is_error : array_like of bool, shape (m,)
    on_conflict : {"raise", "majority"}

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    DataError
        If there are fewer than 30 verdicts, or a score is outside [0, 1].
    ConflictError
        If verdicts on a row contradict each other.

    References
    ----------
    Platt 1999, "Probabilistic Outputs for Support Vector Machines", Advances in Large Margin Classifiers.

    Examples
    --------
    >>> scores = np.repeat([0.9, 0.1], 50)
    >>> wrong = np.arange(100) % 4 == 0
    >>> calibrate_scores(scores, np.arange(100), wrong)[[0, 99]].round(1).tolist()
    [0.3, 0.2]
    """
    from scipy.optimize import minimize

    values = _check_scores(scores)
    rows, wrong, _ = merge_verdicts(verdict_rows, verdict_is_error, len(values), on_conflict)
    if len(rows) < _LEAST_VERDICTS:
        raise DataError(f"calibration needs at least {_LEAST_VERDICTS} verdicts", found=str(len(rows)))
    x, y = _logit(values[rows]), wrong.astype(np.float64)

    def loss(v: Any) -> float:
        z = np.exp(v[0]) * x + v[1]
        return float(np.logaddexp(0.0, z).sum() - (y * z).sum() + 0.5 * v[0] ** 2 + 0.125 * v[1] ** 2)

    slope, level = minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=[(-4, 3), (-10, 10)]).x
    return np.asarray(1.0 / (1.0 + np.exp(-(np.exp(slope) * _logit(values) + level))))

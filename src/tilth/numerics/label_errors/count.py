"""How many labels are wrong, with an interval, and how many the next review will find."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import ParameterError
from tilth.numerics.label_errors.model import LabelErrorEstimate
from tilth.numerics.label_errors.review_yield import draws_interval, merge_verdicts
from tilth.numerics.statistics.interval_result import Interval, check_level

__all__ = ["ErrorCount", "estimate_error_count", "plan_verdicts"]

Floats = NDArray[np.float64]

_N_STRATA = 8
_LOW_FACTOR, _HIGH_FACTOR = 0.6, 1.15
_PRIOR_ROWS = 1.0
_SUREST = 0.9
_WIDER, _SLACK = 1.2, 1.0


@dataclass(frozen=True, eq=False)
class ErrorCount:
    """Number of label errors.

    Attributes
    ----------
    total : Interval
        Estimate and interval, in rows.
    by_class : dict of int to Interval
        The same for the rows of each given class.
    n_verdicts : int
        Rows reviewed.
    method : str
        What the estimate and the interval rest on.
    notes : tuple of str
    """

    total: Interval
    by_class: dict[int, Interval]
    n_verdicts: int
    method: str
    notes: tuple[str, ...]


def estimate_error_count(
    estimate: LabelErrorEstimate,
    *,
    verdict_rows: ArrayLike = (),
    verdict_is_error: ArrayLike = (),
    on_conflict: str = "raise",
    level: float = 0.95,
    n_draws: int = 2000,
    random_state: int = 0,
) -> ErrorCount:
    """Estimate how many labels are wrong, overall and per given class.

    Before verdicts, the two readings of the model (errors that depend on the class only; errors that depend on the
    row in any way) span the interval, widened by 40 % below and 15 % above and by binomial noise: a model of
    errors is not identified by features and labels alone. With verdicts, rows are stratified by the model's
    probability of error; the error rate of the rows not reviewed in a stratum has a Beta posterior whose prior is
    worth one row at the model's mean, and the total is drawn from it; the interval is a fifth wider for what strata
    hide. That assumes the reviewed rows of a stratum
    to be like the others in it, as `plan_verdicts` makes them.

    Parameters
    ----------
    estimate : LabelErrorEstimate
    verdict_rows : array_like of int, shape (m,)
        Reviewed rows.
    verdict_is_error : array_like of bool, shape (m,)
        Whether the label was found wrong.
    on_conflict : {"raise", "majority"}
        What to do with rows that have verdicts of both kinds; "majority" also leaves ties out, and notes both.
    level : float
        Nominal coverage.
    n_draws, random_state : int

    Returns
    -------
    ErrorCount

    Raises
    ------
    ConflictError
        If two verdicts on a row contradict each other and `on_conflict` is "raise".
    AlignmentError, DataError, ParameterError
        If the verdicts or an option cannot be used.

    References
    ----------
    Neyman 1934, "On the Two Different Aspects of the Representative Method", JRSS 97 (stratified sampling).
    Ericson 1969, "Subjective Bayesian Models in Sampling Finite Populations", JRSS B 31 (posterior of a total).

    Examples
    --------
    >>> from tilth.numerics.label_errors.model import estimate_label_errors
    >>> rng = np.random.default_rng(0)
    >>> true = np.repeat([0, 1], 100)
    >>> X = rng.normal(4.0 * true[:, None], 1.0, (200, 2))
    >>> given = true.copy()
    >>> given[:10] = 1
    >>> count = estimate_error_count(estimate_label_errors(X, given))
    >>> count.total.low <= 10 <= count.total.high
    True
    """
    check_level(level)
    n = len(estimate.labels)
    rows, wrong, notes = merge_verdicts(verdict_rows, verdict_is_error, n, on_conflict)
    rng = np.random.default_rng(random_state)
    if not len(rows):
        return _before_verdicts(estimate, level, notes)
    strata = _strata(estimate.p_error)
    by_row = _draw_totals(estimate, rows, wrong, strata, rng, n_draws)
    classes = {int(c): by_row[int(c)] for c in np.unique(estimate.labels)}
    total = np.sum(list(classes.values()), axis=0)
    method = "stratified by score, Beta posterior of every stratum"
    closed = np.bincount(estimate.labels[rows], minlength=estimate.posterior.shape[1])
    found = np.bincount(estimate.labels[rows], weights=wrong, minlength=len(closed))
    by_class = {}
    for c, draws in classes.items():
        size = int((estimate.labels == c).sum())
        by_class[c] = _widened(draws_interval(draws, level, size, method), found[c], size - int(closed[c]))
    whole = _widened(draws_interval(total, level, n, method), float(wrong.sum()), n - len(rows))
    return ErrorCount(whole, by_class, len(rows), method, notes)


def _before_verdicts(estimate: LabelErrorEstimate, level: float, notes: tuple[str, ...]) -> ErrorCount:
    method = "two readings of the model, widened for what features cannot tell"
    every = np.ones(len(estimate.labels), dtype=bool)
    by_class = {int(c): _span(estimate, estimate.labels == c, level, method) for c in np.unique(estimate.labels)}
    return ErrorCount(_span(estimate, every, level, method), by_class, 0, method, notes)


def _span(estimate: LabelErrorEstimate, rows: NDArray[np.bool_], level: float, method: str) -> Interval:
    from scipy.stats import norm

    z = float(norm.ppf(0.5 + level / 2))
    low, high = np.minimum(estimate.p_error_low, estimate.p_error_high)[rows], estimate.p_error_high[rows]
    least, most = sorted((float(low.sum()), float(high.sum())))
    noise = [z * float(np.sqrt((p * (1 - p)).sum() + 1.0)) for p in (low, high)]
    n = int(rows.sum())
    bottom = max(0.0, _LOW_FACTOR * least - noise[0])
    top = min(float(n), _HIGH_FACTOR * most + noise[1])
    return Interval(float(np.clip(np.sqrt(least * most), bottom, top)), bottom, top, level, n, method)


def _strata(p_error: Floats) -> NDArray[np.int64]:
    """Strata along the score, each with the same sum of standard deviations (so that equal samples are best)."""
    order = np.argsort(p_error, kind="stable")
    share = np.cumsum(np.sqrt(p_error[order] * (1 - p_error[order]) + 1e-3))
    out = np.empty(len(order), dtype=np.int64)
    out[order] = np.minimum((share / share[-1] * _N_STRATA).astype(np.int64), _N_STRATA - 1)
    return out


def _draw_totals(
    estimate: LabelErrorEstimate,
    rows: NDArray[np.int64],
    wrong: NDArray[np.bool_],
    strata: NDArray[np.int64],
    rng: np.random.Generator,
    n_draws: int,
) -> dict[int, Floats]:
    """Draws of the number of errors of every given class."""
    n, k = len(strata), estimate.posterior.shape[1]
    open_rows = np.ones(n, dtype=bool)
    open_rows[rows] = False
    totals = np.zeros((n_draws, k))
    totals += np.bincount(estimate.labels[rows], weights=wrong, minlength=k)
    for stratum in np.unique(strata):
        left = np.flatnonzero(open_rows & (strata == stratum))
        if not len(left):
            continue
        seen = strata[rows] == stratum
        expected = estimate.p_error[left]
        mean = float(np.clip(expected.mean(), 1e-4, _SUREST))
        hits = float(wrong[seen].sum())
        rate = rng.beta(_PRIOR_ROWS * mean + hits, _PRIOR_ROWS * (1 - mean) + float(seen.sum()) - hits, n_draws)
        part = np.bincount(estimate.labels[left], weights=np.maximum(expected, 1e-6), minlength=k)
        part = 0.5 * part / part.sum() + 0.5 * np.bincount(estimate.labels[left], minlength=k) / len(left)
        found = rng.binomial(len(left), rate)
        totals += np.array([rng.multinomial(f, part) for f in found])
    sizes = np.bincount(estimate.labels, minlength=k)
    return {c: np.minimum(totals[:, c], sizes[c]) for c in range(k) if sizes[c]}


def _widened(interval: Interval, found: float, room: int) -> Interval:
    """Wider by a share and a row on both sides, within the errors that were found and the rows that are left."""
    if room == 0:
        return interval
    middle = interval.estimate
    low = middle - _WIDER * (middle - interval.low) - _SLACK
    high = middle + _WIDER * (interval.high - middle) + _SLACK
    low, high = (float(np.clip(end, found, found + room)) for end in (low, high))
    return Interval(middle, low, high, interval.level, interval.n, interval.method)


def plan_verdicts(
    estimate: LabelErrorEstimate, n_rows: int, *, reviewed: ArrayLike = (), random_state: int = 0
) -> NDArray[np.int64]:
    """Choose the rows whose review sharpens the error count most.

    Strata along the probability of error are drawn from at random, flagged and unflagged rows alike. They are cut so
    that each has the same sum of standard deviations; Neyman's allocation then takes as many rows of each.

    Parameters
    ----------
    estimate : LabelErrorEstimate
    n_rows : int
        How many rows to review; fewer come back where there are no more.
    reviewed : array_like of int
        Rows that have a verdict already.
    random_state : int

    Returns
    -------
    ndarray of int64
        Row numbers in random order.

    Raises
    ------
    ParameterError
        If `n_rows` is negative.

    References
    ----------
    Neyman 1934, "On the Two Different Aspects of the Representative Method", JRSS 97.

    Examples
    --------
    >>> from tilth.numerics.label_errors.model import estimate_label_errors
    >>> X = np.arange(40.0)[:, None]
    >>> len(plan_verdicts(estimate_label_errors(X, X[:, 0] > 19), 10))
    10
    """
    if n_rows < 0:
        raise ParameterError("n_rows must not be negative", found=repr(n_rows))
    rng = np.random.default_rng(random_state)
    strata = _strata(estimate.p_error)
    done = np.zeros(len(strata), dtype=bool)
    done[np.asarray(reviewed, dtype=np.int64)] = True
    taken = np.bincount(strata[done], minlength=_N_STRATA)
    pools = [rng.permutation(np.flatnonzero((strata == s) & ~done)).tolist() for s in range(_N_STRATA)]
    chosen: list[int] = []
    while len(chosen) < n_rows and any(pools):
        stratum = min((s for s in range(_N_STRATA) if pools[s]), key=lambda s: (taken[s], -s))
        chosen.append(pools[stratum].pop())
        taken[stratum] += 1
    return rng.permutation(np.array(chosen, dtype=np.int64))

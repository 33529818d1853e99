"""What an augmentation policy gains on held-out rows, and which policy to take, if any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, DataError
from tilth.numerics.cross_fitting.folds import as_labels
from tilth.numerics.statistics.interval_result import Interval, check_level

__all__ = ["PolicyChoice", "choose_policy", "class_gains", "held_out_gain"]

Floats = NDArray[np.float64]


def _scores(values: ArrayLike, name: str) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or not array.size:
        raise DataError(f"{name} are scores of shape (repeats, rows)", found=f"shape {array.shape}")
    if not np.isfinite(array).all():
        at = np.argwhere(~np.isfinite(array))[0]
        raise DataError(f"{name} must be finite", where=f"repeat {at[0]}, row {at[1]}", found=str(array[tuple(at)]))
    return array


def _row_gains(before: ArrayLike, after: ArrayLike) -> tuple[Floats, float]:
    """Mean gain of each row, and the variance of the overall mean that comes from training again."""
    first, second = _scores(before, "scores before"), _scores(after, "scores after")
    if first.shape[1] != second.shape[1] or len(second) > len(first):
        raise AlignmentError(
            "both must score the same rows, and before as many repeats as after",
            found=f"shapes {first.shape} and {second.shape}",
        )
    difference = second - first[: len(second)]
    rows, means = difference.mean(axis=0), difference.mean(axis=1)
    repeats, n = difference.shape
    if repeats < 2 or n < 2:
        return rows, 0.0
    # two-way: what is left beside rows and repeats is in the spread over rows already
    left = difference - rows - means[:, None] + difference.mean()
    noise = float((left**2).sum()) / ((n - 1) * (repeats - 1))
    return rows, max(0.0, float(means.var(ddof=1)) / repeats - noise / (n * repeats))


def _t_interval(gains: Floats, again: float, level: float, method: str) -> Interval:
    from scipy.stats import t as student

    n = len(gains)
    mean = float(gains.mean())
    if n < 2:
        return Interval(mean, -1.0, 1.0, level, n, method)
    # half a pseudo-row either way, so that a few rows without a change are not certain
    variance = (float(((gains - mean) ** 2).sum()) + 0.5) / (n * (n - 1)) + again
    half = float(student.ppf(0.5 + level / 2, n - 1)) * float(np.sqrt(variance))
    return Interval(mean, mean - half, mean + half, level, n, method)


def held_out_gain(before: ArrayLike, after: ArrayLike, *, level: float = 0.95) -> Interval:
    """Interval of the mean gain over rows, each scored by models that were not trained on it.

    A row counts once, however often it was scored: its gain is averaged over the repeats, and the spread over rows
    and the spread between repeats both widen the interval.

    Parameters
    ----------
    before, after : array_like of float, shape (R, n) and (r, n) with r <= R
        Score of each row in each repeat (1 for right, 0 for wrong), the same folds in the same order; the first r
        repeats of `before` are used.
    level : float

    Returns
    -------
    Interval
        Of ``after - before``; n is the number of rows.

    Raises
    ------
    AlignmentError
        If rows differ, or `after` has more repeats.
    DataError
        If a score is not finite.

    Examples
    --------
    >>> before = np.zeros((2, 40))
    >>> after = np.tile(np.arange(40) < 20, (2, 1))
    >>> found = held_out_gain(before, after)
    >>> found.estimate, found.verdict
    (0.5, 'helped')
    """
    check_level(level)
    gains, again = _row_gains(before, after)
    return _t_interval(gains, again, level, "t over rows, plus the spread of repeats")


def class_gains(labels: ArrayLike, before: ArrayLike, after: ArrayLike, *, level: float = 0.95) -> dict[int, Interval]:
    """`held_out_gain` by class; the level holds for all classes together (Bonferroni).

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        Class codes; rows labelled -1 are left out.
    before, after : array_like of float, shape (R, n) and (r, n)
    level : float

    Returns
    -------
    dict of int to Interval

    Raises
    ------
    AlignmentError
        If there is not one label a row.

    Examples
    --------
    >>> y = np.repeat([0, 1], 30)
    >>> found = class_gains(y, np.zeros((1, 60)), (y == 1)[None].astype(float))
    >>> found[0].verdict, found[1].verdict
    ('cannot tell', 'helped')
    """
    check_level(level)
    codes = as_labels(labels)
    first, second = _scores(before, "scores before"), _scores(after, "scores after")
    if first.shape[1] != len(codes):
        raise AlignmentError("there must be one label a row", found=f"{len(codes)} labels, {first.shape[1]} rows")
    classes = np.unique(codes[codes >= 0])
    each = 1 - (1 - level) / max(len(classes), 1)
    out = {}
    for c in classes:
        gains, again = _row_gains(first[:, codes == c], second[:, codes == c])
        found = _t_interval(gains, again, each, "t over rows, Bonferroni over classes")
        out[int(c)] = Interval(found.estimate, found.low, found.high, level, found.n, found.method)
    return out


@dataclass(frozen=True)
class PolicyChoice:
    """Which policy to take, and what that choice is worth on rows that had no say in it.

    Attributes
    ----------
    best : str
        The candidate of the highest mean score; empty where there are no candidates.
    chosen : str
        `best` where its gain is above 0 outside the interval, else empty: no augmentation.
    gain : Interval
        Of the procedure "take the best": for each part of the rows, the candidate that is best on the other parts
        is scored on this one, so that the luck of the winner does not count.
    apparent : Interval
        Of the best candidate on all rows, with the luck of the winner.
    by_part : tuple of str
        The candidate that was best without each part.
    """

    best: str
    chosen: str
    gain: Interval
    apparent: Interval
    by_part: tuple[str, ...]


def choose_policy(
    before: ArrayLike,
    candidates: Mapping[str, ArrayLike],
    parts: ArrayLike,
    *,
    rank_before: ArrayLike | None = None,
    rank: Mapping[str, ArrayLike] | None = None,
    level: float = 0.95,
) -> PolicyChoice:
    """Choose the best candidate, or none: never worse than none, by rule.

    Parameters
    ----------
    before : array_like of float, shape (R, n)
        Scores of each row without augmentation.
    candidates : mapping of name to array_like of float, shape (r, n)
        Scores with each policy; r may differ, up to R. Of equal ones the first named wins.
    parts : array_like of int, shape (n,)
        Parts of the rows, from 0; rows that belong together are in one part.
    rank_before, rank : optional
        Scores of the same shapes to find the best candidate by; default: the scores themselves. Being right is a
        coarse score; right plus the probability of the right class tells candidates apart with fewer rows. Fair only
        between candidates that add equally many rows, which sharpens probabilities by itself.
    level : float

    Returns
    -------
    PolicyChoice

    Raises
    ------
    AlignmentError
        If shapes do not fit.
    DataError
        If a score is not finite, or there are fewer than two parts.

    References
    ----------
    Varma, S. & Simon, R. (2006). Bias in error estimation when using cross-validation for model selection. BMC
    Bioinformatics 7, 91.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> before = (rng.random((1, 200)) < 0.6).astype(float)
    >>> better = np.maximum(before, rng.random((1, 200)) < 0.3)
    >>> luck = {f"luck {i}": (rng.random((1, 200)) < 0.6).astype(float) for i in range(5)}
    >>> parts = np.arange(200) % 5
    >>> choose_policy(before, luck, parts).chosen, choose_policy(before, {**luck, "better": better}, parts).chosen
    ('', 'better')
    """
    check_level(level)
    base, groups = _scores(before, "scores before"), as_labels(parts)
    if groups.shape != (base.shape[1],):
        raise AlignmentError("there must be one part a row", found=f"{len(groups)} parts, {base.shape[1]} rows")
    names = list(candidates)
    if not names:
        nothing = Interval(0.0, 0.0, 0.0, level, base.shape[1], "no candidates")
        return PolicyChoice("", "", nothing, nothing, ())
    present = np.unique(groups)
    if len(present) < 2:
        raise DataError("an honest choice needs at least two parts of the rows", found=str(len(present)))
    rows = [_row_gains(base, candidates[name]) for name in names]
    gains = np.stack([row for row, _ in rows])
    merits = gains
    if rank is not None and rank_before is not None:
        if set(rank) != set(names):
            raise AlignmentError("every candidate needs scores to rank by", found=", ".join(map(str, rank)) or "none")
        merits = np.stack([_row_gains(rank_before, rank[name])[0] for name in names])
    best = int(np.argmax(merits.mean(axis=1)))
    out = np.empty(base.shape[1])
    winners = []
    for part in present:
        inside = groups == part
        winner = int(np.argmax(merits[:, ~inside].mean(axis=1)))
        out[inside] = gains[winner, inside]
        winners.append(names[winner])
    method = "t over rows, each scored by the policy that is best on the other parts"
    gain = _t_interval(out, rows[best][1], level, method)
    apparent = _t_interval(gains[best], rows[best][1], level, "t over rows, of the winner")
    return PolicyChoice(names[best], names[best] if gain.low > 0 else "", gain, apparent, tuple(winners))

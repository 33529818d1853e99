"""The sums behind a search for an augmentation policy: grids, schedules, density matching and an honest choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, DataError, ParameterError
from tilth.numerics.cross_fitting.folds import as_labels
from tilth.numerics.statistics.interval_result import Interval, check_level

__all__ = [
    "DensityMatch",
    "PolicyChoice",
    "choose_policy",
    "class_gains",
    "density_match",
    "halving_rounds",
    "held_out_gain",
    "rand_augment_grid",
]

Floats = NDArray[np.float64]


def rand_augment_grid(
    n: Sequence[int] = (1, 2, 3), m: Sequence[float] = (0.2, 0.4, 0.6)
) -> tuple[tuple[int, float], ...]:
    """All pairs (operations in a row, magnitude), the mildest first.

    Parameters
    ----------
    n : sequence of int
        Operations in a row, from 1.
    m : sequence of float
        Magnitudes in [0, 1].

    Returns
    -------
    tuple of (int, float)

    Raises
    ------
    ParameterError
        If a value is out of range.

    References
    ----------
    Cubuk, E. D. et al. (2020). RandAugment: Practical automated data augmentation with a reduced search space.
    NeurIPS.

    Examples
    --------
    >>> rand_augment_grid((1, 2), (0.5, 0.1))
    ((1, 0.1), (1, 0.5), (2, 0.1), (2, 0.5))
    """
    for count in n:
        if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1:
            raise ParameterError("n counts operations in a row, from 1", found=repr(count))
    for magnitude in m:
        if not 0 <= magnitude <= 1:
            raise ParameterError("a magnitude is a number from 0 to 1", found=repr(magnitude))
    return tuple(sorted({(int(count), float(magnitude)) for count in n for magnitude in m}))


def halving_rounds(n_candidates: int, n_repeats: int, *, eta: int = 3, first: int = 1) -> tuple[tuple[int, int], ...]:
    """Rounds of successive halving: how many candidates, and over how many repeats each has been scored after it.

    Parameters
    ----------
    n_candidates : int
        From 0.
    n_repeats : int
        Repeats that the last ones are scored over, from 1.
    eta : int
        One in `eta` goes on to the next round, with `eta` times the repeats; from 2.
    first : int
        Repeats of the first round, from 1.

    Returns
    -------
    tuple of (int, int)
        The last round has one candidate or all repeats.

    Raises
    ------
    ParameterError
        If a number is below its least value.

    References
    ----------
    Jamieson, K. & Talwalkar, A. (2016). Non-stochastic best arm identification and hyperparameter optimization.
    AISTATS.

    Examples
    --------
    >>> halving_rounds(12, 6)
    ((12, 1), (4, 3), (2, 6))
    >>> halving_rounds(12, 6, first=2)
    ((12, 2), (4, 6))
    """
    for name, value, least in (
        ("n_candidates", n_candidates, 0),
        ("n_repeats", n_repeats, 1),
        ("eta", eta, 2),
        ("first", first, 1),
    ):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise ParameterError(f"{name} is a whole number from {least}", found=repr(value))
    rounds = []
    left, repeats = n_candidates, first
    while left:
        rounds.append((left, min(repeats, n_repeats)))
        if repeats >= n_repeats:
            break
        left, repeats = -(-left // eta) if left > 1 else 1, repeats * eta
    return tuple(rounds)


@dataclass(frozen=True)
class DensityMatch:
    """How well a model that never saw a policy recognises what the policy makes of held-out rows.

    Attributes
    ----------
    kept : Interval
        Accuracy on the changed rows minus accuracy on the same rows unchanged, at most 0 in the long run.
    by_class : dict of int to float
        The same by class.
    log_likelihood : float
        Mean log-probability of the labels of the changed rows.
    """

    kept: Interval
    by_class: dict[int, float]
    log_likelihood: float


def density_match(plain: ArrayLike, changed: ArrayLike, labels: ArrayLike, *, level: float = 0.95) -> DensityMatch:
    """Score a policy by held-out rows, without training on it.

    A model is trained on one part of the data and scores another part, unchanged and changed by the policy. Where
    the changed rows are still recognised, the policy stays within the distribution of the data; a label that the
    policy makes wrong shows as a loss for its class.

    Parameters
    ----------
    plain, changed : array_like of float, shape (n, k)
        Out-of-sample class probabilities of the rows as they are, and as the policy changed them.
    labels : array_like of int, shape (n,)
        Class codes; rows labelled -1 are left out.
    level : float

    Returns
    -------
    DensityMatch

    Raises
    ------
    AlignmentError
        If shapes differ.
    DataError
        If fewer than two rows are labelled.

    References
    ----------
    Lim, S. et al. (2019). Fast AutoAugment. NeurIPS.

    Examples
    --------
    >>> plain, changed = np.eye(2)[[0, 0, 1, 1]], np.eye(2)[[0, 0, 0, 0]]
    >>> density_match(plain, changed, [0, 0, 1, 1]).by_class
    {0: 0.0, 1: -1.0}
    """
    before, after, codes = np.asarray(plain, float), np.asarray(changed, float), as_labels(labels)
    if before.shape != after.shape or before.ndim != 2 or len(before) != len(codes):
        raise AlignmentError(
            "both need one row of probabilities a label",
            found=f"shapes {before.shape} and {after.shape} for {len(codes)} labels",
        )
    use = codes >= 0
    if use.sum() < 2:
        raise DataError("density matching needs at least two labelled rows", found=str(int(use.sum())))
    before, after, codes = before[use], after[use], codes[use]
    right = [(probs.argmax(axis=1) == codes).astype(np.float64) for probs in (before, after)]
    by_class = {int(c): float((right[1] - right[0])[codes == c].mean()) for c in np.unique(codes)}
    own = np.clip(after[np.arange(len(codes)), codes], 1e-12, 1)
    kept = held_out_gain(right[0][None], right[1][None], level=level)
    return DensityMatch(kept, by_class, float(np.log(own).mean()))


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

"""What a search for an augmentation policy tries, and how it goes about it: grids, schedules, density matching."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tilth.errors import AlignmentError, DataError, ParameterError
from tilth.numerics.augment.policy_choice import held_out_gain
from tilth.numerics.cross_fitting.folds import as_labels
from tilth.numerics.statistics.interval_result import Interval

__all__ = ["DensityMatch", "density_match", "halving_rounds", "rand_augment_grid"]


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

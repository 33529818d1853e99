"""Where the disagreement is: per class, per rater, per item, and which classes are confused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.numerics.agreement.input import comparable
from tilth.numerics.statistics.intervals import wilson_bounds

__all__ = [
    "ClassAgreement",
    "ConfusedPairs",
    "RaterAgreement",
    "class_agreement",
    "confused_pairs",
    "item_agreement",
    "rater_agreement",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ClassAgreement:
    """Agreement class by class.

    Attributes
    ----------
    n_votes : ndarray of shape (n_classes,), int64
        Votes for the class on items with two or more votes.
    agreement : ndarray of shape (n_classes,)
        Chance that a fellow vote on the same item names the class too; NaN for a class without votes.
    kappa : ndarray of shape (n_classes,)
        Fleiss' kappa of the class against the rest; NaN where undefined.
    """

    n_votes: IntArray
    agreement: FloatArray
    kappa: FloatArray


def class_agreement(votes: Any) -> ClassAgreement:
    """Agreement on each class against the rest.

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)

    Returns
    -------
    ClassAgreement

    Raises
    ------
    LabelError, NotApplicable
        As in :func:`tilth.numerics.agreement.coefficients.percent_agreement`.

    References
    ----------
    Fleiss (1971), section 4.

    Examples
    --------
    >>> class_agreement([[0, 0, 0], [1, 2, 1], [2, 1, 2]]).agreement.round(2).tolist()
    [1.0, 0.33, 0.33]
    """
    from tilth.numerics.agreement.core import chance_sums

    made = comparable(votes)
    table = made.count_table()
    many = table[table.sum(axis=1) >= 2]
    n = many.sum(axis=1, keepdims=True)
    used = many.sum(axis=0)
    together = (many * (many - 1) / (n - 1)).sum(axis=0)
    kappa = np.empty(made.n_classes)
    for c in range(made.n_classes):
        pair = np.column_stack([table[:, c], table.sum(axis=1) - table[:, c]])
        kappa[c] = chance_sums(pair, np.eye(2), "marginal").value()[0]
    return ClassAgreement(used.astype(np.int64), together / np.where(used > 0, used, np.nan), kappa)


@dataclass(frozen=True, eq=False)
class RaterAgreement:
    """Agreement of each rater with the others.

    Attributes
    ----------
    n_votes : ndarray of shape (n_raters,), int64
        All votes of the rater.
    n_compared : ndarray of shape (n_raters,), int64
        Items that somebody else rated too.
    agreement : ndarray of shape (n_raters,)
        Mean share of fellow votes that agree, over those items; NaN without any.
    low, high : ndarray of shape (n_raters,)
        95% Wilson interval with the compared items as trials.
    n_answers : ndarray of shape (n_raters,), int64
        Different classes used; 1 means the rater always answers the same.
    """

    n_votes: IntArray
    n_compared: IntArray
    agreement: FloatArray
    low: FloatArray
    high: FloatArray
    n_answers: IntArray


def rater_agreement(votes: Any) -> RaterAgreement:
    """How often each rater agrees with the others on the same items.

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)

    Returns
    -------
    RaterAgreement

    Raises
    ------
    LabelError, NotApplicable
        As in :func:`tilth.numerics.agreement.coefficients.percent_agreement`.

    Examples
    --------
    >>> rater_agreement([[0, 0, 1], [1, 1, 0], [0, 0, 0]]).agreement.round(2).tolist()
    [0.67, 0.67, 0.33]
    """
    made = comparable(votes)
    values = np.asarray(made.values, dtype=np.int64)
    others = (made.votes_per_item - 1)[made.items]
    same = made.count_table()[made.items, values] - 1
    share = np.where(others > 0, same / np.maximum(others, 1), 0.0)
    total = np.bincount(made.raters, share, minlength=made.n_raters)
    met = np.bincount(made.raters, others > 0, minlength=made.n_raters).astype(np.int64)
    low, high = wilson_bounds(total, met)
    cells = np.bincount(made.raters * made.n_classes + values, minlength=made.n_raters * made.n_classes)
    answers = (cells.reshape(made.n_raters, -1) > 0).sum(axis=1)
    return RaterAgreement(
        made.votes_per_rater, met, total / np.where(met > 0, met, np.nan), low, high, answers.astype(np.int64)
    )


def item_agreement(votes: Any) -> FloatArray:
    """Share of agreeing pairs of votes of each item.

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)

    Returns
    -------
    ndarray of shape (n_items,)
        In [0, 1]; NaN for an item with fewer than two votes.

    Raises
    ------
    LabelError, NotApplicable
        As in :func:`tilth.numerics.agreement.coefficients.percent_agreement`.

    Examples
    --------
    >>> item_agreement([[0, 0, 1, 1], [1, 1, 1, None]]).round(2).tolist()
    [0.33, 1.0]
    """
    table = comparable(votes).count_table()
    n = table.sum(axis=1)
    pairs = n * (n - 1)
    agreed: FloatArray = (table * (table - 1)).sum(axis=1) / np.where(pairs > 0, pairs, np.nan)
    return agreed


@dataclass(frozen=True, eq=False)
class ConfusedPairs:
    """Pairs of classes that raters mix up, the worst first.

    Attributes
    ----------
    first, second : ndarray of shape (p,), int64
        Class positions, ``first < second``; pairs that never met are left out.
    disagreements : ndarray of shape (p,)
        Pairs of votes that split between the two, each item counting as many times as it has votes.
    share : ndarray of shape (p,)
        Of all disagreement.
    lift : ndarray of shape (p,)
        Disagreement over what chance would give from the class frequencies: above 1, the two are really confused.
    """

    first: IntArray
    second: IntArray
    disagreements: FloatArray
    share: FloatArray
    lift: FloatArray


def confused_pairs(votes: Any) -> ConfusedPairs:
    """Rank the pairs of classes that raters confuse.

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)

    Returns
    -------
    ConfusedPairs
        Sorted by disagreements; ties by class position.

    Raises
    ------
    LabelError, NotApplicable
        As in :func:`tilth.numerics.agreement.coefficients.percent_agreement`.

    Examples
    --------
    >>> found = confused_pairs([["cat", "dog"], ["cat", "dog"], ["dog", "fox"], ["fox", "fox"]])
    >>> found.first.tolist(), found.second.tolist(), found.share.round(2).tolist()
    ([0, 1], [1, 2], [0.67, 0.33])
    """
    table = comparable(votes).count_table().astype(np.float64)
    table = table[table.sum(axis=1) >= 2]
    together = table.T @ (table / (table.sum(axis=1, keepdims=True) - 1))
    first, second = np.triu_indices(table.shape[1], 1)
    split = together[first, second] * 2
    seen = split > 0
    first, second, split = first[seen], second[seen], split[seen]
    total = table.sum(axis=0)
    chance = 2 * total[first] * total[second] / max(float(total.sum()) - 1.0, 1.0)
    order = np.lexsort((second, first, -split))
    return ConfusedPairs(
        first[order].astype(np.int64),
        second[order].astype(np.int64),
        split[order],
        split[order] / max(float(split.sum()), 1e-300),
        (split / chance)[order],
    )

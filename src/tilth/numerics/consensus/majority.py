"""Majority vote, majority weighted by agreement, and the robust mean of numeric answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import LabelError, ParameterError
from tilth.numerics.consensus.result import Consensus, choose_labels, class_votes, fill_quality, vote_shares
from tilth.numerics.consensus.votes import as_votes

__all__ = ["NumericConsensus", "majority_vote", "numeric_consensus", "weighted_majority"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def majority_vote(votes: Any) -> Consensus:
    """Take the class most raters chose.

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)
        Anything :func:`tilth.numerics.consensus.votes.as_votes` reads.

    Returns
    -------
    Consensus
        ``beliefs`` are shares of votes; an item without votes has the overall shares. A tie goes to the class with
        more votes overall, then to the first class. ``quality`` is the rater's agreement with the majority.

    Raises
    ------
    LabelError
        Numeric votes, or only one class.

    Examples
    --------
    >>> majority_vote([[0, 0, 1], [1, 1, 1], [0, 1, None]]).labels.tolist()
    [0, 1, 1]
    """
    made = class_votes(votes)
    shares, prior = vote_shares(made)
    labels = choose_labels(shares, prior)
    hits = (made.values == labels[made.items]).astype(np.float64)
    right = np.bincount(made.raters, hits, minlength=made.n_raters)
    quality = fill_quality(right / np.maximum(made.votes_per_rater, 1), made)
    return Consensus("majority_vote", shares, labels, prior, quality, iterations=1)


def weighted_majority(votes: Any) -> Consensus:
    """Weight each rater's vote by how often the rater agrees with the plain majority (Wawa).

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)

    Returns
    -------
    Consensus
        ``weights`` and ``quality`` are the agreement with the majority, in [0, 1]. Where all raters of an item have
        weight 0 the plain shares stand.

    Raises
    ------
    LabelError
        Numeric votes, or only one class.

    References
    ----------
    Appen Success Center, "Worker agreement with aggregate (Wawa)".

    Examples
    --------
    >>> weighted_majority([[0, 0, 1], [1, 1, 0], [0, 0, 1], [1, None, 0]]).labels.tolist()
    [0, 1, 0, 1]
    """
    made = class_votes(votes)
    first = majority_vote(made)
    k = made.n_classes
    flat = np.bincount(made.items * k + made.values, first.quality[made.raters], minlength=made.n_items * k)
    scores = flat.reshape(made.n_items, k)
    total = scores.sum(axis=1, keepdims=True)
    beliefs = np.where(total > 0, scores / np.where(total > 0, total, 1.0), first.beliefs)
    labels = choose_labels(beliefs, first.prior)
    return Consensus(
        "weighted_majority", beliefs, labels, first.prior, first.quality, iterations=2, weights=first.quality
    )


@dataclass(frozen=True, eq=False)
class NumericConsensus:
    """Robust centre of each item's numeric votes.

    Attributes
    ----------
    values : ndarray of shape (n_items,)
        Huber mean, in the unit of the votes; NaN for an item without votes.
    standard_errors : ndarray of shape (n_items,)
        Pooled robust spread over the root of the effective number of votes; NaN without votes.
    scale : float
        Pooled robust standard deviation of one vote about its item.
    bias : ndarray of shape (n_raters,)
        Median signed distance of a rater's votes from the consensus; NaN without votes.
    spread : ndarray of shape (n_raters,)
        Median absolute distance times 1.4826; NaN without votes.
    """

    values: FloatArray
    standard_errors: FloatArray
    scale: float
    bias: FloatArray
    spread: FloatArray


def numeric_consensus(votes: Any, *, cutoff: float = 1.345, max_iter: int = 50) -> NumericConsensus:
    """Robust mean (Huber) of numeric votes, started at the median of each item.

    Parameters
    ----------
    votes : Votes with numeric values, or array-like of shape (n_items, n_raters) with gaps
    cutoff : float, default=1.345
        Votes further than this many pooled standard deviations from the centre are down-weighted; 1.345 keeps 95% of
        the efficiency of the mean under normal errors. A very large value gives the mean.
    max_iter : int, default=50

    Returns
    -------
    NumericConsensus
        One vote: that vote. Two votes: their mean.

    Raises
    ------
    ParameterError
        `cutoff` not positive.
    LabelError
        Votes on classes.

    References
    ----------
    Huber (1964), "Robust estimation of a location parameter".

    Examples
    --------
    >>> numeric_consensus([[1.0, 1.2, 0.8, 90.0], [5.0, 5.0, 5.1, None]]).values.round(1).tolist()
    [1.1, 5.0]
    """
    if not cutoff > 0:
        raise ParameterError("cutoff must be positive", found=str(cutoff))
    made = as_votes(votes, numeric=True)
    if not made.numeric:
        raise LabelError("these votes are classes, not numbers", fix="read them with numeric=True")
    values = np.asarray(made.values, dtype=np.float64)
    items, n = made.items, made.n_items
    centre = _group_medians(values, items, n)
    gaps = np.abs(values - centre[items])
    several = made.votes_per_item[items] > 1
    scale = 1.4826 * float(np.median(gaps[several])) if several.any() else 0.0
    floor = scale if scale > 0 else 1e-12 * max(float(np.abs(values).max()), 1.0)
    weights = np.ones_like(values)
    for _ in range(max_iter):
        far = np.abs(values - centre[items])
        weights = cutoff * floor / np.maximum(far, cutoff * floor)
        total = np.bincount(items, weights, minlength=n)
        new = np.bincount(items, weights * values, minlength=n) / np.where(total > 0, total, np.nan)
        moved = float(np.nanmax(np.abs(new - centre)))
        centre = new
        if moved <= 1e-10 * floor:
            break
    total = np.bincount(items, weights, minlength=n)
    errors = scale / np.sqrt(np.where(total > 0, total, np.nan))
    off = values - centre[items]
    bias = _group_medians(off, made.raters, made.n_raters)
    spread = 1.4826 * _group_medians(np.abs(off), made.raters, made.n_raters)
    return NumericConsensus(centre, errors, scale, bias, spread)


def _group_medians(values: FloatArray, groups: IntArray, n_groups: int) -> FloatArray:
    order = np.lexsort((values, groups))
    counts = np.bincount(groups, minlength=n_groups)
    start = np.concatenate([[0], np.cumsum(counts)[:-1]])
    some = counts > 0
    low = start[some] + (counts[some] - 1) // 2
    high = start[some] + counts[some] // 2
    medians = np.full(n_groups, np.nan)
    medians[some] = (values[order[low]] + values[order[high]]) / 2
    return medians

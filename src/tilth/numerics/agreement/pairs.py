"""Agreement of two raters at a time: Cohen's kappa, Scott's pi and the table of all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.numerics.agreement.core import item_interval, pair_sums
from tilth.numerics.agreement.input import (
    Weights,
    agreement_weights,
    check_interval,
    finish,
    two_or_more,
    two_raters,
)
from tilth.numerics.agreement.result import Agreement
from tilth.numerics.consensus.votes import Votes

__all__ = ["PairwiseKappa", "cohen_kappa", "pairwise_kappa", "scott_pi"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def cohen_kappa(
    a: Any,
    b: Any,
    *,
    weights: Weights = None,
    classes: Sequence[Any] | None = None,
    n_resamples: int = 1000,
    confidence: float = 0.95,
    random_state: int = 0,
) -> Agreement:
    """Cohen's kappa: agreement of two raters beyond chance, each with their own habits.

    Parameters
    ----------
    a, b : array-like of shape (n_items,)
        Labels of the two raters; None, NaN, -1 and masked entries are gaps. Items with a gap are left out.
    weights : {None, "linear", "quadratic"} or array-like, optional
        Partial agreement between classes, see :func:`agreement_weights`.
    classes : sequence, optional
        The label set in order. Default: the labels found, sorted.
    n_resamples, confidence, random_state
        As in :func:`percent_agreement`.

    Returns
    -------
    Agreement
        0 if one rater always gives the same answer and the other does not; NaN if both always give the same.

    Raises
    ------
    AlignmentError
        Columns of different lengths.
    LabelError
        No votes, or a label outside `classes`.
    NotApplicable
        The two raters share no item.

    Notes
    -----
    Low when one class dominates although the raters agree (prevalence), and higher when the raters' habits differ
    (bias): ``limits`` says so where it matters.

    References
    ----------
    Cohen (1960), "A coefficient of agreement for nominal scales"; Cohen (1968), "Weighted kappa".

    Examples
    --------
    >>> found = cohen_kappa(["y", "y", "n", "n", "y"], ["y", "n", "n", "n", "y"])
    >>> round(found.estimate, 3), found.scale
    (0.615, 'substantial')
    """
    made = two_raters(a, b, classes)
    first, second = _columns(made)
    sums = pair_sums(first, second, agreement_weights(weights, made.n_classes), pooled=False)
    return finish("cohen_kappa", made, sums, n_resamples, confidence, random_state)


def scott_pi(
    a: Any,
    b: Any,
    *,
    classes: Sequence[Any] | None = None,
    n_resamples: int = 1000,
    confidence: float = 0.95,
    random_state: int = 0,
) -> Agreement:
    """Scott's pi: agreement of two raters beyond chance, with the habits of both pooled.

    Parameters
    ----------
    a, b, classes
        As in :func:`cohen_kappa`.
    n_resamples, confidence, random_state
        As in :func:`percent_agreement`.

    Returns
    -------
    Agreement
        NaN if both always give the same answer. For more raters this is :func:`fleiss_kappa`.

    Raises
    ------
    AlignmentError, LabelError, NotApplicable
        As in :func:`cohen_kappa`.

    References
    ----------
    Scott (1955), "Reliability of content analysis: the case of nominal scale coding".

    Examples
    --------
    >>> round(scott_pi(["y", "y", "n", "n", "y"], ["y", "n", "n", "n", "y"]).estimate, 3)
    0.6
    """
    made = two_raters(a, b, classes)
    first, second = _columns(made)
    sums = pair_sums(first, second, np.eye(made.n_classes), pooled=True)
    return finish("scott_pi", made, sums, n_resamples, confidence, random_state)


def _columns(made: Votes) -> tuple[IntArray, IntArray]:
    """Split the sorted votes of two raters on common items."""
    values = np.asarray(made.values, dtype=np.int64)
    return values[0::2], values[1::2]


@dataclass(frozen=True)
class PairwiseKappa:
    """Cohen's kappa of every pair of raters.

    Attributes
    ----------
    first, second : ndarray of shape (n_pairs,), int64
        Positions into the raters, ``first < second``.
    n_items : ndarray of shape (n_pairs,), int64
        Items both rated.
    estimate, low, high : ndarray of shape (n_pairs,)
        NaN where a pair shares no item or kappa is undefined.
    matrix : ndarray of shape (n_raters, n_raters)
        The estimates as a symmetric table, 1 on the diagonal.
    """

    first: IntArray
    second: IntArray
    n_items: IntArray
    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    matrix: FloatArray


def pairwise_kappa(
    votes: Any, *, weights: Weights = None, n_resamples: int = 1000, confidence: float = 0.95, random_state: int = 0
) -> PairwiseKappa:
    """Cohen's kappa for every pair of raters.

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)
    weights
        As in :func:`cohen_kappa`.
    n_resamples, confidence, random_state
        As in :func:`percent_agreement`; 0 resamples for a quick table without intervals.

    Returns
    -------
    PairwiseKappa
        Pairs without a common item are listed with NaN and ``n_items`` 0.

    Raises
    ------
    LabelError
        Fewer than two raters, or numeric votes.

    Examples
    --------
    >>> pairwise_kappa([[0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 1, 0]], n_resamples=0).estimate.tolist()
    [1.0, 0.0, 0.0]
    """
    made = two_or_more(votes)
    check_interval(n_resamples, confidence)
    matrix_weights = agreement_weights(weights, made.n_classes)
    first, second = np.triu_indices(made.n_raters, 1)
    order = np.argsort(made.raters, kind="stable")
    cuts = np.cumsum(made.votes_per_rater)[:-1]
    items = np.split(made.items[order], cuts)
    values = np.split(np.asarray(made.values, dtype=np.int64)[order], cuts)
    out = np.full((3, first.size), np.nan)
    n_items = np.zeros(first.size, dtype=np.int64)
    for i, (a, b) in enumerate(zip(first, second, strict=True)):
        _, left, right = np.intersect1d(items[a], items[b], assume_unique=True, return_indices=True)
        n_items[i] = left.size
        if left.size:
            sums = pair_sums(values[a][left], values[b][right], matrix_weights, pooled=False)
            out[0, i] = sums.value()[0]
            out[1:, i] = item_interval(
                sums, n_resamples=n_resamples, confidence=confidence, random_state=random_state, floor=True
            )
    table = np.eye(made.n_raters)
    table[first, second] = table[second, first] = out[0]
    return PairwiseKappa(first.astype(np.int64), second.astype(np.int64), n_items, out[0], out[1], out[2], table)

"""What a consensus says about its raters: quality, confusion, worst class, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError
from tilth.numerics.consensus.result import Consensus
from tilth.numerics.consensus.votes import Votes
from tilth.numerics.statistics.intervals import wilson_bounds

__all__ = ["RaterReport", "rater_report"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RaterReport:
    """Raters in their own order; ``worst_first`` sorts them.

    Attributes
    ----------
    n_votes : ndarray of shape (n_raters,), int64
    quality : ndarray of shape (n_raters,)
        The method's estimate that a vote is right.
    agreement, low, high : ndarray of shape (n_raters,)
        Expected share of votes equal to the true class, with its Wilson interval; NaN without votes. A rater's own
        votes helped to form the consensus, so with few votes per item this flatters.
    agreement_with_others, others_low, others_high : ndarray of shape (n_raters,)
        Share of fellow votes that agree, with its Wilson interval over shared items: free of that flattery, but
        limited by the others' errors. NaN without shared items.
    confusion : ndarray of shape (n_raters, n_classes, n_classes)
        Expected counts, row true class, column vote.
    worst_class : ndarray of shape (n_raters,), int64
        True class on which the rater is right least often (by the upper Wilson end, so that a single miss does not
        decide); -1 without votes.
    worst_class_accuracy : ndarray of shape (n_raters,)
    constant : ndarray of shape (n_raters,), bool
        Whether all (five or more) votes of the rater name one class.
    worst_first : ndarray of shape (n_raters,), int64
    """

    n_votes: IntArray
    quality: FloatArray
    agreement: FloatArray
    low: FloatArray
    high: FloatArray
    agreement_with_others: FloatArray
    others_low: FloatArray
    others_high: FloatArray
    confusion: FloatArray
    worst_class: IntArray
    worst_class_accuracy: FloatArray
    constant: npt.NDArray[np.bool_]
    worst_first: IntArray


def rater_report(votes: Votes, consensus: Consensus, *, confidence: float = 0.95) -> RaterReport:
    """Report on every rater, given a consensus.

    Parameters
    ----------
    votes : Votes
    consensus : Consensus
        Made from `votes`, by any method.
    confidence : float, default=0.95

    Returns
    -------
    RaterReport

    Raises
    ------
    AlignmentError
        The consensus has other items, raters or classes than the votes.

    Examples
    --------
    >>> from tilth.numerics.consensus.expectation_maximisation import dawid_skene
    >>> from tilth.numerics.consensus.votes import as_votes
    >>> votes = as_votes([[0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 1, 0], [0, 0, 1], [1, 1, 0]])
    >>> report = rater_report(votes, dawid_skene(votes))
    >>> report.worst_first.tolist(), report.agreement.round(2).tolist()
    ([2, 0, 1], [1.0, 1.0, 0.33])
    """
    k, r = votes.n_classes, votes.n_raters
    if consensus.beliefs.shape != (votes.n_items, k) or consensus.quality.shape != (r,):
        raise AlignmentError("this consensus does not belong to these votes", fix="pass the votes it was made from")
    values = np.asarray(votes.values, dtype=np.int64)
    cells = votes.raters * k + values
    counts = [np.bincount(cells, consensus.beliefs[votes.items, z], minlength=r * k).reshape(r, k) for z in range(k)]
    confusion = np.stack(counts, axis=1).astype(np.float64)
    n = votes.votes_per_rater
    right = np.einsum("rzz->r", confusion)
    low, high = wilson_bounds(right, n, level=confidence)
    safe = np.where(n > 0, n, np.nan)
    others = (votes.votes_per_item - 1)[votes.items]
    same = votes.count_table()[votes.items, values] - 1
    agreed = np.bincount(votes.raters, np.where(others > 0, same / np.maximum(others, 1), 0.0), minlength=r)
    met = np.bincount(votes.raters, others > 0, minlength=r)
    others_low, others_high = wilson_bounds(agreed, met, level=confidence)
    rows = confusion.sum(axis=2)
    _, upper = wilson_bounds(np.einsum("rzz->rz", confusion), rows, level=confidence)
    worst = np.where(rows > 0, np.nan_to_num(upper, nan=2.0), 2.0).argmin(axis=1)
    worst = np.where(n > 0, worst, -1).astype(np.int64)
    at = np.arange(r)
    seen = np.where(rows > 0, rows, np.nan)
    used = (np.bincount(cells, minlength=r * k).reshape(r, k) > 0).sum(axis=1)
    return RaterReport(
        n_votes=n,
        quality=consensus.quality,
        agreement=right / safe,
        low=low,
        high=high,
        agreement_with_others=agreed / np.where(met > 0, met, np.nan),
        others_low=others_low,
        others_high=others_high,
        confusion=confusion,
        worst_class=worst,
        worst_class_accuracy=np.where(n > 0, (np.einsum("rzz->rz", confusion) / seen)[at, worst], np.nan),
        constant=(n >= 5) & (used == 1),
        worst_first=np.lexsort((at, consensus.quality)).astype(np.int64),
    )

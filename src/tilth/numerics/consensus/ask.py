"""Whom to ask next, and about which item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, ParameterError
from tilth.numerics.consensus.result import Consensus, one_coin_confusions
from tilth.numerics.consensus.votes import Votes

__all__ = ["AskNext", "activelab_scores", "ask_next"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_CELLS = 4_000_000


@dataclass(frozen=True, eq=False)
class AskNext:
    """Items worth another vote, the most valuable first.

    Attributes
    ----------
    items : ndarray of shape (a,), int64
    raters : ndarray of shape (a,), int64
        The rater whose vote is worth most there, among those who have not voted on the item; -1 if all have.
    values : ndarray of shape (a,)
        Expected gain of that vote in bits about the true class; 0 if nobody is left to ask.
    confidence : ndarray of shape (a,)
        Present belief in the label.
    """

    items: IntArray
    raters: IntArray
    values: FloatArray
    confidence: FloatArray


def ask_next(
    votes: Votes,
    consensus: Consensus,
    *,
    budget: int | None = None,
    raters: npt.ArrayLike | None = None,
    per_rater: int | None = None,
) -> AskNext:
    """Rank items by what one more vote is expected to tell, and say by whom.

    The value of a vote of rater r on item i is the mutual information between the vote and the true class, under the
    present beliefs about the item and the rater's confusion matrix (or quality, where a method has no matrices).

    Parameters
    ----------
    votes : Votes
    consensus : Consensus
        Made from `votes`.
    budget : int, optional
        Number of items to return. Default: all.
    raters : array-like of int, optional
        Positions of the raters who can be asked. Default: all.
    per_rater : int, optional
        At most so many items for one rater; later items then go to the next best rater.

    Returns
    -------
    AskNext
        Sorted by value, ties by item. An item without votes competes with its prior belief.

    Raises
    ------
    AlignmentError
        The consensus has other items, raters or classes than the votes.
    ParameterError
        Unknown raters, or a budget or load below 1.

    References
    ----------
    The idea of ranking labelled and unlabelled items together: Goh and Mueller (2023), "ActiveLab".

    Examples
    --------
    >>> from tilth.numerics.consensus.expectation_maximisation import dawid_skene
    >>> from tilth.numerics.consensus.votes import as_votes
    >>> votes = as_votes([[0, 0, 0], [1, 1, 1], [0, 1, None], [1, 1, 1], [0, 0, 0]])
    >>> asked = ask_next(votes, dawid_skene(votes), budget=1)
    >>> asked.items.tolist(), asked.raters.tolist()
    ([2], [2])
    """
    if consensus.beliefs.shape != (votes.n_items, votes.n_classes) or consensus.quality.shape != (votes.n_raters,):
        raise AlignmentError("this consensus does not belong to these votes", fix="pass the votes it was made from")
    if (budget is not None and budget < 1) or (per_rater is not None and per_rater < 1):
        raise ParameterError("budget and per_rater must be at least 1", found=f"{budget} and {per_rater}")
    who = np.arange(votes.n_raters) if raters is None else np.unique(np.asarray(raters, dtype=np.int64))
    if who.size == 0 or who.min() < 0 or who.max() >= votes.n_raters:
        raise ParameterError("unknown raters", found=str(who[:5].tolist()), fix=f"use 0 to {votes.n_raters - 1}")
    confusions = consensus.confusions
    if confusions.size == 0:
        confusions = one_coin_confusions(np.clip(consensus.quality, 1e-6, 1 - 1e-6), votes.n_classes)
    confusions = confusions[who]
    step = max(1, _CELLS // (who.size * votes.n_classes**2))
    gains = np.empty((votes.n_items, who.size))
    for start in range(0, votes.n_items, step):
        gains[start : start + step] = _information(consensus.beliefs[start : start + step], confusions)
    column = np.full(votes.n_raters, -1, dtype=np.int64)
    column[who] = np.arange(who.size)
    known = column[votes.raters] >= 0
    gains[votes.items[known], column[votes.raters[known]]] = -1.0
    best = gains.argmax(axis=1)
    values = gains[np.arange(votes.n_items), best]
    order = np.lexsort((np.arange(votes.n_items), -values.round(12)))
    if per_rater is not None:
        order, best, values = _share_out(gains, order, per_rater)
    order = order[: votes.n_items if budget is None else budget]
    nobody = values[order] < 0
    return AskNext(
        order.astype(np.int64),
        np.where(nobody, -1, who[best[order]]).astype(np.int64),
        np.where(nobody, 0.0, values[order]),
        consensus.confidence[order],
    )


def _information(beliefs: FloatArray, confusions: FloatArray) -> FloatArray:
    """Return the mutual information (bits) of class and vote, shape (items, raters)."""
    noise = np.where(confusions > 0, confusions * np.log2(np.where(confusions > 0, confusions, 1.0)), 0.0)
    given = beliefs @ noise.sum(axis=2).T
    vote = np.einsum("iz,rzv->irv", beliefs, confusions, optimize=True)
    entropy = -(vote * np.log2(np.where(vote > 0, vote, 1.0))).sum(axis=2)
    gained: FloatArray = np.maximum(entropy + given, 0.0)
    return gained


def _share_out(gains: FloatArray, order: IntArray, per_rater: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Give items, most valuable first, to the best rater who still has room."""
    free = np.full(gains.shape[1], per_rater)
    best = np.zeros(gains.shape[0], dtype=np.int64)
    values = np.full(gains.shape[0], -1.0)
    for item in order:
        if not free.any():
            break
        open_gains = np.where(free > 0, gains[item], -1.0)
        best[item] = open_gains.argmax()
        values[item] = open_gains[best[item]]
        if values[item] >= 0:
            free[best[item]] -= 1
    again = np.lexsort((np.arange(order.size), -values.round(12)))
    return again.astype(np.int64), best, values


def activelab_scores(votes: Votes, consensus: Consensus) -> FloatArray:
    """ActiveLab score of each item: how far its label would stand up to one more average vote.

    Parameters
    ----------
    votes : Votes
    consensus : Consensus
        Of a method with weights, such as :func:`tilth.numerics.consensus.crowdlab.crowdlab`.

    Returns
    -------
    ndarray of shape (n_items,)
        In [0, 1], LOW means "ask here next", as in the paper: the mean of the label's confidence, weighted by all
        votes and the classifier, and of 1 / n_classes, weighted by one average rater.

    Raises
    ------
    ParameterError
        The consensus has no weights.
    AlignmentError
        The consensus does not belong to the votes.

    References
    ----------
    Goh and Mueller (2023), "ActiveLab: active learning with re-labeling by multiple annotators".

    Examples
    --------
    >>> from tilth.numerics.consensus.crowdlab import crowdlab
    >>> from tilth.numerics.consensus.votes import as_votes
    >>> votes = as_votes([[0, 0], [0, 1], [1, 1]])
    >>> fit = crowdlab(votes, [[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]])
    >>> int(activelab_scores(votes, fit).argmin())
    1
    """
    if consensus.weights.size == 0:
        raise ParameterError("this consensus has no weights", found=consensus.method, fix="use crowdlab")
    if consensus.weights.shape != (votes.n_raters,) or consensus.labels.shape != (votes.n_items,):
        raise AlignmentError("this consensus does not belong to these votes", fix="pass the votes it was made from")
    cast = np.bincount(votes.items, consensus.weights[votes.raters], minlength=votes.n_items)
    support = cast + consensus.model_weight
    one = max(float(consensus.weights.mean()), 1e-12)
    score: FloatArray = (consensus.confidence * support + one / votes.n_classes) / (support + one)
    return score

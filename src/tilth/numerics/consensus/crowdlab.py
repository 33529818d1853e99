"""CROWDLAB: votes and a classifier's probabilities, each with a learnt weight."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, ProbabilityError
from tilth.numerics.consensus.result import Consensus, class_votes
from tilth.numerics.consensus.votes import Votes

__all__ = ["crowdlab"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_FLOOR = 1e-6


def crowdlab(votes: Any, pred_probs: npt.ArrayLike) -> Consensus:
    """Consensus of votes and out-of-sample class probabilities (CROWDLAB).

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)
        Declare the classes (``as_votes(..., classes=...)``) so that they stand in the order of `pred_probs`.
    pred_probs : array-like of shape (n_items, n_classes)
        Out-of-sample probabilities of a classifier; finite, in [0, 1], rows summing to 1. In-sample ones make the
        classifier look better than it is and spoil the weights.

    Returns
    -------
    Consensus
        ``beliefs`` are weighted means of classifier and raters; ``confidence`` is the quality score of the label.
        ``weights`` and ``model_weight`` are how far each rater and the classifier beat always answering the most
        common class. ``quality`` mixes the mean belief in a rater's votes and the agreement with the consensus.
        An item without votes keeps the classifier's probabilities. If no item has two votes, raters and classifier
        weigh 1 each and a vote is taken to be right as often as the classifier's label agrees with it.

    Raises
    ------
    LabelError
        Numeric votes, or only one class.
    AlignmentError
        `pred_probs` not of shape (n_items, n_classes).
    ProbabilityError
        Values outside [0, 1], not finite, or rows that do not sum to 1.

    References
    ----------
    Goh, Tkachenko and Mueller (2022), "CROWDLAB: supervised learning to infer consensus labels and quality scores
    for data with multiple annotators".

    Examples
    --------
    >>> votes = [[0, 0, 1], [1, 1, 1], [0, 0, 1], [1, None, 0]]
    >>> fit = crowdlab(votes, [[0.9, 0.1], [0.2, 0.8], [0.8, 0.2], [0.1, 0.9]])
    >>> fit.labels.tolist()
    [0, 1, 0, 1]
    """
    made = class_votes(votes)
    probs = _checked(pred_probs, made)
    first = _majority(made, probs)
    beliefs, _, _ = _weigh(made, probs, first)
    top = beliefs >= beliefs.max(axis=1, keepdims=True)
    labels = np.where(top.sum(axis=1) == 1, top.argmax(axis=1), first).astype(np.int64)
    beliefs, model_weight, weights = _weigh(made, probs, labels)
    quality = _quality(made, beliefs, labels, model_weight, weights)
    voted = made.votes_per_item > 0
    return Consensus(
        "crowdlab",
        beliefs,
        labels,
        beliefs[voted].mean(axis=0),
        quality,
        iterations=2,
        weights=weights,
        model_weight=model_weight,
    )


def _checked(pred_probs: npt.ArrayLike, votes: Votes) -> FloatArray:
    probs = np.asarray(pred_probs, dtype=np.float64)
    shape = (votes.n_items, votes.n_classes)
    if probs.shape != shape:
        raise AlignmentError(
            "pred_probs must have one row per item and one column per class",
            found=f"shape {probs.shape} for {shape}",
            fix="declare all classes when reading the votes: as_votes(..., classes=...)",
        )
    bad = ~(np.isfinite(probs).all(axis=1) & (probs >= 0).all(axis=1) & (np.abs(probs.sum(axis=1) - 1) < 1e-3))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ProbabilityError(
            "a row is not a probability distribution",
            where=f"pred_probs row {row}",
            found=np.array2string(probs[row][:5], precision=4),
            fix="pass the output of predict_proba",
        )
    return probs


def _majority(votes: Votes, probs: FloatArray) -> IntArray:
    """Majority label; ties go to the likelier class by the classifier, then the rarer class, then better raters."""
    counts = votes.count_table()
    tied = counts == counts.max(axis=1, keepdims=True)
    clear = tied.sum(axis=1) == 1
    for score in (probs, np.tile(-counts.sum(axis=0), (votes.n_items, 1)).astype(np.float64)):
        best = np.where(tied, score, -np.inf)
        tied &= best >= best.max(axis=1, keepdims=True)
    labels: IntArray = tied.argmax(axis=1).astype(np.int64)
    if (tied.sum(axis=1) == 1).all():
        return labels
    sure = clear[votes.items]
    hits = (np.asarray(votes.values) == labels[votes.items]) & sure
    n = np.bincount(votes.raters, sure, minlength=votes.n_raters)
    skill = np.bincount(votes.raters, hits, minlength=votes.n_raters) / np.maximum(n, 1)
    skill = np.where(n > 0, skill, skill[n > 0].mean() if (n > 0).any() else 1.0)
    cells = votes.items * votes.n_classes + np.asarray(votes.values, dtype=np.int64)
    total = np.bincount(cells, skill[votes.raters], minlength=counts.size).reshape(counts.shape)
    mean = np.where(tied, total / np.maximum(counts, 1), -np.inf)
    chosen: IntArray = mean.argmax(axis=1).astype(np.int64)
    return chosen


def _peer_agreement(votes: Votes) -> FloatArray:
    """Share of a rater's fellow votes, over all items, that agree with the rater's own; the mean without fellows."""
    counts = votes.count_table()
    same = counts[votes.items, np.asarray(votes.values, dtype=np.int64)] - 1
    others = votes.votes_per_item[votes.items] - 1
    met = np.bincount(votes.raters, others, minlength=votes.n_raters)
    agreed = np.bincount(votes.raters, same, minlength=votes.n_raters) / np.maximum(met, 1)
    filled: FloatArray = np.where(met > 0, agreed, agreed[met > 0].mean())
    return filled


def _weigh(votes: Votes, probs: FloatArray, labels: IntArray) -> tuple[FloatArray, float, FloatArray]:
    """Return beliefs, the classifier's weight and the raters' weights, given a consensus."""
    k = votes.n_classes
    n = votes.votes_per_item
    values = np.asarray(votes.values, dtype=np.int64)
    many = n > 1
    if many.any():
        hits = np.bincount(votes.items, values == labels[votes.items], minlength=votes.n_items)
        right = float((hits[many] / n[many]).mean())
        common = np.bincount(labels[many], minlength=k).argmax()
        baseline = max(float(np.mean(labels[many] != common)), _FLOOR)
        weights = np.maximum(1.0 - (1.0 - _peer_agreement(votes)) / baseline, _FLOOR)
        error = float(np.mean(probs[many].argmax(axis=1) != labels[many]))
        model = max(1.0 - error / baseline, _FLOOR) * float(np.sqrt(n[n > 0].mean()))
    else:
        right = float(np.clip(np.mean(probs.argmax(axis=1)[votes.items] == values), 1.0 / k, 1.0 - _FLOOR))
        weights, model = np.ones(votes.n_raters), 1.0
    wrong = (1.0 - right) / (k - 1)
    weight = weights[votes.raters]
    total = np.bincount(votes.items, weight, minlength=votes.n_items)
    size = votes.n_items * k
    chosen = np.bincount(votes.items * k + values, weight, minlength=size).reshape(votes.n_items, k)
    mixed = probs * model + wrong * total[:, None] + (right - wrong) * chosen
    return mixed / (model + total)[:, None], model, weights


def _quality(
    votes: Votes, beliefs: FloatArray, labels: IntArray, model_weight: float, weights: FloatArray
) -> FloatArray:
    values = np.asarray(votes.values, dtype=np.int64)
    counts = votes.votes_per_rater
    trust = np.bincount(votes.raters, beliefs[votes.items, values], minlength=votes.n_raters) / np.maximum(counts, 1)
    shared = (votes.votes_per_item > 1)[votes.items]
    met = np.bincount(votes.raters, shared, minlength=votes.n_raters)
    hits = np.bincount(votes.raters, shared & (values == labels[votes.items]), minlength=votes.n_raters)
    agreed = np.where(met > 0, hits / np.maximum(met, 1), trust)
    n = votes.votes_per_item
    raters = float(weights.sum()) * float(n[n > 0].mean()) / votes.n_raters
    share = model_weight / (model_weight + raters)
    quality = share * trust + (1.0 - share) * agreed
    mean = float(np.average(quality, weights=counts))
    return np.where(counts > 0, np.clip(quality, 0.0, 1.0), mean)

"""What every consensus method returns, and the few steps they share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, LabelError, ParameterError
from tilth.numerics.consensus.votes import Votes, as_votes

__all__ = [
    "Consensus",
    "check_iterations",
    "choose_labels",
    "class_votes",
    "fill_quality",
    "one_coin_confusions",
    "vote_shares",
]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


def _none() -> FloatArray:
    return np.empty(0)


@dataclass(frozen=True, eq=False)
class Consensus:
    """Beliefs about the true class of each item, and what was learnt about the raters.

    Attributes
    ----------
    method : str
        Name of the method.
    beliefs : ndarray of shape (n_items, n_classes), float64
        Probabilities; rows sum to 1. An item without votes has the prior.
    labels : ndarray of shape (n_items,), int64
        The class of highest belief. Ties go to the class that is more common by `prior`, then to the first.
    prior : ndarray of shape (n_classes,)
        Share of the classes.
    quality : ndarray of shape (n_raters,)
        Estimated probability that a vote of this rater is right, in [0, 1]; the mean of the others for a rater
        without votes.
    confusions : ndarray of shape (n_raters, n_classes, n_classes), or of size 0
        Row true class, column voted class; empty where the method has none.
    log_likelihood : float
        Of the votes under the model; NaN for methods without one.
    iterations : int
    converged : bool
    difficulty : ndarray of shape (n_items,), or of size 0
        GLAD only: 1 for the average item, larger is harder.
    rater_counts : ndarray of shape (n_raters, n_classes, n_classes), or of size 0
        Expected counts behind the confusions, kept for incremental updates.
    weights : ndarray of shape (n_raters,), or of size 0
        The weight of a rater's vote, for methods that add up votes.
    model_weight : float
        Weight of the classifier, for model-assisted methods.
    notes : tuple of str
    """

    method: str
    beliefs: FloatArray
    labels: IntArray
    prior: FloatArray
    quality: FloatArray
    confusions: FloatArray = field(default_factory=_none)
    log_likelihood: float = float("nan")
    iterations: int = 0
    converged: bool = True
    difficulty: FloatArray = field(default_factory=_none)
    rater_counts: FloatArray = field(default_factory=_none)
    weights: FloatArray = field(default_factory=_none)
    model_weight: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def confidence(self) -> FloatArray:
        """Belief in the chosen label of each item, shape (n_items,)."""
        return self.beliefs[np.arange(self.labels.size), self.labels]


def class_votes(votes: Any) -> Votes:
    """Return votes on at least two classes, or raise saying what is missing."""
    made = as_votes(votes)
    if made.numeric:
        raise LabelError("numeric votes have no classes", fix="use numeric_consensus, or read with numeric=False")
    if made.n_classes < 2:
        raise LabelError(
            "all votes name the same class",
            found=repr(made.classes[0]),
            fix="declare the label set with classes=, or take that class as the answer",
        )
    return made


def vote_shares(votes: Votes) -> tuple[FloatArray, FloatArray]:
    """Return each item's share of votes per class (overall shares where there are none) and the overall shares."""
    table = votes.count_table().astype(np.float64)
    n = table.sum(axis=1, keepdims=True)
    prior = table.sum(axis=0) / n.sum()
    return np.where(n > 0, table / np.maximum(n, 1.0), prior), prior


def choose_labels(beliefs: FloatArray, prior: FloatArray) -> IntArray:
    """Return the class of highest belief; near ties (1e-9) go to the class of higher prior, then to the first."""
    if beliefs.ndim != 2 or prior.shape != (beliefs.shape[1],):
        raise AlignmentError("prior must have one entry per class", found=f"{beliefs.shape} and {prior.shape}")
    order = np.argsort(-prior, kind="stable")
    ordered = beliefs[:, order]
    best = ordered >= ordered.max(axis=1, keepdims=True) - 1e-9
    chosen: IntArray = order[best.argmax(axis=1)].astype(np.int64)
    return chosen


def fill_quality(quality: FloatArray, votes: Votes) -> FloatArray:
    """Give raters without votes the mean quality of the others, weighted by votes."""
    counts = votes.votes_per_rater
    mean = float(np.average(quality, weights=counts))
    return np.clip(np.where(counts > 0, quality, mean), 0.0, 1.0)


def check_iterations(max_iter: int, tol: float) -> None:
    """Raise unless the stopping rule makes sense."""
    if max_iter < 1:
        raise ParameterError("max_iter must be at least 1", found=str(max_iter))
    if not tol >= 0:
        raise ParameterError("tol must not be negative", found=str(tol))


def one_coin_confusions(quality: FloatArray, k: int) -> FloatArray:
    """Return confusion matrices with `quality` on the diagonal and the rest spread evenly."""
    off = ((1 - quality) / (k - 1))[:, None, None]
    return off + (quality[:, None, None] - off) * np.eye(k)

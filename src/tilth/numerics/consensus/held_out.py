"""How well a consensus foretells votes that it did not see. Used by :mod:`tilth.numerics.consensus.choice`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tilth.errors import ParameterError
from tilth.numerics.consensus.result import Consensus
from tilth.numerics.consensus.votes import Votes

__all__ = ["MAX_ITEMS", "held_out_scores", "shrunk_confusions", "usable_votes", "vote_folds"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Items beyond this number are drawn at random.
MAX_ITEMS = 20_000
#: A belief is raised to the power, of these, that foretells votes best: no method wins by being bolder alone.
_POWERS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
#: Votes of the average rater added to each row of a confusion matrix.
_SHRINK = 4.0


def usable_votes(votes: Votes) -> npt.NDArray[np.bool_]:
    """Which votes are on items with two or more votes."""
    many: npt.NDArray[np.bool_] = (votes.votes_per_item >= 2)[votes.items]
    return many


def vote_folds(votes: Votes, n_folds: int, seed: int) -> tuple[IntArray, npt.NDArray[np.bool_]]:
    """Return the fold of each vote (-1: never held out) and which votes are held out once.

    The votes of one item fall into different folds as far as there are folds, so that an item keeps votes.
    """
    if n_folds < 2:
        raise ParameterError("n_folds must be at least 2", found=str(n_folds))
    rng = np.random.default_rng(seed)
    used = usable_votes(votes)
    items = np.unique(votes.items[used])
    if items.size > MAX_ITEMS:
        drawn = np.zeros(votes.n_items, dtype=bool)
        drawn[rng.choice(items, MAX_ITEMS, replace=False)] = True
        used &= drawn[votes.items]
    shuffled = np.lexsort((rng.random(votes.n_votes), votes.items))
    rank = np.empty(votes.n_votes, dtype=np.int64)
    rank[shuffled] = np.arange(votes.n_votes) - votes.starts()[votes.items]
    first = rng.integers(n_folds, size=votes.n_items)
    return np.where(used, (rank + first[votes.items]) % n_folds, -1), used


def held_out_scores(votes: Votes, fit: Callable[[Votes], Consensus], folds: IntArray) -> FloatArray:
    """Log-probability of each held-out vote under a method that saw the other folds.

    Parameters
    ----------
    votes : Votes
    fit : callable
        Votes to Consensus.
    folds : ndarray of shape (n_votes,), int64
        -1 for a vote that is never held out.

    Returns
    -------
    ndarray of shape (number of votes with a fold,)
        In the order of the votes; nats.

    Examples
    --------
    >>> from tilth.numerics.consensus.majority import majority_vote
    >>> from tilth.numerics.consensus.votes import as_votes
    >>> votes = as_votes([[0, 0, 0], [1, 1, 1]] * 20)
    >>> score = held_out_scores(votes, majority_vote, np.arange(votes.n_votes) % 3)
    >>> score.shape, bool(score.mean() > np.log(0.9))
    ((120,), True)
    """
    values = np.asarray(votes.values, dtype=np.int64)
    logs = np.empty((len(_POWERS), votes.n_votes))
    parts = np.unique(folds[folds >= 0])
    for part in parts:
        out = folds == part
        kept = replace(votes, items=votes.items[~out], raters=votes.raters[~out], values=values[~out])
        beliefs = fit(kept).beliefs
        for row, power in enumerate(_POWERS):
            sharp = np.clip(beliefs, 1e-12, None) ** power
            sharp /= sharp.sum(axis=1, keepdims=True)
            confusions = shrunk_confusions(kept, sharp)
            chance = (sharp[votes.items[out]] * confusions[votes.raters[out], :, values[out]]).sum(axis=1)
            logs[row, out] = np.log(np.clip(chance, 1e-12, None))
    score = np.empty(votes.n_votes)
    for part in parts:
        out = folds == part
        others = (folds >= 0) & ~out
        score[out] = logs[int(logs[:, others].sum(axis=1).argmax()), out]
    return score[folds >= 0]


def shrunk_confusions(votes: Votes, beliefs: FloatArray) -> FloatArray:
    """Confusion matrix of each rater from expected counts, shrunk to that of all raters.

    Parameters
    ----------
    votes : Votes
    beliefs : ndarray of shape (n_items, n_classes)

    Returns
    -------
    ndarray of shape (n_raters, n_classes, n_classes)
        Row true class, column voted class. A rater with few votes has nearly the average matrix, so that three lucky
        votes do not make an oracle.

    Examples
    --------
    >>> from tilth.numerics.consensus.majority import majority_vote
    >>> from tilth.numerics.consensus.votes import as_votes
    >>> votes = as_votes([[0, 0], [1, 1], [0, 1], [1, None]])
    >>> shrunk_confusions(votes, majority_vote(votes).beliefs).shape
    (2, 2, 2)
    """
    k, r = votes.n_classes, votes.n_raters
    cells = votes.raters * k + np.asarray(votes.values, dtype=np.int64)
    counts = np.stack(
        [np.bincount(cells, beliefs[votes.items, z], minlength=r * k).reshape(r, k) for z in range(k)], axis=1
    )
    pooled = counts.sum(axis=0) + 0.5 / k
    pooled /= pooled.sum(axis=1, keepdims=True)
    made: FloatArray = counts + _SHRINK * pooled
    made /= made.sum(axis=2, keepdims=True)
    return made

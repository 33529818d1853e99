"""Majority vote and weighted majority as label models: what every other one is measured against."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.numerics.consensus.majority import weighted_majority
from tilth.numerics.consensus.votes import Votes
from tilth.numerics.weak_supervision.model import WeakModel, class_balance_of, named, weak_votes

__all__ = ["majority_model", "weighted_model"]

FloatArray = npt.NDArray[np.float64]


def majority_model(
    L: Any, *, class_balance: npt.ArrayLike | None = None, gold: npt.ArrayLike | None = None
) -> WeakModel:
    """Majority vote as a label model: every vote counts one; a row without votes gets the class balance.

    Parameters
    ----------
    L : label matrix of shape (n, m) or Votes
    class_balance, gold
        Default: even shares.

    Returns
    -------
    WeakModel

    Examples
    --------
    >>> majority_model([[0, 0, 1], [1, -1, -1]]).predict_proba([[0, 0, 1]]).round(2).tolist()
    [[0.67, 0.33]]
    """
    votes = weak_votes(L)
    k, m = votes.n_classes, votes.n_raters
    given = class_balance_of(votes, class_balance, gold)
    prior = np.full(k, 1 / k) if given is None else given
    table = np.repeat(np.eye(k)[None], m, axis=0)
    accuracies = _agreement(votes)
    return named(WeakModel("majority", prior, table, accuracies, link="share"), votes)


def _agreement(votes: Votes) -> FloatArray:
    """How often each function is on the side of the majority of the others; NaN for one that never fired."""
    counts = votes.count_table()[votes.items].astype(np.float64)
    own = np.arange(votes.n_votes)
    counts[own, votes.values] -= 1
    others = counts.sum(axis=1)
    with_me = counts[own, votes.values]
    share = np.where(others > 0, with_me / np.maximum(others, 1), np.nan)
    seen = np.isfinite(share)
    right = np.bincount(votes.raters[seen], share[seen], minlength=votes.n_raters)
    total = np.bincount(votes.raters[seen], minlength=votes.n_raters)
    fired = votes.votes_per_rater > 0
    alone = float(share[seen].mean()) if seen.any() else 1.0
    return np.where(fired, np.where(total > 0, right / np.maximum(total, 1), alone), np.nan)


def weighted_model(
    L: Any, *, class_balance: npt.ArrayLike | None = None, gold: npt.ArrayLike | None = None
) -> WeakModel:
    """Majority vote weighed by how well each function agrees with the consensus.

    Parameters
    ----------
    L : label matrix of shape (n, m) or Votes
    class_balance, gold
        Default: even shares.

    Returns
    -------
    WeakModel

    Examples
    --------
    >>> weighted_model([[0, 0, 1], [1, 1, 0], [0, 0, 0]] * 9).predict([[0, 0, 1]]).tolist()
    [0]
    """
    votes = weak_votes(L)
    plain = majority_model(votes, class_balance=class_balance, gold=gold)
    found = weighted_majority(votes)
    weights = np.clip(found.weights if found.weights.size else found.quality, 1e-6, None)
    return replace(plain, method="weighted_majority", table=plain.table * weights[:, None, None],
                   accuracies=np.where(votes.votes_per_rater > 0, found.quality, np.nan))  # fmt: skip

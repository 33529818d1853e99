"""How common the classes are, estimated from votes alone, without letting loud functions decide it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tilth.numerics.consensus.votes import Votes
from tilth.numerics.weak_supervision.matrix import select_rows
from tilth.numerics.weak_supervision.model import class_balance_of, gold_classes, weak_votes
from tilth.numerics.weak_supervision.triplets import pair_agreement, triplets

__all__ = ["believed_precisions", "estimate_balance", "known_or_estimated", "names_every_class"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: Functions that name every class, from which their agreement says how good they are.
_TELLING = 3
#: Votes that the belief in even classes is worth, beside those that count.
_HELD = 20.0
#: Added to squared gains, so that functions hardly better than chance do not decide.
_BLUR = 0.01
#: Gold rows that the estimate from the votes is worth.
_GOLD_PRIOR = 10.0
#: Rows beyond this number are drawn at random.
MAX_ROWS = 50_000
#: Smallest share that is ever estimated, as a part of an even one.
_LEAST = 0.05


def vote_counts(votes: Votes) -> FloatArray:
    """Votes of each function for each class, shape (m, k)."""
    k, m = votes.n_classes, votes.n_raters
    made = np.bincount(votes.raters * k + votes.values, minlength=m * k).reshape(m, k)
    return np.asarray(made, dtype=np.float64)


def names_every_class(counts: FloatArray) -> BoolArray:
    """Which functions name every class now and then, from their votes of shape (m, k); shape (m,)."""
    k = counts.shape[1]
    total = counts.sum(axis=1)
    found: BoolArray = (total > 0) & (counts.min(axis=1) >= 0.04 / k * total)
    return found


def believed_precisions(counts: FloatArray, prior: FloatArray, precision: float) -> FloatArray:
    """P(true class | vote) of each (function, voted class) before anything is seen, shape (m, k, k).

    A function that names every class is believed right on `precision` of the rows of each class, so its votes for a
    rare class are right less often than its votes for a common one. A function that names some classes only is
    believed right in `precision` of its votes, or more where its class is so common.
    """
    k = prior.size
    wrong = (1 - precision) / (k - 1)
    mixing = np.full((k, k), wrong) + (precision - wrong) * np.eye(k)
    both = mixing * prior
    both /= both.sum(axis=1, keepdims=True)
    own = np.maximum(np.diag(both), precision)
    other = prior / np.maximum(1 - prior[:, None], 1e-12)
    sided = np.where(np.eye(k, dtype=bool), own[:, None], (1 - own)[:, None] * other)
    made = np.where(names_every_class(counts)[:, None, None], both, sided)
    return np.asarray(made, dtype=np.float64)


def estimate_balance(L: object, *, precision: float = 0.7, random_state: int = 0) -> FloatArray:
    """Shares of the classes, from the votes alone.

    Parameters
    ----------
    L : label matrix of shape (n, m) or Votes
    precision : float, default=0.7
        How often a vote is believed to be right before anything is seen.
    random_state : int, default=0

    Returns
    -------
    ndarray of shape (k,)

    Raises
    ------
    LabelError
        No rows, or no function fired.

    Notes
    -----
    A function that names every class and is right with probability a votes for class y in the share w + (a - w) p(y),
    where w = (1 - a) / (k - 1). Agreement among functions gives a (`triplets`) whatever the balance is, so the shares
    of the votes give p by weighted least squares. How often a function that names one class fires says nothing of
    how common that class is; where there are only such functions, the vote shares of the rows are taken as they would
    be if each vote were right with probability `precision`, which stays near even.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = (rng.random(4000) < 0.2).astype(int)
    >>> L = np.where(rng.random((4000, 5)) < 0.75, truth[:, None], 1 - truth[:, None])
    >>> estimate_balance(L).round(1).tolist()
    [0.8, 0.2]
    """
    votes = weak_votes(L)
    k = votes.n_classes
    every = names_every_class(vote_counts(votes))
    if every.sum() < _TELLING:
        return _by_rows(votes, precision)
    some = _of_functions(votes, every)
    even = np.full(k, 1 / k)
    right = triplets(some, class_balance=even, precision=precision, random_state=random_state).accuracies
    gain = (k * right - 1) / (k - 1) * _signs(some, right)
    counts = vote_counts(some)
    # the share of the votes is 1/k + gain * (p - 1/k)
    total = counts.sum(axis=1)
    above = gain @ (counts - total[:, None] / k)
    return _inside(even + above / (float(total @ (gain**2 + _BLUR)) + _HELD))


def _of_functions(votes: Votes, keep: BoolArray) -> Votes:
    """The votes of some functions, on all rows."""
    mine = keep[votes.raters]
    place = np.cumsum(keep) - 1
    return replace(
        votes, items=votes.items[mine], raters=place[votes.raters[mine]], values=votes.values[mine],
        n_raters=int(keep.sum()), rater_names=votes.rater_names[keep],
    )  # fmt: skip


def _by_rows(votes: Votes, precision: float) -> FloatArray:
    from tilth.numerics.consensus.result import vote_shares

    k = votes.n_classes
    wrong = (1 - precision) / (k - 1)
    fired = votes.votes_per_item > 0
    shares = vote_shares(votes)[0][fired].mean(axis=0)
    return _inside(wrong + (precision - wrong) * shares)


def _inside(balance: FloatArray) -> FloatArray:
    made = np.maximum(balance, _LEAST / balance.size)
    return np.asarray(made / made.sum(), dtype=np.float64)


def _signs(votes: Votes, right: FloatArray) -> FloatArray:
    """-1 for a function that agrees with the others less than chance would have it, else 1; shape (m,)."""
    k = votes.n_classes
    both, alike = pair_agreement(votes)
    above = (k * alike - both).tolil()
    above.setdiag(0)
    above = above.tocsr()
    size = np.maximum(k * right - 1, 0.0)
    made = np.ones(right.size)
    for _ in range(5):
        made = np.where(np.asarray(above @ (size * made)) < 0, -1.0, 1.0)
    return made


def known_or_estimated(
    votes: Votes, balance: npt.ArrayLike | None, gold: npt.ArrayLike | None, precision: float, seed: int
) -> FloatArray | None:
    """The class balance as given; else from votes, and gold where there is; None where votes cannot tell."""
    given = class_balance_of(votes, balance, gold if balance is not None else None)
    if given is not None or names_every_class(vote_counts(votes)).sum() < _TELLING:
        return given
    made = estimate_balance(_some_rows(votes, seed), precision=precision, random_state=seed)
    known = gold_classes(votes, gold)
    if known is None or not (known >= 0).any():
        return made
    counts = np.bincount(known[known >= 0], minlength=votes.n_classes) + _GOLD_PRIOR * made
    return np.asarray(counts / counts.sum(), dtype=np.float64)


def _some_rows(votes: Votes, seed: int) -> Votes:
    if votes.n_items <= MAX_ROWS:
        return votes
    rows = np.random.default_rng(seed).choice(votes.n_items, MAX_ROWS, replace=False)
    some = select_rows(votes, np.sort(rows))
    return some if some.n_votes else votes

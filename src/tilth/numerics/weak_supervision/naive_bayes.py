"""Expectation maximisation for labelling functions, kept from collapsing where functions only ever name one class."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import ParameterError
from tilth.numerics.consensus.votes import Votes
from tilth.numerics.weak_supervision.matrix import incidence
from tilth.numerics.weak_supervision.model import WeakModel, class_balance_of, from_conditionals, named, weak_votes

__all__ = ["dawid_skene_abstain", "naive_bayes"]

FloatArray = npt.NDArray[np.float64]

#: Rows beyond this number are drawn at random for the fit; a function's few numbers do not need more.
MAX_ROWS = 200_000
#: Gold rows that the prior belief about a function's precision is worth.
_GOLD_PRIOR = 4.0


@dataclass(frozen=True, eq=False)
class _Rows:
    """What the steps read: votes as a sparse matrix, and the beliefs that gold fixes."""

    marks: Any
    fired: npt.NDArray[np.bool_]
    gold: npt.NDArray[np.int64]
    votes: FloatArray
    k: int

    def fix(self, beliefs: FloatArray) -> FloatArray:
        known = self.gold >= 0
        beliefs[known] = np.eye(self.k)[self.gold[known]]
        return beliefs


def naive_bayes(
    L: Any,
    *,
    class_balance: npt.ArrayLike | None = None,
    gold: npt.ArrayLike | None = None,
    precision: float = 0.7,
    strength: float = 1.0,
    weights: npt.ArrayLike | None = None,
    max_iter: int = 50,
    tol: float = 1e-4,
    random_state: int = 0,
) -> WeakModel:
    """Fit a naive Bayes label model whose class balance and precisions are estimated together.

    Parameters
    ----------
    L : label matrix of shape (n, m) or Votes
        -1 where a function abstains.
    class_balance : array-like of shape (k,), optional
        Shares of the classes, held fixed. Default: estimated.
    gold : array-like of shape (n,), optional
        True classes, -1 where unknown. They fix the beliefs of their rows and say how precise each function is.
    precision : float, default=0.7
        How often a vote is believed to be right before anything is seen, in (1/k, 1).
    strength : float, default=1
        How much that belief counts, as a multiple of the function's own votes. 0 is plain expectation maximisation.
    weights : array-like of shape (m,), optional
        Factor in [0, 1] on what a function's votes say; see `dependency_aware`.
    max_iter, tol : int and float
        Steps at most, and the largest change of a belief at which they stop.
    random_state : int, default=0
        Draws the rows of a fit on more than 200,000.

    Returns
    -------
    WeakModel

    Raises
    ------
    LabelError
        No rows, or no function fired.
    ParameterError
        `precision`, `strength`, `weights` or `class_balance` outside their range.

    Notes
    -----
    A function that only ever names one class has nothing to be confused with, so plain Dawid-Skene learns nothing
    from it and lets the others drag the classes apart in any direction. Here the estimated quantity is the precision,
    P(true class | vote), which is defined for such functions too; a prior worth `strength` times a function's votes
    holds it near `precision`, and a vote never speaks against the class that it names. The class balance starts at
    even shares and is held by a tenth of the rows.

    References
    ----------
    Zhang, Yu, Li, Wang, Yang, Yang and Ratner (2021), "WRENCH: a comprehensive benchmark for weak supervision".

    Examples
    --------
    >>> L = [[1, -1], [1, -1], [-1, 0], [-1, 0], [1, 0], [-1, -1]]
    >>> naive_bayes(L).predict(L).tolist()[:4]
    [1, 1, 0, 0]
    """
    votes = weak_votes(L)
    k = votes.n_classes
    if not 1 / k < precision < 1 or not strength >= 0:
        raise ParameterError(
            "precision must lie above chance and below 1, strength must not be negative",
            found=f"precision {precision}, strength {strength}",
        )
    balance = class_balance_of(votes, class_balance, None)
    factor = _factors(weights, votes.n_raters)
    rows = _read(votes, gold, random_state)
    centre = _centres(rows, votes.n_raters, precision)
    pseudo = (strength * rows.votes + 2.0 * (rows.votes > 0))[:, :, None] * centre
    prior = np.full(k, 1 / k) if balance is None else balance
    table = _advantage(centre, prior, rows.votes) * factor[:, None, None]
    beliefs = np.zeros((rows.marks.shape[0], k))
    right = centre
    for _ in range(max_iter):
        new = rows.fix(_expect(rows.marks, table, prior))
        moved, beliefs = float(np.abs(new - beliefs).max(initial=0.0)), new
        if balance is None:
            prior = _shares(beliefs[rows.fired])
        right = np.asarray(rows.marks.T @ beliefs).reshape(-1, k, k) + pseudo
        right /= np.maximum(right.sum(axis=2, keepdims=True), 1e-12)
        right = _never_against(right, prior)
        table = _advantage(right, prior, rows.votes) * factor[:, None, None]
        if moved < tol:
            break
    accuracies = _accuracy(right, rows.votes)
    return named(WeakModel("naive_bayes", prior, table, accuracies), votes)


def _factors(weights: npt.ArrayLike | None, m: int) -> FloatArray:
    made = np.ones(m) if weights is None else np.asarray(weights, dtype=np.float64)
    if made.shape != (m,) or not ((made >= 0) & (made <= 1)).all():
        raise ParameterError("weights must hold one number in [0, 1] for each function", found=f"shape {made.shape}")
    return made


def _read(votes: Votes, gold: npt.ArrayLike | None, seed: int) -> _Rows:
    class_balance_of(votes, None, gold)  # checks gold
    known = np.full(votes.n_items, -1, dtype=np.int64) if gold is None else np.asarray(gold, dtype=np.int64)
    marks = incidence(votes)
    fired = votes.votes_per_item > 0
    if votes.n_items > MAX_ROWS:
        chosen = np.random.default_rng(seed).choice(votes.n_items, MAX_ROWS, replace=False)
        chosen = np.sort(np.unique(np.concatenate([chosen, np.flatnonzero(known >= 0)])))
        marks, fired, known = marks[chosen], fired[chosen], known[chosen]
    counts = np.asarray(marks.sum(axis=0), dtype=np.float64).reshape(votes.n_raters, votes.n_classes)
    return _Rows(marks, fired, known, counts, votes.n_classes)


def _centres(rows: _Rows, m: int, precision: float) -> FloatArray:
    """Where the precision of each (function, voted class) is believed to lie: (m, k, k), from gold where there is."""
    k = rows.k
    wrong = (1 - precision) / (k - 1)
    mixing = np.full((k, k), wrong) + (precision - wrong) * np.eye(k)
    known = rows.gold >= 0
    if not known.any():
        return np.repeat(mixing[None], m, axis=0)
    truth = np.eye(k)[rows.gold[known]]
    seen = np.asarray(rows.marks[known].T @ truth).reshape(m, k, k)
    made = seen + _GOLD_PRIOR * mixing[None]
    return np.asarray(made / made.sum(axis=2, keepdims=True), dtype=np.float64)


def _advantage(right: FloatArray, prior: FloatArray, counts: FloatArray) -> FloatArray:
    """Log of how much a vote raises each class over its share."""
    made = np.log(np.clip(right, 1e-6, None)) - np.log(prior)
    made[counts == 0] = 0.0
    return np.asarray(made, dtype=np.float64)


def _never_against(right: FloatArray, prior: FloatArray) -> FloatArray:
    """Precisions raised to the class's own share: a vote may say nothing, but never the opposite."""
    k = prior.size
    own = right[:, np.arange(k), np.arange(k)]
    low = own < prior
    if not low.any():
        return right
    made = np.where(low[:, :, None], prior[None, None, :], right)
    return np.asarray(made, dtype=np.float64)


def _expect(marks: Any, table: FloatArray, prior: FloatArray) -> FloatArray:
    k = prior.size
    scores = np.asarray(marks @ table.reshape(-1, k)) + np.log(np.clip(prior, 1e-12, None))
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    return np.asarray(scores / scores.sum(axis=1, keepdims=True), dtype=np.float64)


def _shares(beliefs: FloatArray) -> FloatArray:
    k = beliefs.shape[1]
    held = 0.1 * max(len(beliefs), 1) / k
    made = beliefs.sum(axis=0) + held
    return np.asarray(made / made.sum(), dtype=np.float64)


def _accuracy(right: FloatArray, counts: FloatArray) -> FloatArray:
    """Mean precision of a function's votes; NaN for one that never fired."""
    own = np.einsum("jvv->jv", right)
    total = counts.sum(axis=1)
    return np.where(total > 0, (own * counts).sum(axis=1) / np.maximum(total, 1.0), np.nan)


def dawid_skene_abstain(
    L: Any,
    *,
    class_balance: npt.ArrayLike | None = None,
    gold: npt.ArrayLike | None = None,
    strength: float = 1.0,
    precision: float = 0.7,
    max_iter: int = 50,
    tol: float = 1e-4,
    random_state: int = 0,
) -> WeakModel:
    """Dawid-Skene in which abstaining is one more answer, with priors that keep the classes in place.

    Parameters
    ----------
    L : label matrix of shape (n, m) or Votes
    class_balance, gold
        As in `naive_bayes`.
    strength, precision, max_iter, tol, random_state
        As in `naive_bayes`; the prior is `strength` times a function's votes.

    Returns
    -------
    WeakModel
        ``conditionals`` hold P(vote | true class); abstaining is the rest. Beliefs of new rows rest on votes alone.

    Raises
    ------
    LabelError, ParameterError
        As in `naive_bayes`.

    Notes
    -----
    With abstentions left out, the confusion matrix of a function that names one class only is the same row for every
    true class: its votes say nothing. With abstention as an answer they do, since it fires more often on its class.

    References
    ----------
    Dawid and Skene (1979), "Maximum likelihood estimation of observer error-rates using the EM algorithm".

    Examples
    --------
    >>> L = [[1, -1], [1, -1], [-1, 0], [-1, 0], [1, 0], [-1, -1]]
    >>> dawid_skene_abstain(L).predict(L).tolist()[:4]
    [1, 1, 0, 0]
    """
    votes = weak_votes(L)
    k = votes.n_classes
    start = naive_bayes(
        votes, class_balance=class_balance, gold=gold, precision=precision, strength=max(strength, 1.0),
        max_iter=5, random_state=random_state,
    )  # fmt: skip
    rows = _read(votes, gold, random_state)
    balance = class_balance_of(votes, class_balance, None)
    prior = start.prior
    wrong = (1 - precision) / (k - 1)
    mixing = np.full((k, k), wrong) + (precision - wrong) * np.eye(k)
    beliefs = rows.fix(_expect(rows.marks, start.table, prior))
    conditionals = np.empty(0)
    for _ in range(max_iter):
        mass = beliefs.sum(axis=0)
        seen = np.asarray(rows.marks.T @ beliefs).reshape(-1, k, k)
        seen = (seen + strength * rows.votes[:, :, None] * mixing[None]) / (1 + strength)
        conditionals = np.clip(seen / np.maximum(mass, 1e-9), 1e-9, 1.0)
        conditionals /= np.maximum(conditionals.sum(axis=1, keepdims=True), 1.0)
        new = rows.fix(_expect(rows.marks, np.log(conditionals), prior))
        moved, beliefs = float(np.abs(new - beliefs).max(initial=0.0)), new
        if balance is None:
            prior = _shares(beliefs[rows.fired])
        if moved < tol:
            break
    low = 1e-6
    made = from_conditionals("dawid_skene_abstain", votes, np.clip(conditionals, low, 1.0), prior)
    return replace(made, notes=start.notes)

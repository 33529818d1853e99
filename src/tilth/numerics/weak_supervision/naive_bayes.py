"""Expectation maximisation for labelling functions, kept from collapsing where functions only ever name one class."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import ParameterError
from tilth.numerics.consensus.votes import Votes
from tilth.numerics.weak_supervision.balance import believed_precisions, known_or_estimated, names_every_class
from tilth.numerics.weak_supervision.matrix import incidence
from tilth.numerics.weak_supervision.model import WeakModel, from_conditionals, gold_classes, named, weak_votes

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
        Shares of the classes, held fixed. Default: estimated, see `estimate_balance`.
    gold : array-like of shape (n,), optional
        True classes, -1 where unknown. They fix the beliefs of their rows and say how precise each function is.
    precision : float, default=0.7
        How often a vote is believed to be right before anything is seen, in (1/k, 1).
    strength : float, default=1
        How much that belief counts, as a multiple of the function's own votes. 0 leaves two votes' worth of it for
        each vote that a function can give; it is still not plain expectation maximisation, see the notes.
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
    A function that names every class is learned as P(vote | true class): it is believed right on `precision` of the
    rows of each class, rare or common. With three such functions the class balance is estimated from their votes and
    agreement before the steps begin and held fixed, so the steps cannot drag it along.
    A function that only ever names one class has nothing to be confused with, so plain Dawid-Skene learns nothing
    from it and lets the others drag the classes apart in any direction. Of such a function the precision,
    P(true class | vote), is learned, believed to be `precision` or more where its class is so common. Where there are
    hardly any other functions the class balance follows the beliefs, held near even shares by a tenth of the rows.
    Either belief is worth `strength` times a function's votes, and a vote never speaks against the class that it
    names, whatever the strength.

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
    balance = known_or_estimated(votes, class_balance, gold, precision, random_state)
    factor = _factors(weights, votes.n_raters)
    rows = _read(votes, gold, random_state)
    prior = np.full(k, 1 / k) if balance is None else balance
    centre = _centres(rows, prior, precision)
    pseudo = (strength * rows.votes + 2.0 * (rows.votes > 0))[:, :, None] * centre
    every = names_every_class(rows.votes)
    right, share = centre, prior
    beliefs = np.zeros((rows.marks.shape[0], k))
    for _ in range(max_iter):
        table = _says(right, share, rows.votes, every) * factor[:, None, None]
        new = rows.fix(_expect(rows.marks, table, prior))
        moved, beliefs = float(np.abs(new - beliefs).max(initial=0.0)), new
        share = _shares(beliefs[rows.fired], np.full(k, 1 / k) if balance is None else balance)
        prior = share if balance is None else balance
        right = np.asarray(rows.marks.T @ beliefs).reshape(-1, k, k) + pseudo
        right /= np.maximum(right.sum(axis=2, keepdims=True), 1e-12)
        if moved < tol:
            break
    table = _says(right, share, rows.votes, every) * factor[:, None, None]
    accuracies = _accuracy(right, rows.votes)
    return named(WeakModel("naive_bayes", prior, table, accuracies), votes)


def _factors(weights: npt.ArrayLike | None, m: int) -> FloatArray:
    made = np.ones(m) if weights is None else np.asarray(weights, dtype=np.float64)
    if made.shape != (m,) or not ((made >= 0) & (made <= 1)).all():
        raise ParameterError("weights must hold one number in [0, 1] for each function", found=f"shape {made.shape}")
    return made


def _read(votes: Votes, gold: npt.ArrayLike | None, seed: int) -> _Rows:
    given = gold_classes(votes, gold)
    known = np.full(votes.n_items, -1, dtype=np.int64) if given is None else given
    marks = incidence(votes)
    fired = votes.votes_per_item > 0
    if votes.n_items > MAX_ROWS:
        chosen = np.random.default_rng(seed).choice(votes.n_items, MAX_ROWS, replace=False)
        chosen = np.sort(np.unique(np.concatenate([chosen, np.flatnonzero(known >= 0)])))
        marks, fired, known = marks[chosen], fired[chosen], known[chosen]
    counts = np.asarray(marks.sum(axis=0), dtype=np.float64).reshape(votes.n_raters, votes.n_classes)
    return _Rows(marks, fired, known, counts, votes.n_classes)


def _centres(rows: _Rows, prior: FloatArray, precision: float) -> FloatArray:
    """Where P(true class | vote) of each (function, voted class) is believed to lie, (m, k, k); gold moves it."""
    made = believed_precisions(rows.votes, prior, precision)
    known = rows.gold >= 0
    if not known.any():
        return made
    truth = np.eye(rows.k)[rows.gold[known]]
    made = np.asarray(rows.marks[known].T @ truth).reshape(made.shape) + _GOLD_PRIOR * made
    return np.asarray(made / made.sum(axis=2, keepdims=True), dtype=np.float64)


def _says(right: FloatArray, share: FloatArray, counts: FloatArray, every: npt.NDArray[np.bool_]) -> FloatArray:
    """Log of how much a vote raises each class, (m, k, k), from P(true class | vote).

    For a function that names every class: log P(vote | true class). For one that does not: over the class's share.
    Either way a vote may say nothing, but never the opposite of what it names.
    """
    joint = np.clip(right * counts[:, :, None], 1e-9, None)
    recall = joint / joint.sum(axis=1, keepdims=True)
    made = np.log(np.where(every[:, None, None], recall, np.clip(right, 1e-6, None) / share))
    k = share.size
    own = made[:, np.arange(k), np.arange(k)]
    mean = np.where(every[:, None], (recall * share).sum(axis=2), 1.0)
    made -= np.log(mean)[:, :, None]
    own = made[:, np.arange(k), np.arange(k)]
    made[(own < 0) | (counts == 0)] = 0.0
    return np.asarray(made, dtype=np.float64)


def _expect(marks: Any, table: FloatArray, prior: FloatArray) -> FloatArray:
    k = prior.size
    scores = np.asarray(marks @ table.reshape(-1, k)) + np.log(np.clip(prior, 1e-12, None))
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    return np.asarray(scores / scores.sum(axis=1, keepdims=True), dtype=np.float64)


def _shares(beliefs: FloatArray, prior: FloatArray) -> FloatArray:
    """Mean belief, held near the class balance by a tenth of the rows."""
    made = beliefs.sum(axis=0) + 0.1 * max(len(beliefs), 1) * prior
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
    balance = known_or_estimated(votes, class_balance, gold, precision, random_state)
    prior = start.prior
    # centres without gold: the beliefs of gold rows are fixed anyway
    centre = believed_precisions(rows.votes, np.full(k, 1 / k) if balance is None else balance, precision)
    believed = strength * rows.votes[:, :, None] * centre
    every = names_every_class(rows.votes)[:, None]
    beliefs = rows.fix(_expect(rows.marks, start.table, prior))
    conditionals = np.empty(0)
    for _ in range(max_iter):
        mass = beliefs.sum(axis=0)
        seen = np.asarray(rows.marks.T @ beliefs).reshape(-1, k, k) + believed
        # what is believed of a function that names every class holds its rows too, else its rare class fades away
        mass = np.where(every, mass + strength * len(beliefs) * prior, (1 + strength) * mass)[:, None, :]
        conditionals = np.clip(seen / np.maximum(mass, 1e-9), 1e-9, 1.0)
        conditionals /= np.maximum(conditionals.sum(axis=1, keepdims=True), 1.0)
        new = rows.fix(_expect(rows.marks, np.log(conditionals), prior))
        moved, beliefs = float(np.abs(new - beliefs).max(initial=0.0)), new
        if balance is None:
            prior = _shares(beliefs[rows.fired], np.full(k, 1 / k))
        if moved < tol:
            break
    low = 1e-6
    made = from_conditionals("dawid_skene_abstain", votes, np.clip(conditionals, low, 1.0), prior)
    return replace(made, notes=start.notes)

"""What every label model of weak supervision learns: how much a vote of each function says for each class.

All of them come down to one table: to the belief in a class each vote adds what the table says. So a fitted model
predicts new rows, never sees the rows it was fitted on again, and is a few numbers a function.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, LabelError, ParameterError
from tilth.numerics.consensus.result import Consensus, choose_labels
from tilth.numerics.consensus.votes import Votes
from tilth.numerics.weak_supervision.matrix import incidence, label_matrix

__all__ = [
    "WeakModel",
    "class_balance_of",
    "class_indices",
    "from_conditionals",
    "gold_classes",
    "one_coin_table",
    "weak_votes",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_TIE = 1e-9


def _none() -> FloatArray:
    return np.empty(0)


@dataclass(frozen=True, eq=False)
class WeakModel:
    """A fitted label model.

    Attributes
    ----------
    method : str
    prior : ndarray of shape (k,)
        Class balance: the belief about a row on which every function abstains.
    table : ndarray of shape (m, k, k)
        Entry (function, voted class, true class): what such a vote adds to the score of the true class.
    accuracies : ndarray of shape (m,)
        Estimated probability that a vote of the function is right; NaN for one that never fired.
    link : {"softmax", "share"}
        Scores are log-probabilities to which the log of the prior is added, or shares of a sum.
    conditionals : ndarray of shape (m, k, k) or of size 0
        P(votes this class | true class); what is missing from 1 is the probability of abstaining.
    lf_names, classes : tuple
    counts : ndarray, or of size 0
        Sufficient statistics, for `partial_fit`.
    n_rows : int
        Rows it was fitted on.
    notes : tuple of str
    """

    method: str
    prior: FloatArray
    table: FloatArray
    accuracies: FloatArray
    link: str = "softmax"
    conditionals: FloatArray = field(default_factory=_none)
    lf_names: tuple[str, ...] = ()
    classes: tuple[Any, ...] = ()
    counts: Any = None
    n_rows: int = 0
    notes: tuple[str, ...] = ()

    @property
    def n_functions(self) -> int:
        """Number of labelling functions."""
        return int(self.table.shape[0])

    def predict_proba(self, L: Any) -> FloatArray:
        """Beliefs of rows, shape (n, k); a row on which every function abstains gets the class balance.

        Raises
        ------
        AlignmentError
            The label matrix has another number of functions or classes; the model stays as it is.
        """
        votes = self._votes(L)
        m, k = self.n_functions, len(self.prior)
        scores = np.asarray(incidence(votes) @ self.table.reshape(m * k, k))
        silent = votes.votes_per_item == 0
        if self.link == "share":
            total = scores.sum(axis=1, keepdims=True)
            beliefs = np.where(total > 0, scores / np.where(total > 0, total, 1.0), self.prior)
        else:
            scores += np.log(np.clip(self.prior, 1e-300, None))
            scores -= scores.max(axis=1, keepdims=True)
            np.exp(scores, out=scores)
            beliefs = scores / scores.sum(axis=1, keepdims=True)
        beliefs[silent] = self.prior
        made: FloatArray = beliefs
        return made

    def _votes(self, L: Any) -> Votes:
        k = len(self.prior)
        votes = label_matrix(L, classes=self.classes or k)
        if votes.n_raters != self.n_functions or votes.n_classes != k:
            raise AlignmentError(
                "the label matrix does not fit the model",
                found=f"{votes.n_raters} functions and {votes.n_classes} classes",
                fix=f"it was fitted on {self.n_functions} functions and {k} classes: give the same ones in that order",
            )
        return votes

    def predict(self, L: Any, *, tie_break: str = "abstain", random_state: int = 0) -> IntArray:
        """Class index of each row.

        Parameters
        ----------
        L : label matrix
        tie_break : {"abstain", "prior", "random"}
            Rows whose best classes tie, and those without a vote: -1, the commoner class, or one of the best at
            random.
        random_state : int
        """
        if tie_break not in ("abstain", "prior", "random"):
            raise ParameterError("unknown tie_break", found=repr(tie_break), fix="use 'abstain', 'prior' or 'random'")
        votes = self._votes(L)
        beliefs = self.predict_proba(votes)
        if tie_break == "prior":
            return choose_labels(beliefs, self.prior)
        best = beliefs >= beliefs.max(axis=1, keepdims=True) - _TIE
        if tie_break == "random":
            noise = np.random.default_rng(random_state).random(beliefs.shape)
            drawn: IntArray = np.where(best, noise, -1.0).argmax(axis=1).astype(np.int64)
            return drawn
        silent = votes.votes_per_item == 0
        return np.where((best.sum(axis=1) > 1) | silent, -1, best.argmax(axis=1)).astype(np.int64)

    def consensus(self, L: Any) -> Consensus:
        """Beliefs about rows in the form that all consensus methods share."""
        beliefs = self.predict_proba(L)
        known = np.isfinite(self.accuracies)
        mean = float(self.accuracies[known].mean()) if known.any() else 0.5
        quality = np.where(known, self.accuracies, mean)
        return Consensus(
            self.method, beliefs, choose_labels(beliefs, self.prior), self.prior, np.clip(quality, 0.0, 1.0),
            notes=self.notes,
        )  # fmt: skip


def weak_votes(L: Any, classes: Any = None) -> Votes:
    """A label matrix on at least two classes and one row with a vote, or an error that says what is missing."""
    votes = label_matrix(L, classes=classes)
    if votes.numeric:
        raise LabelError("numeric votes have no classes", fix="use robust_mean for numbers")
    if votes.n_classes < 2:
        raise LabelError("all votes name the same class", fix="declare the classes with classes=")
    if not votes.n_items:
        raise LabelError("the label matrix has no rows", fix="apply the functions to some rows first")
    if not votes.n_votes:
        raise LabelError(
            "no labelling function fired on any row",
            found=f"{votes.n_items} rows, {votes.n_raters} functions",
            fix="check the words or patterns that the functions look for, on a few rows",
        )
    return votes


def class_balance_of(votes: Votes, balance: npt.ArrayLike | None, gold: npt.ArrayLike | None) -> FloatArray | None:
    """The class balance as given, else from gold labels, else None.

    Raises
    ------
    ParameterError
        Not k positive shares.
    AlignmentError, LabelError
        Gold that is none; see `gold_classes`.
    """
    k = votes.n_classes
    known = gold_classes(votes, gold)
    if balance is not None:
        try:
            made = np.asarray(balance, dtype=np.float64)
        except (TypeError, ValueError):
            made = np.empty(0)
        if made.shape != (k,) or not (np.isfinite(made) & (made > 0)).all():
            raise ParameterError(
                "the class balance must hold one positive share for each class", found=repr(balance)[:80],
                fix=f"give {k} numbers above 0",
            )  # fmt: skip
        return np.asarray(made / made.sum(), dtype=np.float64)
    if known is None:
        return None
    counts = np.bincount(known[known >= 0], minlength=k) + 1.0
    return np.asarray(counts / counts.sum(), dtype=np.float64)


def gold_classes(votes: Votes, gold: npt.ArrayLike | None, name: str = "gold") -> IntArray | None:
    """True classes of the rows as integers, -1 where unknown; None where none are given.

    Raises
    ------
    AlignmentError
        Another length than the rows, or a class that does not exist.
    LabelError
        A value that is no whole number, or is below -1; its row is named.
    """
    if gold is None:
        return None
    known = class_indices(gold, votes.n_classes, name)
    if known.shape != (votes.n_items,):
        raise AlignmentError(
            f"{name} must hold one class for each row, -1 where it is unknown",
            found=f"{known.size} values for {votes.n_items} rows",
        )
    return known


def class_indices(values: npt.ArrayLike, k: int, name: str) -> IntArray:
    """Classes of a one-dimensional array as integers from -1 (unknown) to k - 1."""
    fix = f"use -1 where the class is unknown, else a whole number from 0 to {k - 1}"
    try:
        given = np.asarray(values)
    except ValueError:
        given = np.empty((0, 0))
    if given.ndim != 1:
        raise AlignmentError(f"{name} must be one-dimensional", found=f"shape {given.shape}", fix=fix)
    if given.dtype.kind in "US":  # numbers beside a word have become words: keep them apart, to name the word
        given = np.asarray(values, dtype=object)
    try:
        if given.dtype.kind not in "iufO" or any(isinstance(v, str | bool) for v in given.tolist()):
            raise TypeError  # text and yes/no values convert to numbers that were not meant
        numbers = given.astype(np.float64)
    except (TypeError, ValueError):
        flat = given.tolist()
        row = next((i for i, v in enumerate(flat) if isinstance(v, bool) or not isinstance(v, Real)), 0)
        raise LabelError(f"{name} holds no class", where=f"row {row}", found=repr(flat[row]), fix=fix) from None
    wrong = ~np.isfinite(numbers) | (numbers != np.floor(numbers)) | (numbers < -1)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise LabelError(f"{name} holds no class", where=f"row {row}", found=repr(given.tolist()[row]), fix=fix)
    if numbers.max(initial=-1) >= k:
        row = int(np.argmax(numbers))
        raise AlignmentError(
            f"{name} holds a class that does not exist", where=f"row {row}", found=str(int(numbers[row])), fix=fix
        )
    return numbers.astype(np.int64)


def from_conditionals(method: str, votes: Votes, conditionals: FloatArray, prior: FloatArray, **more: Any) -> WeakModel:
    """A model from P(vote | true class) of each function; abstaining says nothing."""
    table = np.log(np.clip(conditionals, 1e-12, None))
    fired = votes.votes_per_rater
    right = np.einsum("jyy,y->j", conditionals, prior)
    total = np.einsum("jvy,y->j", conditionals, prior)
    accuracies = np.where(fired > 0, np.clip(right / np.maximum(total, 1e-12), 1e-6, 1.0), np.nan)
    table = np.where((fired > 0)[:, None, None], table, 0.0)
    return WeakModel(
        method, prior, table, accuracies, conditionals=conditionals,
        lf_names=tuple(str(n) for n in votes.rater_names.tolist()), classes=votes.classes, n_rows=votes.n_items, **more,
    )  # fmt: skip


def one_coin_table(accuracies: FloatArray, k: int) -> FloatArray:
    """Table (m, k, k) of functions that are right with one probability and wrong on all other classes alike."""
    safe = np.clip(np.nan_to_num(accuracies, nan=1.0 / k), 1e-3, 1 - 1e-3)
    gain = np.log(safe * (k - 1) / (1 - safe))
    return np.asarray(gain[:, None, None] * np.eye(k)[None], dtype=np.float64)


def named(model: WeakModel, votes: Votes) -> WeakModel:
    """The model with the names of the functions and classes of the votes it was fitted on."""
    names = tuple(str(n) for n in votes.rater_names.tolist())
    return replace(model, lf_names=names, classes=votes.classes, n_rows=votes.n_items)

"""``LabelModel``: labelling functions' votes to beliefs, with the names of methods that the field knows."""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from tilth.errors import AlignmentError, LabelError, ParameterError
from tilth.numerics.consensus.votes import Votes
from tilth.numerics.weak_supervision.choice import auto_label_model, check_same_functions, fit_label_model
from tilth.numerics.weak_supervision.matrix import label_matrix
from tilth.numerics.weak_supervision.matrix_completion import matrix_completion
from tilth.numerics.weak_supervision.model import WeakModel, class_indices, weak_votes

__all__ = ["LabelModel"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: snorkel's words for what tilth calls tie_break.
_POLICIES = {"abstain": "abstain", "random": "random", "true-random": "random", "prior": "prior"}


class LabelModel(BaseEstimator):  # type: ignore[misc]
    """Join the votes of labelling functions, without or with a few true labels.

    Parameters
    ----------
    method : str, default="auto"
        "auto" compares every label model with majority vote and takes majority unless another is shown to be better;
        or one of majority, weighted_majority, dawid_skene_abstain, matrix_completion, triplets, naive_bayes and
        dependency_aware.
    cardinality : int, default=2
        Number of classes, where the votes do not name them.
    random_state : int, default=0
        Equal seeds give equal models.

    Attributes
    ----------
    model_ : WeakModel
        The fitted model: class balance, accuracies, what each vote says.
    choice_ : Choice or None
        Every method beside majority vote, after "auto".
    why_ : str
        Why this method, in one sentence.
    classes_ : ndarray of shape (k,)

    Notes
    -----
    A label matrix is of shape (n, m), int, with -1 where a function abstains; or a scipy sparse matrix of class index
    + 1; or `Votes`. Works from one function upwards. A prediction on another number of functions raises and leaves
    the fitted model as it is.

    Examples
    --------
    >>> L = np.array([[1, 1, -1], [0, -1, 0], [1, 0, 1], [-1, -1, -1]])
    >>> model = LabelModel("majority").fit(L)
    >>> model.predict(L).tolist(), model.predict_proba(L)[2].round(2).tolist()
    ([1, 0, 1, -1], [0.33, 0.67])
    """

    def __init__(self, method: str = "auto", cardinality: int = 2, random_state: int = 0) -> None:
        self.method = method
        self.cardinality = cardinality
        self.random_state = random_state

    def _read(self, L: Any) -> Votes:
        if isinstance(L, Votes):
            return weak_votes(L)
        if self.cardinality < 2:
            raise ParameterError("cardinality must be at least 2", found=str(self.cardinality))
        return weak_votes(L, classes=self.cardinality)

    def fit(
        self,
        L: Any,
        gold: npt.ArrayLike | None = None,
        *,
        Y_dev: npt.ArrayLike | None = None,
        class_balance: npt.ArrayLike | None = None,
    ) -> LabelModel:
        """Fit on a label matrix.

        Parameters
        ----------
        L : label matrix of shape (n, m)
        gold : array-like of shape (n,), int, optional
            True classes of these rows, -1 where unknown. From 30 on "auto" judges the methods by them.
        Y_dev : array-like of int, optional
            True classes of other rows, for the class balance only, as in snorkel.
        class_balance : array-like of shape (k,), optional
            Default: from `Y_dev` or `gold`, else estimated.

        Raises
        ------
        LabelError, AlignmentError, ParameterError
            A vote that is no class, gold of another length, a balance that is none.
        """
        votes = self._read(L)
        balance = class_balance if class_balance is not None or Y_dev is None else _shares(Y_dev, votes.n_classes)
        self.choice_ = None
        if self.method == "auto":
            found = auto_label_model(votes, class_balance=balance, gold=gold, random_state=self.random_state)
            self.model_, self.choice_, self.why_ = found.model, found.choice, found.why
        else:
            self.model_ = fit_label_model(self.method, votes, class_balance=balance, gold=gold)
            self.why_ = f"{self.method}, as asked for"
        self.classes_ = np.asarray(votes.classes)
        return self

    def partial_fit(self, L: Any, *, class_balance: npt.ArrayLike | None = None) -> LabelModel:
        """Add rows to a fit by matrix completion: only joint counts are kept, so memory does not grow with the rows.

        The result is that of one fit on all rows.

        Raises
        ------
        ParameterError
            Another method, whose fit is not a function of counts.
        AlignmentError
            Other functions or classes; the model stays as it is.
        """
        if self.method != "matrix_completion":
            raise ParameterError(
                "rows can be added to matrix completion only", found=f"method={self.method!r}",
                fix="use LabelModel('matrix_completion'), or fit on all rows",
            )  # fmt: skip
        votes = self._read(L)
        before: WeakModel | None = getattr(self, "model_", None)
        if before is not None:
            self._same(votes)
        self.model_ = matrix_completion(votes, class_balance=class_balance, previous=before)
        self.choice_, self.why_ = None, "matrix_completion, as asked for"
        self.classes_ = np.asarray(votes.classes)
        return self

    def _fitted(self) -> WeakModel:
        model: WeakModel | None = getattr(self, "model_", None)
        if model is None:
            raise LabelError("this label model is not fitted", fix="call fit first")
        return model

    def _same(self, L: Any) -> Votes:
        model = self._fitted()
        votes = label_matrix(L, classes=model.classes, lf_names=None)
        if votes.n_raters != model.n_functions:
            raise AlignmentError(
                "the label matrix does not fit the model", found=f"{votes.n_raters} functions",
                fix=f"it was fitted on {model.n_functions}: give the same ones in that order",
            )  # fmt: skip
        if isinstance(L, Votes):
            check_same_functions(model, votes)
        return votes

    def predict_proba(self, L: Any) -> FloatArray:
        """Beliefs of shape (n, k); the class balance where every function abstains."""
        return self._fitted().predict_proba(self._same(L))

    @overload
    def predict(self, L: Any, return_probs: Literal[False] = False, tie_break_policy: str = "abstain") -> IntArray: ...

    @overload
    def predict(
        self, L: Any, return_probs: Literal[True], tie_break_policy: str = "abstain"
    ) -> tuple[IntArray, FloatArray]: ...

    def predict(
        self, L: Any, return_probs: bool = False, tie_break_policy: str = "abstain"
    ) -> IntArray | tuple[IntArray, FloatArray]:
        """Class index of each row; -1 on ties and without votes unless `tie_break_policy` is "random" or "prior"."""
        if tie_break_policy not in _POLICIES:
            raise ParameterError(
                "unknown tie_break_policy", found=repr(tie_break_policy), fix=f"use {', '.join(_POLICIES)}"
            )
        votes = self._same(L)
        labels = self._fitted().predict(
            votes, tie_break=_POLICIES[tie_break_policy], random_state=self.random_state
        )  # fmt: skip
        return (labels, self._fitted().predict_proba(votes)) if return_probs else labels

    def score(self, L: Any, Y: npt.ArrayLike, tie_break_policy: str = "random") -> float:
        """Accuracy on rows with known classes (-1 is unknown); an abstention counts as wrong.

        Raises
        ------
        AlignmentError, LabelError
            Another number of classes than rows, or none known.
        """
        labels = self.predict(L, tie_break_policy=tie_break_policy)
        truth = class_indices(Y, len(self.classes_), "Y")
        if truth.shape != labels.shape:
            raise AlignmentError("another number of true classes than rows", found=f"{truth.shape}, {labels.shape}")
        known = truth >= 0
        if not known.any():
            raise LabelError("no row has a known class", fix="give at least one")
        return float((labels[known] == truth[known]).mean())

    def get_weights(self) -> FloatArray:
        """Estimated accuracy of each function, shape (m,); NaN for one that never fired."""
        return self._fitted().accuracies.copy()


def _shares(Y_dev: npt.ArrayLike, k: int) -> FloatArray:
    known = class_indices(Y_dev, k, "Y_dev")
    counts = np.bincount(known[known >= 0], minlength=k) + 1.0
    return np.asarray(counts / counts.sum(), dtype=np.float64)

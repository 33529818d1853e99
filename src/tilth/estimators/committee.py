"""A committee of classifiers that votes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from tilth.errors import ParameterError

__all__ = ["Committee"]


class Committee(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Several classifiers trained on the same labels; their disagreement is what query by committee looks for.

    Parameters
    ----------
    estimators : sequence of scikit-learn classifiers
        At least two. A member without ``predict_proba`` votes with its whole weight.

    Attributes
    ----------
    classes_ : ndarray
    estimators_ : list of fitted classifiers

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> members = Committee([GaussianNB(), DecisionTreeClassifier(random_state=0)])
    >>> members.fit([[0.0], [1.0], [4.0], [5.0]], ["a", "a", "b", "b"]).vote([[0.5], [4.5]])
    array([['a', 'a'],
           ['b', 'b']], dtype='<U1')
    """

    def __init__(self, estimators: Sequence[Any]) -> None:
        self.estimators = estimators

    def fit(self, X: Any, y: Any) -> Committee:
        """Train every member on all rows."""
        members = self.members()
        self.classes_ = np.unique(np.asarray(y))
        self.estimators_ = [clone(member).fit(X, y) for member in members]
        return self

    def members(self) -> list[Any]:
        """The classifiers, checked: at least two, each with ``fit`` and ``predict``."""
        if not isinstance(self.estimators, Sequence):
            raise ParameterError("a committee is a list of classifiers", found=repr(self.estimators)[:80])
        members = list(self.estimators)
        if len(members) < 2:
            raise ParameterError(
                "a committee of one cannot disagree",
                found=f"{len(members)} member(s)",
                fix="give at least two classifiers",
            )
        for place, member in enumerate(members):
            if not all(hasattr(member, verb) for verb in ("fit", "predict", "get_params")):
                raise ParameterError(
                    "a member of a committee is no scikit-learn classifier",
                    where=f"member {place + 1}",
                    found=repr(member)[:80],
                )
        return members

    def vote(self, X: Any) -> npt.NDArray[Any]:
        """Each member's predicted class, shape (n, members)."""
        check_is_fitted(self)
        return np.stack([member.predict(X) for member in self.estimators_], axis=1)

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Mean probabilities of the members, shape (n, classes)."""
        check_is_fitted(self)
        total = np.zeros((1, len(self.classes_)))
        for member in self.estimators_:
            if hasattr(member, "predict_proba"):
                total = total + np.asarray(member.predict_proba(X), dtype=np.float64)
            else:
                total = total + (np.asarray(member.predict(X))[:, None] == self.classes_)
        return np.asarray(total / len(self.estimators_))

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Class of the largest mean probability."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

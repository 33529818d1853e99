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
        if len(self.estimators) < 2:
            raise ParameterError(
                "a committee of one cannot disagree",
                found=f"{len(self.estimators)} member(s)",
                fix="give at least two classifiers",
            )
        self.classes_ = np.unique(np.asarray(y))
        self.estimators_ = [clone(member).fit(X, y) for member in self.estimators]
        return self

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

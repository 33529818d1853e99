"""From beliefs to a model: training any classifier on soft labels, and which rows not to train on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, DataError, LabelError, ParameterError, ProbabilityError

__all__ = ["NoiseAwareLogistic", "RowPlan", "duplicate_rows", "fit_soft", "plan_rows"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
AnyArray = npt.NDArray[Any]


def _beliefs(beliefs: npt.ArrayLike, n: int | None = None) -> FloatArray:
    made = np.asarray(beliefs, dtype=np.float64)
    if made.ndim != 2 or made.shape[1] < 2 or (n is not None and len(made) != n):
        raise AlignmentError(
            "beliefs must hold one row for each row of X and one column for each class", found=f"shape {made.shape}"
        )
    wrong = ~np.isfinite(made).all(axis=1) | (made < -1e-9).any(axis=1) | (np.abs(made.sum(axis=1) - 1) > 1e-4)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ProbabilityError(
            "a row of beliefs is no distribution", where=f"row {row}", found=str(made[row].tolist()),
            fix="give non-negative numbers that sum to 1",
        )  # fmt: skip
    return made


@dataclass(frozen=True, eq=False)
class RowPlan:
    """What to do with each row before training.

    Attributes
    ----------
    train, drop, ask : ndarray of int64
        Rows to train on; rows to leave out; rows to send to people, most useful first.
    reasons : tuple of str
        One for each row of `ask`.
    """

    train: IntArray
    drop: IntArray
    ask: IntArray
    reasons: tuple[str, ...]


def plan_rows(
    beliefs: npt.ArrayLike, votes_per_row: npt.ArrayLike, conflict: npt.ArrayLike | None = None, *, ask: int = 50,
    min_margin: float = 0.05,
) -> RowPlan:  # fmt: skip
    """Split rows into those to train on, to drop and to show to people.

    Parameters
    ----------
    beliefs : array-like of shape (n, k)
    votes_per_row : array-like of shape (n,), int
        Functions that voted. Rows without a vote are dropped: their belief is only the class balance.
    conflict : array-like of shape (n,), optional
        Entropy of the votes; of rows with equal margins the more disputed is asked first.
    ask : int, default=50
        Rows for people at most. They are taken out of `train` only where their margin is below `min_margin`.
    min_margin : float, default=0.05
        Rows whose two best classes are closer are dropped: they teach nothing.

    Returns
    -------
    RowPlan

    Examples
    --------
    >>> plan = plan_rows([[0.9, 0.1], [0.5, 0.5], [0.5, 0.5]], [2, 2, 0], ask=1)
    >>> plan.train.tolist(), plan.drop.tolist(), plan.ask.tolist(), plan.reasons
    ([0], [1, 2], [1], ('2 functions voted and the best two classes differ by 0.00',))
    """
    made = _beliefs(beliefs)
    fired = np.asarray(votes_per_row, dtype=np.int64)
    if fired.shape != (len(made),):
        raise AlignmentError("another number of vote counts than rows", found=f"shape {fired.shape}")
    if ask < 0:
        raise ParameterError("ask must not be negative", found=str(ask))
    ordered = np.sort(made, axis=1)
    margin = ordered[:, -1] - ordered[:, -2]
    keep = (fired > 0) & (margin >= min_margin)
    dispute = np.zeros(len(made)) if conflict is None else np.asarray(conflict, dtype=np.float64)
    order = np.lexsort((np.arange(len(made)), -dispute, margin, fired == 0))[:ask]
    reasons = tuple(
        f"{fired[i]} functions voted and the best two classes differ by {margin[i]:.2f}" if fired[i]
        else "no function voted"
        for i in order.tolist()
    )  # fmt: skip
    return RowPlan(np.flatnonzero(keep), np.flatnonzero(~keep), order.astype(np.int64), reasons)


def duplicate_rows(beliefs: npt.ArrayLike, *, min_weight: float = 0.02) -> tuple[IntArray, IntArray, FloatArray]:
    """Every row once for each class that it may be, with its belief as weight.

    Parameters
    ----------
    beliefs : array-like of shape (n, k)
    min_weight : float, default=0.02
        Classes believed less are left out; the rest is scaled to sum to 1.

    Returns
    -------
    rows, labels : ndarray of shape (a,), int64
    weights : ndarray of shape (a,)
        Those of one row sum to 1.

    Examples
    --------
    >>> rows, labels, weights = duplicate_rows([[0.75, 0.25], [1.0, 0.0]])
    >>> rows.tolist(), labels.tolist(), weights.tolist()
    ([0, 0, 1], [0, 1, 0], [0.75, 0.25, 1.0])
    """
    made = _beliefs(beliefs)
    kept = np.where(made >= min(min_weight, 1 / made.shape[1]), made, 0.0)
    kept /= kept.sum(axis=1, keepdims=True)
    rows, labels = np.nonzero(kept)
    return rows.astype(np.int64), labels.astype(np.int64), kept[rows, labels]


def fit_soft(model: Any, X: Any, beliefs: npt.ArrayLike, *, min_weight: float = 0.02) -> Any:
    """Train a scikit-learn classifier on beliefs by row duplication.

    Parameters
    ----------
    model : scikit-learn classifier
        Cloned. Its ``fit`` must take ``sample_weight``; else the likeliest class of each row is used.
    X : array, sparse matrix or table of n rows
    beliefs : array-like of shape (n, k)
    min_weight : float, default=0.02

    Returns
    -------
    classifier
        Fitted; its classes are the column numbers of `beliefs`.

    Raises
    ------
    AlignmentError, ProbabilityError
        Beliefs that do not fit X or are no distributions.
    LabelError
        All rows believe in one class.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> fit_soft(LogisticRegression(), X, [[0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.1, 0.9]]).predict(X).tolist()
    [0, 0, 1, 1]
    """
    from sklearn.base import clone
    from sklearn.utils.validation import has_fit_parameter

    made = _beliefs(beliefs, _length(X))
    fresh = clone(model)
    if not has_fit_parameter(fresh, "sample_weight"):
        rows, labels, weights = np.arange(len(made)), made.argmax(axis=1), np.ones(len(made))
    else:
        rows, labels, weights = duplicate_rows(made, min_weight=min_weight)
    if len(np.unique(labels)) < 2:
        raise LabelError(
            "all rows believe in one class, so there is nothing to learn",
            found=f"class {labels[0] if len(labels) else 'none'}",
            fix="add functions that vote for another class",
        )
    taken = X[rows] if hasattr(X, "shape") and not hasattr(X, "iloc") else X.iloc[rows]
    if has_fit_parameter(fresh, "sample_weight"):
        return fresh.fit(taken, labels, sample_weight=weights)
    return fresh.fit(taken, labels)


def _length(X: Any) -> int:
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def _all_finite(X: Any) -> None:
    """Raise at the first value of a table, dense or sparse, that is NaN or infinite."""
    if not hasattr(X, "shape") or len(X.shape) != 2:
        raise AlignmentError("X must be a table of numbers", found=f"shape {getattr(X, 'shape', 'none')}")
    sparse = hasattr(X, "tocoo")
    try:
        wrong = ~np.isfinite(np.asarray(X.tocoo().data if sparse else X, dtype=np.float64))
    except (TypeError, ValueError):
        raise DataError("X must hold numbers", found=f"dtype {getattr(X, 'dtype', 'of several kinds')}") from None
    if not wrong.any():
        return
    at = np.argwhere(wrong)[0]
    place = X.tocoo() if sparse else None
    row, column = (int(place.row[at[0]]), int(place.col[at[0]])) if place is not None else (int(at[0]), int(at[1]))
    raise DataError(
        "X holds a value that is missing or infinite", where=f"row {row}, column {column}",
        fix="fill it in or leave the row out",
    )  # fmt: skip


class NoiseAwareLogistic:
    """Multinomial logistic regression on beliefs: minimises the expected loss over what each row may be.

    Parameters
    ----------
    l2 : float, default=1e-3
        Penalty on the coefficients, a row.
    max_iter : int, default=200

    Attributes
    ----------
    coef_ : ndarray of shape (d, k)
    intercept_ : ndarray of shape (k,)
    classes_ : ndarray of shape (k,)

    References
    ----------
    Ratner, De Sa, Wu, Selsam and Re (2016), "Data programming: creating large training sets, quickly".

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> soft = [[0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.1, 0.9]]
    >>> NoiseAwareLogistic().fit(X, soft).predict(X).tolist()
    [0, 0, 1, 1]
    """

    coef_: FloatArray
    intercept_: FloatArray
    classes_: IntArray

    def __init__(self, l2: float = 1e-3, max_iter: int = 200) -> None:
        self.l2 = l2
        self.max_iter = max_iter

    def fit(self, X: Any, beliefs: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> NoiseAwareLogistic:
        """Fit on beliefs of shape (n, k); `sample_weight` counts rows more or less.

        Raises
        ------
        DataError
            X holds NaN or an infinite value; row and column are named.
        AlignmentError, ProbabilityError
            Beliefs or weights do not fit X, or are none.
        ParameterError
            `l2` negative.
        """
        from scipy.optimize import minimize

        if not self.l2 >= 0:
            raise ParameterError("l2 must not be negative", found=str(self.l2))
        _all_finite(X)
        n, d = int(X.shape[0]), int(X.shape[1])
        soft = _beliefs(beliefs, n)
        k = soft.shape[1]
        weight = np.ones(n) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        if weight.shape != (n,) or not (np.isfinite(weight) & (weight >= 0)).all() or not weight.any():
            raise AlignmentError(
                "sample_weight must hold one number of 0 or more for each row, and one above 0",
                found=f"shape {weight.shape}",
            )
        weight = weight / weight.sum()

        def loss(flat: FloatArray) -> tuple[float, FloatArray]:
            theta = flat.reshape(d + 1, k)
            logits = np.asarray(X @ theta[:d]) + theta[d]
            logits -= logits.max(axis=1, keepdims=True)
            log_norm = np.log(np.exp(logits).sum(axis=1, keepdims=True))
            logs = logits - log_norm
            value = -float((weight[:, None] * soft * logs).sum()) + self.l2 * float((theta[:d] ** 2).sum()) / 2
            slope = weight[:, None] * (np.exp(logs) - soft)
            grad = np.vstack([np.asarray(X.T @ slope) + self.l2 * theta[:d], slope.sum(axis=0)])
            return value, grad.ravel()

        start = np.zeros((d + 1) * k)
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": self.max_iter})
        theta = found.x.reshape(d + 1, k)
        self.coef_, self.intercept_, self.classes_ = theta[:d], theta[d], np.arange(k)
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        """Probabilities of shape (n, k)."""
        if not hasattr(self, "coef_"):
            raise LabelError("this model is not fitted", fix="call fit first")
        if X.shape[1] != self.coef_.shape[0]:
            raise AlignmentError(
                "X has another number of columns than in the fit", found=f"{X.shape[1]}, wanted {self.coef_.shape[0]}"
            )
        _all_finite(X)
        logits = np.asarray(X @ self.coef_) + self.intercept_
        logits -= logits.max(axis=1, keepdims=True)
        np.exp(logits, out=logits)
        return np.asarray(logits / logits.sum(axis=1, keepdims=True), dtype=np.float64)

    def predict(self, X: Any) -> IntArray:
        """Class index of each row, shape (n,)."""
        best: IntArray = self.predict_proba(X).argmax(axis=1).astype(np.int64)
        return best

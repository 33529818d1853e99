"""Scores of predictions: scikit-learn's, with the corner cases settled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, DataError, ParameterError

__all__ = ["average_precision", "correctness", "score_predictions"]


def correctness(labels: ArrayLike, predicted: ArrayLike) -> NDArray[np.bool_]:
    """Tell for each row whether the prediction equals the label.

    Parameters
    ----------
    labels, predicted : array_like, shape (n,)
        True and predicted classes.

    Returns
    -------
    ndarray of bool, shape (n,)

    Raises
    ------
    AlignmentError
        If the lengths differ.

    Examples
    --------
    >>> correctness([0, 1, 1], [0, 0, 1])
    array([ True, False,  True])
    """
    first, second = np.asarray(labels), np.asarray(predicted)
    if first.ndim != 1 or first.shape != second.shape:
        raise AlignmentError("there must be one prediction per label", found=f"shapes {first.shape} and {second.shape}")
    return np.asarray(first == second, dtype=np.bool_)


def score_predictions(labels: ArrayLike, predicted: ArrayLike, metric: str = "accuracy") -> float:
    """Score predictions between 0 and 1, higher is better.

    Parameters
    ----------
    labels, predicted : array_like of int, shape (n,)
        True and predicted classes.
    metric : {"accuracy", "balanced_accuracy", "macro_f1"}
        ``"balanced_accuracy"`` is the mean recall and ``"macro_f1"`` the mean F1 of the classes that occur
        among the labels; a class that is only predicted lowers the precision of none but costs recall.

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        If the metric is unknown.
    AlignmentError
        If the lengths differ.
    DataError
        If there are no rows.

    Examples
    --------
    >>> score_predictions([0, 0, 0, 1], [0, 0, 0, 0], "balanced_accuracy")
    0.5
    """
    right = correctness(labels, predicted)
    if right.size == 0:
        raise DataError("there are no rows to score")
    scorers: dict[str, Callable[[NDArray[np.generic], NDArray[np.generic]], float]] = {
        "accuracy": lambda truth, guess: float((truth == guess).mean()),
        "balanced_accuracy": _balanced_accuracy,
        "macro_f1": _macro_f1,
    }
    if metric not in scorers:
        raise ParameterError(f"metric must be one of {', '.join(scorers)}", found=repr(metric))
    return scorers[metric](np.asarray(labels), np.asarray(predicted))


def _balanced_accuracy(truth: NDArray[np.generic], guess: NDArray[np.generic]) -> float:
    from sklearn.metrics import recall_score

    return float(recall_score(truth, guess, labels=np.unique(truth), average="macro", zero_division=0))


def _macro_f1(truth: NDArray[np.generic], guess: NDArray[np.generic]) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(truth, guess, labels=np.unique(truth), average="macro", zero_division=0))


def average_precision(is_error: ArrayLike, scores: ArrayLike) -> float:
    """Average precision of a ranking of rows by suspicion.

    Parameters
    ----------
    is_error : array_like of bool, shape (n,)
        Which rows are wrong in truth.
    scores : array_like of float, shape (n,)
        High means suspicious.

    Returns
    -------
    float
        In [0, 1]; a random ranking has the share of errors in expectation. NaN if nothing is wrong.

    Raises
    ------
    AlignmentError
        If the lengths differ.

    Examples
    --------
    >>> average_precision([True, False, True], [0.9, 0.1, 0.8])
    1.0
    """
    from sklearn.metrics import average_precision_score

    truth, ranking = np.asarray(is_error, dtype=np.bool_), np.asarray(scores, dtype=np.float64)
    if truth.ndim != 1 or truth.shape != ranking.shape:
        raise AlignmentError("there must be one score per row", found=f"{truth.shape} and {ranking.shape}")
    if not truth.any():
        return float("nan")
    return float(average_precision_score(truth, ranking))

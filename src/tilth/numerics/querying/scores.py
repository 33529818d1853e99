"""Uncertainty, density and cost: how much one row's label should teach, from a model's probabilities."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, DataError, ParameterError, ProbabilityError

__all__ = ["check_probs", "check_rows", "class_weights", "density", "expected_cost", "rank_scale", "uncertainty_scores"]

Floats = NDArray[np.float64]
Method = Literal["least_confidence", "margin", "entropy"]
_BLOCK = 65_536


def check_probs(probs: ArrayLike, *, name: str = "probs") -> NDArray[np.floating[Any]]:
    """Check class probabilities and return them as floats.

    Parameters
    ----------
    probs : (n, k) array_like of float
        float32 stays float32. Rows must be finite, in [0, 1] and sum to 1 within 0.001.
    name : str

    Returns
    -------
    (n, k) float32 or float64 array

    Raises
    ------
    ProbabilityError
        Another shape, or a row that is no distribution; the row is named.

    Examples
    --------
    >>> check_probs([[0.2, 0.8]]).shape
    (1, 2)
    """
    array = np.asarray(probs)
    if array.dtype != np.float32:
        array = array.astype(np.float64)
    if array.ndim != 2 or array.shape[1] < 1:
        raise ProbabilityError("probabilities are a table: rows by classes", where=name, found=f"shape {array.shape}")
    for start in range(0, len(array), _BLOCK):
        block = array[start : start + _BLOCK]
        bad = ~(np.abs(block.sum(axis=1) - 1) < 1e-3) | (block.min(axis=1) < -1e-6)
        if bad.any():
            row = int(np.argmax(bad))
            raise ProbabilityError(
                "a row of probabilities is no distribution",
                where=f"{name}, row {start + row}",
                found=", ".join(f"{v:.3g}" for v in block[row, :6]),
                fix="give the output of predict_proba, without missing values",
            )
    return array


def uncertainty_scores(probs: ArrayLike, *, method: Method = "margin") -> Floats:
    """How unsure a model is of each row; high means ask first.

    Parameters
    ----------
    probs : (n, k) array_like of float
        Probabilities of rows the model was not trained on.
    method : {"least_confidence", "margin", "entropy"}, default "margin"
        1 minus the largest probability; 1 minus the difference of the two largest; or the entropy in nats [1]_.

    Returns
    -------
    (n,) float64 array
        In [0, 1 - 1/k], [0, 1] or [0, log k].

    Raises
    ------
    ProbabilityError, ParameterError

    References
    ----------
    .. [1] Settles (2009). Active learning literature survey. University of Wisconsin-Madison, report 1648.

    Examples
    --------
    >>> uncertainty_scores([[0.5, 0.4, 0.1], [0.9, 0.1, 0.0]]).round(2)
    array([0.9, 0.2])
    >>> uncertainty_scores([[0.5, 0.5]], method="entropy").round(3)
    array([0.693])
    """
    if method not in ("least_confidence", "margin", "entropy"):
        raise ParameterError(
            "unknown measure of uncertainty", found=repr(method), fix="use least_confidence, margin or entropy"
        )
    from scipy.special import entr

    array = check_probs(probs)
    scores = np.empty(len(array), dtype=np.float64)
    for start in range(0, len(array), _BLOCK):
        block = array[start : start + _BLOCK].astype(np.float64)
        if method == "least_confidence":
            part = 1 - block.max(axis=1)
        elif method == "margin":
            # a single class leaves no choice: the margin is 1
            top = (
                np.partition(block, -2, axis=1)[:, -2:] if block.shape[1] > 1 else np.tile([0.0, 1.0], (len(block), 1))
            )
            part = 1 - (top[:, 1] - top[:, 0])
        else:
            part = entr(block).sum(axis=1)
        scores[start : start + len(block)] = part
    return scores


def expected_cost(probs: ArrayLike, cost_matrix: ArrayLike) -> Floats:
    """Expected cost of the best decision on each row: what not knowing its label costs.

    Parameters
    ----------
    probs : (n, k) array_like of float
    cost_matrix : (k, k) array_like of float
        ``cost_matrix[i, j]`` is the cost of deciding j where i is true; finite, not negative.

    Returns
    -------
    (n,) float64 array
        The smallest, over decisions, of the expected cost.

    Raises
    ------
    ParameterError
        The matrix has another shape than classes by classes, or a cost is negative or missing.

    References
    ----------
    Margineantu (2005). Active cost-sensitive learning. IJCAI.

    Examples
    --------
    >>> expected_cost([[0.9, 0.1]], [[0, 1], [50, 0]]).round(2)
    array([0.9])
    """
    array = check_probs(probs).astype(np.float64)
    costs = np.asarray(cost_matrix, dtype=np.float64)
    if costs.shape != (array.shape[1], array.shape[1]):
        raise ParameterError(
            "a cost matrix has one row and one column a class",
            found=f"shape {costs.shape}, {array.shape[1]} classes",
        )
    if not np.isfinite(costs).all() or costs.min() < 0:
        raise ParameterError("a cost is negative or missing", where="cost_matrix", found=str(costs.min()))
    return np.asarray((array @ costs).min(axis=1))


def density(X: ArrayLike) -> Floats:
    """How typical each row is: its mean cosine similarity to all rows, scaled to [0, 1].

    One pass over the rows: the mean of the cosines is the cosine to the mean direction.

    Parameters
    ----------
    X : (n, d) array_like of float, finite
        A row of zeros has similarity 0.

    Returns
    -------
    (n,) float64 array in [0, 1]

    References
    ----------
    Settles, Craven (2008). An analysis of active learning strategies for sequence labeling tasks. EMNLP.

    Examples
    --------
    >>> density([[1.0, 0.0], [1.0, 0.1], [-1.0, 0.0]]).argmin()
    np.int64(2)
    """
    array = check_rows(X)
    norms = np.sqrt(np.einsum("ij,ij->i", array, array))
    inverse = np.divide(1, norms, where=norms > 0, out=np.zeros_like(norms))
    mean = (inverse @ array) / max(len(array), 1)
    return np.clip((np.asarray((array @ mean) * inverse, dtype=np.float64) + 1) / 2, 0, 1)


def class_weights(labels: ArrayLike, n_classes: int) -> Floats:
    """Weight of each class by how few labels it has so far: (mean + 1) / (count + 1), largest 1.

    Parameters
    ----------
    labels : (n,) array_like of int
        Class codes; -1 where there is no label.
    n_classes : int

    Returns
    -------
    (n_classes,) float64 array in (0, 1]

    Examples
    --------
    >>> class_weights([0, 0, 0, 1, -1], 3).round(2)
    array([0.25, 0.5 , 1.  ])
    """
    codes = np.asarray(labels, dtype=np.int64)
    counts = np.bincount(codes[codes >= 0], minlength=n_classes).astype(np.float64)
    weights = (counts.mean() + 1) / (counts + 1) if n_classes else counts
    return np.asarray(weights / weights.max()) if n_classes else weights


def rank_scale(values: ArrayLike) -> Floats:
    """Values by their rank in [0, 1], equal values alike: what is added in a mix has one scale.

    Examples
    --------
    >>> rank_scale([3.0, 1.0, 3.0, 100.0]).round(2)
    array([0.5, 0. , 0.5, 1. ])
    """
    array = np.asarray(values, dtype=np.float64)
    if len(array) < 2:
        return np.ones(len(array))
    _, place, counts = np.unique(array, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts + 1) / 2
    span = mean_rank[-1] - mean_rank[0]
    return np.asarray((mean_rank - mean_rank[0])[place] / span) if span > 0 else np.ones(len(array))


def check_rows(X: ArrayLike, *, name: str = "X", n: int | None = None) -> NDArray[np.floating[Any]]:
    """Check features and return them as a float matrix; float32 stays float32, and nothing is copied then.

    Parameters
    ----------
    X : (n, d) array_like of float, finite
    name : str
    n : int, optional
        Number of rows it must have.

    Raises
    ------
    DataError
        Not a table of numbers, or a value that is NaN or infinite, named by row and column.
    AlignmentError
        Another number of rows than `n`.

    Examples
    --------
    >>> check_rows([[1, 2]]).dtype
    dtype('float64')
    """
    try:
        array = np.asarray(X)
        if array.dtype != np.float32:
            array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError("features must be numbers", where=name, found=str(error), fix="embed the rows first") from error
    if array.ndim != 2:
        raise DataError("features are a table: rows by columns", where=name, found=f"shape {array.shape}")
    if n is not None and len(array) != n:
        raise AlignmentError("features and labels have different numbers of rows", found=f"{len(array)} and {n}")
    for start in range(0, len(array), _BLOCK):
        finite = np.isfinite(array[start : start + _BLOCK])
        if not finite.all():
            row, column = (int(i) for i in np.argwhere(~finite)[0])
            raise DataError(
                "features must be finite",
                where=f"{name}, row {start + row}, column {column}",
                found=str(array[start + row, column]),
                fix="impute or drop missing values first",
            )
    return array

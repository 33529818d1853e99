"""Confident learning: counting how given labels and true labels mix, from out-of-sample probabilities.

The probabilities must be out of sample (cross-fitted); in-sample ones hide the label errors that they were trained on.
"""

from __future__ import annotations

import warnings
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from tilth.errors import ParameterError
from tilth.numerics.confident.matrices import (
    TINY,
    as_prior,
    as_rates,
    calibrated_joint,
    check_joint,
    class_prior,
)
from tilth.numerics.confident.probabilities import check_choice, check_labels
from tilth.numerics.confident.row_statistics import RowStatistics, confident_class, row_statistics

__all__ = [
    "calibrate_confident_joint",
    "compute_confident_joint",
    "estimate_joint",
    "estimate_latent",
    "get_confident_thresholds",
    "num_label_issues",
]

Array = npt.NDArray[Any]

_LOWEST_THRESHOLD = 2e-6
_NEVER = 2


def get_confident_thresholds(labels: npt.ArrayLike, pred_probs: Any) -> Array:
    """Mean self-confidence of every class: how sure the model is of class k on the rows given class k.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        Given classes, 0..K-1, no missing values.
    pred_probs : array_like of float, shape (n, K), or re-iterable of blocks
        Out-of-sample probabilities in [0, 1]; see `tilth.numerics.confident.probabilities.open_blocks` for the forms.

    Returns
    -------
    ndarray of float, shape (K,)
        At least 2e-6. A class without a row gets 2.0, which no probability reaches.

    Raises
    ------
    LabelError, ProbabilityError, AlignmentError
        If the input cannot be used.

    References
    ----------
    Northcutt, Jiang, Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70.

    Examples
    --------
    >>> get_confident_thresholds([0, 0, 1], [[0.75, 0.25], [0.25, 0.75], [0.25, 0.75]]).tolist()
    [0.5, 0.75]
    """
    return thresholds_of(row_statistics(labels, pred_probs))


def thresholds_of(stats: RowStatistics) -> Array:
    """`get_confident_thresholds` from row statistics."""
    means = [
        stats.self_prob.take(stats.rows_of(k)).mean() if stats.counts[k] else _NEVER
        for k in range(stats.source.n_classes)
    ]
    return np.asarray(np.maximum(np.array(means), _LOWEST_THRESHOLD))


@overload
def compute_confident_joint(
    labels: npt.ArrayLike,
    pred_probs: Any,
    *,
    thresholds: npt.ArrayLike | None = None,
    calibrate: bool = True,
    return_indices_of_off_diagonals: Literal[False] = False,
) -> Array: ...


@overload
def compute_confident_joint(
    labels: npt.ArrayLike,
    pred_probs: Any,
    *,
    thresholds: npt.ArrayLike | None = None,
    calibrate: bool = True,
    return_indices_of_off_diagonals: Literal[True],
) -> tuple[Array, Array]: ...


def compute_confident_joint(
    labels: npt.ArrayLike,
    pred_probs: Any,
    *,
    thresholds: npt.ArrayLike | None = None,
    calibrate: bool = True,
    return_indices_of_off_diagonals: bool = False,
) -> Array | tuple[Array, Array]:
    """Count rows by given class and confidently estimated true class.

    A row counts in column j if its probability of j reaches the threshold of j (within 1e-6); if several do, in the
    column of its most probable class; if none does, nowhere. The diagonal is at least 1.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        Given classes, 0..K-1, no missing values.
    pred_probs : array_like of float, shape (n, K), or re-iterable of blocks
        Out-of-sample probabilities in [0, 1]; see `tilth.numerics.confident.probabilities.open_blocks` for the forms.
    thresholds : array_like of float, shape (K,), optional
        Per class; by default `get_confident_thresholds`.
    calibrate : bool
        Rescale so that row k sums to the number of rows given class k.
    return_indices_of_off_diagonals : bool
        Also return which rows were counted off the diagonal (before calibration).

    Returns
    -------
    confident_joint : ndarray of int64, shape (K, K)
        Row: given class. Column: estimated true class.
    indices : ndarray of int64
        Only if asked for; ascending.

    Raises
    ------
    LabelError, ProbabilityError, AlignmentError
        If the input cannot be used.
    ParameterError
        If `thresholds` has not one number per class.

    References
    ----------
    Northcutt, Jiang, Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70.

    Examples
    --------
    >>> probs = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9]]
    >>> compute_confident_joint([0, 0, 0, 1, 1], probs)
    array([[2, 1],
           [0, 2]])
    """
    stats = row_statistics(labels, pred_probs)
    joint, off_diagonal = joint_of(stats, thresholds, calibrate=calibrate)
    return (joint, np.flatnonzero(off_diagonal)) if return_indices_of_off_diagonals else joint


def joint_of(
    stats: RowStatistics, thresholds: npt.ArrayLike | None = None, *, calibrate: bool = True
) -> tuple[Array, Array]:
    """`compute_confident_joint` from row statistics, with a mask of the rows counted off the diagonal."""
    k = stats.source.n_classes
    limits = thresholds_of(stats) if thresholds is None else np.asarray(thresholds)
    if limits.shape != (k,) or limits.dtype.kind not in "fiu" or np.isnan(limits).any():
        raise ParameterError("thresholds must be one number per class", found=f"shape {limits.shape} for {k} classes")
    guess, confident = confident_class(stats, limits)
    cell_counts = np.zeros(k * k, np.int64)
    for i in range(0, len(guess), 500_000):
        part = slice(i, i + 500_000)
        cells = (stats.labels[part].astype(np.int64) * k + guess[part])[confident[part]]
        cell_counts += np.bincount(cells, minlength=k * k)
    joint = np.asfortranarray(cell_counts.reshape(k, k))
    np.fill_diagonal(joint, np.maximum(joint.diagonal(), 1))
    confident &= guess != stats.labels
    return (calibrated_joint(joint, stats.counts) if calibrate else joint), confident


def calibrate_confident_joint(confident_joint: npt.ArrayLike, labels: npt.ArrayLike) -> Array:
    """Rescale a confident joint so that each row sums to the number of rows given that class.

    Parameters
    ----------
    confident_joint : array_like of int or float, shape (K, K)
        Row: given class. Column: estimated true class. Not negative.
    labels : array_like of int, shape (n,)
        Given classes, 0..K-1, no missing values.

    Returns
    -------
    ndarray of int64, shape (K, K)
        Rounded so that the row totals hold.

    Raises
    ------
    ParameterError
        If `confident_joint` is not a square matrix of numbers that are finite and not negative.
    LabelError
        If a label is not among the K classes.

    Examples
    --------
    >>> calibrate_confident_joint([[1, 1], [0, 2]], [0] * 6 + [1] * 3)
    array([[3, 3],
           [0, 3]])
    """
    joint = check_joint(confident_joint)
    given = check_labels(labels, len(joint))
    return calibrated_joint(joint, np.bincount(given, minlength=len(joint)))


def estimate_joint(labels: npt.ArrayLike, pred_probs: Any, *, confident_joint: npt.ArrayLike | None = None) -> Array:
    """Joint distribution of given and true classes.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        Given classes, 0..K-1, no missing values.
    pred_probs : array_like of float, shape (n, K), or re-iterable of blocks
        Out-of-sample probabilities in [0, 1]; not read if `confident_joint` is given.
    confident_joint : array_like, shape (K, K), optional
        Counts to calibrate and use instead.

    Returns
    -------
    ndarray of float64, shape (K, K)
        Sums to 1. Row: given class. Column: true class.

    Raises
    ------
    LabelError, ProbabilityError, AlignmentError, ParameterError
        If the input cannot be used.

    References
    ----------
    Northcutt, Jiang, Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70.

    Examples
    --------
    >>> probs = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9]]
    >>> estimate_joint([0, 0, 0, 1, 1], probs)
    array([[0.4, 0.2],
           [0. , 0.4]])
    """
    if confident_joint is None:
        calibrated = compute_confident_joint(labels, pred_probs)
    else:
        calibrated = calibrate_confident_joint(confident_joint, labels)
    return np.asarray(calibrated / np.maximum(float(np.sum(calibrated)), TINY))


def estimate_latent(
    confident_joint: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    py_method: str = "cnt",
    converge_latent_estimates: bool = False,
) -> tuple[Array, Array, Array]:
    """Prior of the true classes and the two noise matrices.

    Parameters
    ----------
    confident_joint : array_like, shape (K, K)
        Counts; row: given class, column: estimated true class.
    labels : array_like of int, shape (n,)
        Given classes, 0..K-1, no missing values.
    py_method : {"cnt", "eqn", "marginal", "marginal_ps"}
        How the prior is found: ratio of the diagonals, solving the noise equation, column sums, or the inverse
        noise matrix applied to the frequencies of the given classes.
    converge_latent_estimates : bool
        Alternate a few times between the three until they agree with each other.

    Returns
    -------
    py : ndarray of float64, shape (K,)
        Prior of the true classes; sums to 1.
    noise_matrix : ndarray of float64, shape (K, K)
        P(given = row | true = column); columns sum to 1.
    inverse_noise_matrix : ndarray of float64, shape (K, K)
        P(true = row | given = column); columns sum to 1.

    Raises
    ------
    ParameterError
        If `py_method` is not known, or `confident_joint` is not a square matrix of counts.
    LabelError
        If a label is not among the K classes.

    References
    ----------
    Northcutt, Jiang, Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70.

    Examples
    --------
    >>> py, noise, inverse = estimate_latent([[3, 1], [0, 4]], [0] * 4 + [1] * 4, py_method="marginal")
    >>> py.tolist(), noise.tolist(), inverse.tolist()
    ([0.375, 0.625], [[1.0, 0.2], [0.0, 0.8]], [[0.75, 0.0], [0.25, 1.0]])
    """
    check_choice("py_method", py_method, ["cnt", "eqn", "marginal", "marginal_ps"])
    joint = check_joint(confident_joint)
    given = check_labels(labels, len(joint))
    ps = np.bincount(given, minlength=len(joint)) / float(len(given))
    noise = joint / np.maximum(joint.sum(axis=0), TINY)
    inverse = joint.T / np.maximum(joint.sum(axis=1), TINY)
    if py_method == "marginal":
        py = as_prior(joint.sum(axis=0) / np.maximum(float(joint.sum()), TINY))
    else:
        py = class_prior(ps, noise, inverse, py_method)
    noise, inverse = as_rates(noise), as_rates(inverse)
    if not converge_latent_estimates:
        return py, noise, inverse
    for _ in range(3):
        for _ in range(5):
            inverse = as_rates((noise * py).T / np.maximum(ps, TINY))
            py = class_prior(ps, noise, inverse, "cnt")
        noise = as_rates((inverse * ps).T / np.maximum(py, TINY))
    clipped = np.clip(py, 1e-5, 1.0)
    return clipped / clipped.sum(), as_rates(noise), as_rates(inverse)


def num_label_issues(
    labels: npt.ArrayLike,
    pred_probs: Any,
    *,
    confident_joint: npt.ArrayLike | None = None,
    estimation_method: str = "off_diagonal",
) -> int:
    """Estimate how many labels are wrong.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        Given classes, 0..K-1, no missing values.
    pred_probs : array_like of float, shape (n, K), or re-iterable of blocks
        Out-of-sample probabilities in [0, 1]; see `tilth.numerics.confident.probabilities.open_blocks` for the forms.
    confident_joint : array_like, shape (K, K), optional
        Needed by, and only used with, ``"off_diagonal_custom"``.
    estimation_method : {"off_diagonal", "off_diagonal_calibrated", "off_diagonal_custom"}
        Count the rows off the diagonal of the confident joint whose prediction is not the given class; or use the
        share off the diagonal of the calibrated joint (better below four classes); or of a joint of your own.

    Returns
    -------
    int
        Between 0 and n.

    Raises
    ------
    LabelError, ProbabilityError, AlignmentError
        If the input cannot be used.
    ParameterError
        If the method is not known, or ``"off_diagonal_custom"`` has no `confident_joint`.

    Examples
    --------
    >>> probs = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9]]
    >>> num_label_issues([0, 0, 0, 1, 1], probs)
    1
    """
    methods = ["off_diagonal", "off_diagonal_calibrated", "off_diagonal_custom"]
    check_choice("estimation_method", estimation_method, methods)
    if estimation_method == "off_diagonal_custom":
        if confident_joint is None:
            raise ParameterError("'off_diagonal_custom' needs a confident_joint", fix="pass confident_joint=")
        joint = estimate_joint(labels, pred_probs, confident_joint=confident_joint)
        return int(np.rint((1.0 - joint.trace()) * len(np.asarray(labels))))
    if confident_joint is not None:
        warnings.warn("confident_joint is used only with estimation_method='off_diagonal_custom'", stacklevel=2)
    if estimation_method == "off_diagonal":
        stats = row_statistics(labels, pred_probs)
        return int(np.count_nonzero(joint_of(stats)[1] & ~stats.agrees))
    joint = estimate_joint(labels, pred_probs)
    return int(np.rint((1.0 - joint.trace()) * len(np.asarray(labels))))

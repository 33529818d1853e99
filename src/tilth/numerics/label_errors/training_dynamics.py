"""What a model's training tells about labels: area under the margin, and forgetting."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, DataError, LabelError

__all__ = ["area_under_margin", "forgetting_counts"]


def _read(outputs: ArrayLike, labels: ArrayLike) -> tuple[NDArray[Any], NDArray[np.int64]]:
    from tilth.numerics.cross_fitting.folds import as_labels

    values, codes = np.asarray(outputs), as_labels(labels)
    if values.ndim != 3:
        raise DataError("outputs must have the axes epoch, row and class", found=f"shape {values.shape}")
    n_epochs, n, k = values.shape
    if n_epochs < 1 or k < 2:
        raise DataError("at least one epoch and two classes are needed", found=f"shape {values.shape}")
    if n != len(codes):
        raise AlignmentError("outputs must have one row per label", found=f"{n} rows and {len(codes)} labels")
    outside = np.flatnonzero((codes < 0) | (codes >= k))
    if outside.size:
        raise LabelError("a label is missing or has no output", where=f"row {outside[0]}", found=str(codes[outside[0]]))
    bad = ~np.isfinite(values)
    if bad.any():
        epoch, row, column = (int(i) for i in np.argwhere(bad)[0])
        raise DataError("an output is not finite", where=f"epoch {epoch}, row {row}, class {column}")
    return values, codes


def area_under_margin(outputs: ArrayLike, labels: ArrayLike) -> NDArray[np.float64]:
    """Mean over epochs of the lead of the given class over the best other one; low means suspicious.

    Parameters
    ----------
    outputs : array_like of float, shape (E, n, k)
        Logits (as in the paper) or probabilities of every training row after each epoch. Finite.
    labels : array_like of int, shape (n,)
        Class codes 0..k-1, no missing values.

    Returns
    -------
    ndarray of float64, shape (n,)
        In the unit of the outputs; negative where another class led on average.

    Raises
    ------
    DataError, AlignmentError, LabelError
        If the outputs or labels cannot be used.

    References
    ----------
    Pleiss et al. 2020, "Identifying Mislabeled Data using the Area Under the Margin Ranking", NeurIPS 33.

    Examples
    --------
    >>> area_under_margin([[[2.0, 1.0], [0.0, 4.0]], [[3.0, 0.0], [1.0, 3.0]]], [0, 0]).tolist()
    [2.0, -3.0]
    """
    values, codes = _read(outputs, labels)
    each = np.arange(len(codes))
    total = np.zeros(len(codes), dtype=np.float64)
    for epoch in values:
        others = np.array(epoch, dtype=np.float64)
        own = others[each, codes]
        others[each, codes] = -np.inf
        total += own - others.max(axis=1)
    return total / len(values)


def forgetting_counts(outputs: ArrayLike, labels: ArrayLike) -> NDArray[np.int64]:
    """How often a row that was predicted as labelled no longer is after the next epoch; high means suspicious.

    Parameters
    ----------
    outputs : array_like of float, shape (E, n, k)
        Logits or probabilities of every training row after each epoch. Finite.
    labels : array_like of int, shape (n,)
        Class codes 0..k-1, no missing values.

    Returns
    -------
    ndarray of int64, shape (n,)
        A row that was never predicted as labelled has E, more than any other can have, as it was never learnt.

    Raises
    ------
    DataError, AlignmentError, LabelError
        If the outputs or labels cannot be used.

    References
    ----------
    Toneva et al. 2019, "An Empirical Study of Example Forgetting during Deep Neural Network Learning", ICLR.

    Examples
    --------
    >>> steps = [[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]]
    >>> forgetting_counts(steps, [0, 0]).tolist()
    [1, 3]
    """
    values, codes = _read(outputs, labels)
    right = values.argmax(axis=2) == codes
    forgotten = (right[:-1] & ~right[1:]).sum(axis=0)
    return np.where(right.any(axis=0), forgotten, len(values)).astype(np.int64)

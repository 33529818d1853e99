"""Labelling functions on other targets: several labels a row, and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, LabelError
from tilth.numerics.consensus.votes import Votes, as_votes
from tilth.numerics.weak_supervision.model import WeakModel

__all__ = ["multilabel_beliefs", "multilabel_matrices", "numeric_votes"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def multilabel_matrices(said: Sequence[Sequence[Any]], labels: Sequence[Any]) -> dict[Any, IntArray]:
    """One yes/no label matrix for each label, from functions that return sets of labels.

    Parameters
    ----------
    said : nested sequence [function][row]
        None where a function abstains; a mapping of label to True or False; or a collection of labels that the row
        has, which says nothing of the others.
    labels : sequence
        All labels.

    Returns
    -------
    dict of label to ndarray of shape (n, m), int64
        1 has it, 0 has it not, -1 abstains.

    Raises
    ------
    LabelError
        A label that does not exist.
    AlignmentError
        Functions spoke on different numbers of rows.

    Examples
    --------
    >>> found = multilabel_matrices([[{"cat"}, None], [{"cat": False}, {"dog"}]], ["cat", "dog"])
    >>> found["cat"].tolist(), found["dog"].tolist()
    ([[1, 0], [-1, -1]], [[-1, -1], [-1, 1]])
    """
    sizes = {len(rows) for rows in said}
    if len(sizes) != 1:
        raise AlignmentError("functions spoke on different numbers of rows", found=str(sorted(sizes)))
    made = {label: np.full((sizes.copy().pop(), len(said)), -1, dtype=np.int64) for label in labels}
    for j, rows in enumerate(said):
        for i, answer in enumerate(rows):
            if answer is None:
                continue
            pairs = answer.items() if isinstance(answer, Mapping) else ((label, True) for label in answer)
            for label, has in pairs:
                if label not in made:
                    raise LabelError(
                        "a function names a label that does not exist", where=f"row {i}, function {j}",
                        found=repr(label), fix=f"the labels are {', '.join(map(str, labels))}",
                    )  # fmt: skip
                made[label][i, j] = int(bool(has))
    return made


def multilabel_beliefs(
    matrices: Mapping[Any, IntArray], fit: Callable[[IntArray], WeakModel], *, otherwise: float = 0.0
) -> FloatArray:
    """Probability that each row has each label, every label by a model of its own.

    Parameters
    ----------
    matrices : mapping of label to ndarray of shape (n, m)
        From `multilabel_matrices`.
    fit : callable
        A label matrix of two classes to a `WeakModel`, for instance ``majority_model``.
    otherwise : float, default=0
        Probability of a label of which no function says anything.

    Returns
    -------
    ndarray of shape (n, number of labels)

    Raises
    ------
    LabelError
        No labels.

    Examples
    --------
    >>> from tilth.numerics.weak_supervision.majority import majority_model
    >>> found = multilabel_matrices([[{"cat"}, None], [{"cat"}, {"dog"}]], ["cat", "dog"])
    >>> multilabel_beliefs(found, majority_model).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if not matrices:
        raise LabelError("there are no labels to believe in", fix="name one label or more in multilabel_matrices")
    columns = []
    for L in matrices.values():
        spoken = (L >= 0).any(axis=1)
        if not spoken.any():
            columns.append(np.full(len(L), otherwise))
            continue
        columns.append(np.where(spoken, fit(L).predict_proba(L)[:, 1], otherwise))
    return np.column_stack(columns)


def numeric_votes(values: npt.ArrayLike, *, lf_names: Sequence[str] | None = None) -> Votes:
    """Votes of functions that return numbers; NaN abstains. `numeric_consensus` joins them robustly.

    Parameters
    ----------
    values : array-like of shape (n, m), float
    lf_names : sequence of str, optional

    Returns
    -------
    Votes
        Numeric.

    Raises
    ------
    LabelError
        A value that is infinite or no number; row and column are named.
    AlignmentError
        Rows of different lengths, or another number of names than columns.

    Examples
    --------
    >>> from tilth.numerics.consensus.majority import numeric_consensus
    >>> numeric_consensus(numeric_votes([[1.0, 1.2, 9.0], [2.0, 2.0, np.nan]])).values.shape
    (2,)
    """
    table = _numbers(values)
    if table.ndim != 2:
        raise AlignmentError("votes have one row an item and one column a function", found=f"shape {table.shape}")
    if np.isinf(table).any():
        row, column = (int(v) for v in np.argwhere(np.isinf(table))[0])
        raise LabelError("a vote is infinite", where=f"row {row}, column {column}", fix="return None to abstain")
    return as_votes(table, numeric=True, rater_names=lf_names)


def _numbers(values: npt.ArrayLike) -> FloatArray:
    """A float array; None is NaN."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        rows = list(values) if isinstance(values, Sequence | np.ndarray) else []
    for i, row in enumerate(rows):
        cells = list(row) if isinstance(row, Sequence | np.ndarray) and not isinstance(row, str) else [row]
        for j, cell in enumerate(cells):
            if cell is not None and not isinstance(cell, Real):
                raise LabelError(
                    "a vote is no number", where=f"row {i}, column {j}", found=repr(cell),
                    fix="return a number, or None to abstain",
                )  # fmt: skip
    sizes = sorted({len(row) if isinstance(row, Sequence | np.ndarray) else 1 for row in rows})
    raise AlignmentError(
        "votes have one row an item and one column a function", found=f"rows of {sizes} votes",
        fix="give None where a function abstains",
    )  # fmt: skip

"""The label matrix of weak supervision: what every labelling function said about every row, as sparse votes.

The field's convention is an integer matrix of n rows and m functions in which -1 means "abstains". It is mostly -1, so
tilth keeps it as :class:`tilth.numerics.consensus.votes.Votes`: 24 bytes a vote and nothing for the gaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, LabelError, ParameterError
from tilth.numerics.consensus.votes import Votes

__all__ = ["ABSTAIN", "dense_matrix", "incidence", "label_matrix", "select_rows", "sparse_matrix"]

IntArray = npt.NDArray[np.int64]

#: What a function says that has nothing to say.
ABSTAIN = -1


def label_matrix(
    L: Any, *, classes: Sequence[Any] | int | None = None, lf_names: Sequence[str] | None = None, row_names: Any = None
) -> Votes:
    """Read a label matrix as sparse votes.

    Parameters
    ----------
    L : array-like of shape (n, m), scipy sparse matrix, or Votes
        Dense: class indices, -1 where a function abstains. Sparse: class index + 1, so that absent entries abstain.
        Votes are returned as they are.
    classes : sequence or int, optional
        Names of the classes, or how many there are. Default: as many as the largest index says, at least 2.
    lf_names : sequence of str, optional
        One for each column; default ``lf_0``, ``lf_1`` and so on. They must differ.
    row_names : array-like of shape (n,), optional
        Default 0 to n - 1.

    Returns
    -------
    Votes
        A row or a function without a vote is kept and counted.

    Raises
    ------
    LabelError
        A value that is no whole number (NaN, 0.7, a word), below -1, or not among `classes`; row and
        function are named.
    AlignmentError
        Not two-dimensional, no functions, or another number of names than columns.
    ParameterError
        Two functions have the same name, or fewer than two classes.

    Examples
    --------
    >>> votes = label_matrix([[0, -1], [1, 1], [-1, -1]], lf_names=["short", "link"])
    >>> votes.n_votes, votes.n_items, votes.classes
    (3, 3, (0, 1))
    """
    if isinstance(L, Votes):
        return L
    items, raters, values, shape = _triples(L)
    names = _names(lf_names, shape[1])
    count = classes if isinstance(classes, int) else None if classes is None else len(classes)
    top = int(values.max(initial=-1))
    k = max(top + 1, 2) if count is None else count
    if k < 2:
        raise ParameterError("a label matrix needs at least two classes", found=str(k))
    if top >= k:
        at = int(np.argmax(values))
        raise LabelError(
            "a function votes for a class that does not exist",
            where=f"row {items[at]}, function {names[raters[at]]!r}",
            found=str(top),
            fix=f"the classes are 0 to {k - 1}; -1 abstains",
        )
    words = tuple(range(k)) if classes is None or isinstance(classes, int) else tuple(classes)
    rows = np.arange(shape[0]) if row_names is None else np.asarray(row_names)
    if len(rows) != shape[0]:
        raise AlignmentError("another number of row names than rows", found=f"{len(rows)} and {shape[0]}")
    return Votes(items, raters, values, shape[0], shape[1], k, words, rows, np.asarray(names, dtype=object))


def _triples(L: Any) -> tuple[IntArray, IntArray, IntArray, tuple[int, int]]:
    if hasattr(L, "tocsr"):
        csr = L.tocsr()
        csr.sum_duplicates()
        csr.sort_indices()
        items = np.repeat(np.arange(csr.shape[0]), np.diff(csr.indptr))
        values = _whole(np.asarray(csr.data), lambda at: (int(items[at]), int(csr.indices[at]))) - 1
        raters, shape = csr.indices.astype(np.int64), (int(csr.shape[0]), int(csr.shape[1]))
    else:
        dense = np.asarray(L)
        if dense.ndim != 2 or not dense.shape[1]:
            raise AlignmentError(
                "a label matrix has one row an item and one column a function", found=f"shape {dense.shape}"
            )
        shape = (int(dense.shape[0]), int(dense.shape[1]))
        width = shape[1]
        dense = _whole(dense, lambda at: divmod(at, width)) if dense.dtype.kind not in "iu" else dense
        items, raters = np.nonzero(dense != ABSTAIN)
        values = dense[items, raters].astype(np.int64)
    keep = values != ABSTAIN
    if not keep.all():
        items, raters, values = items[keep], raters[keep], values[keep]
    if values.min(initial=0) < 0:
        at = int(np.argmin(values))
        raise LabelError(
            "a vote is below -1", where=f"row {items[at]}, column {raters[at]}", found=str(values[at]),
            fix="use -1 for abstain and 0 to k - 1 for the classes",
        )  # fmt: skip
    return items.astype(np.int64, copy=False), raters.astype(np.int64, copy=False), values, shape


def _whole(values: npt.NDArray[Any], place: Any) -> IntArray:
    """Integers, or a `LabelError` at the first value that is none."""
    if values.dtype.kind in "iub":
        return values.astype(np.int64)
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError):
        flat = values.ravel().tolist()
        at = next((i for i, v in enumerate(flat) if isinstance(v, bool) or not isinstance(v, (int, float))), 0)
        row, column = place(at)
        raise LabelError(
            "a vote is no whole number", where=f"row {row}, column {column}", found=repr(flat[at]),
            fix="use -1 for abstain and 0 to k - 1 for the classes",
        ) from None  # fmt: skip
    wrong = ~np.isfinite(numbers) | (numbers != np.floor(numbers))
    if wrong.any():
        at = int(np.argmax(wrong.ravel()))
        row, column = place(at)
        raise LabelError(
            "a vote is no whole number", where=f"row {row}, column {column}", found=str(numbers.ravel()[at]),
            fix="use -1 for abstain and 0 to k - 1 for the classes; give probabilities to soft_votes",
        )  # fmt: skip
    return numbers.astype(np.int64)


def _names(names: Sequence[str] | None, m: int) -> list[str]:
    made = [f"lf_{j}" for j in range(m)] if names is None else [str(name) for name in names]
    if len(made) != m:
        raise AlignmentError("another number of function names than columns", found=f"{len(made)} and {m}")
    if len(set(made)) != m:
        twice = next(name for j, name in enumerate(made) if name in made[:j])
        raise ParameterError("two labelling functions have the same name", found=repr(twice), fix="rename one of them")
    return made


def dense_matrix(votes: Votes) -> IntArray:
    """Return the dense (n, m) int64 matrix of class indices, -1 where a function abstains.

    Examples
    --------
    >>> dense_matrix(label_matrix([[0, -1], [1, 1]])).tolist()
    [[0, -1], [1, 1]]
    """
    if votes.numeric:
        raise LabelError("numeric votes have no classes", fix="use votes.matrix()")
    made = np.full((votes.n_items, votes.n_raters), ABSTAIN, dtype=np.int64)
    made[votes.items, votes.raters] = votes.values
    return made


def sparse_matrix(votes: Votes) -> Any:
    """Return a scipy csr_array of shape (n, m) with class index + 1; absent entries abstain. Inverse of `label_matrix`.

    Examples
    --------
    >>> sparse_matrix(label_matrix([[0, -1], [1, 1]])).toarray().tolist()
    [[1, 0], [2, 2]]
    """
    from scipy.sparse import csr_array

    if votes.numeric:
        raise LabelError("numeric votes have no classes", fix="use votes.matrix()")
    return csr_array((votes.values + 1, votes.raters, votes.starts()), shape=(votes.n_items, votes.n_raters))


def incidence(votes: Votes) -> Any:
    """Return the sparse 0/1 matrix of shape (n, m * k): one column for each function and class it can vote for.

    Examples
    --------
    >>> incidence(label_matrix([[0, -1], [1, 1]])).toarray().astype(int).tolist()
    [[1, 0, 0, 0], [0, 1, 0, 1]]
    """
    from scipy.sparse import csr_array

    k = votes.n_classes
    if k < 2:
        raise LabelError("numeric votes have no classes", fix="use robust_mean for numbers")
    width = votes.n_raters * k
    index = np.int32 if max(width, votes.n_votes) < 2**31 - 1 else np.int64
    columns = (votes.raters * k + votes.values).astype(index)
    ones = np.ones(columns.size, dtype=np.float32)
    return csr_array((ones, columns, votes.starts().astype(index)), shape=(votes.n_items, width))


def select_rows(votes: Votes, rows: npt.ArrayLike) -> Votes:
    """Return the votes on some rows, in the order given.

    Parameters
    ----------
    votes : Votes
    rows : array-like of shape (a,), int
        Positions; each at most once.

    Examples
    --------
    >>> select_rows(label_matrix([[0, -1], [1, 1], [-1, 0]]), [2, 0]).values.tolist()
    [0, 0]
    """
    chosen = np.asarray(rows, dtype=np.int64)
    starts = votes.starts()
    counts = (starts[1:] - starts[:-1])[chosen]
    first = np.repeat(starts[:-1][chosen] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) if len(chosen) else 0
    at = (np.arange(int(counts.sum())) + first).astype(np.int64)
    return Votes(
        np.repeat(np.arange(len(chosen)), counts), votes.raters[at], votes.values[at], len(chosen), votes.n_raters,
        votes.n_classes, votes.classes, votes.item_names[chosen], votes.rater_names, votes.notes,
    )  # fmt: skip

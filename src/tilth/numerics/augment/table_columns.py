"""Columns of a mixed table for augmentation: which are categories, what they hold, what they may hold."""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tilth.errors import DataError, ParameterError

__all__ = ["as_table", "category_mask", "is_interval", "is_missing", "share_of", "sorted_values", "within_ranges"]


def is_missing(value: Any) -> bool:
    """Whether a cell holds nothing: None or NaN.

    Examples
    --------
    >>> is_missing(None), is_missing(float("nan")), is_missing("")
    (True, True, False)
    """
    return value is None or (isinstance(value, (float, np.floating)) and bool(np.isnan(value)))


def as_table(X: Any) -> NDArray[Any]:
    """Return `X` as an array of shape (n, p), float64 or object.

    Raises
    ------
    DataError
        If it has not two axes, or a number is infinite.

    Examples
    --------
    >>> as_table([[1, "a"], [2, None]]).dtype.name, as_table([[1, 2]]).dtype.name
    ('object', 'float64')
    """
    if isinstance(X, np.ndarray):
        array = X
    else:
        rows = [list(row) for row in X]
        plain = all(isinstance(v, numbers.Real) and not isinstance(v, bool) for row in rows for v in row)
        array = np.array(rows, dtype=np.float64 if plain else object)
    if array.ndim != 2:
        raise DataError("a table has rows and columns", found=f"shape {array.shape}", fix="give shape (n, p)")
    if array.dtype.kind in "biuf":
        array = array.astype(np.float64)
        bad = np.argwhere(np.isinf(array))
        if len(bad):
            raise DataError("a number is infinite", where=f"row {bad[0][0]}, column {bad[0][1]}", found="inf")
        return array
    return array.astype(object)


def category_mask(
    X: NDArray[Any], categorical_features: Sequence[int] | Sequence[bool] | NDArray[Any] | None
) -> NDArray[np.bool_]:
    """Which columns are categories, shape (p,).

    Parameters
    ----------
    X : ndarray of float64 or object, shape (n, p)
    categorical_features : sequence of int or of bool, optional
        Positions, or one truth value a column; by default the columns that hold anything but numbers. Truth values
        are categories.

    Raises
    ------
    ParameterError
        If a position is outside the table.
    DataError
        If a column that is said to be numeric holds something else.

    Examples
    --------
    >>> category_mask(np.array([[1, "a", True]], dtype=object), None).tolist()
    [False, True, True]
    """
    p = X.shape[1]
    found = np.zeros(p, dtype=bool)
    odd: dict[int, Any] = {}
    if X.dtype == object:
        for j in range(p):
            for value in X[:, j]:
                if not is_missing(value) and (isinstance(value, (bool, np.bool_)) or not _is_number(value)):
                    found[j], odd[j] = True, value
                    break
    if categorical_features is None:
        return found
    given = np.asarray(categorical_features)
    mask = np.zeros(p, dtype=bool)
    if given.dtype == bool and given.shape == (p,):
        mask = given.copy()
    elif given.size:
        wrong = [int(at) for at in given.ravel() if not -p <= int(at) < p]
        if given.dtype.kind not in "iu" or given.ndim != 1 or wrong:
            raise ParameterError(
                "categorical_features are column positions or one truth value a column",
                found=repr(categorical_features),
                fix=f"the table has {p} columns",
            )
        mask[given] = True
    for j, value in odd.items():
        if not mask[j]:
            raise DataError(
                "a numeric column holds something else", where=f"column {j}", found=repr(value),
                fix="name it in categorical_features",
            )  # fmt: skip
    return mask


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real)


def sorted_values(column: Sequence[Any] | NDArray[Any], limit: int = 512) -> list[Any]:
    """Values of a column in order, without missing ones; at most `limit`, evenly spaced over the column.

    Numbers come by size, anything else by its text. The list stands for the distribution of the column: the
    smallest and the largest value are always in it, and a value that is twice as frequent is twice as often in it.

    Examples
    --------
    >>> sorted_values([3, 1, None, 2]), sorted_values(range(1001), limit=3)
    ([1, 2, 3], [0, 500, 1000])
    """
    known = [v for v in column if not is_missing(v)]
    try:
        known.sort(key=lambda v: (not _is_number(v) or isinstance(v, bool), v if _is_number(v) else 0, str(v)))
    except TypeError as error:
        raise DataError("the values of a column cannot be ordered", found=str(error)) from error
    if len(known) <= limit:
        return known
    places = np.rint(np.linspace(0, len(known) - 1, limit)).astype(np.int64)
    return [known[at] for at in places]


def within_ranges(X: NDArray[Any], ranges: Mapping[int, Sequence[Any]] | None) -> NDArray[Any]:
    """Bring cells into the declared ranges.

    Parameters
    ----------
    X : ndarray of float64 or object, shape (n, p)
    ranges : mapping of column to (low, high) or to the allowed categories
        A number outside (low, high) becomes the nearer end; a category that is not allowed becomes missing (None).
        Two numbers are a range; anything else is a list of categories.

    Returns
    -------
    ndarray of the dtype of `X`

    Raises
    ------
    ParameterError
        If a column does not exist, or the low end is above the high one.

    Examples
    --------
    >>> within_ranges(np.array([[5, "a"], [15, "x"]], dtype=object), {0: (0, 10), 1: ["a", "b"]}).tolist()
    [[5, 'a'], [10, None]]
    """
    if not ranges:
        return X
    out = X.copy()
    for j, allowed in ranges.items():
        if not isinstance(j, (int, np.integer)) or not 0 <= j < X.shape[1]:
            raise ParameterError("a range for a column that does not exist", found=repr(j))
        if is_interval(allowed):
            low, high = allowed
            if low > high:
                raise ParameterError("the low end of a range is above the high one", found=f"column {j}: {allowed}")
            for i, value in enumerate(out[:, j]):
                if not is_missing(value) and _is_number(value):
                    out[i, j] = low if value < low else high if value > high else value
        else:
            known = set(allowed)
            for i, value in enumerate(out[:, j]):
                if not is_missing(value) and value not in known:
                    out[i, j] = None if out.dtype == object else np.nan
    return out


def is_interval(allowed: Sequence[Any]) -> bool:
    """Whether what a column may hold is a low and a high end, not a list of categories.

    Examples
    --------
    >>> is_interval((0, 10)), is_interval(["a", "b"]), is_interval([1, 2, 3])
    (True, False, False)
    """
    if isinstance(allowed, (str, bytes)):
        raise ParameterError("a range is two numbers or a list of categories", found=repr(allowed))
    return len(allowed) == 2 and all(_is_number(v) and not isinstance(v, bool) for v in allowed)


def share_of(value: float, name: str, top: float = 1.0) -> float:
    """Check that a share lies in [0, top] and return it.

    Examples
    --------
    >>> share_of(0.5, "share")
    0.5
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, np.floating)) or not 0 <= value <= top:
        raise ParameterError(f"{name} is a number from 0 to {top:g}", found=repr(value))
    return float(value)

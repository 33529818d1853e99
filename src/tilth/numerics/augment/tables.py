"""Noise for rows of mixed tables that never leaves what was observed: swaps, quantile jitter, missing cells."""

from __future__ import annotations

import math
import numbers
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, DataError
from tilth.numerics.augment.table_columns import (
    as_table,
    category_mask,
    is_missing,
    share_of,
    sorted_values,
    within_ranges,
)

__all__ = ["inject_missing", "quantile_jitter", "swap_noise"]


def _reference(X: NDArray[Any], reference: Sequence[Sequence[Any]] | None) -> list[Sequence[Any]]:
    """Sorted values of each column, from the table itself where no other is given."""
    if reference is None:
        return [sorted_values(X[:, j]) for j in range(X.shape[1])]
    if len(reference) != X.shape[1]:
        raise AlignmentError(
            "there must be one list of values a column", found=f"{len(reference)} lists, {X.shape[1]} columns"
        )
    return list(reference)


def swap_noise(
    X: ArrayLike,
    rng: np.random.Generator,
    *,
    share: float = 0.15,
    reference: Sequence[Sequence[Any]] | None = None,
    ranges: Mapping[int, Sequence[Any]] | None = None,
) -> NDArray[Any]:
    """Replace a share of the cells by the value that another row has in the same column.

    Every value that comes out was observed in its column.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Numbers, or objects for mixed columns; None or NaN is missing, and a missing cell can be filled.
    rng : numpy.random.Generator
    share : float
        In [0, 1]. Chance of each cell to be replaced.
    reference : sequence of p sequences, optional
        Observed values of each column, a value once for every row that has it; default the table itself.
    ranges : mapping of column to (low, high) or to allowed categories, optional
        Declared ranges; see :func:`within_ranges`.

    Returns
    -------
    ndarray, shape (n, p)
        float64, or object where `X` is not plain numbers.

    Raises
    ------
    ParameterError
        If the share lies outside [0, 1].
    AlignmentError
        If the reference has another number of columns.

    References
    ----------
    Vincent, P. et al. (2008). Extracting and composing robust features with denoising autoencoders. ICML.
    Bahri, D. et al. (2022). SCARF: Self-supervised contrastive learning using random feature corruption. ICLR.

    Examples
    --------
    >>> swap_noise([[1, "a"], [2, "b"], [3, "c"]], np.random.default_rng(1), share=0.8).tolist()
    [[3, 'a'], [2, 'b'], [3, 'b']]
    """
    table, chance = as_table(X), share_of(share, "share")
    pools = _reference(table, reference)
    hit = rng.random(table.shape) < chance
    place = rng.random(table.shape)
    out = table.copy()
    for i, j in np.argwhere(hit):
        if pools[j]:
            out[i, j] = pools[j][int(place[i, j] * len(pools[j]))]
    return within_ranges(out, ranges)


def quantile_jitter(
    X: ArrayLike,
    rng: np.random.Generator,
    *,
    width: float = 0.05,
    reference: Sequence[Sequence[Any]] | None = None,
    categorical_features: Sequence[int] | Sequence[bool] | NDArray[Any] | None = None,
    ranges: Mapping[int, Sequence[Any]] | None = None,
) -> NDArray[Any]:
    """Move every number a little up or down in the order of its column.

    A number at the quantile u of its column becomes the value at a quantile drawn evenly from
    ``[u - width, u + width]``, cut at 0 and 1: small steps where rows are dense, large ones in the tails, and
    never below the smallest or above the largest value. Between two observed values it interpolates; a column of
    whole numbers stays one. Categories, missing and infinite cells are left alone.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Numbers, or objects for mixed columns; None or NaN is missing.
    rng : numpy.random.Generator
    width : float
        In [0, 1], as a share of the rows.
    reference : sequence of p sequences, optional
        Observed values of each column; default the table itself.
    categorical_features : sequence of int or of bool, optional
        Columns whose numbers are codes; default those that hold anything but numbers.
    ranges : mapping of column to (low, high) or to allowed categories, optional

    Returns
    -------
    ndarray, shape (n, p)
        float64, or object where `X` is not plain numbers.

    Raises
    ------
    ParameterError
        If the width lies outside [0, 1].
    AlignmentError
        If the reference has another number of columns.

    Examples
    --------
    >>> quantile_jitter([[0.0], [1.0], [10.0], [100.0]], np.random.default_rng(0), width=0.2).round(1).tolist()
    [[0.0], [1.0], [3.0], [30.0]]
    """
    table, half = as_table(X), share_of(width, "width")
    pools = _reference(table, reference)
    fixed = category_mask(table, categorical_features)
    step = rng.uniform(-half, half, table.shape)
    out = table.copy()
    for j in np.flatnonzero(~fixed):
        pool = _finite(pools[j])
        if len(pool) < 2 or not half:
            continue
        whole = _whole_numbers(pool if isinstance(pool, tuple) else tuple(pool))
        for i, value in enumerate(table[:, j]):
            if not is_missing(value) and -math.inf < value < math.inf:
                out[i, j] = _moved(value, pool, float(step[i, j]), whole, table.dtype == object)
    return within_ranges(out, ranges)


def _finite(pool: Sequence[Any]) -> Sequence[Any]:
    """A sorted pool without its infinite ends."""
    if not len(pool) or not isinstance(pool[-1], numbers.Real) or (pool[0] > -math.inf and pool[-1] < math.inf):
        return pool
    return tuple(value for value in pool if -math.inf < value < math.inf)


@lru_cache(maxsize=1024)
def _whole_numbers(values: tuple[Any, ...]) -> bool:
    return all(isinstance(v, (int, np.integer)) or float(v).is_integer() for v in values)


def _moved(value: Any, pool: Sequence[Any], step: float, whole: bool, typed: bool) -> Any:
    """The value at the shifted quantile of a sorted pool; an int stays an int where cells keep their type."""
    top = len(pool) - 1
    try:
        middle = (bisect_left(pool, value) + bisect_right(pool, value) - 1) / 2
    except TypeError as error:
        raise DataError("a numeric column holds something else", found=repr(value)) from error
    at = min(max(middle + step * len(pool), 0.0), float(top))
    low = int(at)
    high = min(low + 1, top)
    new = float(pool[low]) + (at - low) * (float(pool[high]) - float(pool[low]))
    if whole:
        new = float(np.rint(new))
    return int(new) if typed and whole and isinstance(value, (int, np.integer)) else new


def inject_missing(
    X: ArrayLike,
    rng: np.random.Generator,
    *,
    share: float = 0.1,
    columns: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Empty a share of the cells, completely at random; each row keeps at least one cell that it had.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Numbers, or objects for mixed columns; None or NaN is missing.
    rng : numpy.random.Generator
    share : float
        In [0, 1]. Chance of each cell to be emptied.
    columns : sequence of int, optional
        Only these columns; default all.

    Returns
    -------
    ndarray, shape (n, p)
        float64 with NaN, or object with None.

    Raises
    ------
    ParameterError
        If the share lies outside [0, 1] or a column does not exist.

    References
    ----------
    Rubin, D. B. (1976). Inference and missing data. Biometrika 63(3).

    Examples
    --------
    >>> inject_missing([[1, "a"], [2, "b"]], np.random.default_rng(1), share=0.5).tolist()
    [[1, 'a'], [None, 'b']]
    """
    table, chance = as_table(X), share_of(share, "share")
    hit = rng.random(table.shape) < chance
    if columns is not None:
        chosen = category_mask(np.zeros((1, table.shape[1])), columns)
        hit &= chosen[None, :]
    known = np.array([[not is_missing(v) for v in row] for row in table], dtype=bool).reshape(table.shape)
    spared = rng.random(table.shape) * known
    for i in np.flatnonzero(known.any(axis=1) & ~(known & ~hit).any(axis=1)):
        hit[i, int(np.argmax(spared[i]))] = False
    out = table.copy()
    out[hit] = None if table.dtype == object else np.nan
    return out

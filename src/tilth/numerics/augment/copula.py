"""New rows of a mixed table from a Gaussian copula: the columns keep their own distributions and their dependence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, DataError, ParameterError
from tilth.numerics.augment.table_columns import (
    as_table,
    category_mask,
    is_missing,
    share_of,
    sorted_values,
    within_ranges,
)

__all__ = ["gaussian_copula_sample"]

Floats = NDArray[np.float64]
#: Distinct values below which a column of numbers is taken as it is, without values in between.
_FEW = 20


@dataclass(frozen=True, eq=False)
class _Column:
    """One column as steps of its cumulative share: missing cells first, then the values in their order."""

    values: list[Any]
    edges: Floats
    smooth: bool
    whole: bool
    typed_int: bool

    @classmethod
    def fit(cls, column: NDArray[Any], category: bool) -> _Column:
        known = sorted_values(column, limit=len(column))
        if category:
            counts: dict[Any, int] = {}
            for value in known:
                counts[value] = counts.get(value, 0) + 1
            values = sorted(counts, key=lambda v: (-counts[v], str(v)))
            sizes = [counts[v] for v in values]
        else:
            values, sizes = [], []
            for value in known:
                if values and value == values[-1]:
                    sizes[-1] += 1
                else:
                    values.append(value)
                    sizes.append(1)
        gaps = len(column) - len(known)
        edges = np.concatenate([[0.0], np.cumsum([gaps, *sizes]) / max(len(column), 1)])
        whole = not category and all(float(v).is_integer() for v in values)
        typed = not category and all(isinstance(v, (int, np.integer)) for v in values)
        smooth = not category and len(values) >= _FEW and len(values) > 0.2 * len(known)
        return cls(values, edges, smooth, whole, typed)

    def scores(self, column: NDArray[Any], rng: np.random.Generator) -> Floats:
        """Normal scores of the cells: a place drawn evenly within the step of each (distributional transform)."""
        from scipy.special import ndtri

        place = {value: at + 1 for at, value in enumerate(self.values)}
        steps = np.array([0 if is_missing(v) else place[v] for v in column], dtype=np.int64)
        low, high = self.edges[steps], self.edges[steps + 1]
        u = low + (high - low) * rng.random(len(column))
        half = 0.5 / max(len(column), 1)
        return np.asarray(ndtri(np.clip(u, half, 1 - half)))

    def cells(self, u: Floats, dtype: Any) -> NDArray[Any]:
        """Cells at the shares `u` of the column."""
        steps = np.clip(np.searchsorted(self.edges, u, side="right") - 1, 0, len(self.values))
        empty = None if np.dtype(dtype).kind == "O" else np.nan
        out = np.empty(len(u), dtype=dtype)
        width = np.diff(self.edges)
        for i, step in enumerate(steps):
            if step == 0 and width[0] > 0:
                out[i] = empty
                continue
            at = max(int(step) - 1, 0)
            value = self.values[at]
            if self.smooth:
                value = self._between(at, float(u[i]))
            out[i] = value
        return out

    def _between(self, at: int, u: float) -> Any:
        """Interpolated within the step towards the next value, never beyond the largest."""
        low, high = self.edges[at + 1], self.edges[at + 2]
        part = min(max((u - low) / (high - low), 0.0), 1.0)
        first, second = float(self.values[at]), float(self.values[min(at + 1, len(self.values) - 1)])
        new = first + part * (second - first)
        if self.whole:
            new = float(np.rint(new))
        return int(new) if self.typed_int else new


def _factor(scores: Floats, shrinkage: float | None) -> Floats:
    """Cholesky factor of the correlations of the scores, shrunk towards independence."""
    n, p = scores.shape
    centred = scores - scores.mean(axis=0)
    spread = centred.std(axis=0)
    centred = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-12)
    correlation = centred.T @ centred / max(n, 1)
    weight = p / (n + p) if shrinkage is None else shrinkage
    mixed = (1 - weight) * correlation
    np.fill_diagonal(mixed, 1.0)
    return np.asarray(np.linalg.cholesky(mixed + 1e-9 * np.eye(p)))


def gaussian_copula_sample(
    X: ArrayLike,
    n_samples: int,
    rng: np.random.Generator,
    *,
    labels: ArrayLike | None = None,
    categorical_features: Sequence[int] | Sequence[bool] | NDArray[Any] | None = None,
    ranges: Mapping[int, Sequence[Any]] | None = None,
    shrinkage: float | None = None,
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Draw new rows like those of a mixed table.

    Each column is brought to normal scores by its own distribution (a category or a tied number to a place drawn
    evenly within its step; a missing cell is a step of its own), the correlations of the scores are shrunk towards
    independence, and draws from that normal distribution go back through the distributions of the columns. Numbers
    stay between the smallest and the largest one observed, whole numbers stay whole, a column of few distinct values
    gets no others, and no category is invented. With labels, columns and correlations are those of each class, and
    classes are drawn as often as they occur.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Numbers, or objects for mixed columns; None or NaN is missing.
    n_samples : int
        Rows to draw, from 0.
    rng : numpy.random.Generator
    labels : array_like, shape (n,), optional
        Class of each row; anything that numpy can sort.
    categorical_features : sequence of int or of bool, optional
        By default the columns that hold anything but numbers.
    ranges : mapping of column to (low, high) or to allowed categories, optional
        Declared ranges; see :func:`within_ranges`.
    shrinkage : float, optional
        In [0, 1]: weight of independence; default ``p / (n + p)``.

    Returns
    -------
    rows : ndarray, shape (n_samples, p)
        float64, or object where `X` is not plain numbers.
    labels : ndarray, shape (n_samples,), or None

    Raises
    ------
    DataError
        If there are no rows.
    AlignmentError
        If there is not one label a row.
    ParameterError
        If `n_samples` is negative or the shrinkage outside [0, 1].

    References
    ----------
    Patki, N., Wedge, R. & Veeramachaneni, K. (2016). The Synthetic Data Vault. DSAA.
    Rueschendorf, L. (2009). On the distributional transform, Sklar's theorem, and the empirical copula process.
    Journal of Statistical Planning and Inference 139(11).

    Examples
    --------
    >>> X = [[age, "old" if age > 40 else "young"] for age in range(20, 60)]
    >>> rows, _ = gaussian_copula_sample(X, 200, np.random.default_rng(0))
    >>> 20 <= min(rows[:, 0]), max(rows[:, 0]) <= 59, sorted(set(rows[:, 1]))
    (True, True, ['old', 'young'])
    """
    table = as_table(X)
    mask = category_mask(table, categorical_features)
    if isinstance(n_samples, bool) or not isinstance(n_samples, (int, np.integer)) or n_samples < 0:
        raise ParameterError("n_samples is a whole number from 0", found=repr(n_samples))
    if shrinkage is not None:
        share_of(shrinkage, "shrinkage")
    if not len(table):
        raise DataError("a copula needs rows to learn from", found="none")
    if labels is None:
        return within_ranges(_draw(table, mask, int(n_samples), rng, shrinkage), ranges), None
    classes = np.asarray(labels)
    if classes.shape != (len(table),):
        raise AlignmentError("there must be one label a row", found=f"shape {classes.shape} for {len(table)} rows")
    names, counts = np.unique(classes, return_counts=True)
    drawn = np.sort(rng.choice(len(names), size=n_samples, p=counts / counts.sum()))
    rows = np.empty((n_samples, table.shape[1]), dtype=table.dtype)
    for code in np.unique(drawn):
        here = drawn == code
        rows[here] = _draw(table[classes == names[code]], mask, int(here.sum()), rng, shrinkage)
    order = rng.permutation(n_samples)
    return within_ranges(rows[order], ranges), names[drawn][order]


def _draw(
    table: NDArray[Any], mask: NDArray[np.bool_], n_samples: int, rng: np.random.Generator, shrinkage: float | None
) -> NDArray[Any]:
    from scipy.special import ndtr

    p = table.shape[1]
    out = np.empty((n_samples, p), dtype=table.dtype)
    if not p:
        return out
    columns = [_Column.fit(table[:, j], bool(mask[j])) for j in range(p)]
    scores = np.column_stack([column.scores(table[:, j], rng) for j, column in enumerate(columns)])
    normal = rng.standard_normal((n_samples, p)) @ _factor(scores, shrinkage).T
    for j, column in enumerate(columns):
        out[:, j] = column.cells(np.asarray(ndtr(normal[:, j])), table.dtype)
    return out

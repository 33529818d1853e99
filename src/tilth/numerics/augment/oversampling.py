"""The SMOTE family through imbalanced-learn, for mixed and gappy tables, with the parents of every new row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, MissingExtraError, NotApplicable, ParameterError
from tilth.numerics.augment.table_columns import as_table, category_mask, is_missing, within_ranges

__all__ = ["SMOTE_KINDS", "smote"]

SMOTE_KINDS = ("smote", "borderline", "svm", "adasyn")
_NAMES = {"smote": "SMOTE", "borderline": "BorderlineSMOTE", "svm": "SVMSMOTE", "adasyn": "ADASYN"}
Floats = NDArray[np.float64]


def smote(
    X: ArrayLike,
    labels: ArrayLike,
    counts: Mapping[Any, int],
    *,
    kind: str = "smote",
    k_neighbors: int = 5,
    categorical_features: Sequence[int] | Sequence[bool] | NDArray[Any] | None = None,
    ranges: Mapping[int, Sequence[Any]] | None = None,
    random_state: int = 0,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int64]]:
    """Make new rows of a class between its neighbouring rows.

    Numbers only: the sampler named by `kind`. Mixed columns: SMOTENC, where a category is that of most neighbours.
    Categories only: SMOTEN. A missing number is filled with the median of its class for the computation, and is
    missing again in the new row where its first parent has none; a missing category is a category like any other.
    New numbers are cut to what was observed in the table, and whole numbers stay whole.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Numbers, or objects for mixed columns; None or NaN is missing.
    labels : array_like, shape (n,)
        Class of each row.
    counts : mapping of class to int
        New rows of each class, from 0. A class of fewer than 2 rows gets none.
    kind : {"smote", "borderline", "svm", "adasyn"}
        All but "smote" need numbers in every column. "adasyn" and "svm" give about as many rows as asked for.
    k_neighbors : int
        Neighbours of a row that may be its second parent; no more than the class has.
    categorical_features : sequence of int or of bool, optional
        By default the columns that hold anything but numbers.
    ranges : mapping of column to (low, high) or to allowed categories, optional
        Declared ranges; see :func:`within_ranges`.
    random_state : int

    Returns
    -------
    rows : ndarray, shape (m, p)
    labels : ndarray, shape (m,)
    parents : ndarray of int64, shape (m, 2)
        Rows of `X` between which a new row lies; the same row twice where there are only categories.

    Raises
    ------
    MissingExtraError
        If imbalanced-learn is not installed.
    NotApplicable
        If there is one class, or the sampler cannot work on these rows; its own words are kept.
    ParameterError
        If the kind is unknown, a count is negative or names no class, or the kind needs numbers and has categories.
    AlignmentError
        If there is not one label a row.

    References
    ----------
    Chawla, N. V. et al. (2002). SMOTE: Synthetic minority over-sampling technique. JAIR 16.
    Han, H., Wang, W.-Y. & Mao, B.-H. (2005). Borderline-SMOTE. ICIC.
    He, H. et al. (2008). ADASYN: Adaptive synthetic sampling approach for imbalanced learning. IJCNN.
    Nguyen, H. M., Cooper, E. W. & Kamei, K. (2011). Borderline over-sampling for imbalanced data classification.

    Examples
    --------
    >>> X = [[0.0, "a"], [1.0, "a"], [2.0, "a"], [9.0, "b"], [10.0, "b"], [11.0, "b"]]
    >>> rows, labels, parents = smote(X, [0, 0, 0, 1, 1, 1], {1: 2})
    >>> rows[:, 1].tolist(), labels.tolist(), all(9 <= x <= 11 for x in rows[:, 0]), int(parents.min())
    (['b', 'b'], [1, 1], True, 3)
    """
    table, classes = as_table(X), np.asarray(labels)
    mask = category_mask(table, categorical_features)
    _check(table, classes, counts, kind, k_neighbors, mask)
    coded, books = _encoded(table, classes, mask)
    made: list[NDArray[Any]] = []
    said: list[Any] = []
    parents: list[NDArray[np.int64]] = []
    for place, (name, count) in enumerate(counts.items()):
        here = np.flatnonzero(classes == name)
        k = min(k_neighbors, len(here) - 1)
        if not count or k < 1:
            continue
        sampler = _sampler(kind, mask, k, name, len(here) + count, random_state + place)
        new = _resampled(sampler, coded, classes, kind)
        pairs = here[_parents(new, coded[here], mask, k)]
        made.append(_decoded(new, table, pairs[:, 0], mask, books))
        said += [name] * len(new)
        parents.append(pairs)
    if not made:
        return table[:0].copy(), classes[:0].copy(), np.zeros((0, 2), dtype=np.int64)
    rows = within_ranges(np.concatenate(made), ranges)
    return rows, np.asarray(said, dtype=classes.dtype), np.concatenate(parents)


def _check(
    table: NDArray[Any],
    classes: NDArray[Any],
    counts: Mapping[Any, int],
    kind: str,
    k_neighbors: int,
    mask: NDArray[np.bool_],
) -> None:
    if kind not in SMOTE_KINDS:
        raise ParameterError("no such kind of SMOTE", found=repr(kind), fix=f"use one of {', '.join(SMOTE_KINDS)}")
    if kind != "smote" and mask.any():
        raise ParameterError(
            f"{kind} needs a number in every column",
            found=f"categories in column {int(np.argmax(mask))}",
            fix='use kind "smote", which takes mixed columns',
        )
    if isinstance(k_neighbors, bool) or not isinstance(k_neighbors, (int, np.integer)) or k_neighbors < 1:
        raise ParameterError("k_neighbors is a whole number from 1", found=repr(k_neighbors))
    if classes.shape != (len(table),):
        raise AlignmentError("there must be one label a row", found=f"shape {classes.shape} for {len(table)} rows")
    known = set(classes.tolist())
    for name, count in counts.items():
        if name not in known:
            raise ParameterError("there are no rows of a class to be filled up", found=repr(name))
        if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 0:
            raise ParameterError("a count of new rows is a whole number from 0", found=f"{name!r}: {count!r}")
    if len(known) < 2 or not table.shape[1]:
        raise NotApplicable(
            "SMOTE needs at least two classes and one column", where=f"{len(known)} classes, {table.shape[1]} columns"
        )


def _encoded(
    table: NDArray[Any], classes: NDArray[Any], mask: NDArray[np.bool_]
) -> tuple[Floats, dict[int, list[Any]]]:
    """Numbers with gaps filled by the median of the class, categories as codes, with the meaning of the codes."""
    out = np.empty(table.shape, dtype=np.float64)
    books: dict[int, list[Any]] = {}
    for j in range(table.shape[1]):
        column = table[:, j]
        if mask[j]:
            book: dict[Any, int] = {}
            keys = [None if is_missing(v) else v for v in column]
            for key in sorted(set(keys), key=lambda v: (v is None, str(v))):
                book[key] = len(book)
            out[:, j] = [book[key] for key in keys]
            books[j] = list(book)
            continue
        out[:, j] = np.array([np.nan if is_missing(v) else float(v) for v in column])
        gaps = np.isnan(out[:, j])
        if gaps.any():
            whole = np.nanmedian(out[:, j]) if not gaps.all() else 0.0
            for name in np.unique(classes):
                here = classes == name
                fill = np.nanmedian(out[here, j]) if (here & ~gaps).any() else whole
                out[here & gaps, j] = fill
    return out, books


def _sampler(kind: str, mask: NDArray[np.bool_], k: int, name: Any, wanted: int, seed: int) -> Any:
    try:
        from imblearn import over_sampling
    except ImportError as error:
        raise MissingExtraError(
            "SMOTE needs the library 'imblearn', which is missing", fix="run: pip install 'tilth[tables]'"
        ) from error
    common = {"sampling_strategy": {name: wanted}, "random_state": seed}
    if mask.all():
        return over_sampling.SMOTEN(k_neighbors=k, **common)
    if mask.any():
        return over_sampling.SMOTENC(categorical_features=np.flatnonzero(mask).tolist(), k_neighbors=k, **common)
    neighbors = {"n_neighbors": k} if kind == "adasyn" else {"k_neighbors": k}
    return getattr(over_sampling, _NAMES[kind])(**neighbors, **common)


def _resampled(sampler: Any, coded: Floats, classes: NDArray[Any], kind: str) -> Floats:
    """The rows that the sampler adds; what it cannot do becomes `NotApplicable` with its own words."""
    names, codes = np.unique(classes, return_inverse=True)
    wanted = {int(np.flatnonzero(names == name)[0]): n for name, n in sampler.sampling_strategy.items()}
    sampler.set_params(sampling_strategy=wanted)
    try:
        resampled, _ = sampler.fit_resample(coded, codes)
    except (ValueError, RuntimeError) as error:
        raise NotApplicable(f"{kind} cannot fill up these rows: {error}") from error
    return np.asarray(resampled[len(coded) :], dtype=np.float64)


def _parents(new: Floats, rows: Floats, mask: NDArray[np.bool_], k: int) -> NDArray[np.int64]:
    """The two rows between which each new row lies: the line through neighbours that passes nearest to it."""
    from sklearn.neighbors import NearestNeighbors

    if mask.all():
        nearest = (new[:, None, :] != rows[None]).sum(axis=2).argmin(axis=1)
        return np.column_stack([nearest, nearest]).astype(np.int64)
    spread = rows[:, ~mask].std(axis=0)
    points = rows[:, ~mask] / np.where(spread > 0, spread, 1.0)
    given = new[:, ~mask] / np.where(spread > 0, spread, 1.0)
    if len(rows) <= 300:
        first, second = np.triu_indices(len(rows), 1)
    else:
        count = min(4 * k + 1, len(rows))
        near = NearestNeighbors(n_neighbors=count).fit(points).kneighbors(points, return_distance=False)
        first, second = np.repeat(np.arange(len(rows)), count), near.ravel()
        first, second = first[first != second], second[first != second]
    step = points[second] - points[first]
    length = np.maximum((step**2).sum(axis=1), 1e-12)
    out = np.empty((len(given), 2), dtype=np.int64)
    for i, point in enumerate(given):
        away = point - points[first]
        part = np.clip((away * step).sum(axis=1) / length, 0.0, 1.0)
        best = int(np.argmin(((away - part[:, None] * step) ** 2).sum(axis=1)))
        pair = (first[best], second[best])
        out[i] = pair if part[best] <= 0.5 else pair[::-1]
    return out


def _decoded(
    new: Floats, table: NDArray[Any], base: NDArray[np.int64], mask: NDArray[np.bool_], books: dict[int, list[Any]]
) -> NDArray[Any]:
    """Cells in the types of the table, cut to what its columns hold."""
    out = np.empty(new.shape, dtype=table.dtype)
    for j in range(new.shape[1]):
        if mask[j]:
            out[:, j] = [books[j][int(code)] for code in new[:, j]]
            continue
        known = [v for v in table[:, j] if not is_missing(v)]
        empty = None if table.dtype == object else np.nan
        if not known:
            out[:, j] = empty
            continue
        values = np.clip(new[:, j], min(known), max(known))
        if all(float(v).is_integer() for v in known):
            values = np.rint(values)
        typed = table.dtype == object and all(isinstance(v, (int, np.integer)) for v in known)
        out[:, j] = [int(v) for v in values] if typed else values
        out[[is_missing(table[i, j]) for i in base], j] = empty
    return out

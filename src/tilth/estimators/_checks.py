"""Checks of what an active learner is given: every fault is named before anything is taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine.label_pool import Pool
from tilth.errors import AlignmentError, DataError, LabelError, ParameterError
from tilth.estimators._labels import check_one_kind, is_missing, plain
from tilth.estimators.committee import Committee
from tilth.numerics.cross_fitting.fold_models import FoldModel, check_finite

__all__ = [
    "as_ids",
    "as_table",
    "check_answers",
    "check_limits",
    "like_pool",
    "listed",
    "members_of",
    "pool_features",
    "read_costs",
    "read_ids",
    "stream_row",
    "with_row",
]

_LIMITS = ("max_change", "min_kappa", "max_uncertainty", "min_gain")


def as_table(X: Any) -> Any:
    """Features as an array, or as CSR where they are sparse."""
    return X.tocsr() if hasattr(X, "tocsr") else np.asarray(X)


def as_ids(values: npt.NDArray[np.object_]) -> npt.NDArray[Any]:
    """Ids as an array that can index where they are whole numbers."""
    whole = all(isinstance(v, int) and not isinstance(v, bool) for v in values)
    return values.astype(np.int64) if whole else values


def listed(values: Any) -> list[Any]:
    """One value or many as a list of Python values."""
    if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
        return [plain(values)]
    return [plain(v) for v in list(values)]


def _check_hashable(values: Iterable[Any], what: str) -> None:
    for row, value in enumerate(values):
        try:
            hash(value)
        except TypeError:
            raise DataError(
                f"{what} must be one value: a text or a number",
                where=f"position {row}",
                found=repr(value)[:80],
                fix="give a flat list",
            ) from None


def read_ids(row_ids: Any, n: int | None = None, *, what: str = "a row id") -> list[Any]:
    """Row ids or labels as Python values that can be keys; `n` is how many there must be."""
    ids = listed(row_ids)
    if n is not None and len(ids) != n:
        raise AlignmentError("X and row_ids have different lengths", found=f"{n} and {len(ids)}")
    _check_hashable(ids, what)
    return ids


def _takes_numbers_alone(model: Any) -> bool:
    """Whether a model is known to take numbers alone: the default, and scikit-learn's own that wrap nothing."""
    if model is None:
        return True
    params = model.get_params(deep=False) if hasattr(model, "get_params") else {}
    wraps = {"steps", "transformers", "estimator", "estimators"} & set(params)
    return type(model).__module__.startswith("sklearn.") and not wraps


def pool_features(X: Any, model: Any) -> Any:
    """Features of a pool: at least two rows; numbers, where the model takes nothing else."""
    features = as_table(X)
    n = features.shape[0] if features.ndim else 0
    if features.ndim < 2 or n < 2:
        raise DataError(
            "a pool needs at least two rows and a table of features: of one row nothing can be chosen",
            found=f"shape {features.shape}",
        )
    if features.dtype.kind in "fiub" or not _takes_numbers_alone(model):
        return features
    try:
        return features.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            "features must be numbers", where="X", found=str(error), fix="embed the rows first, or give a pipeline"
        ) from error


def members_of(estimator: Any) -> Sequence[Any]:
    """Members of a committee, checked; none of another classifier."""
    if not isinstance(estimator, Committee):
        return []
    return estimator.members()


def read_costs(costs: Any, n: int) -> npt.NDArray[np.float64] | None:
    """What each label costs: numbers above 0."""
    if costs is None:
        return None
    try:
        values = np.asarray(costs, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError("the cost of a label must be a number", where="costs", found=str(error)) from error
    if values.shape != (n,):
        raise AlignmentError("X and costs have different lengths", found=f"{n} and shape {values.shape}")
    bad = ~(np.isfinite(values) & (values > 0))
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError("the cost of a label must be above 0", where=f"costs, row {row}", found=str(values[row]))
    return values


def like_pool(X: Any, pool: Pool, y: Any = None) -> Any:
    """Features that a model of the pool can read: as wide as the pool, without gaps, with as many labels as rows."""
    features = as_table(X)
    if features.ndim != pool.X.ndim or features.shape[1:] != pool.X.shape[1:]:
        raise DataError(
            "the rows have other features than the pool",
            found=f"shape {features.shape}, the pool has {pool.X.shape}",
            fix="give the same columns as in fit",
        )
    if pool.X.dtype.kind in "fiub" and features.dtype.kind not in "fiub":
        try:
            features = features.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise DataError("features must be numbers", where="X", found=str(error)) from error
    check_finite(features, pool.model)
    if y is not None:
        labels = np.asarray(y)
        if labels.shape != (features.shape[0],):
            raise AlignmentError(
                "X and y have different numbers of rows", found=f"{features.shape[0]} and shape {labels.shape}"
            )
    return features


def stream_row(x: Any, pool: Pool) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """A row of a stream, shape (1, d), and the pool's features in a type that holds both without loss."""
    row = like_pool(np.asarray(x)[None], pool)
    features = pool.X
    if features.dtype.kind in "iub" and row.dtype != features.dtype:
        kind = np.result_type(features.dtype, row.dtype)
        features = features.astype(kind)
    return row.astype(features.dtype), features


def check_answers(
    ids: list[Any], values: list[Any], place: Mapping[Any, int], names: list[Any], declared: bool
) -> npt.NDArray[np.int64]:
    """Rows of the ids, once every label is found fit to be taken."""
    if len(ids) != len(values):
        raise AlignmentError("rows and labels have different lengths", found=f"{len(ids)} and {len(values)}")
    said: dict[Any, Any] = {}
    for row_id, value in zip(ids, values, strict=True):
        if row_id not in place:
            raise AlignmentError(
                "a label was given to a row outside the pool", found=repr(row_id), fix="use an id that query gave"
            )
        if is_missing(value, minus_one=-1 not in names):
            raise LabelError(
                "a row was taught without a label",
                where=f"row {row_id!r}",
                found=repr(value),
                fix="-1 stands for unlabelled unless fit was told classes that hold it",
            )
        if declared and value not in names:
            raise LabelError(
                "a label is outside the declared classes",
                where=f"row {row_id!r}",
                found=repr(value),
                fix=f"the classes are {', '.join(map(repr, names[:20]))}",
            )
        if said.setdefault(row_id, value) != value:
            raise LabelError(
                "one row was given two labels", where=f"row {row_id!r}", found=f"{said[row_id]!r} and {value!r}"
            )
    check_one_kind([*names, *values])
    return np.asarray([place[row_id] for row_id in ids], dtype=np.int64)


def with_row(
    pool: Pool, row: npt.NDArray[Any], features: npt.NDArray[Any], row_id: str, fitted: FoldModel | None
) -> Pool:
    """The pool with one more row, which has no label; the model that was trained stays."""
    return replace(
        pool,
        X=np.concatenate([features, row]),
        labels=np.append(pool.labels, -1),
        row_ids=np.append(pool.row_ids, np.asarray([row_id], dtype=object)),
        costs=None,
        times_asked=None if pool.times_asked is None else np.append(pool.times_asked, 0),
        _made=pool._made if fitted is None else {"fitted": fitted},
    )


def check_limits(limits: Mapping[str, Any], more: Any) -> None:
    """Limits of the stopping rules: known names, and numbers."""
    for name, value in limits.items():
        if name not in _LIMITS:
            raise ParameterError("no stopping rule has such a limit", found=name, fix=f"use {', '.join(_LIMITS)}")
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not np.isfinite(value):
            raise ParameterError("a limit is a number", where=name, found=repr(value))
    if isinstance(more, bool) or not isinstance(more, (int, np.integer)) or more < 1:
        raise ParameterError("more labels means a whole number of at least one", where="more", found=repr(more))

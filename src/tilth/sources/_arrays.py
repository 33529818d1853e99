"""Arrays ``(X, y)`` to a table: one column a feature, and the label."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tilth.errors import AlignmentError, SourceError
from tilth.sources._columns import column_of
from tilth.sources._memory import read_table, table_kind
from tilth.sources._parsed import Parsed

__all__ = ["read_arrays"]


def read_arrays(X: Any, y: Any) -> tuple[Parsed, str]:
    """The table of features and label, and the name of the label column (empty where there is none).

    Raises
    ------
    SourceError
        X is sparse, of another shape than (n, d), or infinite somewhere; y is not one label a row.
    AlignmentError
        X and y have different numbers of rows.
    """
    parsed = _features(X)
    if y is None:
        return parsed, ""
    labels = _labels(y)
    if len(labels) != parsed.table.num_rows:
        raise AlignmentError(
            "X and y have different numbers of rows",
            found=f"{parsed.table.num_rows} and {len(labels)}",
            fix="give one label for each row of X, None or NaN where it is missing",
        )
    given = getattr(y, "name", None)
    taken = parsed.table.column_names
    wanted = (given, "y", "label", "y_label") if isinstance(given, str) and given else ("y", "label", "y_label")
    free = [name for name in wanted if name not in taken]
    if not free:
        raise SourceError(
            "no name is left for the label column",
            found=", ".join(taken[:12]),
            fix="rename the features that are called y and label",
        )
    table = parsed.table.append_column(free[0], column_of(free[0], labels, lambda row: f"row {row} of y"))
    return Parsed(table, notes=parsed.notes, features=parsed.features), free[0]


def _is_sparse(value: Any) -> bool:
    return hasattr(value, "tocsr") and hasattr(value, "nnz")


def _features(X: Any) -> Parsed:
    if _is_sparse(X):
        raise SourceError(
            "X is sparse, and rows are held dense",
            found=f"{type(X).__name__} of shape {X.shape}",
            fix="reduce it first (for instance sklearn's TruncatedSVD), or give the raw texts as X",
        )
    if table_kind(X):
        return read_table(X)
    array = _array(X, "X")
    if array.ndim == 1 and len(array) and all(value is None or isinstance(value, str) for value in array.tolist()):
        return Parsed(pa.table({"text": column_of("text", array.tolist(), lambda row: f"row {row} of X")}))
    if array.ndim != 2:
        fixes = {0: "give one row for each item", 1: "for one feature, give X.reshape(-1, 1)"}
        raise SourceError(
            "X is not a matrix of rows by features",
            found=f"shape {array.shape}",
            fix=fixes.get(array.ndim, "give X.reshape(len(X), -1), or write images as files, one folder a class"),
        )
    names = [f"x{i}" for i in range(array.shape[1])]
    if array.dtype.kind in "OUS":
        columns = [column_of(name, array[:, j].tolist(), lambda row: f"row {row} of X") for j, name in enumerate(names)]
        return Parsed(pa.table(columns, names=names) if names else pa.table({}))
    if array.dtype.kind not in "fiub":
        raise SourceError("X holds no numbers", found=f"dtype {array.dtype}", fix="give floats or integers")
    _check_finite(array)
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    columns = [pa.array(np.ascontiguousarray(array[:, j]), from_pandas=True) for j in range(array.shape[1])]
    return Parsed(pa.table(columns, names=names) if names else pa.table({}))


def _check_finite(array: npt.NDArray[Any]) -> None:
    if array.dtype.kind != "f":
        return
    for start in range(0, len(array), 65_536):
        bad = np.isinf(array[start : start + 65_536])
        if bad.any():
            row, column = (int(i) for i in np.argwhere(bad)[0])
            raise SourceError(
                "X holds an infinite value",
                where=f"row {start + row}, column x{column}",
                found=str(array[start + row, column]),
                fix="replace it by a number, or by NaN for missing",
            )


def _array(value: Any, name: str) -> npt.NDArray[Any]:
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        value = value.detach().cpu()
    try:
        if isinstance(value, (list, tuple)) and value and not isinstance(value[0], (list, tuple, np.ndarray)):
            array = np.empty(len(value), dtype=object)
            array[:] = list(value)
            return array
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise SourceError(
            f"{name} is no regular array",
            where=_ragged(value),
            found=type(value).__name__,
            fix="give rows of equal length",
        ) from error
    if array.dtype.kind == "U" and isinstance(value, (list, tuple)):
        array = np.asarray(value, dtype=object)  # numpy would turn numbers beside text into text
    return array


def _ragged(value: Any) -> str:
    if not isinstance(value, (list, tuple)):
        return ""
    lengths = [len(row) if hasattr(row, "__len__") else 0 for row in value]
    row = next((i for i, n in enumerate(lengths) if n != lengths[0]), 0)
    return f"row {row}: {lengths[row]} values, row 0 has {lengths[0]}"


def _labels(y: Any) -> list[Any]:
    if _is_sparse(y):
        raise SourceError("y is sparse", found=type(y).__name__, fix="give one label a row: y.toarray().argmax(axis=1)")
    categories = getattr(getattr(y, "cat", None), "categories", None)
    if categories is not None:
        y = y.astype(object)
    if hasattr(y, "to_pylist") or hasattr(y, "to_list"):
        return list(y.to_pylist() if hasattr(y, "to_pylist") else y.to_list())
    if table_kind(y):
        table = read_table(y).table
        if table.num_columns == 1:
            return list(table.column(0).to_pylist())
        raise SourceError("y has more than one column", found=", ".join(table.column_names[:12]), fix="give one label")
    array = _array(y, "y")
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        fix = "from one-hot rows, give y.argmax(axis=1)" if array.ndim == 2 else "give one label for each row"
        raise SourceError("y is not one label a row", found=f"shape {array.shape}", fix=fix)
    return list(array.tolist())

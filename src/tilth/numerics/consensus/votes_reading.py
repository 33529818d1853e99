"""Columns of items, raters and labels for :mod:`tilth.numerics.consensus.votes`: gaps, names, classes, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, LabelError, ParameterError
from tilth.numerics.statistics.missing import is_missing_value

__all__ = [
    "DEFAULT_MISSING",
    "Where",
    "class_codes",
    "extend_names",
    "flat_column",
    "index_names",
    "is_missing",
    "missing_values",
    "name_array",
    "numbers",
    "read_matrix",
]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
AnyArray = npt.NDArray[Any]

DEFAULT_MISSING: Any = ("default",)


@dataclass(frozen=True)
class Where:
    """Turns a position among the present votes into words for an error message."""

    rows: AnyArray
    raters: IntArray
    rater_names: AnyArray
    width: int

    def __call__(self, position: int) -> str:
        return f"row {int(self.rows[position]) // self.width}, rater {self.rater_names[self.raters[position]]!s}"


def _unmasked(values: Any) -> AnyArray:
    """Return an object array with None where the mask hides a value."""
    column = np.asarray(values.data, dtype=object).copy()
    column[np.ma.getmaskarray(values)] = None
    return column


def flat_column(values: Any) -> AnyArray:
    if np.ma.isMaskedArray(values):
        return _unmasked(values)
    if isinstance(values, np.ndarray):
        column: AnyArray = values
    else:
        listed = values if hasattr(values, "__array__") else list(values)
        column = np.asarray(listed)
        if column.dtype.kind in "US" and not (hasattr(values, "__array__") or all(isinstance(v, str) for v in listed)):
            column = np.asarray(listed, dtype=object)  # numpy would silently turn numbers into words
    if column.ndim != 1:
        raise ParameterError("items, raters and labels must be flat columns", found=f"{column.ndim} dimensions")
    return column


def read_matrix(
    votes: Any, item_names: Sequence[Any] | None, rater_names: Sequence[Any] | None
) -> tuple[IntArray, IntArray, AnyArray, AnyArray, AnyArray]:
    """Flatten a matrix of items by raters into triples with names."""
    if hasattr(votes, "columns") and hasattr(votes, "index"):
        item_names = list(votes.index) if item_names is None else item_names
        rater_names = list(votes.columns) if rater_names is None else rater_names
    if np.ma.isMaskedArray(votes):
        table = _unmasked(votes)
    elif isinstance(votes, np.ndarray):
        table = votes
    else:
        table = np.asarray(votes) if hasattr(votes, "__array__") else np.asarray(votes, dtype=object)
    if table.ndim != 2 or 0 in table.shape:
        raise ParameterError(
            "votes must be a matrix of items by raters, or three columns",
            found=f"shape {table.shape}",
            fix="pass a two-dimensional table, or items, raters and labels",
        )
    for names, size, what in ((item_names, table.shape[0], "item"), (rater_names, table.shape[1], "rater")):
        if names is not None and len(names) != size:
            raise AlignmentError(f"{what}_names must name every {what}", found=f"{len(names)} names for {size}")
    items = np.repeat(np.arange(table.shape[0], dtype=np.int64), table.shape[1])
    raters = np.tile(np.arange(table.shape[1], dtype=np.int64), table.shape[0])
    return (
        items,
        raters,
        table.ravel(),
        np.arange(table.shape[0]) if item_names is None else name_array(item_names),
        np.arange(table.shape[1]) if rater_names is None else name_array(rater_names),
    )


def name_array(names: Any) -> AnyArray:
    if isinstance(names, np.ndarray) and names.dtype.kind in "iuU":
        return names
    made = np.empty(len(names), dtype=object)
    made[:] = list(names)
    return made


def index_names(column: AnyArray, names: Sequence[Any] | None, what: str) -> tuple[IntArray, AnyArray]:
    gaps = is_missing(column, ())
    if gaps.any():
        row = int(np.flatnonzero(gaps)[0])
        raise LabelError(f"a vote without {what}", where=f"row {row}", fix=f"name the {what} or drop the row")
    if names is None:
        if column.dtype.kind in "iuU":
            found, index = np.unique(column, return_inverse=True)
            return index.astype(np.int64, copy=False), found
        index, found = extend_names(np.empty(0, dtype=object), column)
        return index, found
    array = name_array(names)
    index, extended = extend_names(array, column)
    if len(extended) > len(array):
        row = int(np.flatnonzero(index >= len(array))[0])
        raise LabelError(
            f"a vote of an unknown {what}",
            where=f"row {row}",
            found=repr(column[row]),
            fix=f"add it to {what}_names",
        )
    return index, array


def extend_names(names: AnyArray, column: AnyArray) -> tuple[IntArray, AnyArray]:
    """Look the column up in names, appending what is new in order of appearance."""
    if names.size and names.dtype.kind in "iu" and column.dtype.kind in "iu":
        order = np.argsort(names, kind="stable") if np.any(names[1:] < names[:-1]) else None
        ordered = names if order is None else names[order]
        spot = np.minimum(np.searchsorted(ordered, column), ordered.size - 1)
        known = ordered[spot] == column
        index = (spot if order is None else order[spot]).astype(np.int64)
        if not known.all():
            _, first, inverse = np.unique(column[~known], return_index=True, return_inverse=True)
            rank = np.argsort(np.argsort(first))
            index[~known] = len(names) + rank[inverse]
            names = np.concatenate([names, column[~known][np.sort(first)]])
        return index, names
    known_names: dict[Any, int] = {name: i for i, name in enumerate(names.tolist())}
    index = np.fromiter((known_names.setdefault(v, len(known_names)) for v in column.tolist()), np.int64, len(column))
    return index, name_array(list(known_names)) if len(known_names) > len(names) else names


def missing_values(missing: Any, classes: Sequence[Any] | None, numeric: bool) -> tuple[Any, ...]:
    if missing is DEFAULT_MISSING:
        declared = classes is not None and any(_text(c) == "-1" for c in classes)
        return () if numeric or declared else (-1,)
    if missing is None:
        return ()
    return tuple(missing) if isinstance(missing, (list, tuple, set, frozenset)) else (missing,)


def is_missing(values: AnyArray, extra: tuple[Any, ...]) -> npt.NDArray[np.bool_]:
    kind = values.dtype.kind
    if kind in "iub":
        gone = np.zeros(values.shape, dtype=bool)
    elif kind == "f":
        gone = np.isnan(values)
    elif kind in "mM":
        gone = np.isnat(values)
    elif kind in "US":
        gone = np.char.str_len(values) == 0
    else:
        return np.fromiter((_is_gap(v, extra) for v in values.tolist()), bool, len(values))
    for value in extra:
        if (kind in "US" and isinstance(value, str)) or (kind in "iufb" and isinstance(value, (int, float, np.number))):
            gone |= values == value
    return gone


def _is_gap(value: Any, extra: tuple[Any, ...]) -> bool:
    if is_missing_value(value) or (isinstance(value, str) and not value):
        return True
    return any((type(value) is type(e) and value == e) or (_both_numbers(value, e) and value == e) for e in extra)


def _both_numbers(a: Any, b: Any) -> bool:
    return isinstance(a, (int, float, np.number)) and isinstance(b, (int, float, np.number))


def _text(value: Any) -> str:
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def numbers(values: AnyArray, where: Where) -> FloatArray:
    if values.dtype.kind in "iufb":
        made = values.astype(np.float64)
    else:
        made = np.empty(len(values))
        for i, value in enumerate(values.tolist()):
            try:
                made[i] = float(value)
            except (TypeError, ValueError):
                raise LabelError(
                    "a vote is not a number",
                    where=where(i),
                    found=repr(value),
                    fix="read the votes with numeric=False, or name it in missing=",
                ) from None
    bad = ~np.isfinite(made)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise LabelError("a vote is not finite", where=where(row), found=repr(float(made[row])))
    return made


def class_codes(
    values: AnyArray, classes: Sequence[Any] | None, where: Where
) -> tuple[IntArray, tuple[Any, ...], list[str]]:
    found, inverse = _distinct(values)
    texts = [_text(v) for v in found]
    notes: list[str] = []
    if classes is None:
        is_number = [isinstance(v, (int, float, np.number)) and not isinstance(v, (bool, np.bool_)) for v in found]
        if all(is_number):
            names: list[Any] = sorted({int(v) if float(v).is_integer() else float(v) for v in found})
        else:
            if any(is_number):
                notes.append("numbers and words are mixed among the labels: labels that read the same are one class")
            logical = all(isinstance(v, (bool, np.bool_)) for v in found)
            names = sorted(found) if logical else sorted(set(texts))
    else:
        names = list(classes)
    lookup = {_text(name): i for i, name in enumerate(names)}
    if not names or len(lookup) != len(names):
        raise LabelError("classes must be non-empty and all different", found=repr(list(names)[:10]))
    mapped = np.array([lookup.get(t, -1) for t in texts], dtype=np.int64)
    codes = mapped[inverse]
    if (mapped < 0).any():
        first = int(np.flatnonzero(codes < 0)[0])
        raise LabelError(
            "a label is not among the declared classes",
            where=where(first),
            found=repr(found[inverse[first]]),
            fix=f"use one of {names[:10]!r}",
        )
    return codes, tuple(names), notes


def _distinct(values: AnyArray) -> tuple[list[Any], IntArray]:
    if values.dtype.kind in "iufbUS":
        found, inverse = np.unique(values, return_inverse=True)
        return found.tolist(), inverse.astype(np.int64, copy=False)
    seen: dict[tuple[type, Any], int] = {}
    keys = ((type(v), v) for v in values.tolist())
    index = np.fromiter((seen.setdefault(key, len(seen)) for key in keys), np.int64, len(values))
    return [key[1] for key in seen], index

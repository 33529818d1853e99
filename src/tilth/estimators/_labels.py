"""Labels as users write them, with gaps, to class codes and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, LabelError

__all__ = ["is_missing", "plain", "read_labels", "sort_names"]


def plain(value: Any) -> Any:
    """A numpy scalar as its Python value."""
    return value.item() if isinstance(value, np.generic) else value


def is_missing(value: Any, *, minus_one: bool) -> bool:
    """Whether a label stands for "none yet": None, NaN, an empty text, and -1 among integers."""
    if value is None or (isinstance(value, float) and value != value) or value == "":
        return True
    return minus_one and not isinstance(value, (bool, str)) and value == -1


def sort_names(names: Iterable[Any]) -> list[Any]:
    """Class names in scikit-learn's order; by their text where they cannot be compared."""
    unique = list(dict.fromkeys(names))
    try:
        return sorted(unique)
    except TypeError:
        return sorted(unique, key=str)


def read_labels(y: Any, n: int, declared: Sequence[Any]) -> tuple[list[Any], npt.NDArray[np.int64]]:
    """Class names and codes of labels with gaps.

    Parameters
    ----------
    y : (n,) array_like or None
        None, NaN, "" and (among integers) -1 mean unlabelled.
    n : int
    declared : sequence
        The only classes allowed; empty allows any.

    Returns
    -------
    names : list
    codes : (n,) int64 array, -1 where unlabelled
    """
    if y is None:
        return sort_names(declared), np.full(n, -1, dtype=np.int64)
    array = np.asarray(y, dtype=None if hasattr(y, "dtype") else object)
    if array.ndim != 1 or len(array) != n:
        raise AlignmentError("X and y have different numbers of rows", found=f"{n} and shape {array.shape}")
    values = [plain(v) for v in array.tolist()]
    gaps = [is_missing(v, minus_one=True) for v in values]
    given = [v for v, gap in zip(values, gaps, strict=True) if not gap]
    names = sort_names(declared) if len(declared) else sort_names(given)
    known = {name: code for code, name in enumerate(names)}
    codes = np.full(n, -1, dtype=np.int64)
    for row, (value, gap) in enumerate(zip(values, gaps, strict=True)):
        if gap:
            continue
        if value not in known:
            raise LabelError(
                "a label is outside the declared classes",
                where=f"row {row}",
                found=repr(value),
                fix=f"the classes are {', '.join(map(repr, names[:20]))}",
            )
        codes[row] = known[value]
    return names, codes

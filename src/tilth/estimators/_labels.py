"""Labels as users write them, with gaps, to class codes and back."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, LabelError

__all__ = ["check_one_kind", "is_missing", "plain", "read_labels", "sort_names"]


def plain(value: Any) -> Any:
    """A numpy scalar as its Python value."""
    return value.item() if isinstance(value, np.generic) else value


def is_missing(value: Any, *, minus_one: bool) -> bool:
    """Whether a label stands for "none yet": None, NaN, an empty text, and -1 among integers."""
    if value is None or (isinstance(value, float) and value != value) or value == "":
        return True
    return minus_one and not isinstance(value, (bool, str)) and value == -1


def check_one_kind(names: Iterable[Any]) -> None:
    """Raise where texts, numbers and truth values are mixed: their order, and what equals what, would be a guess."""
    seen: dict[str, Any] = {}
    for name in names:
        kind = "text" if isinstance(name, str) else "truth value" if isinstance(name, bool) else "other"
        if isinstance(name, (int, float)) and not isinstance(name, bool):
            kind = "number"
        seen.setdefault(kind, name)
    if len(seen) > 1:
        (one, a), (two, b) = list(seen.items())[:2]
        raise LabelError(
            "labels are of one kind, and these are mixed",
            found=f"{a!r} ({one}) and {b!r} ({two})",
            fix="write every class as text, or every class as a number",
        )


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
        None, NaN, "" and -1 mean unlabelled; -1 is a class where it is declared.
    n : int
    declared : sequence
        The only classes allowed; empty allows any.

    Returns
    -------
    names : list
        Of one kind: texts, or numbers.
    codes : (n,) int64 array, -1 where unlabelled
    """
    check_one_kind(declared)
    if y is None:
        return sort_names(declared), np.full(n, -1, dtype=np.int64)
    array = np.asarray(y, dtype=None if hasattr(y, "dtype") else object)
    if array.ndim != 1 or len(array) != n:
        raise AlignmentError("X and y have different numbers of rows", found=f"{n} and shape {array.shape}")
    values = [plain(v) for v in array.tolist()]
    gaps = [is_missing(v, minus_one=-1 not in declared) for v in values]
    given = [v for v, gap in zip(values, gaps, strict=True) if not gap]
    for row, value in enumerate(given):
        if not isinstance(value, Hashable):
            raise LabelError("a label must be one value", where=f"label {row}", found=repr(value)[:80])
    check_one_kind([*declared, *given])
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

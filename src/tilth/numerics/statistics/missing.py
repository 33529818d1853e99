"""What counts as a missing value, in one place."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["is_missing_value", "missing_mask"]


def is_missing_value(value: Any) -> bool:
    """Whether one value is None, NaN (of any kind of number), NaT or pandas' NA. An empty text is a value.

    Examples
    --------
    >>> [is_missing_value(value) for value in (None, float("nan"), "", 0)]
    [True, True, False, False]
    """
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(value))
    if isinstance(value, (float, np.floating)) or type(value).__name__ == "Decimal":
        return bool(value != value)
    return False


def missing_mask(array: NDArray[Any]) -> NDArray[np.bool_]:
    """Which cells of an array are missing, in its shape.

    Examples
    --------
    >>> missing_mask(np.array([1.0, np.nan])).tolist(), missing_mask(np.array(["", None], dtype=object)).tolist()
    ([False, True], [False, True])
    """
    if array.dtype.kind in "fc":
        return np.asarray(np.isnan(array))
    if array.dtype.kind in "mM":
        return np.asarray(np.isnat(array))
    if array.dtype.kind != "O":
        return np.zeros(array.shape, dtype=np.bool_)
    flat = [is_missing_value(value) for value in array.ravel()]
    return np.array(flat, dtype=np.bool_).reshape(array.shape)

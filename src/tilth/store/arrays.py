"""NumPy arrays as Arrow columns and back: any number, truth value, time or text, one or two dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tilth.errors import StoreError

__all__ = ["from_column", "to_column"]


def to_column(array: npt.NDArray[Any], what: str) -> tuple[pa.Array, dict[str, Any]]:
    """An Arrow column of n cells, and what `from_column` needs to make an equal array of it.

    Parameters
    ----------
    array : (n,) or (n, d, ...) array
        Booleans, integers, floats, complex numbers, datetimes, or text (``str`` or objects that
        are str or None).
    what : str
        Name of the array, for messages.

    Raises
    ------
    StoreError
        The array holds something else.
    """
    array = np.asarray(array)
    form: dict[str, Any] = {"dtype": array.dtype.str, "shape": list(array.shape[1:])}
    if array.dtype.kind in "UOT":
        return _texts(array, what, form)
    if array.dtype.kind not in "biufcmM":
        raise StoreError(
            f"{what} cannot be stored", found=f"an array of {array.dtype}", fix="use numbers, booleans, times or text"
        )
    width = int(np.prod(array.shape[1:], dtype=np.int64))
    flat = np.ascontiguousarray(array).reshape(-1)
    if array.dtype.kind == "c":
        flat, width = flat.view(flat.real.dtype), width * 2
    elif array.dtype.kind in "mM":
        flat = flat.view(f"{array.dtype.byteorder}i8")
    elif array.dtype.kind == "b":
        flat = flat.view(np.uint8)
    if flat.dtype.kind == "f" and flat.dtype.itemsize > 8:
        raise StoreError(f"{what} cannot be stored", found=f"an array of {array.dtype}", fix="use float64")
    flat = flat.astype(flat.dtype.newbyteorder("="), copy=False)
    form["width"] = width
    cells = pa.array(flat)
    if width == 0:
        return pa.nulls(len(array), pa.bool_()), form
    if array.ndim == 1 and width == 1:
        return cells, form
    return pa.FixedSizeListArray.from_arrays(cells, width), form


def _texts(array: npt.NDArray[Any], what: str, form: dict[str, Any]) -> tuple[pa.Array, dict[str, Any]]:
    flat = array.reshape(-1)
    for index, cell in enumerate(flat if array.dtype.kind == "O" else ()):
        if cell is not None and not isinstance(cell, str):
            raise StoreError(
                f"{what} cannot be stored",
                where=f"element {index}",
                found=f"{type(cell).__name__} {cell!r}"[:120],
                fix="use numbers, booleans, times, or text and None",
            )
    form["dtype"] = "T" if array.dtype.kind == "T" else form["dtype"]
    cells = pa.array(flat.tolist(), pa.large_string())
    if array.ndim == 1:
        return cells, form
    width = int(np.prod(array.shape[1:], dtype=np.int64))
    offsets = pa.array(np.arange(len(array) + 1, dtype=np.int64) * width)
    return pa.LargeListArray.from_arrays(offsets, cells), form


def from_column(column: pa.ChunkedArray, form: dict[str, Any]) -> npt.NDArray[Any]:
    """Inverse of `to_column`: equal values, dtype and shape."""
    n, shape = len(column), tuple(form["shape"])
    dtype = np.dtypes.StringDType() if form["dtype"] == "T" else np.dtype(form["dtype"])
    if "width" not in form:
        listed = column.to_pylist()
        if shape:
            listed = [cell for row in listed for cell in row]
        texts = np.empty(len(listed), dtype=object)
        texts[:] = listed
        return texts.astype(dtype, copy=False).reshape(n, *shape)
    if form["width"] == 0:
        return np.empty((n, *shape), dtype=dtype)
    chunks = [chunk.flatten() if pa.types.is_fixed_size_list(chunk.type) else chunk for chunk in column.chunks]
    pieces = [chunk.to_numpy(zero_copy_only=False) for chunk in chunks]
    if not pieces:
        return np.empty((n, *shape), dtype=dtype)
    flat = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
    native = dtype.newbyteorder("=")
    if native.kind in "cmMb":
        flat = np.ascontiguousarray(flat).view(native)
    made = flat.astype(dtype, copy=False).reshape(n, *shape)
    return made if made.flags.writeable else made.copy()

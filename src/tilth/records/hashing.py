"""Content hashes: equal content, equal hash, whatever the memory layout or the place it came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tilth.errors import DataError

__all__ = ["column_digest", "digest", "hash_item_rows"]


def digest(value: object) -> str:
    """Hash of a JSON-like value.

    Parameters
    ----------
    value : object
        Nested dicts, lists, tuples, strings, numbers, booleans and None. Anything else raises:
        what cannot be hashed cannot be an identity.

    Returns
    -------
    str
        32 hexadecimal digits.

    Raises
    ------
    DataError
        The value holds something that has no canonical form.

    Examples
    --------
    >>> digest({"b": 1, "a": [2]}) == digest({"a": [2], "b": 1})
    True
    """
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=True)
    except (TypeError, ValueError) as error:
        raise DataError(
            "this value cannot be hashed, so nothing made from it can be cached or named",
            found=repr(value)[:120],
            fix="pass plain numbers, strings, lists and dicts as parameters",
        ) from error
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _string_bytes(array: pa.Array) -> list[bytes]:
    text = pc.fill_null(array.cast(pa.large_string()), "")
    lengths = pc.binary_length(text).to_numpy(zero_copy_only=False).astype("<i8")
    joined = pc.binary_join(
        pa.ListArray.from_arrays(pa.array([0, len(text)], pa.int32()), text), pa.scalar("", pa.large_string())
    )
    return [lengths.tobytes(), joined[0].as_py().encode() if len(text) else b""]


def column_digest(column: pa.ChunkedArray | pa.Array) -> bytes:
    """Hash of one Arrow column: values and nulls, not chunks, offsets or dictionary codes."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):  # pragma: no cover - zero chunks in old Arrow
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    state = hashlib.sha256(str(array.type).replace("large_", "").encode())
    state.update(np.packbits(array.is_null().to_numpy(zero_copy_only=False)).tobytes())
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        for piece in _string_bytes(array):
            state.update(piece)
    elif pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        values = pc.fill_null(array, False if pa.types.is_boolean(kind) else 0)
        state.update(np.ascontiguousarray(values.to_numpy(zero_copy_only=False)).tobytes())
    elif pa.types.is_temporal(kind):
        state.update(_string_bytes(array.cast(pa.string()))[1])
        state.update(_string_bytes(array.cast(pa.string()))[0])
    else:
        for value in array.to_pylist():
            state.update(digest(value if not isinstance(value, bytes) else value.hex()).encode())
    return state.digest()


def hash_item_rows(columns: Sequence[Sequence[Any] | pa.ChunkedArray]) -> list[str]:
    """Content hash of each row of some columns.

    Parameters
    ----------
    columns : sequence of Arrow columns or sequences, each of length n
        The input values of each column, or the content hashes of its media files.

    Returns
    -------
    list of str, length n
        32 hexadecimal digits a row. Missing values hash like themselves: two rows with the same
        gaps are equal. 1 and 1.0 and "1" are different.

    Examples
    --------
    >>> a, b, c = hash_item_rows([["x", "x", "y"], [1, 1, 1]])
    >>> a == b, a == c
    (True, False)
    """
    arrays = [
        column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([pa.array(column)]) for column in columns
    ]
    numbers = [array for array in arrays if _is_number(array.type)]
    texts = [array.to_pylist() for array in arrays if not _is_number(array.type)]
    n = len(arrays[0]) if arrays else 0
    kinds = ",".join(str(array.type) if _is_number(array.type) else "text" for array in arrays).encode()
    matrix = np.zeros((n, 2 * len(numbers)), dtype=np.int64)
    for place, array in enumerate(numbers):
        matrix[:, 2 * place], matrix[:, 2 * place + 1] = _number_bits(array)
    width = matrix.shape[1] * 8
    raw = matrix.astype("<i8").tobytes()
    hashes: list[str] = []
    for row in range(n):
        state = hashlib.sha256(kinds)
        state.update(raw[row * width : (row + 1) * width])
        for cells in texts:
            cell = cells[row]
            text = "\x1e" if cell is None else f"\x1f{type(cell).__name__[0]}{cell}"
            state.update(text.encode("utf-8", "surrogatepass"))
        hashes.append(state.hexdigest()[:32])
    return hashes


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_float32(kind) or pa.types.is_float64(kind))


def _number_bits(array: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Two numbers that stand for each cell: whether it is there, and its bits; NaN counts as missing."""
    missing = pc.is_null(array, nan_is_null=True).to_numpy(zero_copy_only=False)
    filled = pc.if_else(pa.chunked_array([pa.array(missing)]), pa.scalar(0, array.type), array).to_numpy()
    bits = filled.astype(np.float64).view(np.int64) if filled.dtype.kind == "f" else filled.astype(np.int64)
    return np.asarray(~missing, dtype=np.int64), np.asarray(bits, dtype=np.int64)

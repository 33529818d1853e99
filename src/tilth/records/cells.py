"""What the cells of a column say: gaps, and the words for the parts of a split."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["SPLIT_WORDS", "empty_cells", "split_part"]

#: Words for the parts of a split, in lower case, and the part that each means.
SPLIT_WORDS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
    "holdout": "test",
    "eval": "test",
}


def split_part(word: object) -> str:
    """ "train", "val" or "test" where a word means one of them, else the word itself; empty for None.

    Examples
    --------
    >>> split_part("Validation"), split_part("extra"), split_part(None)
    ('val', 'extra', '')
    """
    return "" if word is None else SPLIT_WORDS.get(str(word).lower(), str(word))


def empty_cells(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """Which cells of a column are null, NaN, or blank text, shape (n,).

    Examples
    --------
    >>> empty_cells(pa.chunked_array([["a", " ", None]])).tolist()
    [False, True, True]
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    mask = pc.is_null(column, nan_is_null=pa.types.is_floating(column.type))
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        mask = pc.or_(mask, pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), ""), True))
    return np.asarray(mask.to_numpy(), dtype=bool)

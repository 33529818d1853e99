"""Columns in their plain forms: one Arrow type for one kind of value, gaps as null."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tilth.errors import SourceError
from tilth.numerics.statistics.missing import is_missing_value
from tilth.sources._parsed import check_names
from tilth.sources._text import shown

__all__ = ["MISSING_MARKS", "column_of", "tidy", "typed_text"]

#: Spellings of "missing" that count as such in a column whose other cells are all numbers.
MISSING_MARKS = ("NA", "N/A", "n/a", "na", "NaN", "nan", "NULL", "null", "None", "none", "?", "-")
_NUMBER = r"^[+-]?((\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[iI]nf(inity)?)$"
_WHOLE = r"^[+-]?\d+$"
_CODE = r"^[+-]?0\d"
_PEEK = 1000


def typed_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A text column as numbers where all its cells are numbers, else unchanged.

    Empty cells are null. A column is numeric where every cell that is left, once `MISSING_MARKS` and
    blanks are set aside, is a number; the marks are then null too. Otherwise they stay text. Numbers
    with leading zeros ("007") are codes, and whole numbers beyond 64 bits are too: both stay text.
    """
    if not _all_numbers(column.slice(0, _PEEK)):
        return column
    try:
        return _cast(column)
    except pa.ArrowInvalid:
        pass  # a blank, a mark or a word: looked at more closely
    trimmed = pc.utf8_trim_whitespace(column)
    missing = pc.is_in(trimmed, value_set=pa.array(["", *MISSING_MARKS]))
    values = pc.if_else(missing, pa.scalar(None, pa.string()), trimmed)
    if values.null_count == len(values) or not _all_numbers(values):
        return column
    try:
        return _cast(pc.replace_substring_regex(values, r"^\+", ""))
    except pa.ArrowInvalid:
        return column


def _cast(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text as int64, or float64 where there are fractions; `ArrowInvalid` where a cell is no plain number."""
    plus = pc.any(pc.starts_with(values, "+"), min_count=0).as_py()  # float64 takes it, int64 does not
    if plus or values.null_count == len(values) or _has_codes(values):
        raise pa.ArrowInvalid("not plain numbers")
    try:
        return values.cast(pa.int64())
    except pa.ArrowInvalid:
        numbers = values.cast(pa.float64())
    if pc.any(pc.is_nan(numbers), min_count=0).as_py():
        raise pa.ArrowInvalid("NaN marks a missing cell")
    beyond = pc.any(pc.greater_equal(pc.abs(numbers), 2.0**63), min_count=0).as_py()
    if beyond and pc.all(pc.match_substring_regex(values, _WHOLE), min_count=0).as_py():
        raise pa.ArrowInvalid("whole numbers beyond 64 bits are codes")
    return numbers


def _has_codes(values: pa.ChunkedArray) -> bool:
    """Whether a cell has a leading zero that would be lost. Only cells that start like one are looked at."""
    starts = pc.or_(pc.starts_with(values, "0"), pc.or_(pc.starts_with(values, "-0"), pc.starts_with(values, "+0")))
    return bool(pc.any(pc.match_substring_regex(values.filter(starts), _CODE), min_count=0).as_py())


def _all_numbers(values: pa.ChunkedArray) -> bool:
    trimmed = pc.utf8_trim_whitespace(values.drop_null())
    left = trimmed.filter(pc.invert(pc.is_in(trimmed, value_set=pa.array(["", *MISSING_MARKS]))))
    if not pc.all(pc.match_substring_regex(left, _NUMBER), min_count=0).as_py():
        return False
    return not _has_codes(left)


def _kind(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "boolean"
    if isinstance(value, str):
        return "text"
    if isinstance(value, Integral):
        return "whole number"
    if isinstance(value, (Real, Decimal)):
        return "number"
    if isinstance(value, (bytes, bytearray)):
        return "bytes"
    if isinstance(value, (datetime, np.datetime64)):
        return "time"
    if isinstance(value, date):
        return "date"
    if isinstance(value, (dict, list, tuple, set, frozenset, np.ndarray)):
        return "nested"
    return type(value).__name__


def _json(value: Any) -> str:
    def plain(other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return other.tolist()
        if isinstance(other, np.generic):
            return other.item()
        if isinstance(other, (set, frozenset)):
            return sorted(other, key=str)
        return other.hex() if isinstance(other, bytes) else str(other)

    return json.dumps(value, ensure_ascii=False, default=plain)


def column_of(name: str, values: Sequence[Any], where: Callable[[int], str]) -> pa.Array:
    """One Arrow column of Python values of one kind.

    None, NaN, NaT and pandas.NA are null. Whole and fractional numbers together are float64. Lists,
    dicts and arrays become JSON text.

    Parameters
    ----------
    name : str
    values : sequence, length n
    where : callable
        Says where value i stands, for messages.

    Raises
    ------
    SourceError
        The kinds are mixed, or a kind cannot be held in a column.
    """
    cells = [None if is_missing_value(value) else value for value in values]
    kinds = {_kind(value) for value in cells if value is not None}
    if not kinds:
        return pa.nulls(len(cells), pa.string())
    if kinds == {"whole number", "number"}:
        kinds = {"number"}
    if len(kinds) > 1:
        raise _mixed(name, cells, where)
    (kind,) = kinds
    try:
        return _of_kind(kind, cells)
    except UnicodeEncodeError:
        row = next(i for i, v in enumerate(cells) if isinstance(v, str) and not _encodable(v))
        raise SourceError(
            "a text is not valid Unicode", where=f"{where(row)}, column {name!r}", found=ascii(cells[row])[:80]
        ) from None
    except (pa.ArrowException, TypeError, ValueError) as error:
        row = next(i for i, v in enumerate(cells) if v is not None)
        raise SourceError(
            "this column holds values that no table can hold",
            where=f"{where(row)}, column {name!r}",
            found=f"{kind}: {shown(repr(cells[row]))}",
            fix="turn them into text or numbers, or leave the column out",
        ) from error


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _of_kind(kind: str, cells: list[Any]) -> pa.Array:
    if kind == "nested":
        return pa.array([None if v is None else _json(v) for v in cells], pa.string())
    if kind == "text":
        return pa.array([None if v is None else str(v) for v in cells], pa.string())
    if kind == "boolean":
        return pa.array([None if v is None else bool(v) for v in cells], pa.bool_())
    if kind == "number":
        return pa.array([None if v is None else float(v) for v in cells], pa.float64())
    if kind == "whole number":
        whole = [None if v is None else int(v) for v in cells]
        if all(v is None or -(2**63) <= v < 2**63 for v in whole):
            return pa.array(whole, pa.int64())
        return pa.array([None if v is None else str(v) for v in whole], pa.string())
    if kind in ("bytes", "time", "date"):
        return pa.array(cells)
    raise TypeError(kind)


def _mixed(name: str, cells: list[Any], where: Callable[[int], str]) -> SourceError:
    rows = [i for i, value in enumerate(cells) if value is not None]
    first = rows[0]
    other = next(i for i in rows if _kind(cells[i]) != _kind(cells[first]))
    if {_kind(cells[first]), _kind(cells[other])} == {"whole number", "number"}:
        other = next(i for i in rows if _kind(cells[i]) not in ("whole number", "number"))
    return SourceError(
        f"this column mixes {_kind(cells[first])} and {_kind(cells[other])}",
        where=f"{where(other)}, column {name!r}",
        found=f"{shown(repr(cells[other]))} after {shown(repr(cells[first]))} at {where(first)}",
        fix="make the column one type, for instance all text",
    )


def tidy(table: pa.Table, where: str) -> pa.Table:
    """The table with each column in its plain form.

    Strings of any layout are ``string``; categories are their values; NaN is null; decimals and half
    floats are wider floats; lists, structs and maps are JSON text; extension types are their storage.

    Raises
    ------
    SourceError
        A column name stands twice, or a column has a type without a plain form.
    """
    names = [str(name) for name in table.column_names]
    check_names(names, where)
    columns = []
    for name, column in zip(names, table.columns, strict=True):
        try:
            columns.append(_plain(column))
        except (pa.ArrowException, UnicodeDecodeError) as error:
            raise SourceError(
                "cannot read this column",
                where=f"{where}, column {name!r}",
                found=str(column.type),
                fix=f"cast it to a plain type, or leave it out; Arrow says: {str(error).splitlines()[0][:120]}",
            ) from error
    return pa.table(columns, names=names) if names else table


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], kind.storage_type)
        return _plain(column)
    if pa.types.is_dictionary(kind):
        return _plain(column.cast(kind.value_type))
    if pa.types.is_run_end_encoded(kind):
        return _plain(pc.run_end_decode(column))
    if pa.types.is_null(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.string())
    if pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind) or pa.types.is_fixed_size_binary(kind):
        return column.cast(pa.binary())
    if pa.types.is_decimal(kind):
        return column.cast(pa.float64())
    if pa.types.is_float16(kind):
        column = column.cast(pa.float32())
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    if pa.types.is_nested(kind):
        cells = [None if value is None else _json(value) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(cells, pa.string())])
    return column

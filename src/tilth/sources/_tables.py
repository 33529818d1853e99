"""Arrow tables of plain columns: numbers, texts, booleans, times."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from tilth.errors import SourceError

__all__ = ["plain_column", "plain_table", "table_of_dicts"]


def plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column without dictionaries, views, nesting or decimals; nested cells become JSON text."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return plain_column(column.cast(kind.value_type))
    if pa.types.is_large_string(kind) or str(kind) == "string_view":
        return column.cast(pa.string())
    if pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        return column.cast(pa.float64())
    if pa.types.is_null(kind):
        return column.cast(pa.string())
    if pa.types.is_nested(kind):
        cells = [None if v is None else json.dumps(v, ensure_ascii=False, default=str) for v in column.to_pylist()]
        return pa.chunked_array([pa.array(cells, pa.string())])
    return column


def plain_table(table: pa.Table, where: str) -> pa.Table:
    """The table with plain columns and unique names; `SourceError` where a name stands twice or there are no rows."""
    names = [str(name) for name in table.column_names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SourceError("a column name stands twice", where=where, found=", ".join(twice), fix="rename one of them")
    if not table.num_rows:
        raise SourceError("there are no rows", where=where, found=f"columns: {', '.join(names) or 'none'}")
    return pa.table([plain_column(table.column(i)) for i in range(table.num_columns)], names=names)


def table_of_dicts(rows: Sequence[Mapping[str, Any]], where: Callable[[int], str]) -> pa.Table:
    """A table of dicts, a row each; keys that a row lacks are null.

    Raises
    ------
    SourceError
        A column mixes types that have no common one; the first row that differs is named.
    """
    names = list(dict.fromkeys(key for row in rows for key in row))
    return plain_table(
        pa.table({name: mixed_column([row.get(name) for row in rows], name, where) for name in names}), ""
    )


def mixed_column(cells: Sequence[Any], name: str, where: Callable[[int], str]) -> pa.Array:
    """An Arrow array of Python values; NaN is null; whole numbers and fractions together are float64."""
    values = [None if v is None or (isinstance(v, float) and v != v) else v for v in cells]
    values = [json.dumps(v, ensure_ascii=False, default=str) if isinstance(v, (dict, list)) else v for v in values]
    kinds = {type(v) for v in values if v is not None}
    if kinds <= {int, float} and len(kinds) == 2:
        return pa.array(values, pa.float64())
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        first = next(v for v in values if v is not None)
        row = next((i for i, v in enumerate(values) if v is not None and type(v) is not type(first)), 0)
        raise SourceError(
            f"column {name!r} mixes types",
            where=where(row),
            found=f"{type(values[row]).__name__} {values[row]!r} among {type(first).__name__}",
            fix="write the whole column as text or as numbers",
        ) from error

"""Tables in memory to Arrow, whatever library made them; none of those libraries is imported here."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from tilth.errors import AlignmentError, SourceError
from tilth.records import split_part
from tilth.sources._binary import features_of
from tilth.sources._columns import column_of
from tilth.sources._parsed import Parsed, check_names

__all__ = ["is_table", "read_table", "table_kind"]

#: Methods by which columns of several libraries hand out their values.
_LISTING = ("to_pylist", "tolist", "to_list")


def _of(module: str, name: str, value: object) -> bool:
    """Whether a value is of a class of a library that is loaded already."""
    cls = getattr(sys.modules.get(module), name, None)
    return isinstance(cls, type) and isinstance(value, cls)


def table_kind(value: object) -> str:
    """What kind of table an object is; an empty string for none."""
    if isinstance(value, (str, bytes, type)) or value is None:
        return ""
    for kind, module, name in (
        ("hf dataset", "datasets", "Dataset"),
        ("hf splits", "datasets", "DatasetDict"),
        ("hf stream", "datasets", "IterableDataset"),
        ("pandas", "pandas", "DataFrame"),
        ("polars lazy", "polars", "LazyFrame"),
    ):
        if _of(module, name, value):
            return kind
    if isinstance(value, pa.Table):
        return "arrow"
    if isinstance(value, pa.RecordBatch):
        return "batch"
    if isinstance(value, np.ndarray):
        return "records" if value.dtype.names else ""
    if not isinstance(value, (pa.Array, pa.ChunkedArray)) and hasattr(value, "__arrow_c_stream__"):
        return "" if _is_series(value) else "stream"
    if isinstance(value, Mapping):
        return "columns" if value and all(_is_column(cells) for cells in value.values()) else ""
    if isinstance(value, list):
        return "rows" if value and all(isinstance(row, Mapping) for row in value) else ""
    return ""


def _is_series(value: object) -> bool:
    return _of("pandas", "Series", value) or _of("polars", "Series", value)


def _is_column(cells: object) -> bool:
    return isinstance(cells, (list, tuple, np.ndarray)) or any(hasattr(cells, way) for way in _LISTING)


def is_table(value: object) -> bool:
    """Whether `read_table` can read an object."""
    return bool(table_kind(value))


def read_table(value: Any) -> Parsed:
    """The table of an object in memory.

    A pandas index is kept as a column where it has a name and is no range; else it is left out.
    NaN, NaT, None and pandas.NA are null.

    Raises
    ------
    SourceError
        A column of mixed types, with row and types; columns of different lengths; a stream that has
        no end.
    """
    kind = table_kind(value)
    if kind == "pandas":
        return _from_pandas(value)
    if kind == "hf dataset":
        return _from_hf(value)
    if kind == "hf splits":
        return _from_hf_splits(value)
    if kind == "hf stream":
        raise SourceError(
            "a streamed dataset has no fixed rows",
            found=type(value).__name__,
            fix="load it without streaming, or take rows: Dataset.from_list(list(stream.take(1000)))",
        )
    if kind == "polars lazy":
        value, kind = value.collect(), "stream"
    if kind == "columns":
        return Parsed(_from_columns({str(name): _listed(cells) for name, cells in value.items()}))
    if kind == "records":
        return Parsed(_from_columns({name: value[name].tolist() for name in value.dtype.names}))
    if kind == "rows":
        names = list(dict.fromkeys(name for row in value for name in row))
        check_names([str(name) for name in names], "memory")
        return Parsed(_from_columns({str(name): [row.get(name) for row in value] for name in names}))
    return Parsed(*_from_arrow(value, kind))


def _from_arrow(value: Any, kind: str) -> tuple[pa.Table, int, tuple[str, ...], dict[str, dict[str, object]]]:
    if kind == "batch":
        value = pa.Table.from_batches([value])
    try:
        table = value if isinstance(value, pa.Table) else pa.table(value)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise SourceError(
            "cannot read this object as a table", found=f"{type(value).__name__}: {str(error).splitlines()[0][:120]}"
        ) from error
    return table.replace_schema_metadata(None), 0, (), features_of(table.schema)


def _listed(cells: Any) -> list[Any]:
    for method in _LISTING:
        if hasattr(cells, method):
            return list(getattr(cells, method)())
    return list(cells)


def _from_columns(columns: dict[str, list[Any]]) -> pa.Table:
    lengths = {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        raise AlignmentError(
            "the columns have different lengths",
            found=", ".join(f"{name}: {n}" for name, n in list(lengths.items())[:8]),
            fix="give one value for each row in every column, None where it is missing",
        )
    made = {name: column_of(name, cells, lambda row: f"row {row}") for name, cells in columns.items()}
    return pa.table(made)


def _from_pandas(frame: Any) -> Parsed:
    notes: tuple[str, ...] = ()
    index = frame.index
    names = [name for name in index.names if name is not None]
    if names and type(index).__name__ != "RangeIndex":
        clash = [name for name in names if name in frame.columns]
        if clash:
            raise SourceError(
                "the index has the name of a column", found=repr(clash[0]), fix="rename one: df.rename_axis(...)"
            )
        frame = frame.reset_index(level=names)
        notes = (f"the index {', '.join(map(str, names))} is kept as a column",)
    labels = [str(name) for name in frame.columns]
    check_names(labels, "DataFrame")
    columns = [_pandas_column(label, frame.iloc[:, place]) for place, label in enumerate(labels)]
    return Parsed(pa.table(columns, names=labels) if columns else pa.table({}), notes=notes)


def _pandas_column(name: str, series: Any) -> pa.Array | pa.ChunkedArray:
    """A column of a pandas table; those of Python objects value by value, so that an error names its row."""
    dtype = series.dtype
    if getattr(dtype, "categories", None) is not None and hasattr(dtype, "ordered"):
        objects = dtype.categories.dtype.kind == "O"
        series = series.astype(object) if objects else series.astype(dtype.categories.dtype, errors="ignore")
        dtype = series.dtype
    if dtype.kind != "O" or str(dtype) in ("string", "str"):
        try:
            made = pa.Array.from_pandas(series)
        except (pa.ArrowException, TypeError, ValueError):
            made = None
        if made is not None:
            return made
    cells = series.astype(object).where(series.notna(), None).tolist()
    return column_of(name, cells, lambda row: f"row {row}")


def _from_hf(dataset: Any) -> Parsed:
    """All rows in their present order: a selection or shuffle is a mapping beside the table."""
    table = dataset.with_format("arrow")[:]
    features = dataset.features.to_dict()
    named = {str(name): value for name, value in features.items() if isinstance(value, dict)}
    return Parsed(table.replace_schema_metadata(None), features=named)


def _from_hf_splits(splits: Any) -> Parsed:
    parts = [(str(name), _from_hf(dataset)) for name, dataset in splits.items()]
    parts = [(name, part) for name, part in parts if part.table.num_rows]
    if not parts:
        raise SourceError("there are no rows", found=f"splits {', '.join(splits) or 'none'}")
    column = next(name for name in ("split", "split_", "split__") if name not in parts[0][1].table.column_names)
    tables = [
        part.table.append_column(column, pa.array([split_part(name)] * part.table.num_rows, pa.string()))
        for name, part in parts
    ]
    try:
        table = pa.concat_tables(tables)
    except pa.ArrowInvalid as error:
        raise SourceError(
            "the splits have different columns",
            found="; ".join(f"{name}: {', '.join(part.table.column_names)}" for name, part in parts),
            fix="give them the same columns, or one split alone",
        ) from error
    return Parsed(table, features=parts[0][1].features)

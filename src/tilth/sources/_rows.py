"""From a parsed table to `Rows`: class names, media files and plain columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tilth.errors import SourceError
from tilth.plugin import Run
from tilth.records import Rows
from tilth.sources._columns import tidy
from tilth.sources._embedded import unpack
from tilth.sources._media import PathColumns, find_path_columns, hash_files
from tilth.sources._parsed import Parsed, check_names

__all__ = ["named_classes", "rows_of", "with_paths"]


def rows_of(parsed: Parsed, uri: str | Path, run: Run) -> Rows:
    """Rows of a parsed table.

    Parameters
    ----------
    parsed : Parsed
    uri : str or pathlib.Path
        A path where the table came from a file: paths in it then start from its folder. Text for a
        table in memory or elsewhere.
    run : Run

    Raises
    ------
    SourceError
        No rows or columns, a column name twice, a class number without a name, or a path that leaves
        the folder.
    """
    name = str(uri)
    if parsed.table.num_columns == 0 or parsed.table.num_rows == 0:
        raise SourceError(
            "there are no rows",
            where=name,
            found=f"{parsed.table.num_rows} rows, {parsed.table.num_columns} columns",
            fix="check that the data were written whole",
        )
    check_names([str(column) for column in parsed.table.column_names], name)
    parsed = named_classes(parsed, name)
    folder = uri.parent if isinstance(uri, Path) else None
    unpacked = unpack(parsed, folder, run)
    parsed = unpacked.parsed
    rows = Rows(tidy(parsed.table, name), name, first_line=parsed.first_line, notes=parsed.notes)
    if unpacked.root:
        hashes = unpacked.hashes or {
            column: hash_files(unpacked.root, rows.table.column(column).to_pylist(), _where(name, 0), run)
            for column in unpacked.media
        }
        return replace(rows, root=unpacked.root, media=unpacked.media, hashes=hashes)
    return rows if folder is None else with_paths(rows, find_path_columns(rows.table, folder), run)


def _where(name: str, first_line: int) -> Callable[[int], str]:
    return lambda index: f"{name}, row {index + 1}" if first_line else f"{name}, row {index}"


def with_paths(rows: Rows, found: PathColumns, run: Run) -> Rows:
    """The rows with their path columns cleaned, marked and hashed."""
    table = rows.table
    hashes: dict[str, list[str]] = {}
    notes = list(found.notes)
    for name, paths in found.paths.items():
        hashes[name] = hash_files(found.root, paths, _where(rows.uri, rows.first_line), run)
        table = table.set_column(table.column_names.index(name), name, pa.array(paths, pa.string()))
        gone = [path for path, key in zip(paths, hashes[name], strict=True) if path and not key]
        if gone:
            notes.append(f"{len(gone)} of {len(paths)} files in column {name!r} cannot be read, the first is {gone[0]}")
    return replace(
        rows, table=table, root=found.root, media=dict(found.media), hashes=hashes, notes=(*rows.notes, *notes)
    )


def named_classes(parsed: Parsed, where: str) -> Parsed:
    """Class numbers of the Hugging Face layout as class names; -1 is unlabelled."""
    table = parsed.table
    for name, feature in parsed.features.items():
        names = feature.get("names")
        if feature.get("_type") != "ClassLabel" or not isinstance(names, list) or name not in table.column_names:
            continue
        column = table.column(name)
        if not pa.types.is_integer(column.type):
            continue
        wrong = pc.or_(pc.greater_equal(column, len(names)), pc.less(column, -1))
        if pc.any(wrong, min_count=0).as_py():
            row = pc.index(pc.fill_null(wrong, False), True).as_py()
            raise SourceError(
                "a class number has no name",
                where=f"{where}, row {row}, column {name!r}",
                found=f"{column[row].as_py()}, with {len(names)} class names",
                fix="repair the class names of this column",
            )
        index = pc.if_else(pc.less(column, 0), pa.scalar(None, column.type), column)
        text = pc.take(pa.array([str(n) for n in names], pa.string()), index)
        table = table.set_column(table.column_names.index(name), name, text)
    return replace(parsed, table=table)

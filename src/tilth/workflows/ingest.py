"""``ingest``: rows from the outside world become an immutable snapshot.

A source reads the rows; roles are guessed, said aloud and overridable; every row gets a stable id and
the hash of its content. Nothing of the user's is changed: the snapshot lives in the workspace. Decisions
that were made on an earlier version of the dataset are applied again to the rows that are still there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tilth.errors import SchemaError, SourceError
from tilth.records import (
    Column,
    Decision,
    RoleOverrides,
    Rows,
    Schema,
    Snapshot,
    effective,
    guess_schema,
    hash_item_rows,
    sort_class_names,
)
from tilth.records.snapshot import SYSTEM_COLUMNS
from tilth.sources import choose_source
from tilth.workflows.project import Dataset, RunOptions, advance_head, locate, opened

__all__ = ["Ingested", "dataset_of", "ingest", "snapshot_of"]


@dataclass(frozen=True)
class Ingested:
    """What `ingest` made.

    Parameters
    ----------
    dataset : Dataset
    snapshot : Snapshot
        The current one: the rows as read, with all standing decisions applied.
    base : Snapshot
        The rows as read.
    notes : tuple of str
        Guesses and oddities, to be shown.
    """

    dataset: Dataset
    snapshot: Snapshot
    base: Snapshot
    notes: tuple[str, ...]


def _rename_reserved(rows: Rows) -> Rows:
    """Columns of the user's whose names tilth needs get an underscore."""
    renamed = {name: f"{name}_" for name in rows.table.column_names if name in SYSTEM_COLUMNS}
    if not renamed:
        return rows
    names = [renamed.get(name, name) for name in rows.table.column_names]
    note = "; ".join(f"column {old!r} is called {new!r} here" for old, new in renamed.items())

    def moved(mapping: Any) -> dict[str, Any]:
        return {renamed.get(key, key): value for key, value in mapping.items()}

    return replace(
        rows,
        table=rows.table.rename_columns(names),
        media=moved(rows.media),
        roles=moved(rows.roles),
        hashes=moved(rows.hashes),
        notes=(*rows.notes, note),
    )


#: Words that often stand for a missing label.
_NO_LABEL = {"nan", "none", "null", "na", "n/a", "<na>"}


def _class_names(column: pa.ChunkedArray) -> pa.Array:
    """A label column as class names: integers and whole floats by their digits, gaps as null."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
    kind = array.type
    if pa.types.is_dictionary(kind):
        array = array.cast(kind.value_type)
    if pa.types.is_floating(array.type):
        whole = pc.if_else(pc.is_nan(array), None, array)
        array = whole.cast(pa.int64()) if _fits_int64(whole) else pa.array(map(_digits, whole.to_pylist()), pa.string())
    text = array.cast(pa.string())
    stripped = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(stripped, ""), None, stripped)


def _fits_int64(array: pa.Array) -> bool:
    return bool(pc.all(pc.less(pc.abs(array), 2.0**63), min_count=0).as_py())


def _digits(value: float | None) -> str | None:
    return None if value is None else str(int(value))


def _refuse_infinite(name: str, column: pa.ChunkedArray) -> None:
    """Raise `SchemaError` where a column of labels or targets holds an infinite number."""
    if not pa.types.is_floating(column.type):
        return
    bad = pc.fill_null(pc.is_inf(column), False)
    if pc.any(bad, min_count=0).as_py():
        row = pc.index(bad, True).as_py()
        raise SchemaError(
            "a label is infinite",
            where=f"row {row}, column {name!r}",
            found=str(column[row].as_py()),
            fix="replace it by a class or a number, or leave it empty for an unlabelled row",
        )


def _numbers(column: pa.ChunkedArray) -> pa.Array:
    array = column.cast(pa.float64()).combine_chunks()
    return pc.if_else(pc.is_nan(array), None, array)


def _check_classes(name: str, labels: pa.Array) -> tuple[str, ...]:
    valid = labels.drop_null()
    counts = Counter(valid.to_pylist())
    if len(valid) >= 10 and 2 * len(counts) > len(valid):
        examples = ", ".join(repr(value) for value in list(counts)[:3])
        raise SchemaError(
            "this column has more classes than half the labelled rows: it looks like an id or free text, not a label",
            where=f"column {name!r}",
            found=f"{len(counts)} different values in {len(valid)} labelled rows, such as {examples}",
            fix="name the label column with --label COLUMN, or --label none",
        )
    return sort_class_names(counts)


def _item_hashes(rows: Rows, columns: tuple[Column, ...]) -> list[str]:
    inputs = [column for column in columns if column.role == "input"]
    if not inputs:
        return hash_item_rows([list(range(len(rows.table)))])
    cells = [rows.hashes[c.name] if c.name in rows.hashes else rows.table.column(c.name) for c in inputs]
    if len(inputs) == 1 and inputs[0].name in rows.hashes:
        return list(cells[0])
    return hash_item_rows(cells)


def _row_ids(rows: Rows, columns: tuple[Column, ...], items: list[str]) -> list[str | None]:
    """The id column's values; else the media path; else the content hash, numbered where it recurs."""
    ids = [column.name for column in columns if column.role == "id"]
    if ids:
        return [None if value is None else str(value) for value in rows.table.column(ids[0]).to_pylist()]
    paths = [column.name for column in columns if column.role == "input" and column.name in rows.hashes]
    if len(paths) == 1:
        values = rows.table.column(paths[0]).to_pylist()
        if len(set(values)) == len(values) and None not in values:
            return list(values)
    seen: Counter[str] = Counter()
    made: list[str | None] = []
    for item in items:
        short = item[:12]
        seen[short] += 1
        made.append(short if seen[short] == 1 else f"{short}-{seen[short]}")
    return made


def snapshot_of(
    rows: Rows, overrides: RoleOverrides | None = None, *, numbered: bool = False
) -> tuple[Snapshot, tuple[str, ...]]:
    """The snapshot of some rows, with what the user should know about it.

    Parameters
    ----------
    rows : Rows
    overrides : RoleOverrides, optional
    numbered : bool
        Row ids are row numbers, for arrays whose rows have no other name.

    Returns
    -------
    snapshot : Snapshot
    notes : tuple of str

    Raises
    ------
    SchemaError
        Ambiguous roles, duplicate or missing ids, or an id column taken for the label.
    """
    if rows.table.num_rows == 0:
        raise SourceError("there are no rows", where=rows.uri, fix="check that the file holds more than its header")
    rows = _rename_reserved(rows)
    columns, notes = guess_schema(rows, overrides)
    items = _item_hashes(rows, columns)
    data: dict[str, Any] = {
        "row_id": pa.array(
            [str(i) for i in range(len(items))] if numbered else _row_ids(rows, columns, items), pa.string()
        ),
        "item": pa.array(items, pa.string()),
        "position": pa.array(range(len(items)), pa.int64()),
    }
    classes: tuple[str, ...] = ()
    for column in columns:
        values = rows.table.column(column.name)
        if column.role == "label":
            _refuse_infinite(column.name, values)
        if column.role == "label" and column.media == "category":
            values = _class_names(values)
            classes = _check_classes(column.name, values)
        elif column.role == "label":
            values = _numbers(values)
        data[column.name] = values
    schema = Schema(columns, classes)
    if odd := [name for name in classes if name.lower() in _NO_LABEL]:
        listed = " and ".join(map(repr, odd))
        notes = (*notes, f"{listed} is taken as a class: leave the cell empty where it means that there is no label")
    if not schema.label:
        notes = (*notes, "no label column: checks that need labels do not apply (name one with --label)")
    elif schema.column(schema.label).media == "number":
        notes = (*notes, f"column {schema.label!r} holds fractional numbers: a numeric target, not classes")
    recipe = {"verb": "ingest", "source": Path(rows.uri).name if rows.uri else "memory"}
    return Snapshot(pa.table(data), schema, root=rows.root, recipe=recipe), (*rows.notes, *notes)


def _remembered(dataset: Dataset) -> tuple[RoleOverrides | None, str]:
    """What the user said about this dataset's columns and encoding the last time."""
    if not (dataset.workspace / "format").exists():
        return None, ""  # nothing here yet, or an empty folder that the user made for it
    with opened(dataset) as store:
        source = store.source_of(dataset.name)
    if source is None:
        return None, ""
    return RoleOverrides.from_dict(source.overrides) if source.overrides else None, source.encoding


def _without_row(standing: Sequence[Decision], rows: set[str]) -> int:
    """How many decisions about rows name none that is there."""
    about = [d for d in standing if d.action in ("relabel", "drop", "keep", "merge")]
    made = {row for d in standing if d.action == "add" for row in d.rows}
    return sum(not (set(d.rows) & (rows | made)) for d in about)


def ingest(
    target: Any,
    *,
    overrides: RoleOverrides | None = None,
    workspace: str | Path | None = None,
    name: str = "",
    encoding: str = "",
    options: RunOptions | None = None,
) -> Ingested:
    """Read rows and keep them as a snapshot.

    Parameters
    ----------
    target : str, Path or object
        A CSV, TSV, Parquet or JSONL file, an image or audio folder, a Lance dataset, an in-memory
        table (pandas, polars, pyarrow, Hugging Face datasets, anything that speaks Arrow), or a
        pair of arrays ``(X, y)``.
    overrides : RoleOverrides, optional
        Which column is what, where the guess would be wrong. Remembered: what is left out holds as it was said the
        last time.
    workspace : str or Path, optional
        See `locate`.
    name : str, optional
        Name of the dataset, for data in memory.
    encoding : str
        Encoding of text files. Remembered too; utf-8 where nothing was ever said.
    options : RunOptions, optional

    Returns
    -------
    Ingested

    Raises
    ------
    SourceError, SchemaError
        The rows cannot be read or their roles are ambiguous; nothing is stored.
    """
    options = options or RunOptions()
    dataset = locate(target, workspace=workspace, name=name)
    said = _remembered(dataset)
    if overrides is not None and said[0] is not None:
        overrides = overrides.over(said[0])
    overrides = overrides if overrides is not None else said[0]
    encoding = encoding or said[1]
    source = choose_source(target, encoding=encoding or "utf-8")
    run = options.run(f"ingest/{source.name}", None)
    rows = source.read(target, run)
    snapshot, notes = snapshot_of(rows, overrides)
    with opened(dataset, create=True) as store, store.write_lock():
        old = store.base(dataset.name)
        store.save_snapshot(dataset.name, snapshot)
        store.remember_source(dataset.name, rows.uri, rows.root, asdict(overrides) if overrides else {}, encoding)
        if old != snapshot.id:
            store.set_base(dataset.name, snapshot.id)
        head = advance_head(store, dataset)
        lost = _without_row(effective(store.decisions(dataset.name)), set(snapshot.row_ids))
    if old is not None and old != snapshot.id:
        notes = (*notes, f"the data, or what was said of their columns, have changed (snapshot {old} before)")
    if lost:
        notes = (*notes, f"{lost} decisions that stand name rows that are no longer there, so they change nothing")
    return Ingested(dataset, head, snapshot, notes)


def dataset_of(target: Any, **reading: Any) -> tuple[Dataset, tuple[str, ...]]:
    """The dataset that a verb is about, read first where it is none yet, and the notes of that reading.

    `reading` goes to `ingest`.
    """
    if isinstance(target, Dataset):
        return target, ()
    made = ingest(target, **reading)
    return made.dataset, made.notes

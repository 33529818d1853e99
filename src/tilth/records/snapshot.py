"""Snapshot: an immutable version of a dataset."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tilth.errors import AlignmentError, SchemaError
from tilth.records.hashing import column_digest, digest
from tilth.records.schema import Schema

__all__ = ["FAMILIES", "ROOTS", "SYSTEM_COLUMNS", "Snapshot", "sort_class_names"]

#: In `Snapshot.recipe`, the (first) row that each generated row was made from: they must stay in one fold.
FAMILIES = "families"
#: What stands between several folders in `Snapshot.root`.
ROOTS = "\n"
#: Columns that every snapshot has beside the user's own.
SYSTEM_COLUMNS = ("row_id", "item", "position")

_INTEGER = re.compile(r"^[+-]?\d+$")


def sort_class_names(names: Iterable[str]) -> tuple[str, ...]:
    """Class names in their canonical order: by value where all are integers, else by text.

    Examples
    --------
    >>> sort_class_names(["10", "9", "1"]), sort_class_names(["b", "a"])
    (('1', '9', '10'), ('a', 'b'))
    """
    unique = set(names)
    if unique and all(_INTEGER.match(name) for name in unique):
        return tuple(sorted(unique, key=lambda name: (int(name), name)))
    return tuple(sorted(unique))


@dataclass(frozen=True)
class Snapshot:
    """An immutable version of a dataset: rows with stable ids, content hashes and roles.

    Parameters
    ----------
    table : pyarrow.Table, n rows
        `SYSTEM_COLUMNS` (``row_id`` string, ``item`` string: content hash of the inputs,
        ``position`` int64) followed by the columns of `schema`. A class label is a string
        column, null where a row is unlabelled.
    schema : Schema
    root : str
        Folder that media paths are relative to; where rows were added with files of their own, their folders follow,
        each on a line. Not part of the identity.
    parents : tuple of str
        Ids of the snapshots this one was made from.
    recipe : dict
        How it was made. Lineage, not identity.

    Raises
    ------
    SchemaError
        Duplicate row ids, a missing column, or a label outside the declared classes.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from tilth.records import Column, Schema, Snapshot
    >>> table = pa.table({"row_id": ["a", "b"], "item": ["h1", "h2"], "position": [0, 1],
    ...                   "text": ["good", "bad"], "y": ["pos", None]})
    >>> schema = Schema((Column("text", "input", "text"), Column("y", "label", "category")), ("neg", "pos"))
    >>> snapshot = Snapshot(table, schema)
    >>> snapshot.labels
    array([ 1, -1])
    """

    table: pa.Table
    schema: Schema
    root: str = ""
    parents: tuple[str, ...] = ()
    recipe: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        expected = [*SYSTEM_COLUMNS, *(column.name for column in self.schema.columns)]
        if self.table.column_names != expected:
            missing = [name for name in expected if name not in self.table.column_names]
            raise SchemaError(
                "the table's columns do not match the schema",
                found=", ".join(self.table.column_names),
                fix=f"missing: {', '.join(missing)}" if missing else f"expected the order {', '.join(expected)}",
            )
        self._check_ids()
        self._check_labels()

    def _check_ids(self) -> None:
        ids = self.table.column("row_id")
        if ids.null_count:
            row = int(np.flatnonzero(ids.is_null().to_numpy())[0])
            raise SchemaError("a row has no id", where=f"row {row}", fix="fill the id column, or leave out --id")
        if pc.count_distinct(ids).as_py() != len(ids):
            first: dict[str, int] = {}
            for row, value in enumerate(ids.to_pylist()):
                if value in first:
                    raise SchemaError(
                        "two rows have the same id",
                        where=f"rows {first[value]} and {row}",
                        found=repr(value),
                        fix="make the ids unique, choose another column with --id, or leave --id out",
                    )
                first[value] = row

    def _check_labels(self) -> None:
        name = self.schema.label
        if not name or self.schema.column(name).media != "category":
            return
        column = self.table.column(name)
        known = pc.is_in(column, value_set=pa.array(self.schema.classes, pa.string()))
        bad = pc.and_(pc.invert(known), column.is_valid())
        if pc.any(bad).as_py():
            row = int(np.flatnonzero(bad.to_numpy())[0])
            raise SchemaError(
                "a label is outside the declared classes",
                where=f"row {self.row_ids[row]!r}, column {name!r}",
                found=repr(column[row].as_py()),
                fix=f"the classes are {', '.join(self.schema.classes[:20])}",
            )

    @cached_property
    def id(self) -> str:
        """Identity: 16 hexadecimal digits over rows and schema, never over paths or times."""
        hidden = {c.name for c in self.schema.columns if c.media in ("image", "audio")} | {"position"}
        ordered = self.table.take(pc.sort_indices(self.table, [("position", "ascending")]))
        parts = [
            [name, column_digest(ordered.column(name)).hex()] for name in ordered.column_names if name not in hidden
        ]
        return digest({"schema": self.schema.to_dict(), "columns": parts})[:16]

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @cached_property
    def row_ids(self) -> npt.NDArray[np.object_]:
        """Row ids, shape (n,), as strings."""
        return np.asarray(self.table.column("row_id").to_pylist(), dtype=object)

    @cached_property
    def items(self) -> npt.NDArray[np.object_]:
        """Content hash of each row's inputs, shape (n,)."""
        return np.asarray(self.table.column("item").to_pylist(), dtype=object)

    @property
    def classes(self) -> tuple[str, ...]:
        """Declared class names; column j of any probability matrix is class j."""
        return self.schema.classes

    @cached_property
    def labels(self) -> npt.NDArray[np.int64]:
        """Class index of each row, shape (n,), -1 where unlabelled or where there is no class label."""
        name = self.schema.label
        if not name or self.schema.column(name).media != "category":
            return np.full(len(self), -1, dtype=np.int64)
        index = pc.index_in(self.table.column(name), value_set=pa.array(self.classes, pa.string()))
        return np.asarray(pc.fill_null(index, -1).to_numpy(), dtype=np.int64)

    def values(self, role: str) -> list[Any] | None:
        """The cells of the only column of a role, or None where no column has it."""
        name = self.schema.one(role)
        return self.table.column(name).to_pylist() if name else None

    def positions(self, row_ids: Sequence[str]) -> npt.NDArray[np.int64]:
        """Position of each id, shape (len(row_ids),); raises `AlignmentError` on an unknown one."""
        index = self._index
        try:
            return np.asarray([index[row_id] for row_id in row_ids], dtype=np.int64)
        except KeyError as error:
            raise AlignmentError(
                "no such row in this snapshot",
                where=f"snapshot {self.id}",
                found=repr(error.args[0]),
                fix="check the id, or run the verb again on the newest snapshot",
            ) from None

    @cached_property
    def _index(self) -> dict[str, int]:
        return {row_id: row for row, row_id in enumerate(self.row_ids)}

    def take(self, rows: npt.NDArray[np.int64] | Sequence[int]) -> Snapshot:
        """The snapshot of some rows only, in the order given."""
        return replace(self, table=self.table.take(pa.array(np.asarray(rows, dtype=np.int64))), parents=(self.id,))

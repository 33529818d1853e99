"""Columns as the user has them, and as Lance stores them: every Arrow type comes back exactly.

Lance keeps plain and list types as they are. A column of nulls is not stored at all, a dictionary is
stored as its values, and anything else (structs, maps, views, extensions) cell by cell as Arrow bytes.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

import pyarrow as pa

__all__ = ["Layout", "read_schema", "schema_text"]

_SAFE = re.compile(r"^[A-Za-z][A-Za-z0-9_]*$")
_SYSTEM = ("row_id", "item", "position")
_PRIMARY_KEY = {"lance-schema:unenforced-primary-key": "true"}


def schema_text(schema: pa.Schema) -> str:
    """An Arrow schema as text."""
    return base64.b64encode(schema.serialize().to_pybytes()).decode("ascii")


def read_schema(text: str) -> pa.Schema:
    """Inverse of `schema_text`."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text)))


def _plain(kind: pa.DataType) -> bool:
    test = pa.types
    checks = (test.is_boolean, test.is_integer, test.is_floating, test.is_string, test.is_large_string)
    more = (test.is_binary, test.is_large_binary, test.is_fixed_size_binary, test.is_timestamp, test.is_date)
    times = (test.is_time, test.is_duration)
    return any(check(kind) for check in (*checks, *more, *times))


def _native(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _plain(kind.value_type)
    return _plain(kind)


def _joined(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.array([], column.type)])


def _pack(column: pa.ChunkedArray, field: pa.Field) -> pa.Array:
    schema = pa.schema([pa.field("cell", field.type)])
    array = _joined(column)
    cells = [
        pa.RecordBatch.from_arrays([array.slice(row, 1)], schema=schema).serialize().to_pybytes()
        for row in range(len(array))
    ]
    return pa.array(cells, pa.large_binary())


def _unpack(column: pa.ChunkedArray, field: pa.Field) -> pa.Array:
    schema = pa.schema([pa.field("cell", field.type)])
    cells = [
        pa.ipc.read_record_batch(pa.py_buffer(cell), schema).column(0)
        for chunk in column.chunks
        for cell in chunk.to_pylist()
    ]
    return pa.concat_arrays(cells) if cells else pa.array([], field.type)


def _dictionary(column: pa.ChunkedArray, kind: pa.DictionaryType) -> pa.Array:
    encoded = _joined(column).dictionary_encode()
    indices = encoded.indices.cast(kind.index_type)
    return pa.DictionaryArray.from_arrays(indices, encoded.dictionary.cast(kind.value_type), ordered=kind.ordered)


@dataclass(frozen=True)
class _Column:
    field: pa.Field
    name: str
    form: str  # native, values, packed or none

    @property
    def stored(self) -> pa.Field:
        if self.form == "packed":
            return pa.field(self.name, pa.large_binary())
        kind = self.field.type.value_type if self.form == "values" else self.field.type
        if self.name == "row_id":
            return pa.field(self.name, kind, nullable=False, metadata=_PRIMARY_KEY)
        return pa.field(self.name, kind)


class Layout:
    """How the columns of one Arrow schema are stored. A pure function of that schema.

    Parameters
    ----------
    schema : pyarrow.Schema
        Of a snapshot's table.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema
        self.columns: list[_Column] = []
        lowered = [name.lower() for name in schema.names]
        for place, field in enumerate(schema):
            safe = field.name in _SYSTEM or (
                _SAFE.match(field.name) and lowered.count(field.name.lower()) == 1 and field.name.lower() not in _SYSTEM
            )
            name = field.name if safe and not re.match(r"^column\d+$", field.name) else f"column{place}"
            self.columns.append(_Column(field, name, self._form(field.type)))

    @staticmethod
    def _form(kind: pa.DataType) -> str:
        if pa.types.is_null(kind):
            return "none"
        if pa.types.is_dictionary(kind) and _plain(kind.value_type):
            return "values"
        return "native" if _native(kind) else "packed"

    def encode(self, table: pa.Table) -> pa.Table:
        """The stored form of a table."""
        arrays: list[pa.ChunkedArray | pa.Array] = []
        fields = []
        for place, column in enumerate(self.columns):
            if column.form == "none":
                continue
            cells = table.column(place)
            if column.form == "values":
                cells = cells.cast(column.stored.type)
            arrays.append(_pack(cells, column.field) if column.form == "packed" else cells)
            fields.append(column.stored)
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))

    def decode(self, stored: pa.Table) -> pa.Table:
        """The user's table of a stored one: same columns, types, order and metadata as it came."""
        arrays: list[pa.ChunkedArray | pa.Array] = []
        for column in self.columns:
            kind = column.field.type
            if column.form == "none":
                arrays.append(pa.nulls(stored.num_rows, kind))
                continue
            cells = stored.column(column.name)
            if column.form == "packed":
                arrays.append(_unpack(cells, column.field))
            elif column.form == "values":
                arrays.append(_dictionary(cells, kind))
            else:
                arrays.append(cells if cells.type == kind else cells.cast(kind))
        return pa.Table.from_arrays(arrays, schema=self.schema)

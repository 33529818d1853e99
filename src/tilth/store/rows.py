"""Snapshots in Lance: one dataset per named dataset, one version per snapshot, small changes written small."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tilth.records import Snapshot
from tilth.store import lance_io
from tilth.store.cells import Layout
from tilth.store.depot import Depot

__all__ = ["Placement", "read_table", "write_snapshot"]

#: Above this share of changed rows a whole new write is cheaper to read back than a patched one.
_REWRITE_SHARE = 0.5


@dataclass(frozen=True)
class Placement:
    """Where the rows of a snapshot lie: a Lance dataset below the depot, and its version."""

    folder: str
    version: int


@dataclass(frozen=True)
class _Delta:
    changed: pa.Array
    columns: list[str]
    removed: pa.Table
    added: pa.Table


def read_table(depot: Depot, placement: Placement, schema: pa.Schema) -> pa.Table:
    """The table of a stored snapshot, sorted by position."""
    layout = Layout(schema)
    stored = lance_io.read(depot.uri("rows", placement.folder), placement.version)
    return layout.decode(_sorted(stored))


def write_snapshot(
    depot: Depot, folder: str, snapshot: Snapshot, parent: tuple[Placement, pa.Table] | None = None
) -> Placement:
    """Write rows as a new version; against a parent of equal columns only what differs.

    Parameters
    ----------
    depot : Depot
    folder : str
        Name of the Lance dataset.
    snapshot : Snapshot
    parent : (Placement, pyarrow.Table), optional
        Where a stored snapshot lies in the same dataset, and its table, sorted by position.
    """
    uri = depot.uri("rows", folder)
    layout = Layout(snapshot.table.schema)
    wanted = layout.encode(snapshot.table)
    depot.make("rows")
    since = time.time() - 2.0
    delta = None
    if parent is not None and parent[0].folder == folder and parent[1].schema.equals(snapshot.table.schema):
        delta = _delta(layout.encode(parent[1]), wanted)
    if delta is None or parent is None:
        version = lance_io.write(uri, _sorted(wanted))
    else:
        version = _patch(uri, parent[0].version, wanted, delta)
    depot.sync("rows", folder, since=since)
    return Placement(folder, version)


def _sorted(table: pa.Table) -> pa.Table:
    positions = table.column("position").combine_chunks()
    if len(table) > 1 and not positions.null_count:
        rising = pc.less_equal(positions.slice(0, len(positions) - 1), positions.slice(1))
        if pc.all(rising).as_py():
            return table
    return table.take(pc.sort_indices(table, [("position", "ascending")]))


def _patch(uri: str, version: int, wanted: pa.Table, delta: _Delta) -> int:
    version = lance_io.restore(uri, version)
    if len(delta.changed):
        version = lance_io.update(uri, _changes(wanted, delta), "row_id")
    if len(delta.removed):
        version = lance_io.delete_ids(uri, delta.removed, "row_id")
    if len(delta.added):
        version = lance_io.append(uri, delta.added)
    return version


def _changes(wanted: pa.Table, delta: _Delta) -> pa.Table:
    """The cells to send: whole changed rows, or only the changed columns where that writes less.

    Lance rewrites a changed column for every row of a file that holds a changed row, or moves whole rows.
    """
    columns = ["row_id", *delta.columns]
    column_bytes = wanted.select(delta.columns).nbytes
    row_bytes = wanted.nbytes / max(len(wanted), 1) * len(delta.changed)
    table = wanted if row_bytes <= column_bytes else wanted.select(columns)
    return table.take(delta.changed)


def _delta(old: pa.Table, new: pa.Table) -> _Delta | None:
    """What leads from one stored table to another; None where a whole write is called for."""
    if not len(old) or not len(new) or not _ordered_by_position(new):
        return None
    old_ids, new_ids = old.column("row_id"), new.column("row_id")
    places = pc.index_in(new_ids, value_set=old_ids.combine_chunks())
    places = places.combine_chunks() if isinstance(places, pa.ChunkedArray) else places
    shared = new.filter(places.is_valid())
    if len(shared) < _REWRITE_SHARE * max(len(old), len(new)):
        return None
    same_rows = len(shared) == len(old) == len(new) and old_ids.equals(new_ids)
    matched = None if same_rows else places.drop_null()
    changed_rows, columns = None, []
    for name in new.column_names:
        before = old.column(name) if matched is None else old.column(name).take(matched)
        differs = _differs(before, shared.column(name))
        if differs is None:
            continue
        columns.append(name)
        changed_rows = differs if changed_rows is None else pc.or_(changed_rows, differs)
    changed = pa.array([], pa.uint64())
    if changed_rows is not None:
        changed = pc.indices_nonzero(changed_rows)
        if len(changed) > _REWRITE_SHARE * len(new):
            return None
        changed = pc.indices_nonzero(places.is_valid()).take(changed)
    gone = pc.invert(pc.is_in(old_ids, value_set=new_ids.combine_chunks()))
    return _Delta(changed, columns, old.select(["row_id"]).filter(gone), new.filter(places.is_null()))


def _ordered_by_position(table: pa.Table) -> bool:
    """Whether positions alone settle the order of rows, so that patched rows may lie anywhere."""
    positions = table.column("position")
    return not positions.null_count and pc.count_distinct(positions).as_py() == len(positions)


def _differs(before: pa.ChunkedArray, after: pa.ChunkedArray) -> pa.Array | None:
    """Mask of the cells that differ, exactly (floats by their bits); None where none does."""
    kind = before.type
    before, after = before.combine_chunks(), after.combine_chunks()
    if isinstance(before, pa.ChunkedArray) or isinstance(after, pa.ChunkedArray):
        before, after = pa.chunked_array(before), pa.chunked_array(after)
    if pa.types.is_floating(kind):
        bits: Any = {16: pa.int16(), 32: pa.int32(), 64: pa.int64()}[kind.bit_width]
        before, after = before.view(bits), after.view(bits)
    elif pa.types.is_nested(kind):
        if before.equals(after) and not _holds_floats(kind):
            return None
        pairs = zip(before.to_pylist(), after.to_pylist(), strict=True)
        mask = pa.array([repr(a) != repr(b) for a, b in pairs], pa.bool_())
        return mask if pc.any(mask).as_py() else None
    unequal = pc.fill_null(pc.not_equal(before, after), False)
    mask = pc.or_(unequal, pc.xor(before.is_null(), after.is_null()))
    return mask if pc.any(mask).as_py() else None


def _holds_floats(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind.value_type))

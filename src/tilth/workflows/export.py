"""``export``: a snapshot back to the outside world.

The rows go to a CSV, TSV, Parquet, JSONL or Arrow file, or, for an image or audio dataset, to a folder with
one sub-folder a class. Paths in a table start from the table's own folder. Decisions go to a JSONL patch file
with stable row keys, which diffs in git and can be read back.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from tilth.records import SYSTEM_COLUMNS, Snapshot
from tilth.sources import resolve_inside, write_folder, write_rows
from tilth.store.patch import read_patch
from tilth.workflows.outputs import refuse_overwrite
from tilth.workflows.project import Dataset, head_snapshot, opened, record_decisions, require_head

__all__ = ["Exported", "export", "export_patch", "import_patch"]


@dataclass(frozen=True)
class Exported:
    """What was written where."""

    path: Path
    rows: int
    snapshot_id: str


def export(
    dataset: Dataset,
    path: str | Path,
    *,
    snapshot_id: str = "",
    ids: bool = False,
    copy_media: bool = False,
    force: bool = False,
) -> Exported:
    """Write a snapshot to a file or folder.

    Parameters
    ----------
    dataset : Dataset
    path : str or Path
        A file whose ending names the format, or a folder for an image or audio dataset.
    snapshot_id : str
        Default: the current snapshot.
    ids : bool
        Keep the column ``row_id``.
    copy_media : bool
        Copy images and sounds into a folder beside the table, ``STEM-COLUMN``. Otherwise the table names them where
        they are, by paths from its own folder.
    force : bool
        Overwrite what is there. A folder is replaced as a whole, and only where an export made it.

    Returns
    -------
    Exported

    Raises
    ------
    ParameterError
        Something is there already and `force` is not set, or the ending names no format.
    """
    path = Path(path)
    refuse_overwrite(path, force=force)
    with opened(dataset) as store:
        snapshot = store.load_snapshot(snapshot_id) if snapshot_id else head_snapshot(store, dataset)
    table = snapshot.table.sort_by("position")
    kept = [name for name in table.column_names if name not in SYSTEM_COLUMNS or (ids and name == "row_id")]
    table = table.select(kept)
    back = {f"{name}_": name for name in SYSTEM_COLUMNS}
    table = table.rename_columns(
        [back[n] if n in back and back[n] not in table.column_names else n for n in table.column_names]
    )
    media = [c.name for c in snapshot.schema.inputs if c.media in ("image", "audio")]
    masks = [c.name for c in snapshot.schema.columns if c.role == "meta" and c.media == "image"]
    if media and not path.suffix:
        write_folder(
            table,
            path,
            root=snapshot.root,
            media=media[0],
            label=snapshot.schema.label,
            split=snapshot.schema.one("split"),
            replace=force,
        )
    else:
        for name in (*media, *masks):
            table = _with_paths(table, name, snapshot, path, copy_media, force)
        write_rows(table, path)
    return Exported(path, len(snapshot), snapshot.id)


def _with_paths(table: pa.Table, name: str, snapshot: Snapshot, path: Path, copy: bool, force: bool) -> pa.Table:
    """The table with one column of paths that open from the folder of `path`; copied there where asked."""
    old = table.column(name).to_pylist()
    named = np.flatnonzero([bool(value) for value in old])
    if copy:
        folder = path.with_name(f"{path.stem}-{name}")
        label, split = snapshot.schema.label, snapshot.schema.one("split")
        some = table.take(named).select([name, *(column for column in (label, split) if column)])
        copied = write_folder(
            some, folder, root=snapshot.root, media=name, label=label or "", split=split or "", replace=force
        )
        new = [f"{folder.name}/{target}" for target in copied]
    else:
        here = os.path.realpath(path.parent)
        places = [resolve_inside(snapshot.root, old[row]) for row in named]
        new = [Path(os.path.relpath(place, here)).as_posix() for place in places]
    column = np.full(len(old), None, dtype=object)
    column[named] = new
    return table.set_column(table.column_names.index(name), name, pa.array(column.tolist(), pa.string()))


def export_patch(dataset: Dataset, path: str | Path, *, force: bool = False) -> int:
    """Write all decisions to a JSONL patch file; returns how many."""
    refuse_overwrite(Path(path), force=force)
    with opened(dataset) as store:
        return int(store.export_patch(dataset.name, Path(path)))


def import_patch(dataset: Dataset, path: str | Path) -> int:
    """Read decisions from a JSONL patch file and apply them, all or none; returns how many were new."""
    with opened(dataset) as store, store.write_lock():
        require_head(store, dataset)
        return record_decisions(store, dataset, read_patch(Path(path), dataset.name))[0]

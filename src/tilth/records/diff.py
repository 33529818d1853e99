"""What changed between two snapshots, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tilth.records.snapshot import Snapshot

__all__ = ["RowChange", "SnapshotDiff", "diff"]


@dataclass(frozen=True)
class RowChange:
    """One row that differs.

    Parameters
    ----------
    row_id : str
    change : {"added", "removed", "changed"}
    columns : dict of column name to (before, after)
        The cells that differ; empty for added and removed rows.
    """

    row_id: str
    change: str
    columns: dict[str, tuple[Any, Any]]


@dataclass(frozen=True)
class SnapshotDiff:
    """All rows that differ between two snapshots.

    Parameters
    ----------
    before, after : str
        Snapshot ids.
    rows : tuple of RowChange
        Removed and changed rows in the order of `before`, then added rows in the order of `after`.
    """

    before: str
    after: str
    rows: tuple[RowChange, ...]

    def count(self, change: str) -> int:
        """How many rows were "added", "removed" or "changed"."""
        return sum(row.change == change for row in self.rows)


def diff(before: Snapshot, after: Snapshot) -> SnapshotDiff:
    """Row-by-row difference, matched by row id.

    Parameters
    ----------
    before, after : Snapshot

    Returns
    -------
    SnapshotDiff
        Empty where both have the same id. A row whose content hash differs is "changed" even
        where the path of its media file stayed the same.
    """
    if before.id == after.id:
        return SnapshotDiff(before.id, after.id, ())
    new = {row["row_id"]: row for row in after.table.to_pylist()}
    rows: list[RowChange] = []
    old_ids: set[str] = set()
    for row in before.table.to_pylist():
        row_id = row["row_id"]
        old_ids.add(row_id)
        if row_id not in new:
            rows.append(RowChange(row_id, "removed", {}))
            continue
        other = new[row_id]
        cells = {
            name: (row.get(name), other.get(name))
            for name in {**row, **other}
            if name not in ("row_id", "position") and row.get(name) != other.get(name)
        }
        if cells:
            rows.append(RowChange(row_id, "changed", cells))
    rows += [RowChange(row_id, "added", {}) for row_id in new if row_id not in old_ids]
    return SnapshotDiff(before.id, after.id, tuple(rows))

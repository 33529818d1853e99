"""The quality score of a snapshot from its findings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow.compute as pc

from tilth.numerics.cross_fitting.folds import linked_groups
from tilth.numerics.statistics.quality import quality_score
from tilth.records import Findings, Snapshot, empty_cells

__all__ = ["measure_quality"]

FIGURES = ("completeness", "uniqueness", "balance", "label_health", "overall")


def missing_cells(
    snapshot: Snapshot, unreadable: Findings | None = None
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Which input and label cells are missing, shape (n, columns): null, NaN, an empty text, or an unreadable file."""
    broken = np.zeros(len(snapshot), dtype=bool)
    if unreadable is not None:
        broken[snapshot.positions(unreadable.flagged().table.column("row_id").to_pylist())] = True
    media = {c.name for c in snapshot.schema.inputs if c.media in ("image", "audio")}
    names = [c.name for c in snapshot.schema.columns if c.role in ("input", "label")]
    masks = []
    for name in names:
        mask = empty_cells(snapshot.table.column(name))
        masks.append(mask | broken if name in media else mask)
    return np.column_stack(masks) if masks else np.zeros((len(snapshot), 0), dtype=bool)


def _copies(snapshot: Snapshot, found: Findings) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Group id of rows that repeat one another, shape (n,); -1 for rows that stand alone."""
    table = found.flagged().table
    related = table.column("related").combine_chunks()
    rows = snapshot.positions(table.column("row_id").to_pylist())
    lengths = np.asarray(pc.fill_null(pc.list_value_length(related), 0))
    return linked_groups(len(snapshot), np.repeat(rows, lengths), snapshot.positions(related.flatten().to_pylist()))


def measure_quality(snapshot: Snapshot, findings: Mapping[str, Findings], *, whole: bool = True) -> dict[str, float]:
    """Completeness, uniqueness, balance, label health and overall; see `tilth.quality_score`.

    Parameters
    ----------
    snapshot : Snapshot
    findings : mapping of part name to Findings
        ``near_duplicate`` gives the copies and ``label_error`` the wrong labels; a figure whose check
        did not run is absent. A row that ``unreadable`` flags lacks its input.
    whole : bool
        Whether every check came to an end; otherwise there is no overall figure.
    """
    copies = findings.get("near_duplicate")
    wrong = findings.get("label_error")
    issues = None
    if wrong is not None:
        issues = np.isin(snapshot.row_ids, wrong.flagged().table.column("row_id").to_pylist())
    score = quality_score(
        labels=snapshot.labels if snapshot.classes else None,
        missing=missing_cells(snapshot, findings.get("unreadable")),
        duplicate_groups=_copies(snapshot, copies) if copies is not None else None,
        label_issues=issues,
        n_classes=len(snapshot.classes) or None,
    )
    figures = {name: float(getattr(score, name)) for name in FIGURES if whole or name != "overall"}
    return {name: value for name, value in figures.items() if not np.isnan(value)}

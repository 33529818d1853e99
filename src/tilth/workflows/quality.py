"""The quality score of a snapshot from its findings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tilth.numerics.quality import quality_score
from tilth.records import Findings, Snapshot

__all__ = ["measure_quality"]


def missing_cells(snapshot: Snapshot) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Which input and label cells are missing, shape (n, columns): null, NaN, or an empty text."""
    names = [c.name for c in snapshot.schema.columns if c.role in ("input", "label")]
    masks = []
    for name in names:
        column = snapshot.table.column(name)
        mask = pc.is_null(column, nan_is_null=pa.types.is_floating(column.type))
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            mask = pc.or_kleene(mask, pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), ""), True))
        masks.append(mask.to_numpy())
    return np.column_stack(masks) if masks else np.zeros((len(snapshot), 0), dtype=bool)


def measure_quality(snapshot: Snapshot, findings: Mapping[str, Findings]) -> dict[str, float]:
    """Completeness, uniqueness, balance, label health and overall; see `tilth.quality_score`.

    Parameters
    ----------
    snapshot : Snapshot
    findings : mapping of part name to Findings
        ``near_duplicate`` gives the surplus copies, ``label_error`` the estimated number of errors;
        a figure whose check did not run is absent.
    """
    labels = snapshot.labels
    surplus = findings["near_duplicate"].summary.get("surplus_rows") if "near_duplicate" in findings else None
    errors = findings["label_error"].summary.get("estimated_errors") if "label_error" in findings else None
    score = quality_score(
        labels=labels if snapshot.classes else None,
        missing=missing_cells(snapshot),
        n_surplus=surplus,
        n_label_errors=errors,
        n_classes=len(snapshot.classes) or None,
    )
    return {name: value for name, value in score.to_dict().items() if value is not None}

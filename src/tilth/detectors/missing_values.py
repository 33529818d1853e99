"""Cells that are empty where they should not be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tilth.errors import NotApplicable, ParameterError
from tilth.plugin import Detector, Example, Run, View
from tilth.records import Column, Findings, Schema, empty_cells

__all__ = ["MissingValues"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class MissingValues(Detector):
    """Find rows with missing inputs: null, NaN, infinite, or text that is empty or blank.

    A row is flagged where more than half of its inputs are missing, or where it lacks one that nearly every other
    row has (a share above `expected`). A column that is usually empty so flags nobody. An infinite number is no
    value a model can use: its row is always flagged, with score 1. The score is the
    larger of the share of missing inputs and ``c ** p``, where c is the share of rows that have what this row
    lacks and p is such that `expected` gives 0.5. Missing labels are counted in the summary, not flagged: an
    unlabelled row is allowed. A row without any input is suggested to be dropped.

    Parameters
    ----------
    expected : float
        In (0.5, 1): above this share of filled cells, a gap in a column is flagged.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> found = MissingValues().detect(MissingValues.example().given, Run()).flagged().to_dicts()
    >>> [(row["row_id"], row["why"]) for row in found]
    [('r49', "2 of 2 inputs are missing: 'size', 'note'"), ('r7', "'size' is missing, which 96% of the rows have")]
    """

    expected: float = 0.95

    needs: ClassVar[tuple[str, ...]] = ("rows",)
    cost: ClassVar[str] = "instant"

    def __post_init__(self) -> None:
        if not 0.5 < self.expected < 1:
            raise ParameterError("must lie in (0.5, 1)", where="expected", found=repr(self.expected))

    def detect(self, view: View, run: Run) -> Findings:
        """Findings about the rows that lack an input."""
        del run
        names = [column.name for column in view.schema.inputs]
        if view.table is None or not len(view) or not names:
            raise NotApplicable("there are no input cells to look at", found=f"{len(view)} rows, {len(names)} inputs")
        infinite = np.column_stack([_infinite(view.table.column(name)) for name in names])
        missing = np.column_stack([empty_cells(view.table.column(name)) for name in names]) | infinite
        filled = 1 - missing.mean(axis=0)
        share = missing.mean(axis=1)
        power = float(np.log(0.5) / np.log(self.expected))
        surprise = np.where(missing, filled, 0.0).max(axis=1)
        scores = np.maximum(share, np.where(surprise > 0, surprise**power, 0.0))
        endless = np.asarray(infinite.any(axis=1))
        scores[endless] = 1.0
        rows = np.flatnonzero(share > 0)
        flagged = (share[rows] > 0.5) | (surprise[rows] > self.expected) | endless[rows]
        why = [self._why(names, missing[row], filled) if flag else "" for row, flag in zip(rows, flagged, strict=True)]
        for at, row in enumerate(rows):
            if endless[row]:
                name = names[int(np.argmax(infinite[row]))]
                why[at] = f"{name!r} is {view.table.column(name)[int(row)].as_py()}, which no model can use"
        label = view.schema.label
        summary = {
            "rows": len(view),
            "flagged": int(flagged.sum()),
            "rows_with_gaps": len(rows),
            "missing_cells": int(missing.sum()),
            "infinite_cells": int(infinite.sum()),
            "missing_labels": int(empty_cells(view.table.column(label)).sum()) if label else 0,
            "by_column": {name: int(count) for name, count in zip(names, missing.sum(axis=0), strict=True) if count},
        }
        return Findings.build(
            self.name or "missing_values",
            view.row_ids[rows],
            np.clip(scores[rows], 0, 1),
            flagged,
            why,
            suggestion=["drop" if share[row] == 1 else None for row in rows],
            threshold=0.5,
            summary=summary,
        )

    def _why(self, names: list[str], missing: Mask, filled: npt.NDArray[np.float64]) -> str:
        gaps = [names[column] for column in np.flatnonzero(missing)]
        if len(gaps) > 0.5 * len(names):
            listed = ", ".join(repr(name) for name in gaps[:5]) + (", ..." if len(gaps) > 5 else "")
            verb = "is" if len(names) == 1 else "are"
            return f"{len(gaps)} of {len(names)} input{'' if len(names) == 1 else 's'} {verb} missing: {listed}"
        worst = int(np.argmax(np.where(missing, filled, -1.0)))
        return f"{names[worst]!r} is missing, which {_percent(float(filled[worst]))} of the rows have"

    @classmethod
    def example(cls) -> Example:
        """Fifty rows: one lacks its size, one everything; half lack a note, as is usual."""
        sizes: list[float | None] = [float(i) for i in range(50)]
        notes = ["some words" if i % 2 == 0 else "" for i in range(50)]
        sizes[7] = sizes[49] = None
        notes[7] = "some words"
        ids = np.array([f"r{i}" for i in range(50)], dtype=object)
        schema = Schema((Column("size", "input", "number"), Column("note", "input", "text")))
        table = pa.table({"row_id": ids.tolist(), "size": sizes, "note": notes})
        view = View(ids, ids, np.full(50, -1), table=table, schema=schema)

        def check(found: Findings) -> str:
            flagged = found.flagged().table.column("row_id").to_pylist()
            return "" if flagged == ["r49", "r7"] else f"flagged {flagged}, expected ['r49', 'r7']"

        return Example(view, check, "A gap counts where nearly every other row has a value.")


def _infinite(column: pa.ChunkedArray) -> Mask:
    """Which cells of a column are infinite numbers."""
    if not pa.types.is_floating(column.type):
        return np.zeros(len(column), dtype=bool)
    mask: Mask = np.isinf(np.asarray(column.to_numpy(), dtype=np.float64))
    return mask


def _percent(share: float) -> str:
    """A share as a percentage, with as many digits as it takes not to say 100% of less than all."""
    return f"{share:.0%}" if share < 0.995 else f"{share:.2%}"

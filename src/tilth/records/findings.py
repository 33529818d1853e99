"""Findings: the one table for everything the machine says about rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tilth.errors import AlignmentError, DataError
from tilth.records.hashing import digest

__all__ = ["FINDINGS_SCHEMA", "Findings", "Outcome", "finding_id"]

FINDINGS_SCHEMA = pa.schema(
    [
        pa.field("row_id", pa.string(), nullable=False),
        pa.field("issue", pa.string(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("flagged", pa.bool_(), nullable=False),
        pa.field("suggestion", pa.string()),
        pa.field("why", pa.string(), nullable=False),
        pa.field("related", pa.list_(pa.string()), nullable=False),
    ]
)


@dataclass(frozen=True)
class Outcome:
    """How one requested part ended.

    Parameters
    ----------
    part : str
    outcome : {"ran", "not applicable", "skipped", "failed"}
    reason : str
        Empty where it ran; else one sentence, or the traceback of a failure.
    seconds : float
    """

    part: str
    outcome: str
    reason: str = ""
    seconds: float = 0.0


def finding_id(snapshot_id: str, issue: str, row_id: str) -> str:
    """Stable name of one finding, for a decision's ``because``."""
    return digest([snapshot_id, issue, row_id])[:16]


@dataclass(frozen=True)
class Findings:
    """What one detector or strategy says about rows.

    Parameters
    ----------
    table : pyarrow.Table with `FINDINGS_SCHEMA`
        ``score`` is in [0, 1] and high means "look here first", for every issue. ``why`` is one
        sentence with numbers in it. ``related`` names duplicates or neighbours. ``suggestion`` is
        a class name for a label, ``drop`` or ``merge`` for a row, or null.
    snapshot_id : str
    maker : dict
        Full spec of the part.
    threshold : float
        Score from which rows are flagged, where there is one; NaN otherwise.
    summary : dict
        Named numbers and short lists about the whole dataset, JSON-like.

    Examples
    --------
    >>> found = Findings.build("demo", ["a", "b"], [0.9, 0.1], [True, False], ["far away (3.0)", ""])
    >>> found.table.column("row_id").to_pylist(), found.n_flagged
    (['a', 'b'], 1)
    """

    table: pa.Table
    snapshot_id: str = ""
    maker: dict[str, Any] = field(default_factory=dict)
    threshold: float = float("nan")
    summary: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.table.schema.names != FINDINGS_SCHEMA.names:
            raise DataError(
                "a findings table has other columns than the contract",
                found=", ".join(self.table.schema.names),
                fix=f"use {', '.join(FINDINGS_SCHEMA.names)}",
            )
        scores = self.scores
        bad = np.flatnonzero(~((scores >= 0) & (scores <= 1)))
        if len(bad):
            raise DataError(
                "a finding's score is outside [0, 1]",
                where=f"row {self.table.column('row_id')[int(bad[0])].as_py()!r}",
                found=repr(float(scores[bad[0]])),
                fix="scale the detector's scores",
            )

    @classmethod
    def build(
        cls,
        issue: str | Sequence[str],
        row_ids: Sequence[str] | npt.NDArray[np.object_],
        scores: Sequence[float] | npt.NDArray[np.floating[Any]],
        flagged: Sequence[bool] | npt.NDArray[np.bool_],
        why: Sequence[str],
        *,
        suggestion: Sequence[str | None] | None = None,
        related: Sequence[Sequence[str]] | None = None,
        threshold: float = float("nan"),
        summary: dict[str, Any] | None = None,
    ) -> Findings:
        """Findings from parallel columns of equal length; `issue` may be one name for all rows."""
        n = len(row_ids)
        issues = [issue] * n if isinstance(issue, str) else list(issue)
        columns: dict[str, Any] = {
            "row_id": list(row_ids),
            "issue": issues,
            "score": np.asarray(scores, dtype=np.float64),
            "flagged": np.asarray(flagged, dtype=bool),
            "suggestion": [None] * n if suggestion is None else list(suggestion),
            "why": list(why),
            "related": [[] for _ in range(n)] if related is None else [list(r) for r in related],
        }
        lengths = {name: len(column) for name, column in columns.items()}
        if set(lengths.values()) - {n}:
            raise AlignmentError("the columns of a findings table have different lengths", found=str(lengths))
        table = pa.table(columns, schema=FINDINGS_SCHEMA)
        return cls(table, threshold=threshold, summary=summary or {})

    @classmethod
    def none(cls) -> Findings:
        """Findings that say nothing."""
        return cls(FINDINGS_SCHEMA.empty_table())

    @classmethod
    def concat(cls, many: Iterable[Findings]) -> Findings:
        """All rows of several findings in one table, worst first within each issue."""
        tables = [findings.table for findings in many]
        return cls(pa.concat_tables(tables) if tables else FINDINGS_SCHEMA.empty_table())

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def scores(self) -> npt.NDArray[np.float64]:
        """Scores, shape (n,), in [0, 1]; high means look here first."""
        return np.asarray(self.table.column("score").to_numpy(), dtype=np.float64)

    @property
    def n_flagged(self) -> int:
        """Number of flagged rows."""
        return int(pc.sum(self.table.column("flagged")).as_py() or 0)

    def flagged(self) -> Findings:
        """Only the flagged rows, worst first."""
        table = self.table.filter(self.table.column("flagged"))
        order = np.argsort(-table.column("score").to_numpy(), kind="stable")
        return Findings(table.take(pa.array(order)), self.snapshot_id, self.maker, self.threshold, self.summary)

    def of(self, issue: str) -> Findings:
        """Only the rows of one issue."""
        table = self.table.filter(pc.equal(self.table.column("issue"), issue))
        return Findings(table, self.snapshot_id, self.maker, self.threshold, self.summary)

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as plain dicts, the form of ``--json``."""
        rows: list[dict[str, Any]] = self.table.to_pylist()
        return rows

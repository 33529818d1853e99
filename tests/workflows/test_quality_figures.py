from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tilth.records import Column, Findings, Schema, Snapshot
from tilth.workflows.report.quality import measure_quality


def snapshot_of(n: int) -> Snapshot:
    ids = [f"r{i}" for i in range(n)]
    table = pa.table({"row_id": ids, "item": ids, "position": range(n), "x": np.arange(n, dtype=float)})
    return Snapshot(table, Schema((Column("x", "input", "number"),)))


def copies(snapshot: Snapshot, related: dict[int, list[int]]) -> Findings:
    n = len(snapshot)
    flagged = np.isin(np.arange(n), list(related))
    return Findings.build(
        "near_duplicate",
        snapshot.row_ids,
        flagged.astype(float),
        flagged,
        ["a copy" if flag else "" for flag in flagged],
        related=[[f"r{j}" for j in related.get(i, [])] for i in range(n)],
    )


def test_rows_linked_in_a_chain_are_one_set_of_copies() -> None:
    snapshot = snapshot_of(10)
    # 0-1, 2-3 and then 3-1 join; 7-8 stand apart: 3 + 1 surplus copies
    found = copies(snapshot, {0: [1], 1: [0], 2: [3], 3: [2, 1], 7: [8], 8: [7]})
    assert measure_quality(snapshot, {"near_duplicate": found})["uniqueness"] == pytest.approx(0.6)


def test_no_copies_is_unique() -> None:
    snapshot = snapshot_of(4)
    assert measure_quality(snapshot, {"near_duplicate": copies(snapshot, {})})["uniqueness"] == 1.0


def test_the_rows_of_all_copies_are_looked_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = snapshot_of(2000)
    found = copies(snapshot, {i: [i ^ 1] for i in range(2000)})
    own, calls = Snapshot.positions, []

    def counting(self: Snapshot, row_ids: Sequence[str]) -> Any:
        calls.append(len(row_ids))
        return own(self, row_ids)

    monkeypatch.setattr(Snapshot, "positions", counting)
    assert measure_quality(snapshot, {"near_duplicate": found})["uniqueness"] == 0.5
    assert len(calls) < 5, "one look-up a row, each followed by a pass over all rows, is quadratic"

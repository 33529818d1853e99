from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tilth.detectors.missing_values import MissingValues
from tilth.errors import NotApplicable, ParameterError
from tilth.plugin import Run, View
from tilth.records import Column, Schema


def make_view(columns: dict[str, Any], label: str = "") -> View:
    n = len(next(iter(columns.values())))
    ids = np.array([f"r{i}" for i in range(n)], dtype=object)
    table = pa.table({"row_id": ids.tolist(), **columns})
    media = {name: "text" if pa.types.is_string(table.column(name).type) else "number" for name in columns}
    schema = Schema(tuple(Column(name, "label" if name == label else "input", media[name]) for name in columns))
    return View(ids, ids, np.full(n, -1), table=table, schema=schema)


def test_rare_gaps_are_flagged_usual_ones_are_not() -> None:
    n = 100
    usual = [1.0 if i % 3 else None for i in range(n)]
    rare = [float(i) for i in range(n)]
    rare[5] = float("nan")
    found = MissingValues().detect(make_view({"a": rare, "b": usual, "c": list(range(n))}), Run())
    rows = found.flagged().to_dicts()
    assert [(row["row_id"], row["why"]) for row in rows] == [("r5", "'a' is missing, which 99% of the rows have")]
    assert found.summary["by_column"] == {"a": 1, "b": 34}
    assert found.summary["rows_with_gaps"] == 35


def test_blank_text_counts_and_an_empty_row_is_to_be_dropped() -> None:
    texts = [*(["words"] * 5), "", "  ", None]
    found = MissingValues().detect(make_view({"text": texts}), Run())
    assert [(row["row_id"], row["score"], row["suggestion"]) for row in found.to_dicts()] == [
        ("r5", 1.0, "drop"),
        ("r6", 1.0, "drop"),
        ("r7", 1.0, "drop"),
    ]
    assert found.to_dicts()[0]["why"] == "1 of 1 input is missing: 'text'"


def test_missing_labels_are_counted_not_flagged() -> None:
    found = MissingValues().detect(make_view({"x": [1, 2, 3], "y": ["a", None, ""]}, label="y"), Run())
    assert found.n_flagged == 0
    assert found.summary["missing_labels"] == 2


def test_half_a_row_is_not_yet_flagged_more_is() -> None:
    gaps = {name: [1.0] * 4 + [None] * 4 for name in "abc"}
    gaps["c"][4] = gaps["c"][5] = 1.0
    gaps["d"] = [1.0] * 8
    found = MissingValues().detect(make_view(gaps), Run())
    assert found.flagged().table.column("row_id").to_pylist() == ["r6", "r7"]
    assert ((found.scores >= 0.5) >= np.asarray(found.table.column("flagged"))).all()


def test_no_gap_says_so_in_the_summary() -> None:
    found = MissingValues().detect(make_view({"x": [1, 2]}), Run())
    assert len(found) == 0
    assert found.summary["missing_cells"] == 0


def test_nothing_to_look_at_is_not_applicable() -> None:
    with pytest.raises(NotApplicable, match="0 rows"):
        MissingValues().detect(make_view({"x": pa.array([], pa.float64())}), Run())
    with pytest.raises(NotApplicable, match="0 inputs"):
        MissingValues().detect(make_view({"y": ["a"]}, label="y"), Run())


def test_bad_parameter_is_refused() -> None:
    with pytest.raises(ParameterError, match="expected"):
        MissingValues(expected=0.5)

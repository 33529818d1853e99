from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tilth.detectors.near_duplicate import NearDuplicate
from tilth.errors import NotApplicable, ParameterError
from tilth.numerics.similarity.neighbors import nearest_neighbors
from tilth.plugin import Run, View
from tilth.records import Evidence, Findings


def make_view(points: np.ndarray, items: list[str] | None = None, perceptual: Any = None, **more: Any) -> View:
    n = len(points)
    ids = np.array([f"r{i}" for i in range(n)], dtype=object)
    graph = nearest_neighbors(points, min(10, max(n - 1, 1)))
    evidence = {
        "embeddings": Evidence("embeddings", "s", ids, points.astype(np.float32)),
        "neighbors": Evidence(
            "neighbors", "s", ids, graph.indices.astype(np.int64), extra={"distances": graph.distances}
        ),
    }
    if perceptual is not None:
        evidence["perceptual"] = Evidence("perceptual", "s", ids, np.asarray(perceptual, dtype=np.uint64))
    hashes = np.array(items or [f"h{i}" for i in range(n)], dtype=object)
    labels = more.pop("labels", np.zeros(n, dtype=np.int64))
    return View(ids, hashes, labels, ("cat", "dog"), evidence=evidence, **more)


def points(n: int = 60) -> np.ndarray:
    return np.random.default_rng(2).normal(size=(n, 8))


def flagged(found: Findings) -> dict[str, dict[str, Any]]:
    return {row["row_id"]: row for row in found.flagged().to_dicts()}


def test_exact_copies_score_one_and_the_first_stays() -> None:
    x = points()
    x[9] = x[20] = x[4]
    items = [f"h{i}" for i in range(60)]
    items[9] = items[20] = items[4]
    rows = flagged(NearDuplicate().detect(make_view(x, items), Run()))
    assert {name: row["suggestion"] for name, row in rows.items()} == {"r4": None, "r9": "drop", "r20": "drop"}
    assert {row["score"] for row in rows.values()} == {1.0}
    assert rows["r4"]["related"] == ["r9", "r20"]


def test_near_copies_are_to_be_merged_and_say_how_near() -> None:
    x = points()
    x[30] = x[4] + 1e-3
    rows = flagged(NearDuplicate().detect(make_view(x), Run()))
    assert {name: row["suggestion"] for name, row in rows.items()} == {"r4": None, "r30": "merge"}
    assert rows["r30"]["why"].startswith("nearly equal to row 'r4': distance 0.00283, where its other near rows")


def test_the_copy_in_test_stays_and_the_leak_is_named() -> None:
    x = points()
    x[30] = x[4]
    split = np.array(["train"] * 20 + ["val"] * 5 + ["test"] * 35, dtype=object)
    found = NearDuplicate().detect(make_view(x, split=split), Run())
    rows = flagged(found)
    assert rows["r4"]["suggestion"] == "merge"
    assert rows["r30"]["suggestion"] is None
    assert "its group of 2 stands in train (1) and test (1)" in rows["r4"]["why"]
    assert found.summary["straddling_splits"] == 1
    assert found.summary["conflicting_labels"] == 0


def test_contradicting_labels_are_named_and_nothing_is_suggested() -> None:
    x = points()
    x[30] = x[4]
    labels = np.zeros(60, dtype=np.int64)
    labels[30] = 1
    found = NearDuplicate().detect(make_view(x, labels=labels), Run())
    rows = flagged(found)
    assert {row["suggestion"] for row in rows.values()} == {None}
    assert "contradict each other: 'cat' (1), 'dog' (1)" in rows["r30"]["why"]
    assert found.summary["conflicting_labels"] == 1


def test_a_labelled_copy_stays_before_an_unlabelled_one() -> None:
    x = points()
    x[30] = x[4]
    labels = np.zeros(60, dtype=np.int64)
    labels[4] = -1
    rows = flagged(NearDuplicate().detect(make_view(x, labels=labels), Run()))
    assert (rows["r4"]["suggestion"], rows["r30"]["suggestion"]) == ("merge", None)


def test_perceptual_hashes_are_used_where_there_are_any() -> None:
    hashes = np.random.default_rng(3).integers(2**63, size=60, dtype=np.uint64)
    hashes[30] = hashes[4] ^ np.uint64(3)
    x = points()
    x[30] = x[4] + 0.25  # near enough to confirm the hashes, too far to count by itself
    assert NearDuplicate().detect(make_view(x), Run()).n_flagged == 0
    rows = flagged(NearDuplicate().detect(make_view(x, perceptual=hashes), Run()))
    assert sorted(rows) == ["r30", "r4"]
    assert rows["r30"]["why"] == "looks like row 'r4': 2 of 64 perceptual bits differ"


def test_related_rows_are_limited_and_different_rows_are_left_alone() -> None:
    x = points()
    x[:15] = x[0]
    rows = flagged(NearDuplicate().detect(make_view(x, ["same"] * 15 + [f"h{i}" for i in range(45)]), Run()))
    assert len(rows) == 15
    assert {len(row["related"]) for row in rows.values()} == {10}
    assert NearDuplicate().detect(make_view(points()), Run()).n_flagged == 0


def test_one_row_is_not_applicable_and_bad_parameters_are_refused() -> None:
    with pytest.raises(NotApplicable, match="at least 2"):
        NearDuplicate().detect(make_view(np.zeros((1, 2))), Run())
    with pytest.raises(ParameterError, match="threshold"):
        NearDuplicate(threshold=1.0)

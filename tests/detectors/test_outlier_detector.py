from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tilth
from made_data import images
from tilth.detectors.outlier import Outlier
from tilth.errors import NotApplicable, ParameterError
from tilth.numerics.similarity.neighbors import nearest_neighbors
from tilth.plugin import Run, View
from tilth.records import Evidence


def make_view(points: np.ndarray, k: int = 5) -> View:
    ids = np.array([f"r{i}" for i in range(len(points))], dtype=object)
    graph = nearest_neighbors(points, k)
    distances = {"distances": graph.distances}
    evidence = {
        "embeddings": Evidence("embeddings", "s", ids, points.astype(np.float32)),
        "neighbors": Evidence("neighbors", "s", ids, graph.indices.astype(np.int64), extra=distances),
    }
    return View(ids, ids, np.full(len(ids), -1), evidence=evidence)


def cloud(n: int = 150) -> np.ndarray:
    points = np.random.default_rng(1).normal(size=(n, 4))
    points[7] = 25
    return points


@pytest.mark.parametrize("method", ["knn", "lof", "isolation_forest"])
def test_every_method_names_the_far_row_first(method: str) -> None:
    found = Outlier(method=method).detect(make_view(cloud()), Run())  # type: ignore[arg-type]
    first = found.flagged().to_dicts()[0]
    assert first["row_id"] == "r7"
    assert any(digit in first["why"] for digit in "0123456789")
    assert len(first["related"]) == 3


def test_contamination_sets_the_number_of_flagged_rows() -> None:
    assert Outlier(contamination=0.1).detect(make_view(cloud()), Run()).n_flagged == 15


def test_neighbours_outside_the_view_make_the_graph_anew() -> None:
    view = make_view(cloud())
    view.evidence["neighbors"].values[3, 2] = -1
    found = Outlier().detect(view, Run())
    assert found.flagged().to_dicts()[0]["row_id"] == "r7"


def test_equal_rows_have_no_outlier() -> None:
    assert Outlier().detect(make_view(np.zeros((20, 2))), Run()).n_flagged == 0


def test_too_few_rows_are_not_applicable() -> None:
    with pytest.raises(NotApplicable, match="fewer than 10"):
        Outlier().detect(make_view(np.arange(9.0).reshape(9, 1), 2), Run())


def test_bad_parameters_are_refused() -> None:
    with pytest.raises(ParameterError, match="method"):
        Outlier(method="guess")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="contamination"):
        Outlier(contamination=0.6)


def test_an_image_of_another_size_is_flagged_with_its_size(tmp_path: Path) -> None:
    folder, _ = images(tmp_path / "pictures", 30)
    with Image.open(folder / "square" / "img000.png") as small:
        small.resize((480, 320)).save(folder / "square" / "img000.png")
    found = tilth.audit(folder, issues=["outlier"], options=tilth.RunOptions(jobs=1)).findings["outlier"]
    odd = {row["row_id"]: row for row in found.flagged().to_dicts()}["square/img000.png"]
    assert odd["why"].startswith("it is 480 x 320 pixels, 267 times the median area")
    assert found.threshold < odd["score"] <= 1
    assert found.summary["unusual_sizes"] == 1

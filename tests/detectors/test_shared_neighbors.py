from __future__ import annotations

import numpy as np

from tilth.detectors._graph import graph_of
from tilth.detectors.near_duplicate import NearDuplicate
from tilth.detectors.outlier import Outlier
from tilth.numerics.similarity.neighbors import nearest_neighbors
from tilth.plugin import Run, View
from tilth.records import Evidence


def test_the_measured_recall_of_an_approximate_graph_reaches_the_findings() -> None:
    points = np.random.default_rng(0).normal(size=(2000, 16)).astype(np.float32)
    graph = nearest_neighbors(points, 10, method="ivf", recall_target=0.8)
    assert graph.recall < 1.0
    ids = np.array([f"r{i}" for i in range(len(points))], dtype=object)
    neighbors = Evidence("neighbors", "s", ids, graph.indices.astype(np.int64), extra=graph.columns())
    evidence = {"embeddings": Evidence("embeddings", "s", ids, points), "neighbors": neighbors}
    view = View(ids, ids, np.full(len(ids), -1), evidence=evidence)

    carried = graph_of(view)
    assert carried.method == "ivf"
    assert np.float32(carried.recall) == np.float32(graph.recall)
    for part in (Outlier(), NearDuplicate()):
        assert part.detect(view, Run()).summary["neighbor_recall"] == carried.recall

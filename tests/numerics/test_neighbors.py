from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tilth.errors import DataError, MissingExtraError, ParameterError
from tilth.numerics.similarity.neighbors import as_features, nearest_neighbors


def brute(X: np.ndarray, k: int, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """All pairs in float64, by distance and then by index."""
    x = np.asarray(X, dtype=np.float64)
    if metric == "cosine":
        norm = np.linalg.norm(x, axis=1, keepdims=True)
        x = x / np.where(norm > 0, norm, 1)
        distance = 1 - x @ x.T
    else:
        distance = np.sqrt(((x[:, None] - x[None]) ** 2).sum(axis=2))
    np.fill_diagonal(distance, np.inf)
    order = np.argsort(distance, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(distance, order, axis=1)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("d", [1, 3, 30])
def test_exact_equals_brute_force(metric: str, d: int) -> None:
    X = np.random.default_rng(d).normal(size=(400, d)) + (1 if metric == "euclidean" else 0)
    graph = nearest_neighbors(X, 7, metric=metric, block_rows=64)  # type: ignore[arg-type]
    indices, distances = brute(X, 7, metric)
    np.testing.assert_allclose(graph.distances, distances, rtol=2e-4, atol=2e-5)
    if d > 1:
        assert (graph.indices == indices).mean() > 0.999
    assert (graph.method, graph.recall, graph.metric, graph.n, graph.k) == ("exact", 1.0, metric, 400, 7)
    assert graph.indices.dtype == np.int32
    assert graph.distances.dtype == np.float32


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(1, 4), st.integers(1, 12))
def test_ties_on_a_lattice_are_ordered_by_index(seed: int, n: int, d: int, k: int) -> None:
    X = np.random.default_rng(seed).integers(0, 3, size=(n, d))
    graph = nearest_neighbors(X, k, block_rows=7)
    indices, distances = brute(X, min(k, n - 1), "euclidean")
    np.testing.assert_array_equal(graph.indices, indices)
    np.testing.assert_allclose(graph.distances, distances, rtol=1e-6)


@pytest.mark.parametrize("divisor", [1, 3])
def test_many_equal_rows_never_hold_self_and_stay_ordered(divisor: int) -> None:
    X = np.repeat(np.arange(4.0)[:, None] / divisor, 100, axis=0) @ np.ones((1, 5))
    graph = nearest_neighbors(X, 6)
    assert not (graph.indices == np.arange(400)[:, None]).any()
    np.testing.assert_array_equal(graph.distances, 0)
    assert graph.indices[0].tolist() == [1, 2, 3, 4, 5, 6]
    assert graph.indices[350].tolist() == [300, 301, 302, 303, 304, 305]


def test_block_size_does_not_change_the_result() -> None:
    X = np.random.default_rng(0).normal(size=(300, 8))
    one, two = nearest_neighbors(X, 5, block_rows=1), nearest_neighbors(X, 5)
    np.testing.assert_array_equal(one.indices, two.indices)
    np.testing.assert_array_equal(one.distances, two.distances)


def test_far_offset_and_extreme_scales_keep_precision() -> None:
    base = np.random.default_rng(0).normal(size=(100, 3))
    expected = nearest_neighbors(base, 4)
    for factor, offset in ((1.0, 1.7e9), (1e30, 0.0), (1e-30, 0.0)):
        graph = nearest_neighbors(base * factor + offset, 4)
        assert (graph.indices == expected.indices).mean() > 0.99
    assert np.isfinite(nearest_neighbors(base.astype(np.float32) * np.float32(1e30), 4).distances).all()


def test_k_is_clipped_and_one_row_has_no_neighbours() -> None:
    assert nearest_neighbors(np.eye(3), 10).indices.shape == (3, 2)
    assert nearest_neighbors([[1.0, 2.0]], 10).indices.shape == (1, 0)


def test_zero_rows_have_cosine_distance_one() -> None:
    X = np.array([[0.0, 0], [1, 0], [1, 0.1], [0, 0], [-1, 0]])
    graph = nearest_neighbors(X, 4, metric="cosine")
    np.testing.assert_allclose(graph.distances[0], 1)
    assert graph.indices[0].tolist() == [1, 2, 3, 4]
    assert graph.indices[1].tolist() == [2, 0, 3, 4]
    assert graph.distances[1, -1] == pytest.approx(2)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_ivf_reaches_its_recall_and_restores_the_threads(metric: str) -> None:
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(3)
    try:
        X = np.random.default_rng(0).normal(size=(4000, 8)).astype(np.float32)
        X[[5, 77]] = 0
        X[2000:2020] = X[100]
        graph = nearest_neighbors(X, 10, metric=metric, method="ivf", recall_target=0.95)  # type: ignore[arg-type]
        again = nearest_neighbors(X, 10, metric=metric, method="ivf", recall_target=0.95)  # type: ignore[arg-type]
        assert faiss.omp_get_max_threads() == 3
    finally:
        faiss.omp_set_num_threads(before)
    exact = nearest_neighbors(X, 10, metric=metric)  # type: ignore[arg-type]
    assert graph.method == "ivf"
    assert 0.95 <= graph.recall <= 1
    hits = (graph.distances <= exact.distances[:, -1:] * 1.0001 + 1e-6).mean()
    assert hits > 0.95
    assert not (graph.indices == np.arange(4000)[:, None]).any()
    assert (np.diff(graph.distances, axis=1) >= 0).all()
    np.testing.assert_array_equal(graph.indices, again.indices)
    if metric == "cosine":
        np.testing.assert_array_equal(graph.indices[5], np.arange(11)[np.arange(11) != 5][:10])
        np.testing.assert_array_equal(graph.distances[5], 1)


def test_ivf_on_few_rows_and_on_zero_rows() -> None:
    X = np.random.default_rng(0).normal(size=(30, 2))
    full = nearest_neighbors(X, 5, method="ivf", recall_target=1.0)
    np.testing.assert_array_equal(full.indices, nearest_neighbors(X, 5).indices)
    assert full.recall == 1.0
    assert nearest_neighbors(np.zeros((9, 2)), 3, metric="cosine", method="ivf").indices[0].tolist() == [1, 2, 3]


def test_auto_uses_the_index_for_large_tables() -> None:
    X = np.random.default_rng(0).normal(size=(20_000, 3)).astype(np.float32)
    assert nearest_neighbors(X, 3).method == "ivf"


def test_ivf_without_faiss_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingExtraError, match=r"(?i)pip install faiss-cpu"):
        nearest_neighbors(np.eye(5), 2, method="ivf")


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([[1.0, 2.0], [3.0, np.nan]], r"row 1, column 1.*nan"),
        ([[np.inf, 2.0], [3.0, 1.0]], r"row 0, column 0.*inf"),
        ([1.0, 2.0], r"reshape"),
        (np.zeros((2, 2, 2)), r"3 dimension"),
        (np.empty((0, 3)), r"at least 1 row"),
        (np.empty((3, 0)), r"one column"),
        ([["a", "b"]], r"must be numbers"),
    ],
)
def test_bad_features(X: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        nearest_neighbors(X, 1)  # type: ignore[arg-type]


def test_sparse_features_are_refused() -> None:
    from scipy.sparse import csr_array

    with pytest.raises(DataError, match="toarray"):
        as_features(csr_array(np.eye(3)))


@pytest.mark.parametrize(
    "arguments",
    [
        {"k": 0}, {"k": 1.5}, {"k": True}, {"metric": "manhattan"}, {"method": "fast"},
        {"recall_target": 0.0}, {"recall_target": 1.1}, {"block_rows": 0},
    ],
)  # fmt: skip
def test_bad_parameters(arguments: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        nearest_neighbors(np.eye(3), **arguments)  # type: ignore[arg-type]

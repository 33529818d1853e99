from __future__ import annotations

import numpy as np
import pytest

from tilth.errors import DataError, ParameterError
from tilth.numerics.similarity.neighbors import nearest_neighbors
from tilth.numerics.similarity.outliers import find_outliers, robust_scale


def clean(shape: str, n: int, d: int) -> np.ndarray:
    rng = np.random.default_rng(d)
    if shape == "gauss":
        return rng.normal(size=(n, d))
    if shape == "uniform":
        return rng.uniform(size=(n, d))
    return rng.normal(size=(5, d))[rng.integers(5, size=n)] * 10 + rng.normal(size=(n, d))


@pytest.mark.parametrize("method", ["knn", "lof", "isolation_forest"])
@pytest.mark.parametrize("shape", ["gauss", "uniform", "blobs"])
@pytest.mark.parametrize("d", [2, 5, 20])
def test_few_false_alarms_and_planted_rows_found(method: str, shape: str, d: int) -> None:
    X = clean(shape, 1000, d)
    assert find_outliers(X, method=method).flagged.mean() < 0.01  # type: ignore[arg-type]
    planted = np.array([3, 500, 999])
    X[planted] *= 50
    result = find_outliers(X, method=method)  # type: ignore[arg-type]
    assert result.flagged[planted].all()
    assert result.scores[planted].min() > np.delete(result.scores, planted).max()
    assert result.flagged.sum() < 10 + len(planted)


@pytest.mark.parametrize("method", ["knn", "lof", "isolation_forest"])
def test_scores_lie_in_0_1_follow_raw_and_meet_the_threshold(method: str) -> None:
    X = clean("gauss", 300, 4)
    X[0] += 40
    result = find_outliers(X, method=method)  # type: ignore[arg-type]
    assert ((result.scores >= 0) & (result.scores <= 1)).all()
    np.testing.assert_array_equal(np.argsort(result.raw, kind="stable"), np.argsort(result.scores, kind="stable"))
    np.testing.assert_array_equal(result.flagged, result.raw > result.raw_threshold)
    assert result.threshold == 0.5
    assert result.flagged[0]


def test_units_of_columns_do_not_matter() -> None:
    X = clean("gauss", 400, 3)
    X[9] = [8, -8, 8]
    one, two = find_outliers(X), find_outliers(X * [1, 1e6, 1e-6] + [0, 5e6, 0])
    np.testing.assert_allclose(one.scores, two.scores, rtol=1e-3, atol=1e-4)
    assert one.flagged[9]


def test_lof_equals_scikit_learn() -> None:
    from sklearn.neighbors import LocalOutlierFactor

    X = clean("blobs", 300, 3)
    expected = -LocalOutlierFactor(n_neighbors=10).fit(X).negative_outlier_factor_
    np.testing.assert_allclose(find_outliers(X, method="lof", scale=False).raw, expected, rtol=1e-4)


def test_a_ready_graph_gives_the_same_answer() -> None:
    X = clean("gauss", 200, 3)
    graph = nearest_neighbors(robust_scale(X), 10)
    np.testing.assert_array_equal(find_outliers(neighbors=graph).scores, find_outliers(X).scores)


def test_contamination_flags_that_share_highest_first() -> None:
    X = clean("gauss", 200, 3)
    result = find_outliers(X, contamination=0.05)
    assert result.flagged.sum() == 10
    assert result.scores[result.flagged].min() >= result.scores[~result.flagged].max()
    none = find_outliers(X, contamination=0)
    assert not none.flagged.any()
    assert none.threshold > 1


def test_equal_rows_are_no_outliers() -> None:
    result = find_outliers(np.ones((30, 2)))
    assert not result.flagged.any()
    assert (result.scores == 0).all()


def test_half_the_rows_equal_does_not_flag_the_other_half() -> None:
    X = np.vstack([np.zeros((150, 2)), clean("gauss", 150, 2)])
    assert find_outliers(X).flagged.mean() < 0.03


def test_robust_scale_rules() -> None:
    X = np.column_stack([np.arange(100.0), np.full(100, 3.0), np.eye(100)[0], np.r_[np.zeros(80), np.arange(20)]])
    scaled = robust_scale(X)
    assert np.percentile(scaled[:, 0], 75) - np.percentile(scaled[:, 0], 25) == pytest.approx(1.349, abs=1e-3)
    assert (scaled[:, 1] == 0).all()
    assert np.ptp(scaled[:, 2]) == 1
    assert np.ptp(scaled[:, 3]) == pytest.approx(19 / X[:, 3].std())


def test_bad_inputs() -> None:
    X = clean("gauss", 20, 2)
    X[4, 1] = np.nan
    with pytest.raises(DataError, match="row 4, column 1"):
        find_outliers(X)
    with pytest.raises(DataError, match="at least 3"):
        find_outliers([[1.0], [2.0]])
    with pytest.raises(DataError, match="nothing to score"):
        find_outliers()
    graph = nearest_neighbors(clean("gauss", 20, 2), 3)
    with pytest.raises(DataError, match="needs X"):
        find_outliers(neighbors=graph, method="isolation_forest")
    with pytest.raises(DataError, match="differ in rows"):
        find_outliers(clean("gauss", 19, 2), neighbors=graph)
    with pytest.raises(DataError, match="at least 3"):
        find_outliers(neighbors=nearest_neighbors([[1.0]], 3))
    with pytest.raises(ParameterError, match="unknown method"):
        find_outliers(X, method="pca")  # type: ignore[arg-type]
    for bad in (0.7, -0.1, float("nan"), "much"):
        with pytest.raises(ParameterError, match="contamination"):
            find_outliers(X, contamination=bad)  # type: ignore[arg-type]

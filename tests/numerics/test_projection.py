"""Places on a map: neighbours stay together, and the same rows give the same map."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from tilth.errors import DataError, ParameterError
from tilth.numerics.similarity.neighbors import nearest_neighbors
from tilth.numerics.similarity.projection import project_2d


def agreement(places: np.ndarray, y: np.ndarray) -> float:
    """Share of rows whose class is the commonest one among their 10 nearest on the map."""
    near = y[nearest_neighbors(places, 10).indices]
    return float(np.mean([np.bincount(row).argmax() == own for row, own in zip(near, y, strict=True)]))


def test_classes_of_digits_stand_apart_far_better_than_by_principal_components() -> None:
    X, y = load_digits(return_X_y=True)
    assert agreement(project_2d(X, n_steps=0), y) < 0.7
    assert agreement(project_2d(X), y) > 0.95


def test_no_steps_are_the_principal_components() -> None:
    X = np.random.default_rng(0).normal(size=(200, 6)) * [9, 5, 1, 1, 1, 1]
    ours, known = project_2d(X, n_steps=0), PCA(2).fit_transform(X)
    for axis in (0, 1):
        assert abs(np.corrcoef(ours[:, axis], known[:, axis])[0, 1]) > 0.99999
    assert abs(ours).max() == 1


def test_equal_input_gives_an_equal_map_and_a_seed_another() -> None:
    X = np.random.default_rng(1).normal(size=(150, 12))
    np.testing.assert_array_equal(project_2d(X), project_2d(X.copy()))
    assert not np.array_equal(project_2d(X), project_2d(X, random_state=1))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 30), st.integers(1, 5), st.sampled_from([1e-150, 1.0, 1e150, 1e307]))
def test_any_table_gets_finite_places(seed: int, n: int, d: int, size: float) -> None:
    places = project_2d(np.random.default_rng(seed).integers(-2, 3, size=(n, d)) * size, n_steps=5)
    assert places.shape == (n, 2) and np.isfinite(places).all() and (abs(places) <= 1).all()


def test_equal_rows_are_spread_and_two_rows_stand_apart() -> None:
    places = project_2d(np.ones((50, 3)))
    assert len(np.unique(places, axis=0)) == 50
    np.testing.assert_array_equal(project_2d(np.ones((50, 3)), n_steps=0), 0)
    np.testing.assert_array_equal(abs(project_2d([[0.0, 1.0], [4.0, 1.0]])), [[1, 0], [1, 0]])


def test_bad_input_is_named() -> None:
    with pytest.raises(DataError, match="row 1, column 0"):
        project_2d([[1.0], [np.nan]])
    with pytest.raises(DataError, match="dimension"):
        project_2d([1.0, 2.0])
    for more in ({"n_neighbors": 0}, {"n_neighbors": True}, {"n_steps": -1}, {"n_steps": 1.5}):
        with pytest.raises(ParameterError, match=next(iter(more))):
            project_2d([[1.0], [2.0]], **more)

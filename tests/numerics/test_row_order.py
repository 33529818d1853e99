from __future__ import annotations

import numpy as np
import pytest

from tilth.errors import DataError
from tilth.numerics.confident.row_order import row_order_test
from tilth.numerics.similarity.neighbors import nearest_neighbors


def neighbors(X: np.ndarray) -> np.ndarray:
    return nearest_neighbors(X, 5).indices


def test_a_drifting_file_is_noticed() -> None:
    rng = np.random.default_rng(0)
    X = np.linspace(0, 5, 400)[:, None] + rng.normal(0, 1, (400, 3))
    found = row_order_test(neighbors(X))
    assert found.p_value == 0.01
    assert found.statistic > 0.1


def test_rows_in_random_order_are_mostly_left_in_peace() -> None:
    alarms = 0
    for seed in range(40):
        X = np.random.default_rng(seed).normal(0, 1, (120, 4))
        alarms += row_order_test(neighbors(X), n_permutations=49, random_state=seed).p_value <= 0.05
    assert alarms <= 6


def test_shuffling_a_sorted_file_makes_it_fine() -> None:
    rng = np.random.default_rng(1)
    X = np.repeat(np.eye(8) * 9, 50, axis=0) + rng.normal(0, 1, (400, 8))
    assert row_order_test(neighbors(X)).p_value == 0.01
    assert row_order_test(neighbors(rng.permutation(X))).p_value > 0.05


def test_missing_neighbors_are_left_out() -> None:
    table = neighbors(np.random.default_rng(0).normal(0, 1, (50, 3)))
    table[3] = -1
    found = row_order_test(table)
    assert found.closeness[3] == 0.5
    assert np.isfinite(found.closeness).all()


def test_too_few_rows() -> None:
    with pytest.raises(DataError, match="at least 3 rows"):
        row_order_test(np.array([[1], [0]]))

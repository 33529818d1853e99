from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from tilth.errors import AlignmentError, DataError, ParameterError
from tilth.numerics.label_errors.model import estimate_label_errors
from tilth.numerics.label_errors.review_order import neighbor_shapley, order_by_worth


def test_shapley_equals_its_definition() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(5, 2)), np.array([0, 1, 0, 1, 1])
    points, q = rng.normal(size=(3, 2)), rng.dirichlet([1, 1], 3)

    def value(rows: list[int]) -> float:
        total = 0.0
        for point, chances in zip(points, q, strict=True):
            near = sorted(rows, key=lambda r: float(((X[r] - point) ** 2).sum()))[:2]
            total += sum(chances[y[r]] for r in near) / 2
        return total / 3

    expected = np.zeros(5)
    orders = list(permutations(range(5)))
    for order in orders:
        for i in range(5):
            expected[order[i]] += value(list(order[: i + 1])) - value(list(order[:i]))
    assert neighbor_shapley(X, y, points, q, n_neighbors=2) == pytest.approx(expected / len(orders))


def test_planted_errors_come_first() -> None:
    rng = np.random.default_rng(0)
    true = np.repeat([0, 1], 100)
    X = rng.normal(5.0 * true[:, None], 1.0, (200, 2))
    given = true.copy()
    given[[0, 1, 2, 150]] = 1 - given[[0, 1, 2, 150]]
    order, worth = order_by_worth(X, estimate_label_errors(X, given))
    assert set(order[:4].tolist()) == {0, 1, 2, 150}
    assert sorted(order.tolist()) == list(range(200))
    assert (worth >= 0).all()


def test_few_rows_go_by_surprise_times_what_the_model_misses() -> None:
    rng = np.random.default_rng(0)
    true = np.repeat([0, 1, 2], 20)
    X = rng.normal(0.0, 1.0, (60, 80))
    X[np.arange(60), true] += 6.0
    given = true.copy()
    given[[0, 25, 50]] = (true[[0, 25, 50]] + 1) % 3
    found = estimate_label_errors(X, given)
    order, worth = order_by_worth(X, found)
    assert set(order[:3].tolist()) == {0, 25, 50}
    assert sorted(order.tolist()) == list(range(60)) and (np.diff(worth[order]) <= 0).all()
    most = -np.log(np.clip(1.0 - found.p_error, 1e-4, 1.0))
    assert (worth >= 0).all() and (worth < most + 1e-12).all()


def test_bad_input() -> None:
    X = np.arange(40.0)[:, None]
    estimate = estimate_label_errors(X, (X[:, 0] > 19).astype(int), rounds=1)
    with pytest.raises(AlignmentError):
        order_by_worth(X[:5], estimate)
    with pytest.raises(ParameterError):
        order_by_worth(X, estimate, damping=0)
    with pytest.raises(AlignmentError, match="shape of the posterior"):
        order_by_worth(X, estimate, pred_probs=np.ones((40, 3)))
    with pytest.raises(DataError, match="same columns"):
        neighbor_shapley(X, np.zeros(40, dtype=int), np.zeros((1, 2)), [[1.0]])

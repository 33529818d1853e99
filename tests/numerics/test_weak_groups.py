from __future__ import annotations

import numpy as np
import pytest

from tilth.errors import AlignmentError, DataError
from tilth.numerics.statistics.groups import find_weak_groups


def test_equal_groups_are_left_in_peace() -> None:
    alarms = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        X = rng.normal(0, 1, (600, 4))
        alarms += bool(find_weak_groups(X, rng.random(600) < 0.8, random_state=seed).weak.any())
    assert alarms <= 1


def test_a_weak_group_is_found_and_measured() -> None:
    rng = np.random.default_rng(3)
    X = np.concatenate([rng.normal(0, 1, (500, 4)), rng.normal(7, 1, (100, 4))])
    right = np.concatenate([rng.random(500) < 0.9, rng.random(100) < 0.5])
    found = find_weak_groups(X, right)
    flagged = found.weak[found.group]
    assert flagged[500:].mean() > 0.9
    assert flagged[:500].mean() < 0.05
    worst = int(np.argmin(found.p_value))
    assert abs(found.inside[worst] - 0.5) < 0.2


def test_a_small_difference_is_not_worth_a_word() -> None:
    rng = np.random.default_rng(4)
    X = np.concatenate([rng.normal(0, 1, (5000, 2)), rng.normal(9, 1, (5000, 2))])
    right = np.concatenate([rng.random(5000) < 0.95, rng.random(5000) < 0.90])
    assert not find_weak_groups(X, right).weak.any()


def test_bad_input() -> None:
    with pytest.raises(AlignmentError, match="differ in length"):
        find_weak_groups(np.zeros((100, 2)), np.ones(99, dtype=bool))
    with pytest.raises(DataError, match="too few rows"):
        find_weak_groups(np.zeros((10, 2)), np.ones(10, dtype=bool))

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tilth.embedders.table_features import TableFeatures
from tilth.errors import ParameterError
from tilth.plugin import Run


def embed(columns: dict[str, Any], **params: Any) -> np.ndarray:
    return TableFeatures(**params).embed(pa.table(columns), Run())


def test_units_do_not_count_and_extremes_stay_extreme_but_bounded() -> None:
    metres = np.append(np.arange(50.0), 1e6)
    first, second = embed({"x": metres}), embed({"x": metres * 1000})
    np.testing.assert_allclose(first, second, rtol=1e-2, atol=1e-2)
    assert first[:, 0].argmax() == 50
    assert 3 < first[50, 0] < 40


def test_gaps_are_marked_and_never_nan() -> None:
    vectors = embed({"x": [1.0, 2.0, float("nan"), float("inf"), 3.0], "k": ["a", "", None, "b", "a"]})
    assert np.isfinite(vectors).all()
    assert vectors[:, 1].tolist() == [0, 0, 0.5, 0.5, 0]
    assert vectors[:, 2].tolist() == [0, 0.5, 0.5, 0, 0]


def test_two_categories_are_at_distance_one_and_rare_ones_pooled() -> None:
    vectors = embed({"k": ["a", "a", "b", "b", "c", "d"]})
    assert vectors.shape == (6, 3)
    assert np.linalg.norm(vectors[0] - vectors[2]) == pytest.approx(1)
    np.testing.assert_array_equal(vectors[4], vectors[5])


def test_many_categories_are_hashed_the_same_way_in_any_order() -> None:
    names = [f"town {i // 2}" for i in range(200)]
    forward, backward = embed({"k": names}), embed({"k": names[::-1]})
    assert forward.shape[1] == 40 + 1 + 8 + 1
    np.testing.assert_array_equal(forward[-1, 41:], backward[0, 41:])


def test_dates_booleans_dictionaries_lists_and_decimals_are_read() -> None:
    from decimal import Decimal

    n = 6
    vectors = embed(
        {
            "date": [dt.date(2024, 1 + i, 1) for i in range(n)],
            "when": [dt.datetime(2024, 1, 1 + i) for i in range(n)],
            "yes": [True, False, True, False, None, True],
            "code": pa.array(["a", "b", "a", "b", "a", "b"]).dictionary_encode(),
            "tags": [["x"], ["y"], ["x"], ["y"], None, ["x"]],
            "price": [Decimal(f"{i}.50") for i in range(n)],
            "empty": pa.nulls(n),
        }
    )
    assert len(vectors) == n
    assert np.isfinite(vectors).all()


def test_constant_columns_say_nothing() -> None:
    assert embed({"x": [1, 1, 1], "k": ["a", "a", "a"], "n": pa.array([None] * 3, pa.float64())}).tolist() == [[0]] * 3
    assert embed({"x": pa.array([], pa.float64())}).shape == (0, 1)


@pytest.mark.parametrize("params", [{"max_categories": 0}, {"rare_share": 0.5}, {"rare_share": -0.1}])
def test_bad_parameters_are_named(params: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=next(iter(params))):
        TableFeatures(**params)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tilth.errors import AlignmentError, DataError, ParameterError, ProbabilityError
from tilth.numerics.querying.scores import (
    check_rows,
    class_weights,
    density,
    expected_cost,
    rank_scale,
    uncertainty_scores,
)


def probs(n: int, k: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(k), size=n)


@given(st.integers(1, 40), st.integers(2, 6), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_scores_equal_their_definitions(n: int, k: int, seed: int) -> None:
    p = probs(n, k, seed)
    ordered = np.sort(p, axis=1)
    assert np.allclose(uncertainty_scores(p, method="least_confidence"), 1 - p.max(axis=1))
    assert np.allclose(uncertainty_scores(p), 1 - (ordered[:, -1] - ordered[:, -2]))
    assert np.allclose(uncertainty_scores(p, method="entropy"), -(p * np.log(p)).sum(axis=1))


def test_two_classes_rank_alike_by_all_measures() -> None:
    p = probs(50, 2)
    orders = [np.argsort(uncertainty_scores(p, method=m)) for m in ("least_confidence", "margin", "entropy")]
    assert all((order == orders[0]).all() for order in orders)


def test_a_single_class_is_never_unsure() -> None:
    assert uncertainty_scores([[1.0], [1.0]]).tolist() == [0.0, 0.0]


def test_density_is_the_mean_cosine() -> None:
    X = np.random.default_rng(0).normal(size=(30, 4))
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    assert np.allclose(density(X), ((unit @ unit.T).mean(axis=1) + 1) / 2)


def test_expected_cost_of_the_zero_one_matrix_is_least_confidence() -> None:
    p = probs(20, 3)
    assert np.allclose(expected_cost(p, 1 - np.eye(3)), uncertainty_scores(p, method="least_confidence"))


def test_class_weights_and_ranks() -> None:
    assert class_weights([0, 0, 1], 2)[1] == 1.0
    assert rank_scale([5.0]).tolist() == [1.0]
    assert rank_scale([2.0, 2.0]).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: uncertainty_scores([[0.5, 0.6]]), ProbabilityError, "row 0"),
        (lambda: uncertainty_scores([[0.5, np.nan]]), ProbabilityError, "row 0"),
        (lambda: uncertainty_scores([0.5, 0.5]), ProbabilityError, "rows by classes"),
        (lambda: uncertainty_scores([[0.5, 0.5]], method="odd"), ParameterError, "unknown measure"),  # type: ignore[arg-type]
        (lambda: expected_cost([[0.5, 0.5]], [[0.0]]), ParameterError, "one row and one column a class"),
        (lambda: expected_cost([[0.5, 0.5]], [[0, -1], [1, 0]]), ParameterError, "negative"),
        (lambda: check_rows([[1.0], [np.nan]]), DataError, "row 1, column 0"),
        (lambda: check_rows([1.0]), DataError, "rows by columns"),
        (lambda: check_rows([["a"]]), DataError, "numbers"),
        (lambda: check_rows([[1.0]], n=2), AlignmentError, "different numbers of rows"),
    ],
)
def test_bad_input_is_named(call, error, match) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=match):
        call()

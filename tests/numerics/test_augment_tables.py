"""Tables: noise within what was observed, copula samples, the SMOTE family, ranges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tilth.errors import AlignmentError, DataError, NotApplicable, ParameterError
from tilth.numerics.augment.copula import gaussian_copula_sample
from tilth.numerics.augment.oversampling import SMOTE_KINDS, smote
from tilth.numerics.augment.table_columns import as_table, category_mask, sorted_values, within_ranges
from tilth.numerics.augment.tables import inject_missing, quantile_jitter, swap_noise


def mixed(n: int = 60, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = [
        [int(rng.integers(18, 90)), float(rng.normal()), "ab"[int(rng.integers(2))], bool(rng.random() < 0.5)]
        for _ in range(n)
    ]
    rows[3][0], rows[5][2] = None, None
    return np.array(rows, dtype=object)


def test_swap_noise_changes_the_asked_share_and_invents_nothing() -> None:
    X = mixed(400)
    made = swap_noise(X, np.random.default_rng(1), share=0.3)
    changed = np.mean([a is not b and a != b for a, b in zip(made.ravel(), X.ravel(), strict=True)])
    assert 0.15 < changed < 0.31
    for j in range(4):
        assert set(made[:, j]) <= set(X[:, j])
    assert swap_noise(X, np.random.default_rng(1), share=0.0).tolist() == X.tolist()


def test_swap_noise_does_not_touch_its_input_and_repeats() -> None:
    X = mixed()
    before = X.copy()
    first = swap_noise(X, np.random.default_rng(4))
    assert X.tolist() == before.tolist()
    assert first.tolist() == swap_noise(X, np.random.default_rng(4)).tolist()


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30),
    st.floats(0, 1),
    st.integers(0, 2**31),
)
def test_quantile_jitter_never_leaves_the_column(values: list[float], width: float, seed: int) -> None:
    X = np.array(values)[:, None]
    made = quantile_jitter(X, np.random.default_rng(seed), width=width)
    assert made.min() >= X.min() and made.max() <= X.max()


def test_quantile_jitter_keeps_whole_numbers_categories_and_gaps() -> None:
    X = mixed()
    made = quantile_jitter(X, np.random.default_rng(0), width=0.2)
    assert made[3, 0] is None and made[:, 2:].tolist() == X[:, 2:].tolist()
    assert all(type(v) is int for v in made[:, 0] if v is not None)
    assert (made[:, 1] != X[:, 1]).mean() > 0.9


def test_inject_missing_spares_one_known_cell_of_each_row() -> None:
    X = np.arange(40.0).reshape(20, 2)
    made = inject_missing(X, np.random.default_rng(0), share=1.0)
    assert np.isnan(made).sum(axis=1).tolist() == [1] * 20
    only = inject_missing(X, np.random.default_rng(0), share=1.0, columns=[1])
    assert np.isnan(only[:, 1]).all() and not np.isnan(only[:, 0]).any()


def test_copula_keeps_margins_dependence_and_types() -> None:
    rng = np.random.default_rng(0)
    age = rng.integers(20, 70, 500)
    wage = age * 10 + rng.normal(0, 40, 500)
    X = np.array([[int(a), float(w), "old" if a > 45 else "young"] for a, w in zip(age, wage, strict=True)], object)
    rows, labels = gaussian_copula_sample(X, 800, np.random.default_rng(1))
    assert labels is None
    a, w = rows[:, 0].astype(float), rows[:, 1].astype(float)
    assert all(type(v) is int for v in rows[:, 0]) and a.min() >= age.min() and a.max() <= age.max()
    assert w.min() >= wage.min() and w.max() <= wage.max()
    assert np.corrcoef(a, w)[0, 1] > 0.9
    assert abs(a.mean() - age.mean()) < 2
    old = np.mean([v == "old" for v in rows[a > 50, 2]])
    assert old > 0.7  # half of the rows are old; a place drawn within a step weakens dependence on categories


def test_copula_is_class_conditional_and_keeps_the_rate_of_gaps() -> None:
    X = np.array([[1.0, np.nan]] * 50 + [[9.0, 5.0]] * 150)
    rows, labels = gaussian_copula_sample(X, 400, np.random.default_rng(0), labels=["a"] * 50 + ["b"] * 150)
    assert labels is not None and 0.15 < (labels == "a").mean() < 0.35
    assert (rows[labels == "a", 0] == 1).all() and np.isnan(rows[labels == "a", 1]).all()
    assert (rows[labels == "b", 0] == 9).all() and (rows[labels == "b", 1] == 5).all()


def test_declared_ranges_are_never_left() -> None:
    X = mixed()
    ranges: dict[int, Any] = {0: (30, 40), 2: ["a"]}
    made = [
        swap_noise(X, np.random.default_rng(0), share=0.5, ranges=ranges),
        quantile_jitter(X, np.random.default_rng(0), ranges=ranges),
        gaussian_copula_sample(X, 50, np.random.default_rng(0), ranges=ranges)[0],
    ]
    for rows in made:
        assert all(v is None or 30 <= v <= 40 for v in rows[:, 0]) and set(rows[:, 2]) <= {"a", None}


def two_classes(kind: str, n: int = 40) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.array([0] * n + [1] * (n // 4))
    X = rng.normal(size=(len(y), 2)) + y[:, None]
    if kind == "mixed":
        return np.array([[float(a), "xy"[int(b > 0.5)], "pq"[int(a > 0)]] for a, b in X], dtype=object), y
    if kind == "categories":
        return np.array([["xy"[int(a > 0)], "pq"[int(b > 0.5)]] for a, b in X], dtype=object), y
    return X, y


@pytest.mark.parametrize("kind", SMOTE_KINDS)
def test_smote_kinds_make_rows_of_the_class_within_the_table(kind: str) -> None:
    pytest.importorskip("imblearn")
    X, y = two_classes("numbers")
    rows, labels, parents = smote(X, y, {1: 12}, kind=kind)
    assert 5 <= len(rows) <= 16 and (labels == 1).all() and (y[parents] == 1).all()
    assert (rows >= X.min(axis=0)).all() and (rows <= X.max(axis=0)).all()
    again = smote(X, y, {1: 12}, kind=kind)[0]
    assert rows.tobytes() == again.tobytes()


def test_smote_names_the_two_parents_between_which_a_row_lies() -> None:
    pytest.importorskip("imblearn")
    X, y = two_classes("numbers")
    rows, _, parents = smote(X, y, {1: 10, 0: 5})
    for row, (first, second) in zip(rows, parents, strict=True):
        there, back = X[second] - X[first], row - X[first]
        assert abs(there[0] * back[1] - there[1] * back[0]) < 1e-9 and 0 <= back @ there <= there @ there


@pytest.mark.parametrize("kind", ["mixed", "categories"])
def test_smote_takes_categories(kind: str) -> None:
    pytest.importorskip("imblearn")
    X, y = two_classes(kind)
    rows, labels, parents = smote(X, y, {1: 7})
    assert rows.shape == (7, X.shape[1]) and (labels == 1).all() and (y[parents] == 1).all()
    for j in range(X.shape[1]):
        if isinstance(X[0, j], str):
            assert set(rows[:, j]) <= set(X[:, j])


def test_smote_takes_gaps() -> None:
    pytest.importorskip("imblearn")
    X, y = two_classes("numbers")
    X[::3, 0] = np.nan
    rows, _, parents = smote(X, y, {1: 20})
    assert np.isnan(rows[:, 0]).tolist() == np.isnan(X[parents[:, 0], 0]).tolist() and np.isnan(rows[:, 0]).any()


def test_smote_leaves_out_a_class_of_one_row() -> None:
    pytest.importorskip("imblearn")
    rows, labels, parents = smote([[0.0], [1.0], [5.0]], [0, 0, 1], {1: 3})
    assert len(rows) == len(labels) == len(parents) == 0


def test_bad_input_is_named() -> None:
    X, rng = mixed(), np.random.default_rng(0)
    with pytest.raises(ParameterError, match="share is a number"):
        swap_noise(X, rng, share=1.5)
    with pytest.raises(ParameterError, match="width is a number"):
        quantile_jitter(X, rng, width=-0.1)
    with pytest.raises(AlignmentError, match="one list of values a column"):
        swap_noise(X, rng, reference=[[1]])
    with pytest.raises(ParameterError, match="4 columns"):
        inject_missing(X, rng, columns=[9])
    with pytest.raises(DataError, match="column 2"):
        category_mask(X, [3])
    with pytest.raises(DataError, match="row 1, column 0"):
        as_table(np.array([[0.0], [np.inf]]))
    with pytest.raises(DataError, match="rows and columns"):
        as_table(np.zeros(3))
    with pytest.raises(ParameterError, match="does not exist"):
        within_ranges(X, {7: (0, 1)})
    with pytest.raises(ParameterError, match="above the high"):
        within_ranges(X, {0: (2, 1)})
    with pytest.raises(ParameterError, match="two numbers or a list"):
        within_ranges(X, {2: "ab"})
    with pytest.raises(DataError, match="needs rows"):
        gaussian_copula_sample(X[:0], 3, rng)
    with pytest.raises(ParameterError, match="whole number"):
        gaussian_copula_sample(X, -1, rng)
    with pytest.raises(AlignmentError, match="one label a row"):
        gaussian_copula_sample(X, 3, rng, labels=[0])
    with pytest.raises(ParameterError, match="shrinkage"):
        gaussian_copula_sample(X, 3, rng, shrinkage=2)


def test_smote_names_what_is_wrong() -> None:
    pytest.importorskip("imblearn")
    X, y = two_classes("mixed")
    with pytest.raises(ParameterError, match="no such kind"):
        smote(X, y, {1: 3}, kind="smoke")
    with pytest.raises(ParameterError, match="number in every column"):
        smote(X, y, {1: 3}, kind="adasyn")
    with pytest.raises(ParameterError, match="no rows of a class"):
        smote(X, y, {2: 3})
    with pytest.raises(ParameterError, match="whole number from 0"):
        smote(X, y, {1: -3})
    with pytest.raises(AlignmentError, match="one label a row"):
        smote(X, y[:3], {1: 3})
    with pytest.raises(NotApplicable, match="two classes"):
        smote(X, np.zeros(len(X), dtype=int), {0: 3})
    with pytest.raises(NotApplicable, match="adasyn cannot"):
        smote([[0.0], [1.0], [2.0], [90.0], [91.0], [92.0]], [0, 0, 0, 1, 1, 1], {1: 3}, kind="adasyn", k_neighbors=2)


@pytest.mark.parametrize("n", [0, 1])
def test_empty_tables_and_single_rows_survive(n: int) -> None:
    X, rng = mixed()[:n], np.random.default_rng(0)
    for made in (swap_noise(X, rng), quantile_jitter(X, rng), inject_missing(X, rng)):
        assert made.shape == X.shape
    if n:
        rows, _ = gaussian_copula_sample(X, 3, rng)
        assert rows.tolist() == X.tolist() * 3


def test_sorted_values_stand_for_the_distribution() -> None:
    assert sorted_values([0] * 900 + [1] * 100, limit=10).count(0) == 9
    assert sorted_values(["b", None, "a"]) == ["a", "b"]

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from tilth.errors import AlignmentError, DataError, LabelError, ParameterError
from tilth.numerics.statistics.metrics import average_precision, correctness, score_predictions
from tilth.numerics.statistics.quality import quality_score


def test_every_figure_by_hand():
    X = np.array([[1.0, 2.0], [1.0, 2.0], [-0.0, np.nan], [0.0, np.nan], [5.0, 6.0]])
    found = quality_score(X, [0, 0, 1, -1, 0], label_issues=np.array([True, False, False, True, False]))
    assert found.completeness == pytest.approx(1 - 3 / 15)
    assert found.uniqueness == pytest.approx(3 / 5)
    assert found.balance == pytest.approx(-(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25)))
    assert found.label_health == pytest.approx(3 / 4)
    assert (found.overall, found.n_faulty, found.n_rows) == (pytest.approx(0.2), 4, 5)
    assert "overall       0.200" in str(found)


def test_what_was_not_measured_is_said():
    found = quality_score(labels=["a", "a", None])
    assert np.isnan(found.uniqueness)
    assert np.isnan(found.label_health)
    assert found.completeness == pytest.approx(2 / 3)
    assert found.balance == 0
    assert any("only one class" in note for note in found.notes)
    assert any("label errors were not looked for" in note for note in found.notes)
    assert "not measured" in str(found)
    assert np.isnan(quality_score(duplicate_groups=[0, 0, -1]).completeness)
    assert np.isnan(quality_score([[1.0]], [-1], label_issues=np.array([False])).label_health)


def test_tables_with_text_and_missing_objects():
    table = pd.DataFrame({"a": ["x", "x", None, pd.NA], "b": [1, 1, pd.NaT, 2.0]})
    found = quality_score(table)
    assert found.completeness == pytest.approx(1 - 3 / 8)
    assert found.uniqueness == 0.75
    assert quality_score(np.array([["a"], ["a"]])).uniqueness == 0.5


def test_sparse_equals_dense():
    dense = np.array([[0.0, 1.0], [0.0, 1.0], [np.nan, 0.0], [2.0, 0.0]])
    first, second = quality_score(dense), quality_score(csr_matrix(dense))
    assert (first.completeness, first.uniqueness) == (second.completeness, second.uniqueness) == (7 / 8, 3 / 4)


def test_masks_replace_what_the_data_show():
    found = quality_score([[1.0], [1.0]], missing=np.array([[False, True], [False, False]]), duplicate_groups=[-1, -1])
    assert (found.completeness, found.uniqueness, found.overall) == (0.75, 1.0, 0.5)


def test_label_errors_from_probabilities():
    y = np.repeat([0, 1], 50)
    truth = y.copy()
    y[:5] = 1
    probs = np.where(np.eye(2)[truth] == 1, 0.95, 0.05)
    found = quality_score(labels=np.append(y, -1), pred_probs=np.vstack([probs, [0.5, 0.5]]))
    assert found.label_health == pytest.approx(0.95)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40))
def test_all_figures_stay_in_range(labels):
    found = quality_score(np.array(labels, dtype=float), np.array(labels), n_classes=5)
    for value in (found.overall, found.completeness, found.uniqueness, found.balance):
        assert 0 <= value <= 1


def test_balance_counts_absent_classes():
    assert quality_score(labels=[0, 1]).balance == pytest.approx(1)
    assert quality_score(labels=[0, 1], n_classes=4).balance == pytest.approx(0.5)


def test_quality_score_refuses_bad_input():
    with pytest.raises(ParameterError):
        quality_score()
    with pytest.raises(AlignmentError):
        quality_score([[1.0]], [0, 1])
    with pytest.raises(DataError):
        quality_score(np.zeros((0, 2)))
    with pytest.raises(DataError):
        quality_score(3.0, [1])
    with pytest.raises(ParameterError):
        quality_score(labels=[0, 1, 2], n_classes=2)
    with pytest.raises(ParameterError, match="mask"):
        quality_score(labels=[0, 1], label_issues=[0, 1])
    with pytest.raises(LabelError):
        quality_score(labels=["a", "b"], pred_probs=np.eye(2))


def test_metrics_settle_the_corner_cases():
    assert score_predictions([0, 0, 1], [0, 2, 1]) == pytest.approx(2 / 3)
    assert score_predictions([0, 0, 1], [0, 2, 1], "balanced_accuracy") == pytest.approx(0.75)
    assert score_predictions([0, 0, 1], [0, 2, 1], "macro_f1") == pytest.approx((2 / 3 + 1) / 2)
    with pytest.raises(ParameterError, match="macro_f1"):
        score_predictions([0], [0], "auc")
    with pytest.raises(DataError):
        score_predictions([], [])
    with pytest.raises(AlignmentError):
        correctness([0, 1], [0])
    assert average_precision([True, False], [0.1, 0.9]) == 0.5
    assert np.isnan(average_precision([False], [0.1]))
    with pytest.raises(AlignmentError):
        average_precision([True], [0.1, 0.2])

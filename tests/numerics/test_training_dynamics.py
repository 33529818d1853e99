from __future__ import annotations

import numpy as np
import pytest

from tilth.errors import AlignmentError, DataError, LabelError
from tilth.numerics.label_errors.training_dynamics import area_under_margin, forgetting_counts


def test_by_hand() -> None:
    logits = np.array([[[1.0, 3.0, 0.0]], [[5.0, 1.0, 4.0]]])
    assert area_under_margin(logits, [0]).tolist() == [-0.5]
    assert forgetting_counts(logits, [1]).tolist() == [1]
    assert forgetting_counts(logits, [2]).tolist() == [2]
    assert forgetting_counts(logits[:1], [1]).tolist() == [0]


def test_wrong_labels_have_low_margins() -> None:
    rng = np.random.default_rng(0)
    true = rng.integers(0, 4, 200)
    logits = rng.normal(size=(5, 200, 4)) + 2 * np.eye(4)[true]
    given = np.where(np.arange(200) < 20, (true + 1) % 4, true)
    margin = area_under_margin(logits, given)
    assert margin[:20].max() < np.median(margin[20:])
    assert forgetting_counts(logits, given)[:20].mean() > forgetting_counts(logits, given)[20:].mean()


def test_bad_input() -> None:
    with pytest.raises(DataError, match="axes"):
        area_under_margin(np.zeros((2, 3)), [0, 1])
    with pytest.raises(AlignmentError):
        area_under_margin(np.zeros((1, 3, 2)), [0, 1])
    with pytest.raises(LabelError, match="row 1"):
        forgetting_counts(np.zeros((1, 2, 2)), [0, 2])
    with pytest.raises(DataError, match="epoch 0, row 1, class 0"):
        area_under_margin([[[0.0, 1.0], [np.nan, 1.0]]], [0, 0])

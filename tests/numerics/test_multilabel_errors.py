"""Rows with several classes: per class and overall, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from tilth.errors import AlignmentError, LabelError, ProbabilityError
from tilth.numerics.targets.multilabel import find_multilabel_errors


def planted() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    true = rng.random((200, 4)) < [0.5, 0.3, 0.2, 0.5]
    probs = np.clip(np.where(true, 0.85, 0.12) + rng.normal(0, 0.05, true.shape), 0, 1)
    wrong = np.zeros_like(true)
    wrong[np.arange(0, 200, 20), np.arange(10) % 4] = True
    return true ^ wrong, probs, wrong


def test_planted_errors_are_found() -> None:
    labels, probs, wrong = planted()
    found = find_multilabel_errors(labels, probs)
    assert (found.class_scores[wrong].min() > found.class_scores[~wrong].max()) and found.scores.max() <= 1
    assert set(np.argsort(-found.scores)[:10]) == set(range(0, 200, 20))
    assert (found.suggested == (labels ^ found.class_issues)).all()
    assert (found.issues == found.class_issues.any(axis=1)).all() and found.class_issues[wrong].mean() > 0.7


def test_lists_and_arrays_say_the_same() -> None:
    labels, probs, _ = planted()
    lists = [np.flatnonzero(row).tolist() for row in labels]
    first, second = find_multilabel_errors(labels.astype(int), probs), find_multilabel_errors(lists, probs)
    np.testing.assert_array_equal(first.scores, second.scores)


def test_missed_annotations_weigh_by_how_often_they_are_missed() -> None:
    """Where a class is often missed, an absent one is more doubtful than a present one of equal probability."""
    rng = np.random.default_rng(3)
    true = rng.random(600) < 0.5
    probs = np.clip(np.where(true, 0.8, 0.2) + rng.normal(0, 0.12, 600), 0.01, 0.99)
    given = true & (rng.random(600) > 0.3)
    probs[0], given[0], probs[1], given[1] = 0.6, False, 0.4, True
    found = find_multilabel_errors(given[:, None].astype(int), probs[:, None])
    assert found.class_scores[0, 0] > found.class_scores[1, 0]


def test_a_class_that_all_or_none_have() -> None:
    labels = np.column_stack([np.ones(8, dtype=int), np.zeros(8, dtype=int), np.arange(8) % 2])
    probs = np.column_stack([np.full(8, 0.9), np.full(8, 0.1), np.where(np.arange(8) % 2, 0.9, 0.1)])
    probs[3, 0] = 0.2
    found = find_multilabel_errors(labels, probs)
    assert not found.class_issues[:, :2].any() and int(found.scores.argmax()) == 3


def test_constant_probabilities_give_finite_scores() -> None:
    found = find_multilabel_errors((np.arange(60).reshape(20, 3) % 2), np.full((20, 3), 0.5))
    assert np.isfinite(found.scores).all() and np.isfinite(found.class_scores).all()


@pytest.mark.parametrize(
    ("labels", "probs", "error", "says"),
    [
        ([[0]], [[0.5], [0.5]], AlignmentError, "1 and 2"),
        ([[0], [3]], [[0.5], [0.5]], LabelError, "row 1"),
        ([[0], [-1]], [[0.5], [0.5]], LabelError, "row 1"),
        ([[0], 0], [[0.5], [0.5]], LabelError, "list of integers"),
        ([["cat"], []], [[0.5], [0.5]], LabelError, "row 0"),
        (np.ones((2, 2)), [[0.5], [0.5]], AlignmentError, "shape"),
        (np.array([[0], [2]]), [[0.5], [0.5]], LabelError, "row 1, class 0"),
        (np.array([[0.0], [np.nan]]), [[0.5], [0.5]], LabelError, "row 1"),
        ([[0], []], [[0.5], [1.5]], ProbabilityError, "row 1"),
        ([[0], []], [[0.5], [np.nan]], ProbabilityError, "row 1"),
    ],
)
def test_bad_input_is_named(labels: object, probs: object, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        find_multilabel_errors(labels, probs)

from __future__ import annotations

import numpy as np
import pytest

from tilth.detectors.confident_learning import ConfidentLearning
from tilth.errors import AlignmentError, NotApplicable, ParameterError, ProbabilityError
from tilth.numerics.confident.issues import find_label_issues
from tilth.numerics.confident.joint import num_label_issues
from tilth.plugin import Run, View
from tilth.records import Evidence

CLASSES = ("cat", "dog", "frog")


def make_view(labels: np.ndarray, probs: np.ndarray, *, out_of_sample: bool = True, classes=CLASSES) -> View:
    ids = np.array([f"r{i}" for i in range(len(labels))], dtype=object)
    evidence = Evidence("probs", "s", ids, probs.astype(np.float32), classes, out_of_sample=out_of_sample)
    return View(ids, ids, labels, CLASSES, evidence={"probs": evidence})


def noisy(n: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    true = np.arange(n) % 3
    probs = np.full((n, 3), 0.05) + 0.85 * np.eye(3)[true] + rng.random((n, 3)) * 0.05
    labels = true.copy()
    wrong = rng.choice(n, 12, replace=False)
    labels[wrong] = (labels[wrong] + 1) % 3
    return labels, probs / probs.sum(axis=1, keepdims=True), np.sort(wrong)


def test_planted_errors_are_found_and_the_true_class_is_suggested() -> None:
    labels, probs, wrong = noisy()
    found = ConfidentLearning().detect(make_view(labels, probs), Run())
    assert len(found) == len(labels)
    rows = {row["row_id"]: row for row in found.flagged().to_dicts()}
    assert sorted(rows) == sorted(f"r{i}" for i in wrong)
    for i in wrong:
        row = rows[f"r{i}"]
        given, true = CLASSES[labels[i]], CLASSES[i % 3]
        assert row["suggestion"] == true
        assert row["why"].startswith(f"labelled '{given}', but the model gives '{true}' ")
        assert row["score"] > 0.8
    assert found.summary["flagged"] == 12
    assert sum(pair["rows"] for pair in found.summary["confused_pairs"]) == 12
    assert sum(counts["flagged"] for counts in found.summary["by_class"].values()) == 12


def test_unlabelled_rows_are_left_out_and_the_numbers_are_those_of_numerics() -> None:
    labels, probs, _ = noisy()
    labels[:30] = -1
    found = ConfidentLearning(filter_by="both").detect(make_view(labels, probs), Run())
    expected = find_label_issues(labels[30:], probs[30:].astype(np.float32), filter_by="both")
    assert found.table.column("row_id").to_pylist() == [f"r{i}" for i in range(30, 120)]
    assert found.table.column("flagged").to_pylist() == expected.tolist()
    assert found.summary["unlabelled"] == 30
    assert found.summary["estimated_label_errors"] == num_label_issues(labels[30:], probs[30:].astype(np.float32))


def test_in_sample_probabilities_are_refused() -> None:
    labels, probs, _ = noisy()
    with pytest.raises(ProbabilityError, match="in-sample"):
        ConfidentLearning().detect(make_view(labels, probs, out_of_sample=False), Run())


def test_other_class_order_is_refused() -> None:
    labels, probs, _ = noisy()
    with pytest.raises(AlignmentError, match="frog, dog, cat"):
        ConfidentLearning().detect(make_view(labels, probs, classes=CLASSES[::-1]), Run())


@pytest.mark.parametrize("labels", [np.full(6, -1), np.array([1, 1, -1, 1, 1, 1])])
def test_one_class_is_not_applicable(labels: np.ndarray) -> None:
    with pytest.raises(NotApplicable, match="two classes"):
        ConfidentLearning().detect(make_view(labels, np.full((6, 3), 1 / 3)), Run())


@pytest.mark.parametrize("part", [ConfidentLearning(filter_by="guess"), ConfidentLearning(score="guess")])
def test_unknown_rules_are_refused(part: ConfidentLearning) -> None:
    labels, probs, _ = noisy()
    with pytest.raises(ParameterError, match="guess"):
        part.detect(make_view(labels, probs), Run())


@pytest.mark.parametrize("score", ["self_confidence", "normalized_margin", "confidence_weighted_entropy"])
def test_every_score_ranks_wrong_labels_first(score: str) -> None:
    labels, probs, wrong = noisy()
    scores = ConfidentLearning(score=score).detect(make_view(labels, probs), Run()).scores
    assert set(np.argsort(-scores)[:12].tolist()) == set(wrong.tolist())

"""Label quality scores and the summaries of a dataset, by hand and against cleanlab."""

from __future__ import annotations

import numpy as np
import pytest

from tilth.errors import AlignmentError, ParameterError
from tilth.numerics.confident import health as label_health
from tilth.numerics.confident import quality_scores as label_quality

PROBS = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4], [0.0, 1.0, 0.0]])
CASES = [(m, a) for m in label_quality.METHODS for a in (False, True) if not (a and m.startswith("confidence"))]


def make_problem(seed: int, dtype: type = np.float64) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 12))
    labels = np.concatenate([np.arange(k), rng.integers(0, k, 300)])
    probs = rng.dirichlet(np.ones(k), len(labels))
    probs[np.arange(len(labels)), labels] += 0.3
    probs /= probs.sum(axis=1, keepdims=True)
    other = rng.dirichlet(np.ones(k), len(labels))
    return labels, probs.astype(dtype), other.astype(dtype)


def test_scores_by_hand() -> None:
    labels = [0, 1, 1]
    assert label_quality.get_label_quality_scores(labels, PROBS).tolist() == [0.7, 0.3, 1.0]
    margin = label_quality.get_label_quality_scores(labels, PROBS, method="normalized_margin")
    np.testing.assert_allclose(margin, [0.75, 0.45, 1.0])
    entropy = label_quality.get_label_quality_scores(labels, PROBS, method="confidence_weighted_entropy")
    ratio = -(0.3 * np.log(0.3) * 2 + 0.4 * np.log(0.4)) / np.log(3) / 0.3
    np.testing.assert_allclose(entropy[1], np.log(ratio + 1) / ratio)


@pytest.mark.parametrize(("method", "adjust"), CASES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_equal_cleanlab(method: str, adjust: bool, dtype: type) -> None:
    rank = pytest.importorskip("cleanlab.rank")
    for seed in range(10):
        labels, probs, _ = make_problem(seed, dtype)
        options = {"method": method, "adjust_pred_probs": adjust}
        ours = label_quality.get_label_quality_scores(labels, probs, **options)
        theirs = rank.get_label_quality_scores(labels, probs, **options)
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
        assert ours.min() >= 0
        assert ours.max() <= 1
        blocks = label_quality.get_label_quality_scores(labels, [probs[:50], probs[50:]], **options)
        assert np.array_equal(ours, blocks)


@pytest.mark.parametrize("way", ["accuracy", "uniform", "log_loss_search", "custom"])
@pytest.mark.parametrize("method", label_quality.METHODS)
def test_ensemble_equals_cleanlab(way: str, method: str) -> None:
    rank = pytest.importorskip("cleanlab.rank")
    for seed in range(5):
        labels, probs, other = make_problem(seed)
        options = {
            "method": method,
            "weight_ensemble_members_by": way,
            "custom_weights": np.array([0.3, 0.7]) if way == "custom" else None,
        }
        ours = label_quality.get_label_quality_ensemble_scores(labels, [probs, other], **options)
        theirs = rank.get_label_quality_ensemble_scores(labels, [probs, other], verbose=False, **options)
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_ordering() -> None:
    mask = [True, True, False]
    assert label_quality.order_label_issues(mask, [0, 1, 1], PROBS).tolist() == [1, 0]
    assert label_quality.find_top_issues([0.5, 0.1, 0.1, 0.9], top=3).tolist() == [1, 2, 0]
    assert label_quality.find_top_issues([0.5, 0.1], top=None).tolist() == [1, 0]


def test_summaries_equal_cleanlab() -> None:
    dataset = pytest.importorskip("cleanlab.dataset")
    for seed in range(10):
        labels, probs, _ = make_problem(seed)
        theirs = dataset.rank_classes_by_label_quality(labels, probs).sort_values("Class Index")
        ours = sorted(label_health.rank_classes_by_label_quality(labels, probs), key=lambda c: c.class_index)
        assert [c.label_issues for c in ours] == theirs["Label Issues"].tolist()
        assert [c.inverse_label_issues for c in ours] == theirs["Inverse Label Issues"].tolist()
        np.testing.assert_allclose([c.label_quality_score for c in ours], theirs["Label Quality Score"])
        np.testing.assert_allclose([c.inverse_label_noise for c in ours], theirs["Inverse Label Noise"])
        for asymmetric in (False, True):
            frame = dataset.find_overlapping_classes(labels, probs, asymmetric=asymmetric)
            pairs = label_health.find_overlapping_classes(labels, probs, asymmetric=asymmetric)
            expected = dict(
                zip(
                    zip(frame["Class Index A"], frame["Class Index B"], strict=True),
                    frame["Joint Probability"],
                    strict=True,
                )
            )
            assert {(p.class_index_a, p.class_index_b): p.joint_probability for p in pairs} == pytest.approx(expected)
            assert [p.num_overlapping_examples for p in pairs] == frame["Num Overlapping Examples"].tolist()
        health = dataset.overall_label_health_score(labels, probs, verbose=False)
        assert label_health.overall_label_health_score(labels, probs) == pytest.approx(health)


def test_worst_class_comes_first() -> None:
    ranked = label_health.rank_classes_by_label_quality([0, 1] * 5, joint=[[0.4, 0.0], [0.4, 0.2]])
    assert [c.class_index for c in ranked] == [1, 0]


def test_bad_inputs() -> None:
    labels = [0, 1, 1]
    with pytest.raises(ParameterError, match="'normalized_margin'"):
        label_quality.get_label_quality_scores(labels, PROBS, method="magic")
    with pytest.raises(ParameterError, match="cannot be adjusted"):
        label_quality.get_label_quality_scores(
            labels, PROBS, method="confidence_weighted_entropy", adjust_pred_probs=True
        )
    with pytest.raises(AlignmentError, match="one truth value per label"):
        label_quality.order_label_issues([True], labels, PROBS)
    with pytest.raises(AlignmentError, match="one truth value per label"):
        label_quality.order_label_issues([0, 1, 2], labels, PROBS)
    with pytest.raises(ParameterError, match="NaN"):
        label_quality.find_top_issues([0.1, np.nan])
    with pytest.raises(ParameterError, match="0 or more"):
        label_quality.find_top_issues([0.1], top=-1)
    with pytest.raises(ParameterError, match="nothing to estimate from"):
        label_health.rank_classes_by_label_quality(labels)


@pytest.mark.parametrize(
    ("members", "options", "match"),
    [
        ([], {}, "empty"),
        ([PROBS], {"weight_ensemble_members_by": "magic"}, "'log_loss_search'"),
        ([PROBS], {"weight_ensemble_members_by": "custom"}, "go with"),
        ([PROBS], {"custom_weights": [1.0]}, "go with"),
        ([PROBS], {"weight_ensemble_members_by": "custom", "custom_weights": [1.0, 2.0]}, "per model"),
        ([PROBS], {"weight_ensemble_members_by": "log_loss_search", "log_loss_search_T_values": []}, "T_values"),
    ],
)
def test_bad_ensembles(members: list, options: dict, match: str) -> None:
    with pytest.raises(ParameterError, match=match):
        label_quality.get_label_quality_ensemble_scores([0, 1, 1], members, **options)


def test_models_that_are_never_right_have_no_accuracy_weights() -> None:
    with pytest.raises(ParameterError, match="no model agrees"):
        label_quality.get_label_quality_ensemble_scores([1, 0], [[[0.9, 0.1], [0.1, 0.9]]])

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier

from tilth.errors import AlignmentError, DataError, LabelError, ParameterError, PartError, ProbabilityError
from tilth.numerics.confident.quality_scores import METHODS, get_label_quality_scores
from tilth.numerics.cross_fitting.crossfit import cross_fit_probabilities
from tilth.numerics.label_errors.channel import fit_transition, posterior_of
from tilth.numerics.label_errors.model import estimate_label_errors
from tilth.numerics.label_errors.regime import judge_regime, unproven_share
from tilth.numerics.label_errors.views import linear_view, neighbor_view
from tilth.numerics.statistics.metrics import average_precision
from tilth.numerics.statistics.noise import inject_label_noise


def blobs(n: int = 300, k: int = 3, spread: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = np.arange(n) % k
    centres = 4.0 * rng.normal(size=(k, 6))
    return centres[true] + rng.normal(0, spread, (n, 6)), true


@pytest.mark.parametrize("kind", ["uniform", "class_dependent"])
def test_finds_planted_errors_and_their_channel(kind: str) -> None:
    X, true = blobs()
    given, wrong = inject_label_noise(true, 0.2, kind=kind, random_state=0)
    found = estimate_label_errors(X, given)
    assert average_precision(wrong, found.p_error) > 0.95
    assert (found.suggested == true).mean() > 0.97
    assert abs(found.transition.diagonal().mean() - 0.8) < 0.05
    assert found.posterior.sum(axis=1) == pytest.approx(1.0)
    assert found.transition.sum(axis=1) == pytest.approx(1.0)
    assert sum(found.weights.values()) == pytest.approx(1.0)
    assert found.log_likelihood > found.baseline
    assert set(np.flatnonzero(found.issues)) <= set(np.flatnonzero(found.suggested != given))


def test_is_reproducible_and_reports_steps() -> None:
    X, true = blobs(180)
    given, _ = inject_label_noise(true, 0.1, random_state=0)
    steps: list[tuple[int, int]] = []
    first = estimate_label_errors(X, given, rounds=2, on_step=lambda i, n: steps.append((i, n)))
    second = estimate_label_errors(X, given, rounds=2)
    assert np.array_equal(first.p_error, second.p_error)
    assert steps == [(1, 2), (2, 2)]


def test_better_than_single_scores_of_a_weak_model_where_neighbours_help() -> None:
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 4 * np.pi, 600)
    radius = 1 + 3 * angle
    arm = np.arange(600) % 2
    X = np.stack([radius * np.cos(angle + np.pi * arm), radius * np.sin(angle + np.pi * arm)], axis=1)
    given, wrong = inject_label_noise(arm, 0.1, random_state=0)
    probs = cross_fit_probabilities(None, X, given).probs
    best = max(average_precision(wrong, 1 - get_label_quality_scores(given, probs, method=m)) for m in METHODS)
    assert average_precision(wrong, estimate_label_errors(X, given).p_error) > best + 0.3


@pytest.mark.parametrize("seed", range(3))
def test_probabilities_alone_are_about_as_good_as_the_best_score(seed: int) -> None:
    X, true = blobs(400, 4, spread=2.5, seed=seed)
    given, wrong = inject_label_noise(true, 0.2, kind="class_dependent", random_state=seed)
    probs = cross_fit_probabilities(None, X, given).probs
    best = max(average_precision(wrong, 1 - get_label_quality_scores(given, probs, method=m)) for m in METHODS)
    assert average_precision(wrong, estimate_label_errors(None, given, pred_probs=probs).p_error) > best - 0.02
    pair = estimate_label_errors(None, given, pred_probs=[probs, probs])
    assert pair.weights == pytest.approx({"pred_probs 0": 0.5, "pred_probs 1": 0.5})


def test_views_never_use_a_row_or_its_group() -> None:
    X, true = blobs(60)
    folds = np.arange(60) % 5
    soft = np.eye(3, dtype=np.float32)[true]
    changed = soft.copy()
    changed[folds == 2] = np.eye(3)[(true[folds == 2] + 1) % 3]
    for view in (linear_view(X.astype(np.float32), folds), neighbor_view(X.astype(np.float32), folds)):
        before, after = view.scores(soft)[0], view.scores(changed)[0]
        if view.name == "neighbors":
            assert before[folds == 2] == pytest.approx(after[folds == 2], abs=0.2)
        else:
            assert before[folds == 2] == pytest.approx(after[folds == 2], abs=1e-3)
        assert np.abs(before[folds != 2] - after[folds != 2]).max() > 0.01


def test_groups_stay_together() -> None:
    X, true = blobs(90)
    groups = np.arange(90) // 3
    folds = estimate_label_errors(X, true, groups=groups, rounds=1).folds
    assert all(len(set(folds[groups == g])) == 1 for g in range(30))


def test_model_is_a_view_with_or_without_weights() -> None:
    X, true = blobs(150)
    given, wrong = inject_label_noise(true, 0.1, random_state=0)
    weighted = estimate_label_errors(X, given, model=LogisticRegression())
    plain = estimate_label_errors(X, given, model=KNeighborsClassifier())
    assert "model" in weighted.weights
    assert any("sample_weight" in note for note in plain.notes)
    assert average_precision(wrong, weighted.p_error) > 0.95
    assert average_precision(wrong, plain.p_error) > 0.95
    assert any("no predict_proba" in n for n in estimate_label_errors(X, given, model=RidgeClassifier()).notes)


def test_boosting_view() -> None:
    X, true = blobs(120)
    found = estimate_label_errors(X, true, views=("boosting", "linear"), rounds=2)
    assert set(found.weights) == {"boosting", "linear"}


@pytest.mark.parametrize(
    ("X", "labels"),
    [
        (np.zeros((40, 3)), np.arange(40) % 2),
        (np.arange(40.0)[:, None], (np.arange(40) > 19).astype(int)),
        (np.random.default_rng(0).normal(size=(30, 200)), np.arange(30) % 3),
        (np.random.default_rng(0).normal(size=(3000, 4)), np.arange(3000) % 1000),
        (np.full((20, 2), 1e30), np.arange(20) % 2),
    ],
    ids=["identical", "one feature", "wide", "1000 classes of 3", "huge"],
)
def test_degenerate_features_give_probabilities_without_warnings(X: np.ndarray, labels: np.ndarray) -> None:
    views = ("linear", "kernel", "neighbors")
    found = estimate_label_errors(X, labels, rounds=2, views=views, n_folds=3)
    assert ((found.p_error >= 0) & (found.p_error <= 1)).all()
    assert np.isfinite(found.posterior).all()
    if X.std() == 0 or len(X) == 3000:
        assert any("chance" in note for note in found.notes)


def test_constant_probabilities_are_called_chance() -> None:
    found = estimate_label_errors(None, np.arange(30) % 3, pred_probs=np.full((30, 3), 1 / 3))
    assert any("chance" in note for note in found.notes)
    assert np.ptp(found.p_error) < 1e-3


def test_every_label_wrong_is_not_silent() -> None:
    X, true = blobs(300)
    probs = np.eye(3)[true] * 0.94 + 0.02
    found = estimate_label_errors(None, (true + 1) % 3, pred_probs=probs)
    assert any("names of the classes" in note for note in found.notes)
    assert any("exchanged" in note for note in estimate_label_errors(X, (true + 1) % 3).notes)


def test_half_of_the_classes_swapped_in_pairs_is_said_to_be_invisible() -> None:
    X, true = blobs(400, 4)
    swapped = np.array([1, 0, 2, 3])[true]
    found = estimate_label_errors(X, swapped)
    assert found.p_error.mean() < 0.1
    assert any("exchanged as a whole" in note for note in found.notes)


class Fails(LogisticRegression):
    def fit(self, X, y, sample_weight=None):  # type: ignore[no-untyped-def]
        if 0 not in X[:, 0]:
            raise RuntimeError("cannot fit this")
        return super().fit(X, y, sample_weight)


def test_a_model_that_fails_on_one_fold_is_named() -> None:
    X, true = blobs(60)
    X[0, 0] = 0
    with pytest.raises(PartError, match=r"fold . of 5.*cannot fit this"):
        estimate_label_errors(X, true, model=Fails())


def test_bad_input_is_named() -> None:
    X, true = blobs(30)
    with pytest.raises(LabelError, match="row 4"):
        estimate_label_errors(X, np.where(np.arange(30) == 4, -1, true))
    with pytest.raises(LabelError, match="two classes"):
        estimate_label_errors(X, np.zeros(30, dtype=int))
    with pytest.raises(AlignmentError):
        estimate_label_errors(X[:20], true)
    with pytest.raises(DataError, match="row 2, column 1"):
        bad = X.copy()
        bad[2, 1] = np.nan
        estimate_label_errors(bad, true)
    with pytest.raises(ProbabilityError, match="row 0, column 1"):
        estimate_label_errors(None, true, pred_probs=np.full((30, 3), [0.5, 1.5, 0.0]))
    with pytest.raises(AlignmentError, match="30 labels and 20 rows"):
        estimate_label_errors(None, true, pred_probs=np.full((20, 3), 1 / 3))
    with pytest.raises(ParameterError, match="neither"):
        estimate_label_errors(None, true)
    with pytest.raises(ParameterError, match="unknown view"):
        estimate_label_errors(X, true, views=("linaer",))
    with pytest.raises(ParameterError, match="rounds"):
        estimate_label_errors(X, true, rounds=0)


def test_even_errors_and_errors_of_a_class_are_told_apart() -> None:
    X, true = blobs(600, spread=2.0)
    probs = cross_fit_probabilities(None, X, true).probs.astype(float)
    folds, start = np.arange(600) % 5, np.full((3, 3), 0.1) + 0.7 * np.eye(3)
    by_kind = {}
    for kind in ("uniform", "class_dependent"):
        given, wrong = inject_label_noise(true, 0.2, kind=kind, random_state=0)
        regime = judge_regime(probs, start, given, folds, -1.1)
        by_kind[kind] = regime
        assert average_precision(wrong, regime.low) > 0.8
        assert regime.plain == 0
    assert by_kind["uniform"].dependent > 0.8 > 0.3 > by_kind["class_dependent"].dependent
    assert by_kind["uniform"].share > 0.5 > by_kind["class_dependent"].share


def test_few_rows_and_errors_at_borders_only_fall_back_to_self_confidence() -> None:
    rng = np.random.default_rng(0)
    true = np.arange(300) % 10
    sure = rng.random(300) > 0.3
    probs = np.full((300, 10), 0.01) + 0.9 * np.eye(10)[true]
    probs[~sure] = np.full((300, 10), 0.04)[~sure] + 0.3 * (np.eye(10)[true] + np.eye(10)[(true + 1) % 10])[~sure]
    given = np.where(~sure & (rng.random(300) < 0.5), (true + 1) % 10, true)
    probs += 0.001 * rng.random(probs.shape)
    assert unproven_share(probs, given) == 1.0
    assert unproven_share(np.tile(probs, (3, 1)), np.tile(given, 3)) == 0.0
    anywhere = np.where(rng.random(300) < 0.3, (true + 1) % 10, true)
    assert unproven_share(probs, anywhere) == 0.0
    found = estimate_label_errors(None, given, pred_probs=probs)
    own = (probs / probs.sum(axis=1, keepdims=True))[np.arange(300), given]
    assert found.p_error == pytest.approx(1 - own)


def test_channel_by_hand() -> None:
    T = np.array([[0.8, 0.2], [0.3, 0.7]])
    q = posterior_of(np.array([[0.6, 0.4]]), T, np.array([1]))
    assert q[0] == pytest.approx([0.12 / 0.4, 0.28 / 0.4])
    truth = np.repeat([0, 1], 500)
    given = np.concatenate([np.repeat([0, 1], [400, 100]), np.repeat([0, 1], [150, 350])])
    assert fit_transition(np.eye(2)[truth], given, T, strength=0.0) == pytest.approx(T)

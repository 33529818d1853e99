from __future__ import annotations

import csv
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_digits, make_blobs
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from tilth.errors import (
    AlignmentError,
    Cancelled,
    DataError,
    LabelError,
    ParameterError,
    PartError,
    ProbabilityError,
)
from tilth.numerics.cross_fitting.crossfit import (
    assign_folds,
    cross_fit_probabilities,
    default_classifier,
    detect_in_sample,
    merge_groups,
)


def flip(y, share, seed=0):
    rng = np.random.default_rng(seed)
    y, k = y.copy(), int(y.max()) + 1
    rows = rng.random(len(y)) < share
    y[rows] = (y[rows] + rng.integers(1, k, rows.sum())) % k
    return y


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:900], y[:900]


@pytest.fixture(scope="module")
def blobs():
    return make_blobs(300, centers=3, n_features=4, random_state=0)


# ---------------------------------------------------------------- folds


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(-1, 5), st.integers(-1, 8)), min_size=2, max_size=60),
    n_folds=st.integers(2, 7),
)
def test_folds_keep_groups_whole_and_leave_none_empty(rows, n_folds):
    labels, groups = np.array(rows).T
    labelled = labels >= 0
    alone = labelled & (groups < 0)
    n_units = int(alone.sum()) + len(np.unique(groups[labelled & (groups >= 0)]))
    if labelled.sum() < 2 or n_units < 2:
        with pytest.raises(DataError):
            assign_folds(labels, n_folds=n_folds, groups=groups)
        return
    folds = assign_folds(labels, n_folds=n_folds, groups=groups)
    assert ((folds == -1) == ~labelled).all()
    assert set(folds[labelled]) == set(range(min(n_folds, n_units)))
    for g in set(groups[labelled & (groups >= 0)]):
        assert len(set(folds[labelled & (groups == g)])) == 1


@settings(max_examples=60, deadline=None)
@given(labels=st.lists(st.integers(0, 6), min_size=10, max_size=80), n_folds=st.integers(2, 6))
def test_folds_without_groups_differ_by_one_row_at_most(labels, n_folds):
    y = np.array(labels)
    folds = assign_folds(y, n_folds=n_folds)
    assert np.ptp(np.bincount(folds, minlength=n_folds)) <= 1
    for c in np.unique(y):
        assert np.ptp(np.bincount(folds[y == c], minlength=n_folds)) <= 1


def test_folds_stay_balanced_with_groups_of_many_sizes():
    rng = np.random.default_rng(0)
    y, groups = rng.integers(0, 4, 4000), rng.integers(-1, 600, 4000)
    folds = assign_folds(y, groups=groups)
    counts = np.array([np.bincount(folds[y == c], minlength=5) for c in range(4)])
    assert np.ptp(counts, axis=1).max() <= 3


def test_folds_are_deterministic_and_follow_the_seed():
    y = np.repeat([0, 1], 50)
    assert (assign_folds(y, random_state=3) == assign_folds(y, random_state=3)).all()
    assert (assign_folds(y, random_state=3) != assign_folds(y, random_state=4)).any()


@pytest.mark.parametrize(
    ("labels", "options", "error"),
    [
        ([0, 1], {"n_folds": 1}, ParameterError),
        ([0.5, 1.0], {}, LabelError),
        ([0, -2], {}, LabelError),
        ([[0, 1]], {}, LabelError),
        ([-1, -1, 0], {}, LabelError),
        ([0, 1], {"groups": [0]}, AlignmentError),
        ([0, 1], {"groups": [0.0, 1.0]}, DataError),
        ([0, 1], {"groups": [-2, 1]}, DataError),
        ([0, 1], {"groups": [4, 4]}, DataError),
    ],
)
def test_folds_refuse_bad_input(labels, options, error):
    with pytest.raises(error):
        assign_folds(labels, **options)


def test_merge_groups_follows_chains():
    merged = merge_groups([5, 5, -1, -1, 9], [-1, 2, 2, -1, -1], [-1, -1, -1, 3, 3])
    assert merged.tolist() == [0, 0, 0, 1, 1]
    assert merge_groups([-1, 0, 1]).tolist() == [-1, -1, -1]
    with pytest.raises(ParameterError):
        merge_groups()
    with pytest.raises(AlignmentError):
        merge_groups([0, 1], [0])


# ---------------------------------------------------------------- cross-fitting


def test_each_row_is_predicted_by_a_model_that_did_not_see_it(blobs):
    X, y = blobs
    fit = cross_fit_probabilities(GaussianNB(), X, y, n_folds=4, random_state=1)
    for fold in range(4):
        held = fit.folds == fold
        expected = GaussianNB().fit(X[~held], y[~held]).predict_proba(X[held])
        np.testing.assert_allclose(fit.probs[held], expected, atol=1e-6)
    assert fit.probs.dtype == np.float32
    assert fit.n_folds == 4
    assert fit.notes == ()


def test_unlabelled_rows_get_the_mean_of_the_fold_models(blobs):
    X, y = blobs
    y = y.copy()
    y[:10] = -1
    fit = cross_fit_probabilities(GaussianNB(), X, y, n_folds=3)
    models = [GaussianNB().fit(X[(y >= 0) & (fit.folds != f)], y[(y >= 0) & (fit.folds != f)]) for f in range(3)]
    expected = np.mean([m.predict_proba(X[:10]) for m in models], axis=0)
    np.testing.assert_allclose(fit.probs[:10], expected, atol=1e-6)
    assert (fit.folds[:10] == -1).all()


def test_a_class_of_one_row_gets_probability_zero_where_it_is_missing(blobs):
    X, y = blobs
    y = np.where(y == 2, 4, y)
    y[0] = 2
    fit = cross_fit_probabilities(GaussianNB(), X, y, n_classes=6)
    assert fit.probs.shape == (300, 6)
    assert fit.probs[0, 2] == 0
    assert (fit.probs[:, [3, 5]] == 0).all()
    np.testing.assert_allclose(fit.probs.sum(axis=1), 1, atol=1e-5)
    assert any("no training row of class 2" in note for note in fit.notes)
    assert (fit.probs.argmax(axis=1)[y == 4] == 4).mean() > 0.8


def test_one_class_left_to_train_on_is_said():
    fit = cross_fit_probabilities(GaussianNB(), np.arange(8.0).reshape(-1, 1), [0] * 7 + [1], n_folds=2)
    assert any("only class 0 was left" in note for note in fit.notes)


def test_fewer_groups_than_folds_is_said(blobs):
    X, y = blobs
    fit = cross_fit_probabilities(GaussianNB(), X, y, groups=np.arange(300) % 3)
    assert fit.n_folds == 3
    assert "3 folds instead of 5" in fit.notes[0]


def test_duplicates_in_one_group_do_not_leak(blobs):
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(100, 5)), 2, axis=0)
    y = np.repeat(rng.integers(0, 2, 100), 2)
    model = KNeighborsClassifier(1)
    leaky = cross_fit_probabilities(model, X, y).probs.argmax(axis=1)
    honest = cross_fit_probabilities(model, X, y, groups=np.repeat(np.arange(100), 2)).probs.argmax(axis=1)
    assert (leaky == y).mean() > 0.8
    assert (honest == y).mean() < 0.65


def test_factories_sparse_input_and_progress(blobs):
    X, y = blobs
    seen = []
    dense = cross_fit_probabilities(LogisticRegression, X, y, n_folds=3, on_fold=lambda i, n: seen.append((i, n)))
    sparse = cross_fit_probabilities(lambda: LogisticRegression(), csr_matrix(X), y, n_folds=3)
    np.testing.assert_allclose(dense.probs, sparse.probs, atol=1e-3)
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert (cross_fit_probabilities(None, csr_matrix(X), y).probs.argmax(axis=1) == y).mean() > 0.8


def test_the_model_is_cloned_and_seeded(blobs):
    X, y = blobs
    forest = RandomForestClassifier(5, max_depth=2)
    first = cross_fit_probabilities(forest, X, y)
    second = cross_fit_probabilities(forest, X, y)
    assert (first.probs == second.probs).all()
    assert not hasattr(forest, "classes_")
    assert forest.random_state is None
    assert (first.probs != cross_fit_probabilities(forest, X, y, random_state=1).probs).any()


def test_weights_reach_the_model_through_a_pipeline(blobs):
    X, y = blobs
    y = flip(y, 0.3)
    weight = np.where(y == 0, 20.0, 1.0)
    plain = cross_fit_probabilities(None, X, y)
    weighted = cross_fit_probabilities(None, X, y, sample_weight=weight)
    assert weighted.probs[:, 0].mean() > plain.probs[:, 0].mean() + 0.1
    with pytest.raises(ParameterError, match="sample_weight"):
        cross_fit_probabilities(KNeighborsClassifier(), X, y, sample_weight=weight)
    with pytest.raises(AlignmentError):
        cross_fit_probabilities(None, X, y, sample_weight=weight[:-1])
    with pytest.raises(DataError, match="row 0"):
        cross_fit_probabilities(None, X, y, sample_weight=-weight)


def test_margins_become_probabilities_and_it_is_said(blobs):
    X, y = blobs
    for labels in (y, np.minimum(y, 1)):
        fit = cross_fit_probabilities(make_pipeline(StandardScaler(), LinearSVC()), X, labels)
        np.testing.assert_allclose(fit.probs.sum(axis=1), 1, atol=1e-5)
        assert (fit.probs.argmax(axis=1) == labels).mean() > 0.8
        assert "softmax" in fit.notes[0]


def test_missing_values_are_refused_unless_the_model_takes_them(blobs):
    X, y = blobs
    X = X.copy()
    X[7, 2] = np.nan
    with pytest.raises(DataError, match="row 7, column 2"):
        cross_fit_probabilities(None, X, y)
    with pytest.raises(DataError, match="row 7, column 2"):
        cross_fit_probabilities(None, csr_matrix(X), y)
    filled = make_pipeline(StandardScaler(), SimpleImputer(), GaussianNB())
    for model in (HistGradientBoostingClassifier(max_iter=5), filled):
        fit = cross_fit_probabilities(model, X, y, n_folds=2)
        assert np.isfinite(fit.probs).all()


def test_no_convergence_is_a_note_not_a_warning(blobs):
    X, y = blobs
    fit = cross_fit_probabilities(LogisticRegression(max_iter=1), X, y, n_folds=2)
    assert sum("did not converge" in note for note in fit.notes) == 2


class Moody(ClassifierMixin, BaseEstimator):
    """Misbehaves in the way it is told."""

    def __init__(self, mood="fail"):
        self.mood = mood

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        if self.mood == "fail":
            raise ZeroDivisionError("no luck")
        if self.mood == "cancel":
            raise Cancelled("stopped")
        if self.mood == "warn":
            warnings.warn("careful", UserWarning, stacklevel=1)
        return self

    def predict_proba(self, X):
        if self.mood == "late":
            raise RuntimeError("too late")
        k = len(self.classes_) + (self.mood == "wide")
        return np.full((len(X), k), 0.9 if self.mood == "sum" else 1.0 / k)


def test_a_failing_model_names_the_fold_and_the_cause(blobs):
    with pytest.raises(PartError, match=r"fold 1 of 5.*ZeroDivisionError: no luck") as caught:
        cross_fit_probabilities(Moody(), *blobs)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(PartError, match="too late"):
        cross_fit_probabilities(Moody("late"), *blobs)
    with pytest.raises(Cancelled):
        cross_fit_probabilities(Moody("cancel"), *blobs)
    with pytest.raises(ProbabilityError, match="sum"):
        cross_fit_probabilities(Moody("sum"), *blobs)
    with pytest.raises(ProbabilityError, match="one probability per class"):
        cross_fit_probabilities(Moody("wide"), *blobs)


def test_other_warnings_of_the_model_are_passed_on(blobs):
    with pytest.warns(UserWarning, match="careful"), warnings.catch_warnings():
        warnings.simplefilter("default")
        cross_fit_probabilities(Moody("warn"), *blobs)


def test_cross_fit_refuses_bad_input(blobs):
    X, y = blobs
    with pytest.raises(LabelError, match="at least two classes"):
        cross_fit_probabilities(None, X, np.zeros(300, dtype=int))
    with pytest.raises(LabelError, match="id or free-text"):
        cross_fit_probabilities(None, X, np.arange(300))
    with pytest.raises(LabelError, match="outside the 2 classes"):
        cross_fit_probabilities(None, X, y, n_classes=2)
    with pytest.raises(AlignmentError):
        cross_fit_probabilities(None, X[:-1], y)
    with pytest.raises(DataError):
        cross_fit_probabilities(None, X[:, 0], y)
    with pytest.raises(ParameterError):
        cross_fit_probabilities("forest", X, y)
    with pytest.raises(ParameterError, match="neither predict_proba"):
        cross_fit_probabilities(StandardScaler(), X, y)


def test_the_house_model_learns_real_intents(shared_data):
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    with (shared_data("text/banking77") / "train.csv").open(encoding="utf-8") as file:
        rows = [row for i, row in enumerate(csv.DictReader(file)) if i % 4 == 0]
    y = np.unique([row["label"] for row in rows], return_inverse=True)[1]
    X = TruncatedSVD(64, random_state=0).fit_transform(TfidfVectorizer().fit_transform(r["text"] for r in rows))
    fit = cross_fit_probabilities(default_classifier(), X, y, n_folds=3)
    assert fit.notes == ()
    assert (fit.probs.argmax(axis=1) == y).mean() > 0.6


# ---------------------------------------------------------------- in-sample

MEMORISERS = [
    RandomForestClassifier(30, random_state=0),
    ExtraTreesClassifier(20, random_state=0),
    KNeighborsClassifier(1),
]
HONEST = [*MEMORISERS, KNeighborsClassifier(5), GaussianNB(), default_classifier()]


@pytest.mark.parametrize("noise", [0.05, 0.2])
@pytest.mark.parametrize("model", MEMORISERS, ids=lambda m: type(m).__name__)
def test_memorised_labels_are_caught_on_noisy_digits(digits, model, noise):
    X, y = digits
    y = flip(y, noise)
    verdict = detect_in_sample(model.fit(X, y).predict_proba(X), y, X)
    assert verdict.in_sample, verdict.reason


@pytest.mark.parametrize("model", HONEST, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("noise", [0.0, 0.05, 0.2])
def test_honest_probabilities_pass_on_digits(digits, model, noise):
    X, y = digits
    y = flip(y, noise)
    verdict = detect_in_sample(cross_fit_probabilities(model, X, y).probs, y, X)
    assert not verdict.in_sample, verdict.reason


def test_random_labels_tell_memory_from_honesty():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(500, 6)), rng.integers(0, 3, 500)
    forest = RandomForestClassifier(30, random_state=0)
    assert detect_in_sample(forest.fit(X, y).predict_proba(X), y, X).in_sample
    assert not detect_in_sample(cross_fit_probabilities(forest, X, y).probs, y, X).in_sample


def test_an_honest_nearly_perfect_model_passes_where_the_reference_is_good():
    X, y = make_blobs(2000, centers=5, n_features=6, random_state=1)
    guess = y.copy()
    guess[:2] = (guess[:2] + 1) % 5
    verdict = detect_in_sample(np.eye(5)[guess], y, X)
    assert verdict.accuracy == 0.999
    assert not verdict.in_sample, verdict.reason


def test_a_reference_can_stand_in_for_features(digits):
    X, y = digits
    y = flip(y, 0.1)
    reference = cross_fit_probabilities(None, X, y).probs
    verdict = detect_in_sample(np.eye(10)[y], y, reference=reference)
    assert verdict.in_sample
    assert np.isnan(verdict.neighbor_accuracy)
    assert "side with" in verdict.reason
    sampled = detect_in_sample(np.eye(10)[y], y, csr_matrix(X), max_rows=600)
    assert sampled.n_compared == 600
    assert sampled.in_sample


def test_detect_in_sample_refuses_bad_input(blobs):
    X, y = blobs
    probs = np.eye(3)[y]
    with pytest.raises(ParameterError):
        detect_in_sample(probs, y)
    with pytest.raises(ParameterError):
        detect_in_sample(probs, y, X, threshold=1.0)
    with pytest.raises(ProbabilityError):
        detect_in_sample(probs[:, :2], y, X)
    with pytest.raises(ProbabilityError, match="row 3"):
        detect_in_sample(np.where(np.arange(300)[:, None] == 3, np.nan, probs), y, X)
    with pytest.raises(AlignmentError):
        detect_in_sample(probs, y, X[:-1])

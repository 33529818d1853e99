from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import load_digits, make_blobs
from sklearn.neighbors import KNeighborsClassifier

from tilth.errors import AlignmentError, DataError, LabelError, ParameterError
from tilth.numerics.cross_fitting.crossfit import default_classifier
from tilth.numerics.statistics.experiment import compare_model_vs_data


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:800], y[:800]


@pytest.fixture(scope="module")
def result(digits):
    return compare_model_vs_data(*digits, noise=0.3, better_model=KNeighborsClassifier(5), n_repeats=10)


def test_repair_helps_more_than_the_placebo_and_less_than_the_truth(result):
    means = {arm: scores.mean() for arm, scores in result.scores.items()}
    assert means["placebo"] < means["base"] < means["repaired"] <= means["oracle"]
    assert result.differences["repaired"].verdict == "helped"
    assert result.repaired_vs_placebo.verdict == "helped"


def test_the_noise_is_as_asked_and_mostly_found(result):
    assert result.noise == pytest.approx(0.3, abs=0.01)
    assert result.precision > 0.7
    assert result.recall > 0.6
    assert (result.n_train, result.n_test) == (600, 200)


def test_the_table_names_every_arm_and_every_interval(result):
    text = str(result)
    for word in ("base model, noisy labels", "random rows changed", "repaired labels", "interval", "10 splits"):
        assert word in text
    assert text.count("[") == 5


def test_without_noise_the_oracle_is_the_base():
    X, y = make_blobs(160, centers=2, n_features=3, random_state=0)
    found = compare_model_vs_data(X, y, noise=0.0, better_model=default_classifier(), n_repeats=2)
    assert (found.scores["oracle"] == found.scores["base"]).all()
    assert found.noise == 0
    assert np.isnan(found.recall)


@pytest.mark.parametrize("metric", ["balanced_accuracy", "macro_f1"])
def test_dropping_on_sparse_features_is_deterministic(digits, metric):
    X, y = csr_matrix(digits[0][:300]), digits[1][:300]
    options = {"repair": "drop", "metric": metric, "n_repeats": 2, "better_model": default_classifier(sparse=True)}
    first, second = compare_model_vs_data(X, y, **options), compare_model_vs_data(X, y, **options)
    assert all((first.scores[arm] == second.scores[arm]).all() for arm in first.scores)
    assert first.metric == metric


def test_copies_never_sit_on_both_sides():
    rng = np.random.default_rng(0)
    X, y = np.repeat(rng.normal(size=(120, 4)), 2, axis=0), np.repeat(rng.integers(0, 2, 120), 2)
    nearest = KNeighborsClassifier(1)
    found = compare_model_vs_data(X, y, nearest, noise=0.0, better_model=nearest, n_repeats=3)
    assert found.scores["oracle"].mean() < 0.65  # random labels: with leaked copies it would be 1


def test_the_experiment_refuses_bad_input(digits):
    X, y = digits
    for bad in ({"noise": 1.0}, {"noise": -0.1}, {"repair": "pray"}, {"n_repeats": 1}, {"test_size": 0.0}):
        with pytest.raises(ParameterError):
            compare_model_vs_data(X, y, **bad)
    with pytest.raises(AlignmentError):
        compare_model_vs_data(X[:-1], y)
    with pytest.raises(LabelError, match="row 3"):
        compare_model_vs_data(X, np.where(np.arange(800) == 3, -1, y))
    with pytest.raises(DataError, match="row 2, column 0"):
        compare_model_vs_data(np.where(np.arange(800)[:, None] == 2, np.nan, X), y)

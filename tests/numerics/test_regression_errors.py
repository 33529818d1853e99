"""Numeric labels: residuals, spread, cross-fitting and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from tilth.errors import AlignmentError, DataError, LabelError, ParameterError, PartError
from tilth.numerics.targets.regression import find_regression_errors
from tilth.numerics.targets.regression_fit import cross_fit_predictions
from tilth.numerics.targets.residuals import check_targets, median_scale, residual_spread


def planted(n: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    y = X @ [3.0, -2.0, 1.0] + rng.normal(0, 0.3, n)
    wrong = np.zeros(n, dtype=bool)
    wrong[::12] = True
    return X, np.where(wrong, y + 8, y), wrong


def test_planted_errors_are_found_from_features() -> None:
    X, y, wrong = planted()
    found = find_regression_errors(y, X=X, model=LinearRegression())
    assert found.issues[wrong].all() and found.issues[~wrong].mean() < 0.02
    assert (found.scores[wrong].min() > found.scores[~wrong].max()) and found.weights == {"model": 1.0}
    assert (found.z[wrong] > 0).all() and ((found.scores >= 0.5) == found.issues).all()


def test_default_models_find_them_too() -> None:
    X, y, wrong = planted(60)
    found = find_regression_errors(y, X=X, n_repeats=1)
    assert set(np.argsort(-found.scores)[: wrong.sum()]) == set(np.flatnonzero(wrong))
    assert sum(found.weights.values()) == pytest.approx(1) and set(found.weights) == {"ridge", "boosting", "trees"}


def test_wrong_targets_do_not_bend_the_prediction() -> None:
    X, y, wrong = planted()
    fit = cross_fit_predictions(X, y, model=LinearRegression())
    clean = np.where(wrong, y - 8, y)
    assert np.abs(fit.predictions - clean).max() < 1.5
    assert (fit.spread >= fit.epistemic).all() and (fit.spread > 0).all()


def test_a_prediction_never_saw_its_row_or_its_group() -> None:
    y = np.arange(20.0)
    X = np.zeros((20, 1))
    groups = np.repeat(np.arange(10), 2)
    fit = cross_fit_predictions(X, y, model=LinearRegression(), groups=groups, n_repeats=1, n_folds=10)
    assert all(fit.folds[2 * i] == fit.folds[2 * i + 1] for i in range(10))
    np.testing.assert_allclose(fit.predictions[:2], y[2:].mean())


def test_rows_without_a_target_are_predicted() -> None:
    x = np.arange(30.0)
    y = np.where(x == 11, np.nan, 2 * x)
    fit = cross_fit_predictions(x[:, None], y, model=LinearRegression())
    assert fit.predictions[11] == pytest.approx(22) and fit.folds[11] == -1 and np.isfinite(fit.spread).all()


def test_uneven_noise_is_measured_unevenly() -> None:
    rng = np.random.default_rng(1)
    predictions = np.linspace(0, 1, 800)
    residuals = rng.normal(0, np.where(predictions > 0.5, 5.0, 0.5))
    spread = residual_spread(residuals, predictions)
    assert np.median(spread[:300]) < 1 and np.median(spread[500:]) > 3
    even = residual_spread(rng.normal(size=800), predictions)
    assert even.max() / even.min() < 1.6


def test_given_uncertainty_is_used_as_it_is() -> None:
    found = find_regression_errors([0.0, 0.0, 4.0], [0.0, 1.0, 0.0], uncertainty=2.0)
    assert found.z.tolist() == [0.0, -0.5, 2.0] and found.cut >= 3 and not found.issues.any()


def test_normal_noise_alone_raises_hardly_an_alarm() -> None:
    y = np.random.default_rng(2).normal(size=2000)
    assert find_regression_errors(y, np.zeros(2000)).issues.sum() <= 3


def test_degenerate_inputs() -> None:
    assert not find_regression_errors(np.ones(10), np.ones(10)).issues.any()
    assert median_scale(np.zeros(4)) == 1.0
    same = find_regression_errors(np.r_[np.ones(30), 9.0], X=np.ones((31, 2)), model=LinearRegression())
    assert int(same.scores.argmax()) == 30
    wide = np.random.default_rng(0).normal(size=(12, 40))
    assert np.isfinite(find_regression_errors(wide[:, 0], X=wide, n_repeats=1).scores).all()


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: find_regression_errors([1.0, np.nan], [1.0, 2.0]), LabelError, "row 1"),
        (lambda: find_regression_errors(["a", "b"], [1.0, 2.0]), LabelError, "'a'"),
        (lambda: find_regression_errors([], []), LabelError, "no rows"),
        (lambda: find_regression_errors([[1.0]], [1.0]), LabelError, "shape"),
        (lambda: find_regression_errors([1.0], [1.0, 2.0]), AlignmentError, "1, 2"),
        (lambda: find_regression_errors([1.0]), ParameterError, "features"),
        (lambda: find_regression_errors([1.0], [1.0], fdr=0), ParameterError, "fdr"),
        (lambda: find_regression_errors([1.0, 2.0], [1.0, 2.0], uncertainty=[1.0, 0.0]), ParameterError, "row 1"),
        (lambda: find_regression_errors([1.0, 2.0], [1.0, 2.0], uncertainty=[1.0]), AlignmentError, "one per row"),
        (lambda: find_regression_errors([1.0, 2.0, 3.0], X=np.ones((3, 1))), LabelError, "at least 4"),
        (lambda: find_regression_errors(np.ones(5), X=np.ones((4, 1))), AlignmentError, "4 and 5"),
        (lambda: find_regression_errors(np.ones(5), X=np.full((5, 1), np.nan)), DataError, "row 0"),
        (lambda: find_regression_errors(np.ones(5), X=np.ones((5, 1)), model=3), ParameterError, "int"),
        (lambda: find_regression_errors(np.ones(5), X=np.ones((5, 1)), n_repeats=0), ParameterError, "n_repeats"),
        (lambda: check_targets([1.0, np.inf], missing=True), LabelError, "inf"),
    ],
)
def test_bad_input_is_named(call: object, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()  # type: ignore[operator]


class Failing:
    def fit(self, X: np.ndarray, y: np.ndarray) -> None:
        raise RuntimeError("no luck")

    def predict(self, X: np.ndarray) -> np.ndarray:
        return np.zeros(len(X))


def test_a_model_that_fails_names_its_fold() -> None:
    with pytest.raises(PartError, match=r"fold 1 of 5.*no luck"):
        cross_fit_predictions(np.ones((20, 1)), np.arange(20.0), model=Failing)

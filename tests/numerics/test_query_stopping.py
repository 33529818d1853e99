from __future__ import annotations

import numpy as np
import pytest

from tilth.errors import AlignmentError, LabelError, ParameterError
from tilth.numerics.querying.curves import area_under_curve, expected_gain, fit_curve, labels_to_reach
from tilth.numerics.querying.models import discriminative_scores, expected_error_reduction, fit_mix_weights
from tilth.numerics.querying.stopping import (
    accuracy_interval,
    overall_uncertainty,
    predicted_change,
    should_stop,
    successive_kappa,
)


def test_kappa_equals_scikit_learn() -> None:
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    assert successive_kappa(a, b) == pytest.approx(cohen_kappa_score(a, b))
    assert predicted_change(["x", "y"], ["x", "x"]) == 0.5


def test_rules_stop_where_models_settle_and_not_before() -> None:
    early = {c.rule: c.stop for c in should_stop(change=0.2, kappa=[0.5], uncertainty=0.6)}
    late = {c.rule: c.stop for c in should_stop(change=0.001, kappa=[0.98, 0.995, 0.999], uncertainty=0.02)}
    assert not any(early.values())
    assert late["predicted change"]
    assert late["overall uncertainty"]
    assert should_stop() == ()


def test_kappa_says_how_many_models_were_compared() -> None:
    assert "the last 2 models agree" in should_stop(kappa=[0.5])[0].why
    assert "the last 4 models agree" in should_stop(kappa=[0.5, 0.6, 0.7, 0.8, 0.9])[0].why


def test_gain_rule_speaks_in_points() -> None:
    x = np.array([20, 40, 80, 160, 320, 640])
    rising = expected_gain(x, 0.9 - 2.0 / x**0.5, 640)
    flat = expected_gain(x, np.full(6, 0.9), 640)
    steep, level = should_stop(gain=rising)[0], should_stop(gain=flat)[0]
    assert not steep.stop
    assert level.stop
    assert "points" in steep.why


def test_an_interval_of_the_gain_covers_what_comes() -> None:
    """Of 40 noisy curves, the true gain of the next labels lies in the 95% interval for at least 80%."""
    inside = 0
    x = np.array([20, 30, 45, 70, 100, 150, 225, 340])
    true = 0.95 - 1.6 * x**-0.5
    gain = 1.6 * (340**-0.5 - 540**-0.5)
    for seed in range(40):
        noisy = true + np.random.default_rng(seed).normal(scale=0.008, size=len(x))
        found = expected_gain(x, noisy, 200, random_state=seed)
        inside += found.low <= gain <= found.high
    assert inside >= 32


def test_curve_figures() -> None:
    assert area_under_curve([10, 30], [0.5, 1.0]) == 0.75
    assert labels_to_reach([10, 20], [0.5, 0.6], 0.4) == 10
    assert labels_to_reach([10, 20], [0.5, 0.6], 0.55) == pytest.approx(15)
    x = np.array([10, 20, 40, 80, 160])
    fit = fit_curve(x, 0.8 - 1.0 / x)
    assert np.allclose(fit.at(x), 0.8 - 1.0 / x, atol=0.01)


def test_accuracy_interval_holds_the_estimate() -> None:
    found = accuracy_interval([True, True, False, True])
    assert found.low < 0.75 < found.high
    assert overall_uncertainty(np.full((3, 4), 0.25)) == pytest.approx(1.0)


def test_expected_error_prefers_the_label_that_settles_most() -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    X = np.concatenate(
        [rng.normal(size=(20, 2)), rng.normal(size=(20, 2)) + 6, rng.normal(size=(20, 2)) + np.array([6, -6])]
    )
    labels = np.full(60, -1)
    labels[[0, 1]], labels[[20, 21]] = 0, 1
    p = np.array([[0.98, 0.02], [0.5, 0.5]])
    found = expected_error_reduction(LogisticRegression(), X, labels, [2, 45], p, np.arange(60))
    assert found.shape == (2,)
    assert ((found >= 0) & (found <= 1)).all()
    with pytest.raises(LabelError, match="two classes"):
        expected_error_reduction(LogisticRegression(), X, np.where(labels == 1, -1, labels), [2], p[:1], [0])


def test_discriminative_scores_find_what_labels_do_not_cover() -> None:
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(30, 2)), rng.normal(size=(30, 2)) + 8])
    scores = discriminative_scores(X, np.arange(10))
    assert scores[30:].min() > scores[:10].max()
    with pytest.raises(ParameterError):
        discriminative_scores(X, [])


def test_weights_follow_what_taught_and_rest_on_the_prior_without_lessons() -> None:
    rng = np.random.default_rng(0)
    parts = rng.random((300, 3))
    learnt = fit_mix_weights(parts, 0.8 * parts[:, 1] + 0.1 * rng.random(300), [0.9, 0.05, 0.05])
    assert learnt.argmax() == 1
    assert learnt.sum() == pytest.approx(1)
    assert np.allclose(fit_mix_weights(np.zeros((0, 3)), [], [0.9, 0.05, 0.05]), [0.9, 0.05, 0.05])
    with pytest.raises(AlignmentError):
        fit_mix_weights(parts, [1.0], [1, 1, 1])


@pytest.mark.parametrize(
    "call",
    [
        lambda: fit_curve([10, 20, 30], [0.1, 0.2, 0.3]),
        lambda: fit_curve([10, 10, 30, 40], [0.1, 0.2, 0.3, 0.4]),
        lambda: expected_gain([10, 20, 30, 40], [0.1, 0.2, 0.3, 0.4], 0),
        lambda: expected_gain([20, 40, 80, 160], [60, 70, 78, 84], 200),
        lambda: fit_curve([20, 40, 80, 160], [-0.1, 0.7, 0.78, 0.84]),
        lambda: accuracy_interval([]),
    ],
)
def test_bad_curves(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ParameterError):
        call()

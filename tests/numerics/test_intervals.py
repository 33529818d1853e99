from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from tilth.errors import AlignmentError, DataError, ParameterError
from tilth.numerics.statistics.intervals import (
    Interval,
    bootstrap_interval,
    hierarchical_paired_bootstrap,
    paired_interval,
    per_class_differences,
    wilson_bounds,
    wilson_interval,
)


def coverage(intervals, truth):
    return np.mean([found.low <= truth <= found.high for found in intervals])


def test_corrected_t_equals_the_formula():
    found = paired_interval([0.1, 0.2, 0.3, 0.2], [0.2, 0.2, 0.5, 0.3], n_train=90, n_test=10)
    d = np.array([0.1, 0.0, 0.2, 0.1])
    half = 3.182446305284263 * np.sqrt(d.var(ddof=1) * (1 / 4 + 1 / 9))
    assert (found.estimate, found.n) == (pytest.approx(0.1), 4)
    assert (found.low, found.high) == (pytest.approx(0.1 - half), pytest.approx(0.1 + half))


def test_corrected_t_covers_on_overlapping_splits_where_the_plain_bootstrap_does_not():
    rng = np.random.default_rng(0)
    corrected, plain = [], []
    for _ in range(150):
        rows = rng.normal(size=80)  # the score difference of a split is the mean over its test rows
        d = np.array([rng.choice(rows, 20, replace=False).mean() for _ in range(15)])
        corrected.append(paired_interval(np.zeros(15), d, n_train=60, n_test=20))
        plain.append(paired_interval(np.zeros(15), d, method="bootstrap", n_resamples=200))
    assert coverage(corrected, 0.0) >= 0.9
    assert coverage(plain, 0.0) < 0.85


def test_equal_scores_give_a_point():
    found = paired_interval([0.5, 0.5], [0.5, 0.5], n_train=3, n_test=1)
    assert (found.low, found.high, found.verdict) == (0.0, 0.0, "cannot tell")


@pytest.mark.parametrize(("low", "high", "word"), [(0.1, 0.2, "helped"), (-2, -1, "hurt"), (-1, 1, "cannot tell")])
def test_verdict(low, high, word):
    assert Interval((low + high) / 2, low, high, 0.95, 5, "").verdict == word


def test_paired_interval_refuses_bad_input():
    with pytest.raises(ParameterError, match="sizes"):
        paired_interval([0, 1], [1, 2])
    with pytest.raises(AlignmentError):
        paired_interval([0, 1], [1, 2, 3], n_train=3, n_test=1)
    with pytest.raises(DataError, match="two splits"):
        paired_interval([0], [1], n_train=3, n_test=1)
    with pytest.raises(DataError, match="position 1"):
        paired_interval([0, np.nan], [1, 2], n_train=3, n_test=1)
    with pytest.raises(ParameterError, match="method"):
        paired_interval([0, 1], [1, 2], n_train=3, n_test=1, method="t")
    with pytest.raises(ParameterError, match="level"):
        paired_interval([0, 1], [1, 2], n_train=3, n_test=1, level=95)


@pytest.mark.parametrize("method", ["bca", "percentile"])
def test_bootstrap_covers_the_mean_of_a_skewed_sample(method):
    rng = np.random.default_rng(1)
    found = [bootstrap_interval(rng.exponential(size=50), n_resamples=300, method=method) for _ in range(120)]
    assert 0.87 <= coverage(found, 1.0) <= 0.99


def test_bootstrap_agrees_with_scipy():
    from scipy.stats import bootstrap

    values = np.random.default_rng(2).gamma(2.0, size=60)
    ours = bootstrap_interval(values, n_resamples=8000)
    theirs = bootstrap((values,), np.mean, n_resamples=8000, method="BCa", rng=0).confidence_interval
    assert ours.low == pytest.approx(theirs.low, abs=0.02)
    assert ours.high == pytest.approx(theirs.high, abs=0.02)
    assert ours.method == "bootstrap BCa"


def test_bootstrap_of_rows_and_of_constants():
    pairs = np.random.default_rng(0).normal(size=(50, 2)) @ np.array([[1.0, 0.9], [0.0, 0.4]])
    found = bootstrap_interval(pairs, lambda rows: float(np.corrcoef(rows.T)[0, 1]))
    assert 0.7 < found.low < found.estimate < found.high <= 1
    flat = bootstrap_interval(np.ones(5))
    assert (flat.low, flat.high, flat.method) == (1, 1, "bootstrap percentile")
    for bad in ({"method": "t"}, {"n_resamples": 5}, {"level": 0}):
        with pytest.raises(ParameterError):
            bootstrap_interval(np.arange(5.0), **bad)
    with pytest.raises(DataError):
        bootstrap_interval([1.0])


def test_hierarchical_bootstrap_covers_seeds_and_rows():
    rng = np.random.default_rng(3)
    found, rows_only = [], []
    for _ in range(120):
        d = 0.1 + rng.normal(0, 0.2, (8, 1)) + rng.normal(0, 0.7, (1, 60)) + rng.normal(0, 0.3, (8, 60))
        found.append(hierarchical_paired_bootstrap(np.zeros_like(d), d, n_resamples=300))
        rows_only.append(bootstrap_interval(d.mean(axis=0), n_resamples=200, method="percentile"))
    assert coverage(found, 0.1) >= 0.88
    assert coverage(found, 0.1) > coverage(rows_only, 0.1)


def test_hierarchical_bootstrap_refuses_bad_input():
    with pytest.raises(AlignmentError):
        hierarchical_paired_bootstrap(np.zeros((2, 3)), np.zeros((3, 3)))
    with pytest.raises(DataError, match="no test rows"):
        hierarchical_paired_bootstrap(np.zeros((2, 0)), np.zeros((2, 0)))
    with pytest.raises(DataError, match="retraining 0, test row 1"):
        hierarchical_paired_bootstrap([0, np.nan], [0, 1])
    with pytest.raises(ParameterError):
        hierarchical_paired_bootstrap([0, 1], [0, 1], n_resamples=3)


@pytest.mark.parametrize(("k", "n"), [(0, 1), (3, 7), (50, 50), (17, 400)])
def test_wilson_equals_scipy(k, n):
    found = wilson_interval(k, n, level=0.9)
    expected = binomtest(k, n).proportion_ci(0.9, method="wilson")
    assert (found.low, found.high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_wilson_without_trials_knows_nothing():
    found = wilson_interval(0, 0)
    assert np.isnan(found.estimate)
    assert (found.low, found.high) == (0, 1)
    for k, n in ((-1, 3), (4, 3)):
        with pytest.raises(ParameterError):
            wilson_interval(k, n)


def test_classes_without_a_true_change_are_seldom_announced():
    rng = np.random.default_rng(4)
    y = np.repeat(np.arange(10), 15)
    announced = 0
    for _ in range(100):
        before, after = rng.random((2, 3, 150)) < 0.7
        found = per_class_differences(y, before, after)
        announced += any(interval.verdict != "cannot tell" for interval in found.values())
    assert announced <= 9


def test_small_classes_are_not_certain_and_true_changes_are_found():
    y = np.array([0] * 3 + [1] * 60 + [-1])
    found = per_class_differences(y, np.zeros(64), np.where(y == 1, 1, 0))
    assert set(found) == {0, 1}
    assert found[0].estimate == 0
    assert found[0].high - found[0].low > 0.5
    assert found[1].verdict == "helped"
    loose = per_class_differences(y, np.zeros(64), np.where(y == 1, 1, 0), adjust="none")
    assert loose[0].high < found[0].high
    with pytest.raises(AlignmentError):
        per_class_differences(y, np.zeros(63), np.zeros(63))
    with pytest.raises(ParameterError):
        per_class_differences(y, np.zeros(64), np.zeros(64), adjust="holm")


def test_wilson_bounds_are_the_intervals_of_each_share() -> None:
    low, high = wilson_bounds([0, 10, 3, 0], [10, 10, 7, 0])
    for i, (k, n) in enumerate([(0, 10), (10, 10), (3, 7)]):
        one = wilson_interval(k, n)
        assert (one.low, one.high) == (low[i], high[i])
    assert (low[0], high[1]) == (0.0, 1.0)
    assert np.isnan([low[3], high[3]]).all()
    with pytest.raises(ParameterError, match="level"):
        wilson_bounds(1, 2, level=2)

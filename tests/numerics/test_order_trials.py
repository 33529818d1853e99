from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tilth.errors import AlignmentError
from tilth.numerics.statistics.order_trials import compare_orders
from tilth.numerics.statistics.trials import Trial

MODEL = LogisticRegression(C=1.0)


def problem() -> tuple[np.ndarray, np.ndarray, np.ndarray, list[Trial], np.ndarray, np.ndarray]:
    """Two classes of which a part of one is mislabelled so densely that it costs accuracy, and harmless reviews."""
    rng = np.random.default_rng(0)
    true = np.repeat([0, 1], 150)
    X = rng.normal(2.0 * true[:, None], 1.0, (300, 2))
    old = true.copy()
    harmful = np.flatnonzero((X[:, 0] > 1.5) & (true == 1))[:60]
    old[harmful] = 0
    harmless = rng.permutation(np.flatnonzero(old == true))[: len(harmful)]
    trials = []
    for _ in range(4):
        test = rng.choice(300, 80, replace=False)
        trials.append(Trial(np.setdiff1d(np.arange(300), test), np.sort(test)))
    return X, old, true, trials, harmful, harmless


def test_the_order_that_reviews_the_errors_first_wins_and_both_end_at_the_same_place() -> None:
    X, old, true, trials, harmful, harmless = problem()
    orders = []
    for trial in trials:
        bad, fine = (part[np.isin(part, trial.train)] for part in (harmful, harmless))
        orders.append((np.concatenate([bad, fine]), np.concatenate([fine, bad])))
    early, whole = compare_orders(X, old, true, trials, orders, model=MODEL, shares=[0.4, 1.0], truth=true)
    assert early.gains[1] == pytest.approx(0.0, abs=1e-12) and early.gains[0] > 0.02
    assert early.difference.estimate == pytest.approx(early.gains[0] - early.gains[1])
    assert whole.gains[0] == whole.gains[1] > 0.02
    swapped = [(second, first) for first, second in orders]
    back = compare_orders(X, old, true, trials, swapped, model=MODEL, shares=[0.4], truth=true)[0]
    assert back.gains == early.gains[::-1]
    assert back.difference.estimate == pytest.approx(-early.difference.estimate)
    assert early.reviewed == round(np.mean([round(0.4 * len(first)) for first, _ in orders]))


def test_a_dropped_row_trains_no_more() -> None:
    X, old, true, trials, harmful, _ = problem()
    gone = np.where(np.isin(np.arange(300), harmful), -1, true)
    orders = [(harmful[np.isin(harmful, t.train)],) * 2 for t in trials]
    found = compare_orders(X, old, gone, trials, orders, model=MODEL, shares=[1.0], truth=true)[0]
    assert found.gains[0] > 0.02


def test_every_fit_is_told() -> None:
    X, old, true, trials, harmful, _ = problem()
    orders = [(harmful[np.isin(harmful, t.train)],) * 2 for t in trials]
    told: list[int] = []
    compare_orders(X, old, true, trials, orders, model=MODEL, shares=[0.5, 1.0], on_fit=told.append)
    assert told[0] == len(told) - 1 == 4 * 5


def test_orders_that_do_not_fit_are_named() -> None:
    X, old, true, trials, harmful, harmless = problem()
    with pytest.raises(AlignmentError, match="every trial needs its two orders"):
        compare_orders(X, old, true, trials, [], model=MODEL)
    with pytest.raises(AlignmentError, match="must hold the same rows"):
        compare_orders(X, old, true, trials, [(harmful, harmless)] * 4, model=MODEL)
